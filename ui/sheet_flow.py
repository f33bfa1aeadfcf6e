"""The sheets of the record by key, and what is done from a recommendation."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from dossier.errors import DossierError
from practitioner_app.services.history import ReviewHistory
from practitioner_app.services.writing import Written
from ui.context import SessionContext
from ui.errors import error_sentence
from ui.navigation import RECORD
from ui.patient.prevention_presenter import SHEET
from ui.patient.sheets import GROWTH, PREVENTION, VACCINATIONS
from ui.patient.state import Action, Ref
from ui.session_flow import SessionSurface

SHEETS = (VACCINATIONS, PREVENTION, GROWTH)


class SheetFlow(QObject):
    """Opens a sheet in the side panel; turns the acts of a recommendation into forms."""

    def __init__(
        self,
        session: SessionSurface,
        context: SessionContext,
        bind: Callable[[str, Callable[[], None]], None],
    ) -> None:
        super().__init__(session)
        self._session, self._context = session, context
        bind("reviewed", self.review)
        for key in SHEETS:
            bind(key, self._opener(key))
        session.record_view.acted.connect(self._act)

    def _opener(self, key: str) -> Callable[[], None]:
        return lambda: self.show(key)

    def show(self, key: str) -> None:
        """The sheet of the open record; a form being typed stays."""
        session = self._session
        if session.models.record.record is None or not session.models.forms.is_free:
            return
        session.navigator.go(RECORD)
        session.models.record.choose(Ref(SHEET, key))

    def review(self) -> None:
        """The past history of the open record was gone through today: dated, signed, undone by Ctrl+Z."""
        session, services = self._session, self._context.services
        record = session.models.record.record
        if record is None or session.models.narrowed:
            return
        past = (row for listing in record.history.values() for row in listing.rows)
        lines = tuple(dict.fromkeys(f"{row.rtype}/{row.id}" for row in past))
        command = ReviewHistory(
            owner=record.owner, label=session.look.tr("Past history"), lines=lines
        )
        self._context.lanes.write(
            lambda: services.history.review(command), self._reviewed, self._refused
        )

    def _reviewed(self, written: Written) -> None:
        sentence = self._session.look.tr("Past history reviewed today, not sent yet.")
        self._session.record_flow.done(written, sentence)

    def _refused(self, error: DossierError) -> None:
        sentence = error_sentence(self._session.look.texts, error)
        self._session.toast.show_sentence(sentence, undoable=False)

    @Slot(Action)
    def _act(self, action: Action) -> None:
        detail = self._session.models.record.state.detail
        if detail is None or detail.ref is None:
            return
        kinds = {
            Action.VACCINATE: "immunizations",
            Action.MEASURE: "measures",
            Action.DONE: f"rule:{detail.ref.id}",
            Action.DISMISS: f"dismiss:{detail.ref.id}",
            Action.RESUME: f"resume:{detail.ref.id}",
        }
        if action in kinds:
            self._session.record_flow.add(kinds[action])
