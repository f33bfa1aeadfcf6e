"""Which printer and how many copies: our own question, so that no clear file is offered by the way."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import column, row
from ui.widgets.form import Choice, LineField, ListField
from ui.widgets.text import PlainLabel

_MOST_COPIES = 20


class PrintDialog(QDialog):
    """Emits the printer and the copies; Enter prints, Escape closes."""

    chosen = Signal(str, int)

    def __init__(
        self, look: Look, title: str, printers: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(look.tr("Print"))
        self.setMinimumWidth(look.px(420))
        stack = column(12, (24, 20, 24, 20))
        head = look.tr("Print: {title}", title=title)
        stack.addWidget(PlainLabel(look, head, size=Size.SECTION, weight=Weight.BOLD, wrap=True))
        choices = tuple(Choice(name, name) for name in printers)
        self.printer = ListField(look, look.tr("Printer"), choices)
        self.copies = LineField(look, look.tr("Copies"), limit=3)
        self.copies.set_value("1")
        stack.addWidget(self.printer)
        stack.addWidget(self.copies)
        sentence = look.tr("The page goes straight to the printer; Colloque leaves no file behind.")
        stack.addWidget(PlainLabel(look, sentence, size=Size.LABEL, colour="muted", wrap=True))
        close = Button(look, look.tr("Close"), key=look.tr("Esc"))
        close.clicked.connect(self._close)
        go = Button(look, look.tr("Print"), kind=Kind.PRIMARY, key=look.tr("Enter"))
        go.clicked.connect(self._go)
        stack.addLayout(row(1, close, go))
        self.setLayout(stack)
        self.printer.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._go()
            return
        super().keyPressEvent(event)

    @Slot()
    def _close(self) -> None:
        self.reject()

    @Slot()
    def _go(self) -> None:
        said = self.copies.value()
        copies = int(said) if said.isdecimal() else 0
        if not 1 <= copies <= _MOST_COPIES:
            self.copies.show_error(self._look.tr("A number from 1 to 20."))
            return
        self.accept()
        self.chosen.emit(self.printer.value(), copies)
