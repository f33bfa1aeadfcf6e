"""The dialogue about a keyring that cannot be used."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from ui.sign_in.state import KeyringState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import column, row
from ui.widgets.text import PlainLabel


class KeyringDialog(QDialog):
    """Try again, use the recovery code, leave: no way around the keyring."""

    retried = Signal()
    recovery_asked = Signal()
    left = Signal()

    def __init__(self, look: Look, state: KeyringState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(state.title)
        self.setMinimumWidth(520)
        stack = column(8, (28, 24, 28, 24))
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("key", look.colour("warn"), 24))
        title = PlainLabel(look, state.title, size=Size.NAME, weight=Weight.BOLD, wrap=True)
        head = row(mark, spacing=12)
        head.addWidget(title, 1)
        stack.addLayout(head)
        stack.addWidget(PlainLabel(look, state.sentence, size=Size.EMPHASIS, wrap=True))
        for sentence in state.steps:
            stack.addWidget(PlainLabel(look, sentence, colour="muted", wrap=True))
        stack.addSpacing(12)
        leave = Button(look, state.leave)
        leave.clicked.connect(self._leave)
        recovery = Button(look, state.recovery)
        recovery.clicked.connect(self._recovery)
        retry = Button(look, state.retry, kind=Kind.PRIMARY)
        retry.clicked.connect(self._retry)
        stack.addLayout(row(leave, 1, recovery, retry))
        self.setLayout(stack)
        retry.setFocus()

    @Slot()
    def _retry(self) -> None:
        self.accept()
        self.retried.emit()

    @Slot()
    def _recovery(self) -> None:
        self.accept()
        self.recovery_asked.emit()

    @Slot()
    def _leave(self) -> None:
        self.reject()
        self.left.emit()
