"""The summary page: the page as it will be printed and filed, and what can be done with it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from ui.paper.preview import PaperCard
from ui.summaries.state import SummaryState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, row
from ui.widgets.text import PlainLabel

_SIDE = 360


class SummaryView(QWidget):
    """At the left the acts, at the right the paper. Escape goes back to the record."""

    filing_asked = Signal()
    print_asked = Signal()
    export_asked = Signal()
    closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        tr = look.tr
        self.paper = PaperCard(look, tr("Preview before printing"))
        self._said = PlainLabel(look, colour="muted", wrap=True)
        self._problem = PlainLabel(look, colour="warn", wrap=True)
        self.file = Button(look, tr("Sign and file"), kind=Kind.PRIMARY, key="Ctrl+" + tr("Enter"))
        self.print = Button(look, tr("Print"), key="Ctrl+P")
        self.export = Button(look, tr("Save the European summary…"))
        back = Button(look, tr("Back to the record"), key=tr("Esc"))
        self.file.clicked.connect(self._file)
        self.print.clicked.connect(self._print)
        self.export.clicked.connect(self._export)
        back.clicked.connect(self._back)
        acts = Card(look)
        acts.setFixedWidth(look.px(_SIDE))
        stack = acts.body
        stack.setSpacing(8)
        stack.addWidget(
            PlainLabel(look, tr("Medical summary"), size=Size.SECTION, weight=Weight.BOLD)
        )
        stack.addWidget(
            PlainLabel(
                look,
                tr("One page for a colleague or for the patient, from the record as it is now."),
                wrap=True,
            )
        )
        stack.addWidget(self._said)
        stack.addWidget(self._problem)
        stack.addSpacing(8)
        for button in (self.file, self.print, self.export):
            stack.addWidget(button)
        stack.addStretch(1)
        stack.addWidget(
            PlainLabel(
                look,
                tr(
                    "The European summary (IPS) is a file for another program. It is not encrypted."
                ),
                size=Size.LABEL,
                colour="muted",
                wrap=True,
            )
        )
        stack.addWidget(back)
        self.setLayout(row(acts, self.paper, spacing=12, margins=(16, 12, 16, 12)))

    def show_state(self, state: SummaryState) -> None:
        """A page of nobody is an empty page."""
        tr = self._look.tr
        self._said.setText("\n".join(state.said))
        self._said.setVisible(bool(state.said))
        self._problem.setText(state.problem)
        self._problem.setVisible(bool(state.problem))
        if state.pdf:
            self.paper.show_pdf(state.pdf, state.title)
        else:
            self.paper.clear()
        self.print.setEnabled(bool(state.pdf))
        self.export.setEnabled(bool(state.pdf))
        self.file.setEnabled(bool(state.pdf) and not state.filed)
        self.file.set_text(tr("Filed in the record") if state.filed else tr("Sign and file"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif control and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._file()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _file(self) -> None:
        if self.file.isEnabled():
            self.filing_asked.emit()

    @Slot()
    def _print(self) -> None:
        self.print_asked.emit()

    @Slot()
    def _export(self) -> None:
        self.export_asked.emit()

    @Slot()
    def _back(self) -> None:
        self.closed.emit()
