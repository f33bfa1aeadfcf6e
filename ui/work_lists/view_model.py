"""The work lists: asked again at each change that may touch them; what reads every record apart, and seldom."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.ports import WHOLE_RECORD, ChangeSet, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.work_lists import ListKind, WorkLine, WorkList, WorkListService
from ui.speaking import Speaking
from ui.work_lists.presenter import work_lists_state
from ui.work_lists.state import WorkListsState

CALM_MS = 400
"""Changes that come together are one question."""
LATE_MS = 3_000
"""What the exchange brings, and the day after a record opened: once, when the record is on the screen."""
FIRST_MS = 2_500
"""What is asked apart reads every record held: not while the session opens."""
_LIGHT = (
    frozenset({"Task", "Encounter", "Observation", "DiagnosticReport", "ServiceRequest"})
    | WHOLE_RECORD
)
_HEAVY = (
    frozenset({"Condition", "DocumentReference", "Patient", "Encounter", "ClinicalImpression"})
    | WHOLE_RECORD
)


class WorkListsModel(QObject):
    """Intents: refresh, show_list, choose, step, opened."""

    changed = Signal()

    def __init__(
        self,
        *,
        work_lists: WorkListService,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._work_lists, self._lanes, self._speak = work_lists, lanes, speak
        self._lists: tuple[WorkList, ...] = ()
        self._apart: tuple[WorkList, ...] = ()
        self._state = WorkListsState()
        self._soon = self._timer(CALM_MS, self.refresh)
        self._late = self._timer(LATE_MS, self.refresh)
        self._later = self._timer(FIRST_MS, self.refresh_apart)
        self._later.start()
        changes.published.connect(self._published)

    def _timer(self, wait_ms: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait_ms)
        timer.timeout.connect(act)
        return timer

    @property
    def state(self) -> WorkListsState:
        return self._state

    @property
    def line(self) -> WorkLine | None:
        """The chosen line."""
        return self._line_of(self._state.line)

    @Slot()
    def refresh(self) -> None:
        self._soon.stop()
        self._late.stop()
        self._lanes.read(self._work_lists.lists, self._told, self._failed, key="work_lists")

    @Slot()
    def refresh_apart(self) -> None:
        self._later.stop()
        self._lanes.read(
            self._work_lists.apart, self._told_apart, self._failed, key="work_lists.apart"
        )

    def show_list(self, kind: str) -> None:
        self._present(kind=kind, line="")

    def choose(self, key: str) -> None:
        if key != self._state.line:
            self._present(kind=self._state.kind, line=key)

    def step(self, owner: int | None) -> WorkLine | None:
        """The next line of the chosen list that is another patient's than `owner`; None at its end."""
        lines = self._lines()
        here = next((i for i, one in enumerate(lines) if one.key == self._state.line), -1)
        if here >= 0 and owner != lines[here].owner:
            here -= 1  # the chosen line was not opened yet
        for line in lines[here + 1 :]:
            if line.owner != owner:
                self.choose(line.key)
                return line
        return None

    def opened(self, owner: int) -> None:
        """A person displays this record: what would be asked again now is asked once it is read."""
        service = self._work_lists
        self._soon.stop()
        self._late.start()
        self._lanes.write(lambda: service.opened(owner), None, self._failed)

    def _lines(self) -> tuple[WorkLine, ...]:
        every = (*self._lists, *self._apart)
        kind = self._state.kind
        return next((one.lines for one in every if one.kind == kind), ())

    def _line_of(self, key: str) -> WorkLine | None:
        return next((one for one in self._lines() if one.key == key), None)

    def _told(self, lists: tuple[WorkList, ...]) -> None:
        self._lists = lists
        self._present(kind=self._state.kind, line=self._state.line)

    def _told_apart(self, lists: tuple[WorkList, ...]) -> None:
        self._apart = lists
        self._present(kind=self._state.kind, line=self._state.line)

    def _failed(self, _error: DossierError) -> None:
        """The lists stay as they were; the status bar says what is wrong with the copy."""

    def _present(self, *, kind: str, line: str) -> None:
        """A person's own choice of list stays, empty or not."""
        waiting = (WorkList(kind=ListKind.UNSIGNED), WorkList(kind=ListKind.SUMMARIES))
        every = (*self._lists, *(self._apart or waiting))
        state = work_lists_state(every, self._speak(), kind=kind, line=line)
        if state != self._state:
            self._state = state
            self.changed.emit()

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        types: set[str] = set()
        for touched in change.owners.values():
            types |= touched
        if types & _HEAVY or change.about(Topic.LEASE):
            self._later.start()
        topics = (Topic.CONFLICTS, Topic.DRAFTS, Topic.LEASE, Topic.PATIENTS)
        is_written = bool(types) and change.about(Topic.OUTBOX)
        if not (is_written or types & _LIGHT or change.about(*topics)):
            return  # an opening is noted in the outbox too: of no row
        if not change.about(Topic.COPY):
            self._soon.start()
        elif not self._late.isActive():
            self._late.start()
