"""One's own computers on the settings page, and the questions before one of them is removed or signed out."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from ui.settings.computers_model import ComputerLine, ComputersState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button
from ui.widgets.card import Card, Rule, column, empty_out, row
from ui.widgets.proving_dialog import ProvingDialog, QuestionWords
from ui.widgets.text import PlainLabel


class ComputersCard(Card):
    """The list as a card. Asks for it each time it is shown."""

    shown = Signal()
    end_asked = Signal(str)
    sign_out_asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, look.tr("Your computers"), pad=16, parent=parent)
        self._problem = PlainLabel(look, colour="warn", weight=Weight.MEDIUM, wrap=True)
        self._list = column(10)
        holder = QWidget()
        holder.setLayout(self._list)
        self.body.addSpacing(8)
        self.body.addWidget(holder)
        self.body.addWidget(self._problem)
        self.body.addStretch(1)
        self._shown_lines: tuple[ComputerLine, ...] = ()

    def show_state(self, state: ComputersState) -> None:
        """Rows are made again only when they say something else."""
        self._problem.setText(state.problem or state.sentence)
        self._problem.set_colour("warn" if state.problem else "muted")
        self._problem.setVisible(bool(state.problem or state.sentence))
        if state.lines == self._shown_lines:
            return
        self._shown_lines = state.lines
        empty_out(self._list)
        for at, line in enumerate(state.lines):
            if at:
                self._list.addWidget(Rule(self._look))
            self._list.addWidget(self._row(line))

    def _row(self, line: ComputerLine) -> QWidget:
        look, box = self._look, QWidget()
        words = column(2)
        words.addWidget(PlainLabel(look, line.name, weight=Weight.SEMIBOLD, wrap=True))
        words.addWidget(PlainLabel(look, line.about, size=Size.LABEL, colour="muted", wrap=True))
        inner = row(spacing=16)
        inner.addLayout(words, 1)
        if line.mark:
            inner.addWidget(PlainLabel(look, line.mark, weight=Weight.MEDIUM, colour="muted"))
        else:
            if line.is_open:
                inner.addWidget(self._button(look.tr("End the session…"), line, self._sign_out))
            inner.addWidget(self._button(look.tr("Remove…"), line, self._end))
        box.setLayout(inner)
        return box

    def _button(self, word: str, line: ComputerLine, act: Callable[[], None]) -> Button:
        button = Button(self._look, word)
        button.setAccessibleDescription(line.name)
        button.setProperty("device", line.device)
        button.clicked.connect(act)
        return button

    @Slot()
    def _end(self) -> None:
        self.end_asked.emit(str(self.sender().property("device")))

    @Slot()
    def _sign_out(self) -> None:
        self.sign_out_asked.emit(str(self.sender().property("device")))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()


class RemoveDialog(ProvingDialog):
    """Before a computer is removed."""

    def __init__(
        self,
        look: Look,
        line: ComputerLine,
        *,
        needs_proof: bool,
        by_browser: bool,
        parent: QWidget | None = None,
    ) -> None:
        tr = look.tr
        words = QuestionWords(
            tr("Remove the computer {name}?", name=line.name),
            tr(
                "It is refused at once and erases its copy at its next contact. What waits there to be sent is not sent."
            ),
            tr("Remove this computer"),
            tr("Close"),
        )
        super().__init__(look, words, needs_proof=needs_proof, by_browser=by_browser, parent=parent)


class SignOutDialog(ProvingDialog):
    """Before the session of a computer ends."""

    def __init__(
        self,
        look: Look,
        line: ComputerLine,
        *,
        needs_proof: bool,
        by_browser: bool,
        parent: QWidget | None = None,
    ) -> None:
        tr = look.tr
        words = QuestionWords(
            tr("End the session on the computer {name}?", name=line.name),
            tr(
                "It exchanges nothing more until you sign in there again. It keeps its copy and what waits there to be sent."
            ),
            tr("End this session"),
            tr("Close"),
        )
        super().__init__(look, words, needs_proof=needs_proof, by_browser=by_browser, parent=parent)
