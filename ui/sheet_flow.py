"""The sheets of the record by key, and what is done from a recommendation."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from ui.navigation import RECORD
from ui.patient.prevention_presenter import SHEET
from ui.patient.sheets import PREVENTION, VACCINATIONS
from ui.patient.state import Action, Ref
from ui.session_flow import SessionSurface

SHEETS = (VACCINATIONS, PREVENTION)


class SheetFlow(QObject):
    """Opens a sheet in the side panel; turns the acts of a recommendation into forms."""

    def __init__(
        self, session: SessionSurface, bind: Callable[[str, Callable[[], None]], None]
    ) -> None:
        super().__init__(session)
        self._session = session
        for key in SHEETS:
            bind(key, self._opener(key))
        session.record_view.acted.connect(self._act)

    def _opener(self, key: str) -> Callable[[], None]:
        return lambda: self.show(key)

    def show(self, key: str) -> None:
        """The sheet of the open record; a form being typed stays."""
        session = self._session
        if session.models.record.record is None or session.models.forms.model is not None:
            return
        session.navigator.go(RECORD)
        session.models.record.choose(Ref(SHEET, key))

    @Slot(Action)
    def _act(self, action: Action) -> None:
        detail = self._session.models.record.state.detail
        if detail is None or detail.ref is None:
            return
        kinds = {
            Action.VACCINATE: "immunizations",
            Action.DONE: f"rule:{detail.ref.id}",
            Action.DISMISS: f"dismiss:{detail.ref.id}",
            Action.RESUME: f"resume:{detail.ref.id}",
        }
        if action in kinds:
            self._session.record_flow.add(kinds[action])
