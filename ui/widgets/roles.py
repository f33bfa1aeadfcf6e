"""What a screen reader is told that a widget painted by us is.

The toolkit knows what its own widgets are; a bare QWidget it calls a client area, which says nothing. A
class here says `spoken_role`; its name and its words it gives by setAccessibleName and -Description.
"""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QApplication, QWidget

Role = QAccessible.Role
_INSTALLED = "spokenRoles"


def interface_of(_class: str, spoken: QObject) -> QAccessibleInterface | None:
    """The interface of a widget that says its role; None leaves it to the toolkit."""
    role = getattr(spoken, "spoken_role", None)
    if role is None or not isinstance(spoken, QWidget):
        return None
    return QAccessibleWidget(spoken, role)


def speak_roles(application: QApplication) -> None:
    """Tell the toolkit, once for an application."""
    if not application.property(_INSTALLED):
        QAccessible.installFactory(interface_of)
        application.setProperty(_INSTALLED, True)
