"""Taking a refused entry out as a clear file: asked twice, written in the journal of the patient first."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from dossier.errors import DossierError
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.exports import ExportService
from practitioner_app.services.sync_centre import SyncCentre
from ui.errors import error_sentence
from ui.session_flow import SessionSurface
from ui.widgets.confirm import Confirm

_NAME = "texte.txt"
"""Names nobody: the person chooses another."""


class ExportFlow(QObject):
    """The entry stays where it is: a file is a copy of its words."""

    def __init__(
        self, session: SessionSurface, centre: SyncCentre, exports: ExportService, lanes: Lanes
    ) -> None:
        super().__init__(session)
        self._session, self._centre = session, centre
        self._exports, self._lanes = exports, lanes
        self._op_id = ""
        self.confirm: Confirm | None = None
        self._dialog: QFileDialog | None = None
        session.centre_view.export_asked.connect(self.ask)

    @Slot(str)
    def ask(self, op_id: str) -> None:
        """Said before the place is asked for."""
        tr = self._session.look.tr
        self._op_id = op_id
        self.confirm = Confirm(
            self._session.look,
            title=tr("Save a file that is not encrypted?"),
            sentence=tr(
                "Whoever has this file can read it. The patient’s journal will say that you made it. Nobody"
                " may demand this information from the patient for a contract, an insurance or a job."
            ),
            act=tr("Choose where"),
            parent=self._session,
        )
        self.confirm.accepted.connect(self._choose_place)
        self.confirm.open()

    @Slot()
    def _choose_place(self) -> None:
        self._dialog = dialog = QFileDialog(self._session, self._session.look.tr("Export…"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Texte (*.txt)")
        dialog.setDefaultSuffix("txt")
        dialog.selectFile(_NAME)
        dialog.fileSelected.connect(self.export)
        dialog.open()

    @Slot(str)
    def export(self, chosen: str) -> None:
        centre, exports, op_id, path = self._centre, self._exports, self._op_id, Path(chosen)

        def written() -> str:
            owner, words = centre.words_of(op_id)
            exports.write(owner, path, words.encode())
            return path.name

        self._lanes.write(written, self._exported, self._refused)

    def _exported(self, name: str) -> None:
        tr = self._session.look.tr
        sentence = tr("{name} is written, in clear. Erase it once it has served.", name=name)
        self._session.toast.show_sentence(sentence, undoable=False)

    def _refused(self, error: DossierError) -> None:
        sentence = error_sentence(self._session.look.texts, error)
        self._session.toast.show_sentence(sentence, undoable=False)
