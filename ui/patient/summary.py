"""The summary column: cards of past history, problems, allergies, treatments and curves."""

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.patient.state import Disagreement, Ref, SummaryCard, SummaryLine
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Ground, column, row
from ui.widgets.chip import Chip
from ui.widgets.text import PlainLabel, Run, RunLabel
from ui.widgets.trend import PlotState, TrendPlot

HEAD_GAP = 6


class LineButton(QAbstractButton):
    """A line one can open: hover and focus are drawn, the content is laid out inside."""

    def __init__(self, look: Look, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def hasHeightForWidth(self) -> bool:
        layout = self.layout()
        return bool(layout and layout.hasHeightForWidth())

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.heightForWidth(width) if layout else -1

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 0.5, -1, -0.5)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.colour("alt"))
            painter.drawRoundedRect(rect, 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(self._look.colour("accent"), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)


class LineWidget(LineButton):
    """One summary line."""

    opened = Signal(Ref)

    def __init__(
        self, look: Look, line: SummaryLine, caption_width: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, line.words, parent)
        self._line = line
        box = QHBoxLayout(self)
        box.setContentsMargins(12, 1, 12, 1)
        box.setSpacing(8)
        if line.glyph:
            box.addWidget(self._mark(line), 0, Qt.AlignmentFlag.AlignTop)
        if line.caption:
            weight = Weight.SEMIBOLD if line.caption_tone != "muted" else Weight.REGULAR
            size = Size.BODY if line.caption_tone != "muted" else Size.LABEL
            caption = RunLabel(
                look, (Run(line.caption, weight, line.caption_tone, size),), wrap=True
            )
            caption.setFixedWidth(look.px(caption_width))
            box.addWidget(caption, 0, Qt.AlignmentFlag.AlignTop)
        runs, aside_below = line.runs, bool(line.aside and line.caption and look.roomy)
        if aside_below:
            runs = (*runs, Run(f", {line.aside}", Weight.REGULAR, "muted", Size.LABEL))
        box.addWidget(RunLabel(look, runs, wrap=True), 1)
        for chip in line.chips:
            box.addWidget(Chip(look, chip, small=True), 0, Qt.AlignmentFlag.AlignTop)
        if line.aside and not aside_below:
            aside = RunLabel(look, (Run(line.aside, Weight.REGULAR, "muted", Size.LABEL),))
            aside.setMinimumWidth(aside.sizeHint().width())
            aside.setContentsMargins(0, 0, 0, 0)
            box.addWidget(aside, 0, Qt.AlignmentFlag.AlignTop)
        self.setEnabled(line.ref is not None)
        self.clicked.connect(self._open)

    def _mark(self, line: SummaryLine) -> PlainLabel:
        look, side = self._look, self._look.px(16)
        mark = PlainLabel(look)
        colour = look.colour(line.caption_tone)
        mark.setPixmap(look.icons.pixmap(line.glyph, colour, side))
        mark.setFixedSize(side, side + 2)
        return mark

    @Slot()
    def _open(self) -> None:
        if self._line.ref is not None:
            self.opened.emit(self._line.ref)


class DisagreementWidget(Ground):
    """Both versions of one treatment, with their authors, and the way to settle."""

    settled = Signal(str)

    def __init__(self, look: Look, line: Disagreement, parent: QWidget | None = None) -> None:
        super().__init__(look, "warnbg", parent=parent)
        self._op_id = line.op_id
        self.setAccessibleName(line.words)
        stack = column(0, (9, 4, 5, 6))
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("versions", look.colour("warn"), look.px(14)))
        title = PlainLabel(look, line.title, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="warn")
        settle = Button(look, look.tr("Settle"), kind=Kind.LINK)
        settle.setAccessibleDescription(line.words)
        settle.clicked.connect(self._settle)
        stack.addLayout(row(mark, title, 1, settle))
        for runs in (line.head, *line.versions):
            stack.addWidget(RunLabel(look, runs, wrap=True))
        self.setLayout(stack)

    @Slot()
    def _settle(self) -> None:
        self.settled.emit(self._op_id)


