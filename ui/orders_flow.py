"""Between the list of orders that never came back and the session: where a line opens, its two acts."""

from typing import Any

from PySide6.QtCore import QObject, Slot

from dossier.errors import Refused
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.drafts.flow import DraftsFlow
from ui.entry import EntryModel
from ui.errors import error_sentence, rule_sentence
from ui.navigation import AWAITED
from ui.orders.forms import CHASE, CLOSE
from ui.orders.state import AwaitedRow
from ui.orders.view import AwaitedView
from ui.orders.view_model import AwaitedModel
from ui.overlay_flow import OverlayFlow
from ui.patient.state import Ref
from ui.session_flow import SessionSurface
from ui.widgets.form_panel import FormPanel


class OrdersFlow(QObject):
    """One form at a time, about the order that was chosen when it opened (HZ-01)."""

    def __init__(self, session: SessionSurface, view: AwaitedView, model: AwaitedModel) -> None:
        super().__init__(session)
        self._session, self._view, self._model = session, view, model
        self._entry: EntryModel[Any] | None = None
        model.changed.connect(self._show)
        model.acted.connect(self._acted)
        model.refused.connect(self._told)
        view.chosen.connect(self._choose)
        view.asked.connect(self._ask)
        session.navigator.moved.connect(self._moved)

    def bind(self, keys: OverlayFlow, drafts: DraftsFlow) -> None:
        keys.bind(AWAITED, self.go)
        drafts.bind(CHASE, self._resume)
        drafts.bind(CLOSE, self._resume)

    def go(self) -> None:
        """Alt+J."""
        self._session.navigator.go(AWAITED)

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place != AWAITED:
            self._leave()
            return
        self._model.refresh()
        self._show()
        self._view.list.setFocus()

    @Slot()
    def _show(self) -> None:
        if self._entry is None:
            self._view.show_state(self._model.state)

    @Slot(str)
    def _choose(self, key: str) -> None:
        self._leave()
        self._model.choose(key)
        self._show()

    @Slot(str)
    def _ask(self, what: str) -> None:
        chosen = self._model.state.row
        if chosen is None:
            return
        if what == "open":
            self._open(chosen)
        elif self._session.models.narrowed:
            texts = self._session.look.texts
            self._told(error_sentence(texts, Refused("continuity_reads_only")))
        else:
            self._form(chosen, what)

    def _open(self, chosen: AwaitedRow) -> None:
        ref = Ref("DocumentReference", chosen.paper) if chosen.paper else None
        self._session.record_flow.open(chosen.owner, ref)

    def _form(self, chosen: AwaitedRow, what: str) -> None:
        self._leave()
        is_chase = what == "chase"
        entry = self._model.chasing(chosen) if is_chase else self._model.closing(chosen)
        panel = FormPanel(self._session.look, entry.spec)
        self._entry = entry
        entry.setParent(panel)
        entry.changed.connect(self._show_entry)
        panel.edited.connect(self._edited)
        panel.submitted.connect(entry.submit)
        panel.closed.connect(self._close)
        self._view.show_form(panel)
        self._panel = panel
        self._show_entry()
        entry.look_for_draft()

    def _resume(self, slot: DraftSlot, _record: Record) -> bool:
        """The draft of an act opens again, while its order is awaited."""
        chosen = self._model.find(slot.about)
        if chosen is None:
            return False
        self.go()
        self._model.choose(chosen.key)
        self._form(chosen, "chase" if slot.kind == CHASE else "close")
        return True

    @Slot()
    def _show_entry(self) -> None:
        entry = self._entry
        if entry is not None:
            texts, errors = self._session.look.texts, entry.state.errors
            said = {key: rule_sentence(texts, rule) for key, rule in errors.items()}
            self._panel.show_entry(entry.state, said)

    @Slot(tuple)
    def _edited(self, edit: tuple[str, str]) -> None:
        if self._entry is not None:
            self._entry.edit(*edit)

    @Slot()
    def _close(self) -> None:
        self._leave()
        self._show()
        self._view.list.setFocus()

    def _leave(self) -> None:
        entry, self._entry = self._entry, None
        if entry is not None:
            entry.leave()

    @Slot(object)
    def _acted(self, written: Written) -> None:
        self._entry = None
        sentence = self._session.look.tr("Recorded on this computer, not sent yet.")
        self._session.record_flow.done(written, sentence)
        self._show()
        self._view.list.setFocus()

    @Slot(str)
    def _told(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)
