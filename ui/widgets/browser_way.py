"""The button that leads to the person's own browser, and back, with what it is for at its side."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.theme.look import Look
from ui.widgets.button import Button
from ui.widgets.card import row
from ui.widgets.text import PlainLabel


class BrowserWay(QWidget):
    """`asked`: the button was pressed."""

    asked = Signal()

    def __init__(self, look: Look, act: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = Button(look, act, tall=True)
        self._button.clicked.connect(self.asked)
        self._about = PlainLabel(look, about, colour="muted", wrap=True)
        line = row(self._button, spacing=16)
        line.addWidget(self._about, 1)
        self.setLayout(line)

    def show_words(self, act: str, about: str) -> None:
        self._button.set_text(act)
        self._about.setText(about)
