"""The consultation note under the fingers: opened, put aside, signed, taken back."""

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from dossier.errors import DossierError
from dossier.fhir.notes import HEADINGS
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.note_reading import NoteSheet
from practitioner_app.services.note_return import put_back
from practitioner_app.services.notes import WriteNote
from practitioner_app.services.rows import Record
from practitioner_app.services.writing import Written
from ui.context import SessionContext
from ui.drafts.flow import DraftsFlow
from ui.errors import error_sentence
from ui.navigation import RECORD
from ui.note_templates_flow import TemplatesFlow
from ui.notes.page import note_sheet
from ui.notes.state import Purpose
from ui.notes.view import NotePanel
from ui.notes.view_model import NoteModel, NoteTools
from ui.paper.heads import french_paper
from ui.paper.pdf import render
from ui.patient.banner import born_words, full_name
from ui.patient.state import Ref, TimelineRow
from ui.session_flow import SessionSurface
from ui.widgets.confirm import Confirm

KIND = "note"


class NotesFlow(QObject):
    """Alt+N, Ctrl+S, Ctrl+T, Alt+C: one note at a time."""

    def __init__(
        self, session: SessionSurface, context: SessionContext, drafts_flow: DraftsFlow
    ) -> None:
        super().__init__(session)
        self._session, self._context, self._drafts_flow = session, context, drafts_flow
        self._model: NoteModel | None = None
        self._panel: NotePanel | None = None
        self._signed: tuple[DraftSlot, dict[str, str], Written] | None = None
        self._confirm: Confirm | None = None
        self._templates = TemplatesFlow(session, context)
        drafts_flow.bind(KIND, self.open_draft)
        session.record_view.timeline.opened.connect(self._row_opened)

    # -- opening --------------------------------------------------------------

    def write(self) -> None:
        """Alt+N: the note under the fingers, the one that was left, else a new one."""
        session = self._session
        record = session.models.record.record
        if record is None or not record.found or self._session.record_flow.only_reads():
            return
        session.navigator.go(RECORD)
        if self._model is not None and self._panel is not None:
            self._panel.setFocus()
            return
        drafts, owner = self._context.services.drafts, record.owner
        self._context.lanes.read(
            lambda: next((one.slot for one in drafts.of(owner) if one.slot.kind == KIND), None),
            partial(self._draft_found, owner),
            key="notes.draft",
        )

    def _draft_found(self, owner: int, slot: DraftSlot | None) -> None:
        record = self._session.models.record.record
        if record is not None and record.owner == owner:
            self.open_draft(slot or DraftSlot(kind=KIND, owner=owner), record)

    def open_draft(self, slot: DraftSlot, record: Record) -> bool:
        """A note of this slot: new, to be signed, or signed and to be corrected."""
        if not slot.about:
            self._open(slot, Purpose.NEW, {}, record)
            return True
        notes = self._context.services.notes
        self._context.lanes.read(
            lambda: notes.sheet(slot.owner, slot.about),
            partial(self._sheet_found, slot),
            key="notes.sheet",
        )
        return True

    def _sheet_found(self, slot: DraftSlot, sheet: NoteSheet | None) -> None:
        record = self._session.models.record.record
        if record is None or record.owner != slot.owner:
            return
        if sheet is None or sheet.current is None:
            self._say(self._session.look.tr("The line of this draft is not there any more."))
            return
        began = {field: getattr(sheet.current.sections, field) for field in HEADINGS}
        began["responsible"], began["responsible_name"] = sheet.responsible
        if sheet.started:
            began["started"] = sheet.started
        purpose = Purpose.CORRECTION if sheet.current.signed else Purpose.UNSIGNED
        self._open(slot, purpose, began, record)

    def _open(
        self, slot: DraftSlot, purpose: Purpose, began: dict[str, str], record: Record
    ) -> None:
        session = self._session
        speaking = session.models.speak()
        identity = record.identity
        about = f"{full_name(identity, speaking.today)}, {born_words(identity, speaking)}"
        session.models.forms.drop()
        model = NoteModel(slot, purpose, about, note_tools(session, self._context, record), began)
        panel = NotePanel(session.look, model.state)
        model.setParent(panel)
        self._model, self._panel = model, panel
        model.changed.connect(self._show)
        model.finished.connect(self._finished)
        model.stopped_at.connect(panel.go_to)
        panel.edited.connect(self._edited)
        panel.chosen.connect(self._chosen)
        panel.signed.connect(model.sign)
        panel.left_unsigned.connect(model.leave_unsigned)
        panel.templates_asked.connect(self._templates_asked)
        panel.measure_asked.connect(model.take)
        panel.discarded.connect(self._ask_discard)
        panel.closed.connect(self._close)
        session.models.forms.hold(self)
        session.record_view.show_panel(panel, long=True)
        panel.show_state(model.state)
        model.begin()

    # -- ui.record_forms.Writing ------------------------------------------------

    def leave(self) -> None:
        """The person goes elsewhere: the draft stays."""
        model, self._model, self._panel = self._model, None, None
        if model is not None:
            model.leave()

    def stop(self) -> None:
        """The session is being locked: saved, and opened again afterwards."""
        model, self._model, self._panel = self._model, None, None
        if model is not None:
            model.stop()

    # -- while it is open -------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        if self._model is not None and self._panel is not None:
            self._panel.show_state(self._model.state)

    @Slot(tuple)
    def _edited(self, edit: tuple[str, str]) -> None:
        if self._model is not None:
            self._model.edit(*edit)

    @Slot(tuple)
    def _chosen(self, choice: tuple[str, str]) -> None:
        if self._model is not None:
            self._model.choose(*choice)

    def save(self) -> None:
        """Ctrl+S."""
        if self._model is not None:
            self._model.save()

    def take_measures(self) -> None:
        """Alt+C."""
        if self._model is not None:
            self._model.take_all()

    @Slot()
    def _close(self) -> None:
        self._session.models.forms.drop()
        self._back()

    def _back(self) -> None:
        session = self._session
        session.record_view.show_detail(session.models.record.state.detail)
        session.record_view.timeline.list.setFocus()

    @Slot(TimelineRow)
    def _row_opened(self, row: TimelineRow) -> None:
        """Enter on a line while a note is written: the note is put aside, Alt+N brings it back."""
        if self._model is not None and row.refs:
            self._session.models.forms.drop()
            self._session.models.record.choose(row.refs[0])

    def show_templates(self) -> None:
        """Ctrl+T."""
        if self._panel is not None:
            self._panel.ask_templates()

    @Slot(QWidget)
    def _templates_asked(self, beside: QWidget) -> None:
        if self._model is not None and self._panel is not None:
            self._templates.ask(self._model, self._panel, beside)

    @Slot()
    def _ask_discard(self) -> None:
        tr = self._session.look.tr
        self._confirm = Confirm(
            self._session.look,
            title=tr("Throw this draft away?"),
            sentence=tr("What was typed is erased from this computer."),
            act=tr("Throw away"),
            parent=self._session,
        )
        self._confirm.accepted.connect(self._discard)
        self._confirm.open()

    @Slot()
    def _discard(self) -> None:
        model = self._model
        if model is not None:
            self._model, self._panel = None, None
            self._session.models.forms.release()
            model.discard()
            self._back()

    # -- afterwards -------------------------------------------------------------

    @Slot(object)
    def _finished(self, written: Written) -> None:
        session, model = self._session, self._model
        if model is None:
            return
        self._signed = (model.state.slot, dict(model.state.values), written)
        self._model, self._panel = None, None
        session.models.forms.release()
        session.record_view.show_panel(None)
        session.models.record.choose(Ref(written.rtype, written.id))
        tr = session.look.tr
        session.record_flow.done_by(
            self._take_back, tr("Note recorded on this computer, not sent yet.")
        )
        session.record_view.timeline.list.setFocus()

    def _take_back(self) -> None:
        """Undo: nothing of the note stays in the record, its words are under the fingers again."""
        signed, self._signed = self._signed, None
        if signed is None:
            return
        slot, values, written = signed
        services = self._context.services
        ops = (written.op_id, *written.more)
        self._context.lanes.write(
            lambda: put_back(services.drafts, slot, values, lambda: services.notes.undo(ops)),
            partial(self._taken_back, slot),
            self._refused,
        )

    def _taken_back(self, slot: DraftSlot, _nothing: None) -> None:
        self.go_on(slot)

    def go_on(self, slot: DraftSlot) -> None:
        """The draft opens, if its patient's record still is."""
        if self._session.models.record.state.owner == slot.owner:
            self._drafts_flow.open(slot)

    def _refused(self, error: DossierError) -> None:
        self._say(error_sentence(self._session.look.texts, error))

    def _say(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)


def note_tools(session: SessionSurface, context: SessionContext, record: Record) -> NoteTools:
    """What a note about this patient works with."""
    services = context.services
    paper, family = french_paper(session.models.speak()), session.look.family

    def page(command: WriteNote) -> bytes:
        sheet = note_sheet(
            paper,
            services.letterheads.mine(),
            record.identity,
            command.sections,
            contact=command.contact,
            started=command.started,
            responsible=command.responsible.name,
        )
        return render(sheet, family)

    return NoteTools(
        notes=services.notes,
        drafts=services.drafts,
        lanes=context.lanes,
        clock=context.clock,
        terms=context.terms,
        speak=session.models.speak,
        page=page,
    )
