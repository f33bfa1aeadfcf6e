"""When the server asks for the person: one question, once, until it is answered or the person asks for it."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from dossier.errors import Refused
from practitioner_app.ports import SyncControl
from practitioner_app.services.session import Link
from ui.errors import error_sentence
from ui.sync_status.proof_view import ProofDialog
from ui.sync_status.view_model import StatusModel
from ui.theme.look import Look

_ANSWERED = frozenset({Link.ONLINE, Link.SYNCING})


class ProofFlow(QObject):
    """Opens by itself the first time, and again after a wrong answer; later only when the person asks."""

    def __init__(self, status: StatusModel, sync: SyncControl, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._status, self._sync, self._look, self._parent = status, sync, look, parent
        self._dialog: ProofDialog | None = None
        self._asked = self._sent = False
        status.changed.connect(self._moved)

    @property
    def needed(self) -> bool:
        """Does the server wait for the person now?"""
        status = self._status.status
        return status is not None and status.connection.link is Link.PROOF

    def ask(self) -> None:
        """The question, unless it stands there already."""
        status = self._status.status
        if status is None or (self._dialog is not None and self._dialog.isVisible()):
            return
        detail = status.connection.detail
        is_said = detail == "password_replaced" or (self._sent and detail == "wrong_proof")
        problem = error_sentence(self._look.texts, Refused(detail)) if is_said else ""
        self._asked, self._sent = True, False
        self._dialog = ProofDialog(self._look, problem, self._parent)
        self._dialog.shown.connect(self._shown)
        self._dialog.open()

    @Slot()
    def _moved(self) -> None:
        status = self._status.status
        if status is not None and status.connection.link in _ANSWERED:
            self._asked = self._sent = False
            return
        is_wrong = self._sent and status is not None and status.connection.detail == "wrong_proof"
        if self.needed and (is_wrong or not self._asked):
            self.ask()

    @Slot(str, str)
    def _shown(self, password: str, proof: str) -> None:
        self._sent = True
        self._sync.show(password, proof)
