"""When the server asks for the person: one question, once, until it is answered or the person asks for it."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from dossier.errors import DossierError, Refused
from practitioner_app.ports import BrowserCode, SyncControl
from practitioner_app.services.session import Link
from ui.browser_proof import BrowserProofModel
from ui.errors import error_sentence
from ui.sync_status.proof_view import ProofDialog
from ui.sync_status.view_model import StatusModel
from ui.theme.look import Look

_ANSWERED = frozenset({Link.ONLINE, Link.SYNCING})
_WRONG, _WRONG_BROWSER = "wrong_proof", "wrong_browser_proof"


class ProofFlow(QObject):
    """Opens by itself the first time, and again after a wrong answer; later only when the person asks."""

    def __init__(
        self,
        status: StatusModel,
        sync: SyncControl,
        browser: BrowserProofModel,
        look: Look,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._status, self._sync, self._look, self._parent = status, sync, look, parent
        self._browser = browser
        self._dialog: ProofDialog | None = None
        self._asked = self._sent = False
        self._wrong = _WRONG
        status.changed.connect(self._moved)
        browser.changed.connect(self._awaited)
        browser.came.connect(self._brought)
        browser.failed.connect(self._failed)

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
        why = detail if detail == "password_replaced" else ""
        if self._sent and detail == _WRONG:
            why = self._wrong
        problem = error_sentence(self._look.texts, Refused(why)) if why else ""
        self._asked, self._sent = True, False
        offered = self._browser.is_offered
        self._dialog = ProofDialog(self._look, problem, self._parent, by_browser=offered)
        self._dialog.agreed.connect(self._shown)
        self._dialog.browser_asked.connect(self._browser.turn)
        self._dialog.finished.connect(self._browser.give_up)
        self._dialog.open()

    @Slot()
    def _moved(self) -> None:
        status = self._status.status
        if status is not None and status.connection.link in _ANSWERED:
            self._asked = self._sent = False
            return
        is_wrong = self._sent and status is not None and status.connection.detail == _WRONG
        if self.needed and (is_wrong or not self._asked):
            self.ask()

    @Slot(str, str)
    def _shown(self, password: str, proof: str) -> None:
        self._sent, self._wrong = True, _WRONG
        self._sync.show(password, proof)

    @Slot()
    def _awaited(self) -> None:
        if self._dialog is not None:
            self._dialog.await_browser(awaited=self._browser.is_awaited)

    @Slot(BrowserCode)
    def _brought(self, found: BrowserCode) -> None:
        if self._dialog is not None:
            self._dialog.accept()
        self._sent, self._wrong = True, _WRONG_BROWSER
        self._sync.show_code(found)

    @Slot(DossierError)
    def _failed(self, error: DossierError) -> None:
        if self._dialog is not None:
            self._dialog.say(error_sentence(self._look.texts, error))
