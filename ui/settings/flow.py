"""What follows from what is done and noticed about one's own computers."""

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from dossier.errors import DossierError
from dossier.wire.sessions import ProveRequest
from practitioner_app.ports import BrowserCode
from ui.browser_proof import BrowserProofModel
from ui.errors import error_sentence
from ui.frame import Notice
from ui.navigation import SETTINGS, Navigator
from ui.settings.alarm_model import AlarmModel
from ui.settings.computers_model import Act, ComputerLine, ComputersModel
from ui.settings.computers_view import ComputersCard, RemoveDialog, SignOutDialog
from ui.settings.drugs_model import DrugsModel
from ui.settings.drugs_view import DrugsCard
from ui.theme.look import Look


class AlarmFlow(QObject):
    """The line above the screens, which leads to the list; looked at there, it goes."""

    def __init__(
        self,
        notice: Notice,
        model: AlarmModel,
        computers: ComputersModel,
        navigator: Navigator,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._notice, self._model = notice, model
        self._computers, self._navigator = computers, navigator
        model.changed.connect(self._show)
        computers.alarm_told.connect(model.looked)
        notice.acted.connect(self._go)

    @Slot()
    def _show(self) -> None:
        self._notice.show_sentence(self._model.sentence)

    @Slot()
    def _go(self) -> None:
        self._navigator.go(SETTINGS)
        self._computers.refresh()


class ComputersFlow(QObject):
    """Card, question, model. `browser`: the person may show there who they are."""

    def __init__(
        self,
        card: ComputersCard,
        model: ComputersModel,
        browser: BrowserProofModel,
        look: Look,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._card, self._model, self._look, self._parent = card, model, look, parent
        self._browser = browser
        self._question: RemoveDialog | SignOutDialog | None = None
        self._asked: tuple[str, Act] | None = None
        card.shown.connect(model.refresh)
        card.end_asked.connect(model.ask_to_end)
        card.sign_out_asked.connect(model.ask_to_sign_out)
        model.changed.connect(self._show)
        model.proof_asked.connect(self._ask)
        browser.changed.connect(self._awaited)
        browser.came.connect(self._brought)
        browser.failed.connect(self._failed)

    @Slot()
    def _show(self) -> None:
        self._card.show_state(self._model.state)

    @Slot(ComputerLine, Act)
    def _ask(self, line: ComputerLine, act: Act) -> None:
        make = SignOutDialog if act is Act.SIGN_OUT else RemoveDialog
        self._asked = line.device, act
        self._question = make(
            self._look,
            line,
            needs_proof=self._model.needs_proof,
            by_browser=self._browser.is_offered,
            parent=self._parent,
        )
        self._question.agreed.connect(self._agreed)
        self._question.browser_asked.connect(self._browser.turn)
        self._question.finished.connect(self._browser.give_up)
        self._question.open()

    @Slot(str, str)
    def _agreed(self, password: str, proof: str) -> None:
        self._go(ProveRequest(password=password, proof=proof) if password else None)

    @Slot()
    def _awaited(self) -> None:
        if self._question is not None:
            self._question.await_browser(awaited=self._browser.is_awaited)

    @Slot(BrowserCode)
    def _brought(self, found: BrowserCode) -> None:
        if self._question is not None:
            self._question.accept()
        self._go(ProveRequest(code=found.code, verifier=found.verifier))

    @Slot(DossierError)
    def _failed(self, error: DossierError) -> None:
        if self._question is not None:
            self._question.say(error_sentence(self._look.texts, error))

    def _go(self, shown: ProveRequest | None) -> None:
        if self._asked is None:
            return
        (device, act), self._asked = self._asked, None
        if act is Act.SIGN_OUT:
            self._model.sign_out(device, shown)
        else:
            self._model.end(device, shown)


class DrugsFlow(QObject):
    """Card, file chooser, model. The chooser waits for nobody: its answer comes as a signal."""

    def __init__(self, card: DrugsCard, model: DrugsModel, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._card, self._model, self._look, self._parent = card, model, look, parent
        self._chooser: QFileDialog | None = None
        card.shown.connect(model.refresh)
        card.folder_asked.connect(self._ask_folder)
        card.archive_asked.connect(self._ask_archive)
        card.drop_asked.connect(model.drop)
        model.changed.connect(self._show)

    @Slot()
    def _show(self) -> None:
        self._card.show_state(self._model.state)

    @Slot()
    def _ask_folder(self) -> None:
        self._ask(QFileDialog.FileMode.Directory, "")

    @Slot()
    def _ask_archive(self) -> None:
        self._ask(QFileDialog.FileMode.ExistingFile, "zip (*.zip)")

    def _ask(self, mode: QFileDialog.FileMode, kinds: str) -> None:
        chooser = QFileDialog(self._parent, self._look.tr("Drugs that can be searched"))
        chooser.setFileMode(mode)
        if kinds:
            chooser.setNameFilter(kinds)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self._model.take)
        self._chooser = chooser
        chooser.open()
