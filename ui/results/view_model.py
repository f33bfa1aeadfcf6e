"""The results of one patient: asked when the page is shown, asked again at each change of that patient.

An answer for another patient than the one of the page is dropped (HZ-01).
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import structs
from PySide6.QtCore import QObject, Signal, Slot

from dossier.errors import DossierError
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.result_grid import ResultService
from ui.errors import error_sentence
from ui.results.grid_presenter import EVERYTHING, curve_state, grid_state
from ui.results.state import LABORATORY, MEASURES, GridState, LineState, ResultsState
from ui.speaking import Speaking


class _Answer(NamedTuple):
    """Rows and words, both made on the read lane: the main thread only shows them."""

    owner: int
    grids: dict[str, GridState]


class ResultsModel(QObject):
    """Intents: open, leave, choose, show_kind, in_period."""

    changed = Signal()

    def __init__(
        self,
        *,
        results: ResultService,
        lanes: Lanes,
        changes: Changes,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._results, self._lanes, self._speak = results, lanes, speak
        self._state = ResultsState()
        self._grids: dict[str, GridState] = {}
        self._period, self._wanted = EVERYTHING, ""
        changes.published.connect(self._published)

    @property
    def state(self) -> ResultsState:
        return self._state

    def open(self, owner: int, code: str = "") -> None:
        """Show this patient, the analyte `code` first; the line chosen never follows from one patient to the
        next (HZ-17).
        """
        self._wanted = code
        if owner != self._state.owner:
            self._period, self._grids = EVERYTHING, {}
            self._set(ResultsState(owner=owner))
        self._ask()

    def leave(self) -> None:
        if self._state.owner is not None:
            self._grids = {}
            self._set(ResultsState())

    def choose(self, key: str) -> None:
        """The curve of a line."""
        if key != self._state.chosen:
            self._draw(structs.replace(self._state, chosen=key))

    def show_kind(self, kind: str) -> None:
        """The results of the laboratory, or what was measured here."""
        if kind in self._grids and kind != self._state.kind:
            grid = self._grids[kind]
            self._draw(structs.replace(self._state, kind=kind, grid=grid, chosen=""))

    def in_period(self, period: str) -> None:
        self._period = period
        self._draw(self._state)

    def _set(self, state: ResultsState) -> None:
        self._state = state
        self.changed.emit()

    def _ask(self) -> None:
        owner, results, speaking = self._state.owner, self._results, self._speak()
        if owner is None:
            return

        def asked() -> _Answer:
            grid = results.grid(owner, speaking.texts.language)
            kinds = (LABORATORY, MEASURES)
            return _Answer(owner, {kind: grid_state(grid, kind, speaking) for kind in kinds})

        self._lanes.read(asked, self._told, self._failed, key="results.grid")

    def _told(self, answer: _Answer) -> None:
        if answer.owner != self._state.owner:
            return
        self._grids = answer.grids
        wanted, self._wanted = self._wanted, ""
        for kind, grid in answer.grids.items():
            line = next((one for one in grid.lines if wanted and one.code == wanted), None)
            if line is not None:
                self._state = structs.replace(self._state, kind=kind, chosen=line.key)
        self._draw(structs.replace(self._state, grid=answer.grids[self._state.kind], problem=""))

    def _failed(self, error: DossierError) -> None:
        problem = error_sentence(self._speak().texts, error)
        self._set(structs.replace(self._state, problem=problem))

    def _draw(self, state: ResultsState) -> None:
        """The curve of the chosen line, else of the first one that has a curve."""
        line = _line(state)
        key = line.key if line is not None else ""
        curve = curve_state(line, self._period, self._speak()) if line is not None else None
        self._set(structs.replace(state, chosen=key, curve=curve))

    @Slot(object)
    def _published(self, change: ChangeSet) -> None:
        owner = self._state.owner
        if owner is not None and (change.touches(owner) or change.about(Topic.LEASE)):
            self._ask()


def _line(state: ResultsState) -> LineState | None:
    lines = state.grid.lines if state.grid else ()
    chosen = next((line for line in lines if line.cells and line.key == state.chosen), None)
    first = next((line for line in lines if line.curve is not None), None)
    return chosen or first or next((line for line in lines if line.cells), None)
