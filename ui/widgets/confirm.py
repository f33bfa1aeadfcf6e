"""A question before an act that cannot be taken back. Opened, never executed in a loop of its own."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import column, row
from ui.widgets.text import PlainLabel


class Confirm(QDialog):
    """Two buttons: the act in its own words, and Close. Enter does not act by itself."""

    def __init__(
        self,
        look: Look,
        *,
        title: str,
        sentence: str,
        act: str,
        close: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(title)
        stack = column(10, (24, 20, 24, 20))
        stack.addWidget(PlainLabel(look, title, size=Size.SECTION, weight=Weight.BOLD, wrap=True))
        stack.addWidget(PlainLabel(look, sentence, wrap=True))
        stack.addSpacing(8)
        stay = Button(look, close or look.tr("Close"), key=look.tr("Esc"))
        stay.clicked.connect(self._stay)
        go = Button(look, act, kind=Kind.PRIMARY)
        go.clicked.connect(self._go)
        stack.addLayout(row(1, stay, go))
        self.setLayout(stack)
        self.setMinimumWidth(420)
        stay.setFocus()

    @Slot()
    def _stay(self) -> None:
        self.reject()

    @Slot()
    def _go(self) -> None:
        self.accept()
