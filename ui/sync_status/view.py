"""The sync centre: what is on this computer, what waits, what was refused, what must be settled."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.sync_status.copy_view import CopyColumn, Tinted, titled
from ui.sync_status.state import CentreState, ConflictLine, OpLine
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, Scroll, column, empty_out, row
from ui.widgets.chip import Chip
from ui.widgets.text import PlainLabel, Run, RunLabel

LEFT, RIGHT = 736, 744


class OpButton(Button):
    """A button about one item."""

    asked = Signal(str)

    def __init__(
        self, look: Look, text: str, op_id: str, *, kind: Kind = Kind.SECONDARY, key: str = ""
    ) -> None:
        super().__init__(look, text, kind=kind, key=key)
        self._op_id = op_id
        self.clicked.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self._op_id)


class SyncCentreView(QWidget):
    """Two columns; one above the other where the window is narrow."""

    send_asked = Signal()
    undo_asked = Signal(str)
    withdraw_asked = Signal(str)
    export_asked = Signal(str)
    open_asked = Signal(str)
    settle_asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: CentreState | None = None
        self.setAccessibleName(look.tr("Sending and updating"))
        inner = QWidget()
        line = QHBoxLayout(inner)
        line.setContentsMargins(16, 12, 12, 12)
        line.setSpacing(12)
        self._left, self._right = CopyColumn(look), column(12)
        line.addWidget(self._left, LEFT)
        line.addLayout(self._right, RIGHT)
        stack = column()
        stack.addWidget(Scroll(inner))
        self.setLayout(stack)

    def show_state(self, state: CentreState) -> None:
        before, self._state = self._state, state
        if state == before:
            return
        self._left.show_state(state)
        if before is not None and _waiting(before) == _waiting(state):
            return
        empty_out(self._right)
        self._right.addWidget(self._refused_card(state))
        self._right.addWidget(self._pending_card(state))
        if state.conflicts:
            self._right.addWidget(self._conflicts_card(state))
        self._right.addWidget(self._lost_card(state))
        self._right.addStretch(1)

    def _refused_card(self, state: CentreState) -> Card:
        look = self._look
        count = str(len(state.refused)) if state.refused else ""
        card = titled(self._look, "wrench", look.tr("To fix"), count=count)
        if not state.refused:
            card.body.addWidget(
                PlainLabel(look, look.tr("The server has refused nothing."), colour="muted")
            )
            return card
        for line in state.refused:
            card.body.addWidget(self._refused(line))
            card.body.addSpacing(6)
        sentence = look.tr(
            "It stays here as long as nobody has decided. Withdrawing asks for a confirmation and "
            "stays traced."
        )
        card.body.addWidget(PlainLabel(look, sentence, size=Size.LABEL, colour="muted", wrap=True))
        return card

    def _refused(self, line: OpLine) -> QWidget:
        look, block = self._look, Tinted(self._look, "warn", bar=True)
        stack = column(4, (16, 10, 12, 12))
        title = PlainLabel(look, line.title, size=Size.EMPHASIS, weight=Weight.SEMIBOLD, wrap=True)
        head = row(spacing=8)
        head.addWidget(title, 1)
        head.addWidget(Chip(look, line.chip), 0, Qt.AlignmentFlag.AlignTop)
        stack.addLayout(head)
        stack.addWidget(PlainLabel(look, line.second, size=Size.LABEL, wrap=True))
        because = (
            Run(look.tr("Refused because") + " ", Weight.SEMIBOLD),
            Run(line.because + " " + look.tr("Your text is kept.")),
        )
        stack.addWidget(RunLabel(look, because, wrap=True))
        stack.addSpacing(4)
        correct = OpButton(look, look.tr("Open and correct"), line.op_id, kind=Kind.PRIMARY)
        correct.asked.connect(self.open_asked)
        withdraw = OpButton(look, look.tr("Withdraw…"), line.op_id)
        withdraw.asked.connect(self.withdraw_asked)
        export = OpButton(look, look.tr("Export…"), line.op_id)
        export.asked.connect(self.export_asked)
        stack.addLayout(row(correct, withdraw, export, 1))
        block.setLayout(stack)
        return block

    def _pending_card(self, state: CentreState) -> Card:
        look = self._look
        count = str(len(state.pending)) if state.pending else ""
        card = titled(self._look, "hourglass", look.tr("Waiting to be sent"), count=count)
        first = card.body.itemAt(0)
        head = first.layout() if first else None
        if isinstance(head, QHBoxLayout):
            send = Button(look, look.tr("Send now"), kind=Kind.LINK, key="F5")
            send.clicked.connect(self._send)
            head.addWidget(send)
        if not state.pending:
            card.body.addWidget(
                PlainLabel(look, look.tr("Nothing waits: everything is recorded."), colour="muted")
            )
        for index, line in enumerate(state.pending):
            if index:
                card.body.addWidget(Rule(look))
            card.body.addLayout(self._pending(line))
        if state.openings:
            words = PlainLabel(look, state.openings, size=Size.LABEL, colour="muted", wrap=True)
            card.body.addWidget(words)
        return card

    def _pending(self, line: OpLine) -> QHBoxLayout:
        look = self._look
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap(line.glyph, look.colour("muted"), look.px(20)))
        names = column(1)
        names.addWidget(PlainLabel(look, line.title, weight=Weight.SEMIBOLD, wrap=True))
        names.addWidget(PlainLabel(look, line.second, size=Size.LABEL, colour="muted", wrap=True))
        right: QVBoxLayout = column(2)
        right.addWidget(Chip(look, line.chip), 0, Qt.AlignmentFlag.AlignRight)
        foot = row(1, spacing=4)
        if line.undoable:
            undo = OpButton(look, look.tr("Undo"), line.op_id, kind=Kind.LINK)
            undo.setAccessibleDescription(line.title)
            undo.asked.connect(self.undo_asked)
            foot.addWidget(undo)
        foot.addWidget(PlainLabel(look, line.size, size=Size.LABEL, colour="muted"))
        right.addLayout(foot)
        whole = row(spacing=12, margins=(4, 6, 4, 6))
        whole.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(names, 1)
        whole.addLayout(right)
        return whole

    def _conflicts_card(self, state: CentreState) -> Card:
        look = self._look
        title = look.tr("Two versions to settle")
        card = titled(self._look, "versions", title, count=str(len(state.conflicts)))
        for index, line in enumerate(state.conflicts):
            if index:
                card.body.addWidget(Rule(look))
            card.body.addLayout(self._conflict(line, "" if index else "Alt+D"))
        return card

    def _conflict(self, line: ConflictLine, key: str) -> QVBoxLayout:
        look, stack = self._look, column(3, (4, 4, 4, 6))
        stack.addWidget(PlainLabel(look, line.title, weight=Weight.SEMIBOLD, wrap=True))
        stack.addWidget(PlainLabel(look, line.second, size=Size.LABEL, colour="muted", wrap=True))
        stack.addWidget(
            PlainLabel(look, look.tr("Nothing is lost: both versions are kept."), wrap=True)
        )
        stack.addSpacing(4)
        settle = OpButton(look, look.tr("Settle"), line.op_id, kind=Kind.PRIMARY, key=key)
        settle.setAccessibleDescription(line.title)
        settle.asked.connect(self.settle_asked)
        stack.addLayout(row(settle, 1))
        return stack

    def _lost_card(self, state: CentreState) -> Card:
        look = self._look
        card = titled(self._look, "lock", look.tr("If this computer is lost or stolen"))
        sentence = look.tr(
            "The copy cannot be read without your passphrase. Call the operator: the access of this "
            "computer is cut within seconds and its copy is erased at the first contact; the receipt "
            "of erasure is written in the journal."
        )
        card.body.addWidget(PlainLabel(look, sentence, colour="muted", wrap=True))
        if state.at_risk:
            card.body.addSpacing(8)
            risk = PlainLabel(look, state.at_risk, weight=Weight.SEMIBOLD, colour="warn", wrap=True)
            card.body.addWidget(risk)
        return card

    @Slot()
    def _send(self) -> None:
        self.send_asked.emit()


def _waiting(state: CentreState) -> object:
    """What the right column shows."""
    return state.refused, state.pending, state.conflicts, state.openings, state.at_risk