class CardWidget(Card):
    """One card of the summary, with its lines or the reason why there is none."""

    opened = Signal(Ref)
    settled = Signal(str)
    added = Signal(str)

    def __init__(
        self, look: Look, state: SummaryCard, room: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, pad=0, parent=parent)
        self._key = state.key
        self._room = room
        self.setAccessibleName(state.title)
        self.body.setContentsMargins(0, 6, 0, 8)
        self.body.addLayout(self._head_of(state))
        if state.aside and not self._aside_fits(state):
            below = PlainLabel(look, state.aside, size=Size.LABEL, colour="muted")
            below.setContentsMargins(12, 0, 12, 2)
            self.body.addWidget(below)
        if state.why_empty:
            words = PlainLabel(look, state.why_empty, colour="muted", wrap=True)
            words.setContentsMargins(12, 2, 12, 2)
            self.body.addWidget(words)
        for line in state.lines:
            if isinstance(line, Disagreement):
                block = DisagreementWidget(look, line)
                block.settled.connect(self.settled)
                inset = row(margins=(3, 2, 3, 2))
                inset.addWidget(block, 1)
                self.body.addLayout(inset)
            else:
                one = LineWidget(look, line, state.caption_width)
                one.opened.connect(self.opened)
                self.body.addWidget(one)

    def _head_of(self, state: SummaryCard) -> QHBoxLayout:
        look = self._look
        title = PlainLabel(look, state.title, weight=Weight.BOLD)
        head = row(title, spacing=HEAD_GAP, margins=(12, 0, 8, 0))
        if state.count:
            head.addWidget(PlainLabel(look, state.count, colour="muted"))
        head.addStretch(1)
        if state.aside and self._aside_fits(state):
            head.addWidget(PlainLabel(look, state.aside, size=Size.LABEL, colour="muted"))
        if state.add:
            add = Button(look, f"{state.add} ({state.add_key})", kind=Kind.BARE, glyph="plus")
            add.setAccessibleName(state.add)
            add.clicked.connect(self._add)
            head.addWidget(add)
        else:
            head.addSpacing(4)
            head.addWidget(_spacer(look))
        return head

    def _aside_fits(self, state: SummaryCard) -> bool:
        """Whether the aside stands beside the title; it goes below it otherwise, never cut."""
        look = self._look
        title = look.metrics(Size.BODY, Weight.BOLD).horizontalAdvance(state.title)
        aside = look.metrics(Size.LABEL).horizontalAdvance(look.texts.shown(state.aside))
        button = max(24, look.px(24)) if state.add else 4
        return 12 + title + aside + button + 3 * HEAD_GAP + 8 <= self._room

    @Slot()
    def _add(self) -> None:
        self.added.emit(self._key)


def _spacer(look: Look) -> QWidget:
    gap = QWidget()
    gap.setFixedSize(0, max(24, look.px(24)))
    return gap


class CurveWidget(LineButton):
    """A small curve with its words: title, previous value, last value with its sign."""

    asked = Signal(str)

    def __init__(self, look: Look, plot: PlotState, parent: QWidget | None = None) -> None:
        words = f"{plot.title} {plot.last} {plot.unit} {plot.last_flag}. {plot.previous}"
        super().__init__(look, words, parent)
        self._key = plot.key
        stack = QVBoxLayout(self)
        stack.setContentsMargins(12, 2, 12, 2)
        stack.setSpacing(0)
        tone = "danger" if plot.abnormal else "text"
        left = [Run(plot.title, Weight.SEMIBOLD), Run(f" {plot.unit}", 400, "muted", Size.LABEL)]
        if plot.note:
            left.append(Run(f" · {plot.note}", 400, "muted", Size.LABEL))
        right = [Run(plot.previous + "   ", 400, "muted", Size.LABEL)] if plot.previous else []
        if plot.last_flag:
            right.append(Run(plot.last_flag + "  ", Weight.SEMIBOLD, tone, Size.LABEL))
        right.append(Run(plot.last, Weight.BOLD, tone, Size.SECTION))
        ending = RunLabel(look, tuple(right))
        ending.setMinimumWidth(ending.sizeHint().width())
        stack.addLayout(row(RunLabel(look, tuple(left)), 1, ending))
        curve = TrendPlot(look, compact=True)
        curve.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        curve.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        curve.show_plot(plot)
        stack.addWidget(curve)
        self.clicked.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self._key)


class SummaryColumn(QWidget):
    """Every card, top to bottom; the column scrolls alone where it does not fit."""

    opened = Signal(Ref)
    settled = Signal(str)
    added = Signal(str)
    curve_asked = Signal(str)

    def __init__(
        self,
        look: Look,
        cards: tuple[SummaryCard, ...],
        curves: tuple[PlotState, ...],
        room: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(look.tr("Summary of the record"))
        stack = column(8)
        for state in cards:
            card = CardWidget(look, state, room)
            card.opened.connect(self.opened)
            card.settled.connect(self.settled)
            card.added.connect(self.added)
            stack.addWidget(card)
        if curves:
            box = Card(look, pad=0)
            box.setAccessibleName(look.tr("Key measures"))
            box.body.setContentsMargins(0, 8, 0, 8)
            box.body.setSpacing(6)
            for plot in curves:
                curve = CurveWidget(look, plot)
                curve.asked.connect(self.curve_asked)
                box.body.addWidget(curve)
            stack.addWidget(box)
        stack.addStretch(1)
        self.setLayout(stack)
