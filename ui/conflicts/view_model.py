"""Settling one disagreement: choices of a person, field by field, and one decision written."""

from collections.abc import Callable, Mapping

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.conflicts import Choice, Comparison, ConflictService, Settle
from ui.conflicts.presenter import conflict_state
from ui.conflicts.state import ConflictState, Pick
from ui.errors import error_sentence
from ui.speaking import Speaking


class _Read(Struct, frozen=True):
    comparison: Comparison
    preview: str


class ConflictModel(QObject):
    """Intents: open, pick, save, close. `settled` when the decision is written, `gone` when there is
    nothing to settle any more.
    """

    changed = Signal()
    settled = Signal()
    gone = Signal()

    def __init__(
        self,
        *,
        conflicts: ConflictService,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._conflicts, self._lanes, self._speak = conflicts, lanes, speak
        self._op_id = ""
        self._choices: dict[str, Choice] = {}
        self._comparison: Comparison | None = None
        self._preview = ""
        self._saving = False
        self._state: ConflictState | None = None
        changes.published.connect(self._published)

    @property
    def state(self) -> ConflictState | None:
        return self._state

    @property
    def owner(self) -> int | None:
        """The patient of the disagreement on the screen."""
        return self._comparison.owner if self._comparison else None

    def open(self, op_id: str) -> None:
        """Nothing is pre-selected, whatever was chosen for another case."""
        self._op_id, self._choices, self._comparison = op_id, {}, None
        self._saving = False
        self._ask()

    def close(self) -> None:
        self._op_id, self._choices, self._comparison, self._state = "", {}, None, None
        self.changed.emit()

    def pick(self, pick: Pick) -> None:
        """Choose a side; where both texts can be kept, the second one is added, and removed again. Nobody
        chooses between versions of which one has not arrived.
        """
        if self._comparison is None or not self._comparison.ready:
            return
        field = next(one for one in self._comparison.fields if one.key == pick.field)
        before = self._choices.get(pick.field)
        if field.joinable and before is not None:
            after = _toggled(before, pick.choice)
        else:
            after = pick.choice
        if after is None:
            self._choices.pop(pick.field, None)
        else:
            self._choices[pick.field] = after
        self._ask()

    def save(self) -> None:
        """Write the decision; refused while a field is undecided."""
        state, comparison = self._state, self._comparison
        if state is None or comparison is None or state.why_not or self._saving:
            return
        self._saving = True
        command = Settle(
            op_id=comparison.op_id, owner=comparison.owner, choices=dict(self._choices)
        )
        conflicts = self._conflicts
        self._lanes.write(lambda: conflicts.settle(command), self._settled, self._refused)

    def _ask(self) -> None:
        conflicts, op_id = self._conflicts, self._op_id
        choices: Mapping[str, Choice] = dict(self._choices)
        self._lanes.read(
            lambda: _Read(conflicts.open(op_id), conflicts.preview(op_id, choices)),
            self._read,
            self._failed,
            key="conflicts.open",
        )

    def _read(self, read: _Read) -> None:
        if read.comparison.op_id != self._op_id:
            return
        self._comparison, self._preview = read.comparison, read.preview
        self._present("")

    def _present(self, problem: str) -> None:
        if self._comparison is None:
            return
        self._state = conflict_state(
            self._comparison, self._choices, self._preview, self._speak(), problem=problem
        )
        self.changed.emit()

    def _failed(self, _error: DossierError) -> None:
        self.close()
        self.gone.emit()

    def _settled(self, _nothing: None) -> None:
        self._saving = False
        self.close()
        self.settled.emit()

    def _refused(self, error: DossierError) -> None:
        self._saving = False
        self._present(error_sentence(self._speak().texts, error))

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        """Somebody changed the line meanwhile, or the other version arrived: shown again, choices kept."""
        if not self._op_id or self._saving:
            return
        here = self._comparison is not None and change.touches(self._comparison.owner)
        if here or change.about(Topic.CONFLICTS):
            self._ask()


def _toggled(before: Choice, picked: Choice) -> Choice | None:
    """Two boxes to tick: mine, theirs, both, none."""
    kept = {Choice.MINE, Choice.THEIRS} if before is Choice.BOTH else {before}
    kept ^= {picked}
    if len(kept) > 1:
        return Choice.BOTH
    return next(iter(kept), None)
