"""The sync centre: what is on this computer, what waits, what was refused, what must be settled."""

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ui.sync_status.state import CentreState, ConflictLine, CopyCard, OpLine, RankLine
from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, Scroll, column, empty_out, row
from ui.widgets.chip import Chip
from ui.widgets.progress import ProgressBar
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


class Tinted(QWidget):
    """An amber block with a bar at its left: it calls for a person."""

    def __init__(self, look: Look, tone: str, *, bar: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._tone, self._bar = look, tone, bar

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour(self._tone + "bg"))
        radius = 0 if self._bar else CARD_RADIUS
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        if self._bar:
            painter.fillRect(QRectF(0, 0, 4, self.height()), self._look.colour(self._tone))


class SyncCentreView(QWidget):
    """Two columns; one above the other where the window is narrow."""

    send_asked = Signal()
    undo_asked = Signal(str)
    withdraw_asked = Signal(str)
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
        self._left, self._right = column(12), column(12)
        line.addLayout(self._left, LEFT)
        line.addLayout(self._right, RIGHT)
        stack = column()
        stack.addWidget(Scroll(inner))
        self.setLayout(stack)

    def show_state(self, state: CentreState) -> None:
        if state == self._state:
            return
        self._state = state
        empty_out(self._left)
        empty_out(self._right)
        self._left.addWidget(self._copy_card(state.copy))
        self._left.addWidget(self._facts_card(state))
        self._left.addWidget(self._exchanges_card(state), 1)
        self._right.addWidget(self._refused_card(state))
        self._right.addWidget(self._pending_card(state))
        if state.conflicts:
            self._right.addWidget(self._conflicts_card(state))
        self._right.addWidget(self._lost_card(state))
        self._right.addStretch(1)

    # -- left -----------------------------------------------------------------

    def _copy_card(self, copy: CopyCard) -> Card:
        look, card = self._look, Card(self._look, pad=16)
        card.setAccessibleName(copy.title)
        card.body.setContentsMargins(16, 10, 16, 12)
        title = PlainLabel(look, copy.title, size=Size.SECTION, weight=Weight.BOLD)
        aside = PlainLabel(look, copy.aside, size=Size.LABEL, colour="muted")
        card.body.addLayout(row(title, 1, aside))
        card.body.addSpacing(4)
        big = RunLabel(
            look,
            (
                Run(copy.big, Weight.BOLD, "text", Size.CLOCK),
                Run(f"  {copy.big_after}", Weight.MEDIUM, "text", Size.SECTION),
            ),
        )
        left = PlainLabel(
            look, copy.left, size=Size.SECTION, weight=Weight.SEMIBOLD, colour="accent"
        )
        card.body.addLayout(row(big, 1, left))
        card.body.addSpacing(8)
        words = f"{copy.big} {copy.big_after}, {copy.percent}"
        card.body.addWidget(ProgressBar(look, copy.ratio, words))
        card.body.addSpacing(6)
        figures = PlainLabel(look, copy.figures, colour="muted")
        percent = PlainLabel(look, copy.percent, weight=Weight.SEMIBOLD)
        card.body.addLayout(row(figures, 1, percent))
        card.body.addSpacing(12)
        card.body.addLayout(self._ranks(copy.ranks))
        card.body.addSpacing(10)
        notice = Tinted(look, "wait", bar=False)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("info", look.colour("wait"), look.px(16)))
        sentence = PlainLabel(look, copy.notice, weight=Weight.MEDIUM, colour="wait", wrap=True)
        inner = row(mark, margins=(12, 10, 12, 10))
        inner.addWidget(sentence, 1)
        notice.setLayout(inner)
        card.body.addWidget(notice)
        return card

    def _ranks(self, ranks: tuple[RankLine, ...]) -> QGridLayout:
        look, grid = self._look, QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(0)
        for place, stretch in enumerate((4, 2, 2, 2)):
            grid.setColumnStretch(place, stretch)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        heads = ("Order of copy", "Patients", "Items", "State")
        words = (look.tr("Order of copy"), look.tr("Patients"), look.tr("Items"), look.tr("State"))
        for place in range(len(heads)):
            label = PlainLabel(
                look, words[place], size=Size.LABEL, weight=Weight.SEMIBOLD, colour="muted"
            )
            label.setMinimumHeight(look.px(26))
            if place:
                label.setAlignment(right)
            grid.addWidget(label, 0, place)
        for index, line in enumerate(ranks):
            top = 1 + 2 * index
            grid.addWidget(Rule(look), top, 0, 1, 4)
            self._rank_line(grid, top + 1, line)
        return grid

    def _rank_line(self, grid: QGridLayout, place: int, line: RankLine) -> None:
        look = self._look
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        names = column(1, (0, 6, 0, 7))
        names.addWidget(PlainLabel(look, line.title, weight=Weight.SEMIBOLD))
        names.addWidget(PlainLabel(look, line.about, size=Size.LABEL, colour="muted"))
        grid.addLayout(names, place, 0)
        patients = PlainLabel(look, line.patients, weight=Weight.SEMIBOLD)
        patients.setAlignment(right)
        grid.addWidget(patients, place, 1)
        rows = column(3)
        label = PlainLabel(look, line.rows)
        label.setAlignment(right)
        rows.addStretch(1)
        rows.addWidget(label)
        if line.ratio is not None:
            rows.addWidget(ProgressBar(look, line.ratio, f"{line.title} {line.rows}", thin=True))
        rows.addStretch(1)
        grid.addLayout(rows, place, 2)
        grid.addWidget(Chip(look, line.chip), place, 3, right)

    def _facts_card(self, state: CentreState) -> Card:
        look = self._look
        card = self._titled("disk", look.tr("Offline copy of this computer"))
        width = look.px(204)
        for index, fact in enumerate(state.facts):
            if index:
                card.body.addWidget(Rule(look))
            label = PlainLabel(look, fact.label, colour="muted", wrap=True)
            label.setFixedWidth(width)
            value = PlainLabel(look, fact.value, weight=Weight.SEMIBOLD)
            aside = PlainLabel(look, fact.aside, size=Size.LABEL, colour="muted", wrap=True)
            aside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line = row(label, spacing=12, margins=(4, 7, 4, 7))
            line.addWidget(value)
            line.addWidget(aside, 1)
            card.body.addLayout(line)
        return card

    def _exchanges_card(self, state: CentreState) -> Card:
        look = self._look
        card = self._titled("", look.tr("Recent exchanges"), aside=look.tr("time of this computer"))
        if not state.exchanges:
            card.body.addWidget(
                PlainLabel(look, look.tr("No exchange yet since the unlocking."), colour="muted")
            )
        for index, one in enumerate(state.exchanges):
            if index:
                card.body.addWidget(Rule(look))
            time = PlainLabel(look, one.time, weight=Weight.SEMIBOLD, colour="muted")
            words = PlainLabel(look, one.words, wrap=True)
            line = row(time, spacing=16, margins=(4, 6, 4, 6))
            line.addWidget(words, 1)
            card.body.addLayout(line)
        card.body.addStretch(1)
        return card

    # -- right ----------------------------------------------------------------

    def _titled(self, glyph: str, title: str, *, count: str = "", aside: str = "") -> Card:
        look, card = self._look, Card(self._look, pad=12)
        card.setAccessibleName(f"{title} {count}".strip())
        card.body.setContentsMargins(12, 8, 12, 10)
        head = row(spacing=8)
        if glyph:
            mark = PlainLabel(look)
            mark.setPixmap(look.icons.pixmap(glyph, look.colour("muted"), look.px(16)))
            head.addWidget(mark)
        head.addWidget(PlainLabel(look, title, weight=Weight.BOLD))
        if count:
            head.addWidget(PlainLabel(look, count, colour="muted"))
        head.addStretch(1)
        if aside:
            head.addWidget(PlainLabel(look, aside, size=Size.LABEL, colour="muted"))
        card.body.addLayout(head)
        card.body.addSpacing(6)
        return card

    def _refused_card(self, state: CentreState) -> Card:
        look = self._look
        count = str(len(state.refused)) if state.refused else ""
        card = self._titled("wrench", look.tr("To fix"), count=count)
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
        stack.addLayout(row(correct, withdraw, 1))
        block.setLayout(stack)
        return block

    def _pending_card(self, state: CentreState) -> Card:
        look = self._look
        count = str(len(state.pending)) if state.pending else ""
        card = self._titled("hourglass", look.tr("Waiting to be sent"), count=count)
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
        card = self._titled("versions", title, count=str(len(state.conflicts)))
        for index, line in enumerate(state.conflicts):
            if index:
                card.body.addWidget(Rule(look))
            card.body.addLayout(self._conflict(line))
        return card

    def _conflict(self, line: ConflictLine) -> QVBoxLayout:
        look, stack = self._look, column(3, (4, 4, 4, 6))
        stack.addWidget(PlainLabel(look, line.title, weight=Weight.SEMIBOLD, wrap=True))
        stack.addWidget(PlainLabel(look, line.second, size=Size.LABEL, colour="muted", wrap=True))
        stack.addWidget(
            PlainLabel(look, look.tr("Nothing is lost: both versions are kept."), wrap=True)
        )
        stack.addSpacing(4)
        settle = OpButton(look, look.tr("Settle"), line.op_id, kind=Kind.PRIMARY)
        settle.setAccessibleDescription(line.title)
        settle.asked.connect(self.settle_asked)
        stack.addLayout(row(settle, 1))
        return stack

    def _lost_card(self, state: CentreState) -> Card:
        look = self._look
        card = self._titled("lock", look.tr("If this computer is lost or stolen"))
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
