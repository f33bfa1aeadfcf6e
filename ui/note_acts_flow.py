"""What the side panel does with a consultation: go on, correct, complete, take back, copy, withdraw."""

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from dossier.errors import DossierError
from dossier.fhir.notes import Sections
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.note_reading import ENCOUNTER, NoteSheet
from practitioner_app.services.note_return import put_back, values_of
from practitioner_app.services.rows import DRAFT
from ui.context import SessionContext
from ui.errors import error_sentence
from ui.notes_flow import KIND, NotesFlow
from ui.patient.note_presenter import headings
from ui.patient.state import Action, DetailState
from ui.session_flow import SessionSurface
from ui.widgets.confirm import Confirm


class NoteActsFlow(QObject):
    """Asked before the record's own flow; anything that is no consultation is left to it."""

    def __init__(
        self, session: SessionSurface, context: SessionContext, notes_flow: NotesFlow
    ) -> None:
        super().__init__(session)
        self._session, self._context, self._notes_flow = session, context, notes_flow
        self._confirm: Confirm | None = None
        self._withdrawn = (0, "")
        session.record_flow.takers.append(self._take)

    def _take(self, action: Action, detail: DetailState) -> bool:
        """What concerns a consultation is ours; anything else is not."""
        ref, record = detail.ref, self._session.models.record.record
        if ref is None or record is None or ref.rtype not in (DRAFT, ENCOUNTER):
            return False
        owner = record.owner
        if action is Action.WRITE and ref.rtype == DRAFT:
            self._notes_flow.write()
        elif action in (Action.WRITE, Action.UNDO):
            self._give_back(owner, ref.id)
        elif action is Action.WITHDRAW:
            self._ask_withdraw(owner, ref.id)
        elif action is Action.EDIT and not self._session.record_flow.only_reads():
            self._notes_flow.open_draft(DraftSlot(kind=KIND, owner=owner, about=ref.id), record)
        elif action is Action.ADD and not self._session.record_flow.only_reads():
            forms = self._session.models.forms
            forms.drop()
            panel = forms.panel(forms.entries.adding_to_note(ref, record))
            self._session.record_view.show_panel(panel)
        elif action is Action.COPY:
            self._copy(owner, ref.id)
        else:
            return action is Action.EDIT
        return True

    def _give_back(self, owner: int, encounter: str) -> None:
        """The words of a note that was refused, or has not left, under the fingers again."""
        notes, drafts = self._context.services.notes, self._context.services.drafts
        slot = DraftSlot(kind=KIND, owner=owner)

        def given() -> None:
            sheet = notes.sheet(owner, encounter)
            said = sheet.current.sections if sheet is not None and sheet.current else Sections()
            put_back(drafts, slot, values_of(said), lambda: notes.take_back(owner, encounter))

        self._context.lanes.write(given, partial(self._given_back, slot), self._refused)

    def _given_back(self, slot: DraftSlot, _nothing: None) -> None:
        self._notes_flow.go_on(slot)

    def _ask_withdraw(self, owner: int, encounter: str) -> None:
        tr = self._session.look.tr
        self._confirm = Confirm(
            self._session.look,
            title=tr("Withdraw this entry?"),
            sentence=tr("It will not be sent. Its text stays in the archive of this computer."),
            act=tr("Withdraw"),
            parent=self._session,
        )
        self._withdrawn = (owner, encounter)
        self._confirm.accepted.connect(self._withdraw)
        self._confirm.open()

    @Slot()
    def _withdraw(self) -> None:
        notes, (owner, encounter) = self._context.services.notes, self._withdrawn
        self._context.lanes.write(lambda: notes.take_back(owner, encounter), failed=self._refused)

    def _copy(self, owner: int, encounter: str) -> None:
        """The whole text to the clipboard, which a lock empties."""
        notes = self._context.services.notes
        self._context.lanes.read(lambda: notes.sheet(owner, encounter), self._copied)

    def _copied(self, sheet: NoteSheet | None) -> None:
        if sheet is None or sheet.current is None:
            return
        words = headings(self._session.look.texts)
        said = values_of(sheet.current.sections)
        parts = [f"{words[field]}\n{text}" for field, text in said.items()]
        QGuiApplication.clipboard().setText("\n\n".join(parts))
        self._say(self._session.look.tr("Text copied. The clipboard is emptied at the next lock."))

    def _refused(self, error: DossierError) -> None:
        self._say(error_sentence(self._session.look.texts, error))

    def _say(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)
