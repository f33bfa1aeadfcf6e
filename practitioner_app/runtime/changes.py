"""The broadcast: one signal that every view-model connects to."""

from PySide6.QtCore import QObject, Signal

from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.main_thread import MainThread


class Changes(QObject):
    """`published` carries a ChangeSet, always on the main thread. `announce` is called from any thread."""

    published = Signal(object)

    def __init__(self, main_thread: MainThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main_thread = main_thread

    def announce(self, change: ChangeSet) -> None:
        self._main_thread.post(lambda: self.published.emit(change))
