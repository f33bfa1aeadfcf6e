"""The sync centre and the status bar: figures asked again whenever something moves, never polled offline."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from practitioner_app.ports import ChangeSet, SyncControl
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.sync_centre import Centre, Status, SyncCentre, Undone
from ui.speaking import Speaking
from ui.sync_status.presenter import centre_state, status_state, undo_words
from ui.sync_status.state import CentreState, OpLine
from ui.widgets.status_bar import StatusState

GATHER_MS = 120
"""Changes of one burst are answered by one question."""


class StatusModel(QObject):
    """The status bar; also the one that knows whether the server is out of reach."""

    changed = Signal()
    link_changed = Signal()

    def __init__(
        self,
        *,
        centre: SyncCentre,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        person: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._centre, self._lanes, self._speak, self._person = centre, lanes, speak, person
        self._status: Status | None = None
        self._state = StatusState(person=person)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHER_MS)
        self._timer.timeout.connect(self.refresh)
        changes.published.connect(self._published)

    @property
    def state(self) -> StatusState:
        return self._state

    @property
    def status(self) -> Status | None:
        """The figures behind the words: counts for the rail's badge and the lock page."""
        return self._status

    @property
    def offline(self) -> bool:
        return self._status is None or self._status.connection.offline

    @Slot()
    def refresh(self) -> None:
        self._lanes.read(self._centre.status, self._read, key="sync.status")

    def _read(self, status: Status) -> None:
        before = self.offline
        self._status = status
        self._state = status_state(status, self._speak(), self._person)
        self.changed.emit()
        if before != self.offline:
            self.link_changed.emit()

    @Slot(object)
    def _published(self, _change: ChangeSet) -> None:
        if not self._timer.isActive():
            self._timer.start()


class CentreModel(QObject):
    """Intents: show, hide, send_now, undo, withdraw, find."""

    changed = Signal()
    undone = Signal(str)
    """This item was taken back."""
    kept = Signal(str)
    """An item could not be taken back: the sentence that says why and what can be done."""

    def __init__(
        self,
        *,
        centre: SyncCentre,
        sync: SyncControl,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._centre, self._sync, self._lanes, self._speak = centre, sync, lanes, speak
        self._state: CentreState | None = None
        self._shown = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHER_MS)
        self._timer.timeout.connect(self.refresh)
        changes.published.connect(self._published)

    @property
    def state(self) -> CentreState | None:
        return self._state

    def show(self) -> None:
        """The screen is in sight: its figures follow."""
        self._shown = True
        self.refresh()

    def hide(self) -> None:
        self._shown = False

    @Slot()
    def refresh(self) -> None:
        self._lanes.read(self._centre.view, self._read, key="sync.centre")

    def send_now(self) -> None:
        self._sync.now()

    def undo(self, op_id: str) -> None:
        """Take back what has not left; where that is too late, `kept` says so."""
        centre = self._centre
        self._lanes.write(lambda: centre.undo(op_id), lambda outcome: self._undone(op_id, outcome))

    def withdraw(self, op_id: str) -> None:
        """Give up a refused item, after the person confirmed; it stays in the archive."""
        centre = self._centre
        self._lanes.write(lambda: centre.withdraw_refused(op_id), self._acted)

    def find(self, op_id: str) -> OpLine | None:
        """The item of a line, to open its record."""
        if self._state is None:
            return None
        items = (*self._state.refused, *self._state.pending)
        return next((item for item in items if item.op_id == op_id), None)

    def _read(self, centre: Centre) -> None:
        self._state = centre_state(centre, self._speak())
        self.changed.emit()

    def _undone(self, op_id: str, outcome: Undone) -> None:
        if outcome is Undone.DONE:
            self.undone.emit(op_id)
        else:
            self.kept.emit(undo_words(self._speak().texts, outcome))
        self.refresh()

    def _acted(self, _answer: object) -> None:
        self.refresh()

    @Slot(object)
    def _published(self, _change: ChangeSet) -> None:
        if self._shown and not self._timer.isActive():
            self._timer.start()
