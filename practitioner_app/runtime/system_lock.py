"""The system's own lock and suspend, heard on D-Bus (Linux); elsewhere nothing is heard and F12 remains.

Session bus: ScreenSaver.ActiveChanged of freedesktop, GNOME, KDE and MATE. System bus: logind's
PrepareForSleep, and Lock of any session of this user's seat. Nothing is asked, nothing is inhibited.
"""

import sys
from typing import Any, Final

from PySide6.QtCore import SLOT, QObject, Signal, Slot

SCREEN_SAVERS: Final = (
    "org.freedesktop.ScreenSaver",
    "org.gnome.ScreenSaver",
    "org.mate.ScreenSaver",
)
LOGIND: Final = "org.freedesktop.login1"


class SystemLock(QObject):
    """`locked` when the computer locks its screen or goes to sleep. Main thread."""

    locked = Signal()

    def listen(self) -> int:
        """Subscribe to what there is; returns how many signals are heard."""
        if sys.platform != "linux":
            return 0
        from PySide6.QtDBus import QDBusConnection  # noqa: PLC0415 - no D-Bus elsewhere

        heard = 0
        session = QDBusConnection.sessionBus()
        if session.isConnected():
            for name in SCREEN_SAVERS:
                heard += session.connect(
                    "", "", name, "ActiveChanged", self, _slot("active_changed(bool)")
                )
        system = QDBusConnection.systemBus()
        if system.isConnected():
            heard += system.connect(
                LOGIND,
                "",
                f"{LOGIND}.Manager",
                "PrepareForSleep",
                self,
                _slot("active_changed(bool)"),
            )
            heard += system.connect(LOGIND, "", f"{LOGIND}.Session", "Lock", self, _slot("lock()"))
        return heard

    @Slot(bool)
    def active_changed(self, active: bool) -> None:  # noqa: FBT001 - the argument of the D-Bus signal
        if active:
            self.locked.emit()

    @Slot()
    def lock(self) -> None:
        self.locked.emit()


def _slot(signature: str) -> Any:
    """Qt's text form of a slot: the stubs of QDBusConnection say bytes, the library takes text only."""
    return SLOT(signature)
