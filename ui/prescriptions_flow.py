"""Between the prescription page and the session: what opens it, what a key does, what follows a signature."""

from PySide6.QtCore import QObject, Slot

from dossier.errors import Refused
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.prescription_draft import KIND
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.drafts.flow import DraftsFlow
from ui.errors import error_sentence
from ui.forms import EntryState, WrongField
from ui.navigation import RECORD
from ui.overlay_flow import OverlayFlow
from ui.patient.prescription_presenter import prescription_of
from ui.patient.state import Action, DetailState, Ref
from ui.prescriptions.line_acts import LineActs
from ui.prescriptions.line_form import line_form
from ui.prescriptions.view import PrescriptionView
from ui.prescriptions.view_model import PrescriptionModel
from ui.session_flow import SessionSurface
from ui.widgets.form_panel import FormPanel

PRESCRIPTION = "prescription"


class PrescriptionsFlow(QObject):
    """One prescription at a time, under the banner of its patient."""

    def __init__(
        self, session: SessionSurface, view: PrescriptionView, model: PrescriptionModel
    ) -> None:
        super().__init__(session)
        self._session, self._view, self._model = session, view, model
        self._acts = LineActs(model, self)
        self._panel: FormPanel | None = None
        self._key, self._answers = 0, EntryState()
        model.changed.connect(self._show)
        model.begun.connect(self._begun)
        model.rendered.connect(self._rendered)
        model.signed.connect(self._signed)
        model.refused.connect(self._refused)
        self._wire_view()
        session.record_flow.takers.append(self._take)
        session.models.record.changed.connect(self._follow)
        session.navigator.moved.connect(self._moved)

    def _wire_view(self) -> None:
        view, model, acts = self._view, self._model, self._acts
        view.sign_asked.connect(self._sign)
        view.keep_asked.connect(model.keep)
        view.zone_asked.connect(acts.change_zone)
        view.reason_given.connect(acts.give_reason)
        view.closed.connect(self._close)
        view.entry.typed.connect(model.entry.type)
        view.entry.picked.connect(self._pick)
        view.entry.entered.connect(self._enter)
        view.entry.given_up.connect(self._give_up)
        view.entry.left.connect(self._to_lines)
        view.lines.remove_asked.connect(acts.remove)
        view.lines.zone_asked.connect(acts.change_zone)
        view.lines.move_asked.connect(acts.move)
        view.lines.change_asked.connect(self._change)
        view.weight.weighed.connect(self._weigh)

    def bind(self, keys: OverlayFlow, drafts: DraftsFlow) -> None:
        """The commands of the registry, and the drafts that open here."""
        keys.bind("prescribe", self.write)
        keys.bind("renew", self.renew)
        drafts.bind(KIND, self.resume)

    # -- opening --------------------------------------------------------------

    def write(self) -> None:
        """Alt+O: the draft that was left, or an empty one; on the page, back to the input."""
        record = self._record()
        if record is None:
            return
        if self._model.owner == record.owner and self._session.navigator.place == PRESCRIPTION:
            self._view.entry.edit.setFocus()
        else:
            self._model.begin(record)

    def renew(self) -> None:
        """Alt+R: everything that is taken, in a draft."""
        record = self._record()
        if record is not None:
            self._model.renew(record)

    def correct(self, document: str) -> None:
        """A prescription that replaces a signed one."""
        record = self._record()
        if record is not None:
            self._model.correct(record, document)

    def _take(self, action: Action, detail: DetailState) -> bool:
        """Alt+E on a signed prescription: another one will replace it (HZ-14)."""
        record, ref = self._session.models.record.record, detail.ref
        if action is not Action.EDIT or record is None or ref is None:
            return False
        if prescription_of(record, ref) is None:
            return False
        self.correct(ref.id)
        return True

    def resume(self, _slot: DraftSlot, record: Record) -> bool:
        """The draft of a prescription opens again."""
        self._model.begin(record)
        return True

    def _record(self) -> Record | None:
        session = self._session
        record = session.models.record.record
        if record is None:
            return None
        if session.models.narrowed:
            self._refused(error_sentence(session.look.texts, Refused("continuity_reads_only")))
            return None
        session.models.forms.drop()
        return record

    @Slot()
    def _begun(self) -> None:
        self._view.show_form(None)
        self._session.navigator.go(PRESCRIPTION)
        self._view.lines.choose_first()
        self._view.entry.edit.setText("")
        self._view.entry.edit.setFocus()

    @Slot()
    def _show(self) -> None:
        self._view.show_state(self._model.state)

    @Slot(bytes)
    def _rendered(self, pdf: bytes) -> None:
        self._view.paper.show_pdf(pdf, self._session.look.tr("Prescription"))

    # -- the input ------------------------------------------------------------

    @Slot(str)
    def _pick(self, key: str) -> None:
        added = self._model.entry.pick(key)
        self._view.entry.show_entry(self._model.state.entry, "")
        if added:
            self._added()

    @Slot()
    def _enter(self) -> None:
        if self._model.entry.enter():
            self._view.entry.show_entry(self._model.state.entry, "")
            self._added()

    def _added(self) -> None:
        draft = self._model.draft
        if draft is not None and draft.lines:
            self._view.lines.choose(draft.lines[-1].key)
        self._view.entry.edit.setFocus()

    @Slot()
    def _give_up(self) -> None:
        if self._model.entry.unpick() or self._view.entry.edit.text():
            self._model.entry.type("")
            self._view.entry.show_entry(self._model.state.entry, "")
        else:
            self._close()

    @Slot()
    def _to_lines(self) -> None:
        self._view.lines.choose_first()
        self._view.lines.setFocus()

    @Slot(str)
    def _weigh(self, text: str) -> None:
        if not self._acts.weigh(text, self._session.models.speak().today.isoformat()):
            sentence = self._session.look.tr("Give the weight in kilogrammes: 15.5")
            self._refused(sentence)

    # -- the form of a line ---------------------------------------------------

    @Slot(int)
    def _change(self, key: int) -> None:
        draft = self._model.draft
        line = draft.line(key) if draft is not None else None
        if draft is None or line is None:
            return
        spec = line_form(self._session.look.texts, line, draft.number(key))
        panel = FormPanel(self._session.look, spec)
        self._panel, self._key = panel, key
        self._answers = EntryState(values=dict(spec.values))
        panel.show_entry(self._answers, {})
        panel.edited.connect(self._edited)
        panel.submitted.connect(self._submit)
        panel.closed.connect(self._close_form)
        self._view.show_form(panel)
        panel.field("text").setFocus()

    @Slot(tuple)
    def _edited(self, edit: tuple[str, str]) -> None:
        self._answers = EntryState(values={**self._answers.values, edit[0]: edit[1]})

    @Slot()
    def _submit(self) -> None:
        if self._panel is None:
            return
        try:
            self._acts.change_line(self._key, self._answers.values, self._session.look.texts)
        except WrongField as wrong:
            self._panel.show_entry(self._answers, {wrong.field: wrong.sentence})
            return
        self._close_form()

    @Slot()
    def _close_form(self) -> None:
        self._panel = None
        self._view.show_form(None)
        self._view.lines.setFocus()

    # -- what follows ---------------------------------------------------------

    @Slot()
    def _sign(self) -> None:
        """What is being typed is taken first: a reason, a weight, the form of a line."""
        if self._panel is not None:
            self._submit()
            return
        focused = self._view.focusWidget()
        if focused is not None and focused is not self._view.entry.edit:
            self._view.lines.setFocus()
        state = self._model.state
        if state.to_settle and not state.can_sign:
            strip = next(
                (self._view.strip(one.key) for one in state.strips if not one.reason), None
            )
            if strip is not None:
                strip.reason.setFocus()
            elif state.weight.asked:
                self._view.weight.edit.setFocus()
            return
        self._model.sign()

    @Slot(object)
    def _signed(self, written: Written) -> None:
        """Back to the record, with the document; taken back whole while nothing of it has left."""
        session = self._session
        session.navigator.go(RECORD)
        session.models.record.choose(Ref(written.rtype, written.id))
        session.record_flow.done(written, session.look.tr("Signed on this computer, not sent yet."))
        session.record_view.timeline.list.setFocus()

    @Slot()
    def _close(self) -> None:
        """Escape: the draft is kept."""
        self._session.navigator.go(RECORD)
        self._session.record_view.timeline.list.setFocus()

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place != PRESCRIPTION:
            self._panel = None
            self._model.leave()

    @Slot()
    def _follow(self) -> None:
        """Another record, or none: no line ever stands under the banner of somebody else (HZ-01)."""
        owner = self._model.owner
        if owner is not None and owner != self._session.models.record.state.owner:
            self._panel = None
            self._model.leave()
            if self._session.navigator.place == PRESCRIPTION:
                self._session.navigator.go(RECORD)

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)
