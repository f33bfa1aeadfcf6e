"""The one question of a session that is over: password and six digits, now or later."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import column, row
from ui.widgets.proof_fields import proof_fields
from ui.widgets.text import PlainLabel


class ProofDialog(QDialog):
    """Says what goes on without an answer, too; nothing typed is kept."""

    shown = Signal(str, str)

    def __init__(self, look: Look, problem: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tr = look.tr
        title = tr("Show that it is you")
        self.setModal(True)
        self.setWindowTitle("Colloque")
        self.setAccessibleName(title)
        self.setMinimumWidth(480)
        stack = column(12, (24, 20, 24, 20))
        stack.addWidget(PlainLabel(look, title, size=Size.SECTION, weight=Weight.BOLD, wrap=True))
        sentence = tr(
            "To send and receive, the server asks for your password again: every twelve hours, or after many "
            "records. Until then you go on working on the copy of this computer; nothing is lost."
        )
        stack.addWidget(PlainLabel(look, sentence, wrap=True))
        if problem:
            stack.addWidget(
                PlainLabel(look, problem, colour="warn", weight=Weight.MEDIUM, wrap=True)
            )
        self._fields = proof_fields(look)
        for field in self._fields:
            field.edit.returnPressed.connect(self._go)
            stack.addWidget(field)
        later = Button(look, tr("Later"), key=tr("Esc"))
        later.clicked.connect(self.reject)
        go = Button(look, tr("Continue"), kind=Kind.PRIMARY)
        go.clicked.connect(self._go)
        stack.addSpacing(4)
        stack.addLayout(row(1, later, go))
        self.setLayout(stack)
        self._fields[0].edit.setFocus()

    @Slot()
    def _go(self) -> None:
        typed = [field.edit.text() for field in self._fields]
        if not all(typed):
            next(field for field in self._fields if not field.edit.text()).edit.setFocus()
            return
        for field in self._fields:
            field.edit.clear()
        password, proof = typed
        self.accept()
        self.shown.emit(password, "".join(proof.split()))
