"""The person's own browser, for one page of their own server (practitioner_app.services.browser_sign_in)."""

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_page(address: str) -> bool:
    """Show this page; False when this computer has no browser to show it."""
    return QDesktopServices.openUrl(QUrl(address))
