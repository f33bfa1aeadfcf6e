"""What follows from what is done and noticed about one's own computers."""

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

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
    """Card, question, model."""

    def __init__(
        self, card: ComputersCard, model: ComputersModel, look: Look, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._card, self._model, self._look, self._parent = card, model, look, parent
        card.shown.connect(model.refresh)
        card.end_asked.connect(model.ask_to_end)
        card.sign_out_asked.connect(model.ask_to_sign_out)
        model.changed.connect(self._show)
        model.proof_asked.connect(self._ask)

    @Slot()
    def _show(self) -> None:
        self._card.show_state(self._model.state)

    @Slot(ComputerLine, Act)
    def _ask(self, line: ComputerLine, act: Act) -> None:
        asks, model = act is Act.SIGN_OUT, self._model
        make, agreed = (SignOutDialog, model.sign_out) if asks else (RemoveDialog, model.end)
        self._question = make(self._look, line, needs_proof=model.needs_proof, parent=self._parent)
        self._question.agreed.connect(agreed)
        self._question.open()


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
