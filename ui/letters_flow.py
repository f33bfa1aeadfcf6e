"""Between the letter page and the session: what opens it, what follows a signature, what closes it."""

from functools import partial

from PySide6.QtCore import QObject, Slot

from dossier.errors import Refused
from dossier.terminology.letters import LetterKind, LetterTemplate
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.drafts.flow import DraftsFlow
from ui.entry import EntryModel
from ui.errors import error_sentence, rule_sentence
from ui.letters.feature import COMMAND
from ui.letters.view import LetterView
from ui.letters.view_model import SLOT, LetterModel
from ui.navigation import RECORD
from ui.overlay_flow import OverlayFlow
from ui.patient.state import Action, DetailState, Ref
from ui.session_flow import SessionSurface
from ui.widgets.form_panel import FormPanel

LETTER, DOCUMENT = "letter", "DocumentReference"


class LettersFlow(QObject):
    """One letter at a time, under the banner of its patient."""

    def __init__(self, session: SessionSurface, view: LetterView, model: LetterModel) -> None:
        super().__init__(session)
        self._session, self._view, self._model = session, view, model
        self._panel: FormPanel | None = None
        self._template: EntryModel[LetterTemplate] | None = None
        model.ready.connect(self._ready)
        model.rendered.connect(self._rendered)
        model.signed.connect(self._signed)
        model.refused.connect(self._refused)
        model.template_ready.connect(self._ask_template)
        session.models.record.changed.connect(self._follow)
        session.navigator.moved.connect(self._moved)
        session.record_flow.takers.append(self._take)

    def _take(self, action: Action, detail: DetailState) -> bool:
        """Correcting a document with a page of its own is a new version of it."""
        ref = detail.ref
        if action is not Action.EDIT or ref is None or ref.rtype != DOCUMENT or not detail.pdf:
            return False
        self.correct(ref.id)
        return True

    def bind(self, keys: OverlayFlow, drafts: DraftsFlow) -> None:
        """The commands of the registry, and the drafts that open here."""
        for kind in LetterKind:
            keys.bind(COMMAND + kind, partial(self.write, kind))
        drafts.bind(SLOT, self.resume)

    # -- opening --------------------------------------------------------------

    def write(self, kind: LetterKind) -> None:
        """Begin a letter about the open record."""
        record = self._record()
        if record is not None:
            self._model.begin(kind, record)

    def correct(self, rid: str) -> None:
        """Write a new version of a signed letter."""
        record = self._record()
        if record is not None:
            self._model.correct(rid, record)

    def resume(self, slot: DraftSlot, record: Record) -> bool:
        """The draft of a letter opens again."""
        self._model.resume(slot, record)
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
    def _ready(self) -> None:
        entry = self._model.entry
        if entry is None:
            return
        panel = self._panel = FormPanel(self._session.look, entry.spec)
        entry.changed.connect(self._show)
        panel.edited.connect(self._edited)
        panel.submitted.connect(self._model.submit)
        panel.closed.connect(self._close)
        panel.other_asked.connect(self._model.keep_as_template)
        self._show()
        self._view.show_form(panel)
        self._session.navigator.go(LETTER)
        panel.field(entry.spec.fields[1].key).setFocus()  # the template suits most often

    @Slot()
    def _show(self) -> None:
        entry, panel = self._model.entry, self._panel
        if entry is not None and panel is not None:
            texts = self._session.look.texts
            errors = entry.state.errors
            panel.show_entry(
                entry.state, {key: rule_sentence(texts, rule) for key, rule in errors.items()}
            )

    @Slot(tuple)
    def _edited(self, edit: tuple[str, str]) -> None:
        self._model.edit(*edit)

    @Slot(bytes)
    def _rendered(self, pdf: bytes) -> None:
        entry = self._model.entry
        if entry is not None:
            self._view.paper.show_pdf(pdf, entry.spec.title)

    # -- templates ------------------------------------------------------------

    @Slot(object)
    def _ask_template(self, model: EntryModel[LetterTemplate]) -> None:
        """The form of a template stands in the place of the letter's, whose text is its draft meanwhile."""
        panel = FormPanel(self._session.look, model.spec)
        self._panel, self._template = None, model
        model.setParent(panel)
        panel.show_entry(model.state, {})
        panel.edited.connect(self._template_edited)
        panel.submitted.connect(model.submit)
        panel.closed.connect(self._back)
        panel.other_asked.connect(self._model.drop_template)
        model.changed.connect(self._show_template)
        model.saved.connect(self._template_kept)
        self._view.show_form(panel)

    @Slot(tuple)
    def _template_edited(self, edit: tuple[str, str]) -> None:
        if self._template is not None:
            self._template.edit(*edit)

    @Slot()
    def _show_template(self) -> None:
        model, panel = self._template, self._view.form
        if model is not None and isinstance(panel, FormPanel):
            texts, errors = self._session.look.texts, model.state.errors
            panel.show_entry(
                model.state, {key: rule_sentence(texts, rule) for key, rule in errors.items()}
            )

    @Slot(object)
    def _template_kept(self, _written: Written) -> None:
        self._template = None
        self._refused(self._session.look.tr("Template kept on this computer."))
        self._model.reopen()

    @Slot()
    def _back(self) -> None:
        if self._template is not None:
            self._template.abandon()
        self._template = None
        self._model.reopen()

    # -- what follows ---------------------------------------------------------

    @Slot(object)
    def _signed(self, written: tuple[Written, ...]) -> None:
        """Back to the record, with the document; taken back as one act while nothing of it has left."""
        session, document = self._session, written[0]
        self._forget()
        session.navigator.go(RECORD)
        session.models.record.choose(Ref(document.rtype, document.id))
        sentence = session.look.tr("Signed on this computer, not sent yet.")
        session.record_flow.done_together(tuple(reversed(written)), sentence)
        session.record_view.timeline.list.setFocus()

    @Slot()
    def _close(self) -> None:
        """Escape: the draft is kept."""
        self._session.navigator.go(RECORD)
        self._session.record_view.timeline.list.setFocus()

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place != LETTER:
            self._model.leave()
            self._forget()

    @Slot()
    def _follow(self) -> None:
        """Another record, or none: a letter never stands under the banner of somebody else (HZ-01)."""
        owner = self._model.owner
        if owner is not None and owner != self._session.models.record.state.owner:
            self._model.leave()
            self._forget()
            if self._session.navigator.place == LETTER:
                self._session.navigator.go(RECORD)

    def _forget(self) -> None:
        self._panel, self._template = None, None
        self._view.show_form(None)

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)
