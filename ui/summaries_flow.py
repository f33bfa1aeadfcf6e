"""Between the summary page and the session: what opens it, what follows filing, where an export goes."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from dossier.errors import Refused
from practitioner_app.services.letters import SignedPage
from practitioner_app.services.writing import Written
from ui.context import SessionContext
from ui.errors import error_sentence
from ui.navigation import RECORD
from ui.session_flow import SessionSurface
from ui.summaries.view import SummaryView
from ui.summaries.view_model import SummaryModel
from ui.widgets.confirm import Confirm

SUMMARY = "summary"
_NAME = "synthese.json"
"""Names nobody: the person chooses another."""


class SummaryFlow(QObject):
    """One summary at a time, under the banner of its patient."""

    def __init__(self, session: SessionSurface, context: SessionContext) -> None:
        super().__init__(session)
        services, look = context.services, session.look
        self._session = session
        self.view = view = SummaryView(look)
        session.navigator.add_of_patient(SUMMARY, view)
        self.model = model = SummaryModel(
            summaries=services.summaries,
            letterheads=services.letterheads,
            exports=services.exports,
            lanes=context.lanes,
            changes=context.changes,
            speak=session.models.speak,
            family=look.family,
            parent=self,
        )
        self._confirm: Confirm | None = None
        self._dialog: QFileDialog | None = None
        model.changed.connect(self._show)
        model.filed.connect(self._filed)
        model.exported.connect(self._exported)
        model.refused.connect(self._refused)
        view.filing_asked.connect(self._file)
        view.export_asked.connect(self._ask_export)
        view.closed.connect(self._close)
        session.models.record.changed.connect(self._follow)
        session.navigator.moved.connect(self._moved)

    def open(self) -> None:
        """The summary of the open record."""
        owner = self._session.models.record.state.owner
        if owner is None or self._session.models.record.record is None:
            return
        self._session.models.forms.drop()
        self.model.open(owner)
        self._session.navigator.go(SUMMARY)
        self.view.paper.preview.setFocus()

    def page(self) -> SignedPage | None:
        """What is in sight, to be printed: the very bytes; None while they are made."""
        state, tr = self.model.state, self._session.look.tr
        if state.owner is None or not state.pdf:
            return None
        kind = tr("Medical summary")
        return SignedPage(owner=state.owner, title=state.title, kind=kind, pdf=state.pdf)

    @Slot()
    def _show(self) -> None:
        self.view.show_state(self.model.state)

    @Slot()
    def _follow(self) -> None:
        """Another record is open, or none: its summary is not the one in sight any more (HZ-01)."""
        shown, owner = self.model.state.owner, self._session.models.record.state.owner
        if shown is not None and shown != owner:
            self.model.leave()
            if self._session.navigator.place == SUMMARY:
                self._session.navigator.go(RECORD)

    @Slot(str)
    def _moved(self, place: str) -> None:
        if place != SUMMARY:
            self.model.leave()

    @Slot()
    def _close(self) -> None:
        self._session.navigator.go(RECORD)

    @Slot()
    def _file(self) -> None:
        """Nothing is written in continuity mode; the sentence says so before the act."""
        session = self._session
        if session.models.narrowed:
            self._refused(error_sentence(session.look.texts, Refused("continuity_reads_only")))
        else:
            self.model.file()

    @Slot(object)
    def _filed(self, written: Written) -> None:
        tr = self._session.look.tr
        self._session.record_flow.done(written, tr("Summary filed in the record, not sent yet."))

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self._session.toast.show_sentence(sentence, undoable=False)

    # -- export ---------------------------------------------------------------

    @Slot()
    def _ask_export(self) -> None:
        """Said before the place is asked for: the file is in clear, and the patient reads that it was made."""
        tr = self._session.look.tr
        self._confirm = Confirm(
            self._session.look,
            title=tr("Save a file that is not encrypted?"),
            sentence=tr(
                "Whoever has this file can read it. The patient’s journal will say that you made it. Nobody"
                " may demand this information from the patient for a contract, an insurance or a job."
            ),
            act=tr("Choose where"),
            parent=self._session,
        )
        self._confirm.accepted.connect(self._choose_place)
        self._confirm.open()

    @Slot()
    def _choose_place(self) -> None:
        tr = self._session.look.tr
        self._dialog = dialog = QFileDialog(self._session, tr("European summary (IPS)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("FHIR (*.json)")
        dialog.setDefaultSuffix("json")
        dialog.selectFile(_NAME)
        dialog.fileSelected.connect(self._export)
        dialog.open()

    @Slot(str)
    def _export(self, chosen: str) -> None:
        self.model.export(Path(chosen))

    @Slot(str)
    def _exported(self, name: str) -> None:
        tr = self._session.look.tr
        sentence = tr("{name} is written, in clear. Erase it once it has served.", name=name)
        self._session.toast.show_sentence(sentence, undoable=False)
