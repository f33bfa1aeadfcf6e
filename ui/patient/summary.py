"""The summary column: cards of past history, problems, allergies, treatments and curves.

The widgets are made once and change in their places from one patient to the next; `clear` leaves nothing
of a patient in any of them, shown or not (HZ-01).
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.patient.line import LineButton, LineWidget
from ui.patient.state import Disagreement, Ref, SummaryCard, SummaryLine
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, column, row, unseen
from ui.widgets.text import PlainLabel, Run, RunLabel
from ui.widgets.trend import PlotState, TrendPlot

HEAD_GAP = 6
INSET_X, INSET_Y = 3, 2


class DisagreementWidget(QWidget):
    """Both versions of one treatment, with their authors, and the way to settle."""

    settled = Signal(str)

    def __init__(self, look: Look, line: Disagreement, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.line = line
        self.setAccessibleName(line.words)
        stack = column(0, (INSET_X + 9, INSET_Y + 4, INSET_X + 5, INSET_Y + 6))
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("versions", look.colour("warn"), look.px(14)))
        title = PlainLabel(look, line.title, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="warn")
        settle = Button(look, look.tr("Settle"), kind=Kind.LINK, key=line.key)
        settle.setAccessibleDescription(f"{line.words} {line.key}".strip())
        settle.clicked.connect(self._settle)
        stack.addLayout(row(mark, title, 1, settle))
        for runs in (line.head, *line.versions):
            stack.addWidget(RunLabel(look, runs, wrap=True))
        self.setLayout(stack)

    def paintEvent(self, _event: QPaintEvent) -> None:
        ground = self.rect().adjusted(INSET_X, INSET_Y, -INSET_X, -INSET_Y)
        QPainter(self).fillRect(ground, self._look.colour("warnbg"))

    @Slot()
    def _settle(self) -> None:
        self.settled.emit(self.line.op_id)


class CardWidget(Card):
    """One card of the summary, with its lines or the reason why there is none."""

    opened = Signal(Ref)
    settled = Signal(str)
    added = Signal(str)

    def __init__(self, look: Look, room: int, parent: QWidget | None = None) -> None:
        super().__init__(look, pad=0, parent=parent)
        self._key = ""
        self._room = room
        self._lines: list[LineWidget | DisagreementWidget] = []
        self.body.setContentsMargins(0, 6, 0, 8)
        self.body.addLayout(self._head_line())
        self._below = PlainLabel(look, size=Size.LABEL, colour="muted")
        self._below.setContentsMargins(12, 0, 12, 2)
        self._why = PlainLabel(look, colour="muted", wrap=True)
        self._why.setContentsMargins(12, 2, 12, 2)
        self._stack = column()
        for part in (self._below, self._why):
            part.hide()
        self.body.addWidget(self._why)
        self.body.addLayout(self._stack)
        self.body.addWidget(self._below)

    def _head_line(self) -> QHBoxLayout:
        look = self._look
        self._title = PlainLabel(look, weight=Weight.BOLD)
        self._title.setMinimumHeight(max(24, look.px(24)))
        self._count = PlainLabel(look, colour="muted")
        self._aside = PlainLabel(look, size=Size.LABEL, colour="muted")
        self._add = Button(look, "", kind=Kind.BARE, glyph="plus")
        self._add.clicked.connect(self._ask)
        for part in (self._count, self._aside, self._add):
            part.hide()
        head = row(self._title, self._count, 1, self._aside, self._add)
        head.setContentsMargins(12, 0, 8, 0)
        head.setSpacing(HEAD_GAP)
        return head

    def show_card(self, state: SummaryCard) -> None:
        """Show a card in the place of another."""
        self._key = state.key
        self.setAccessibleName(state.title)
        say(self._title, state.title)
        say(self._count, state.count)
        fits = self._aside_fits(state)
        say(self._aside, state.aside if fits else "")
        say(self._below, "" if fits else state.aside)
        say(self._why, state.why_empty)
        named = f"{state.add} ({state.add_key})"
        if state.add and self._add.toolTip() != self._look.texts.shown(named):
            self._add.set_text(named)
            self._add.setToolTip(self._look.texts.shown(named))
            self._add.setAccessibleName(state.add)
        self._add.setVisible(bool(state.add))
        self._show_lines(state)

    def _show_lines(self, state: SummaryCard) -> None:
        for place, line in enumerate(state.lines):
            self._show_line(place, line, state.caption_width)
        for place in range(len(self._lines) - 1, len(state.lines) - 1, -1):
            spare = self._lines[place]
            if isinstance(spare, LineWidget):
                spare.show_line(None)
                spare.hide()
            else:
                self._take_out(place)

    def _show_line(self, place: int, line: SummaryLine | Disagreement, caption: int) -> None:
        """The widget that stands there changes; one of the other kind makes room."""
        kept = self._at(place)
        while isinstance(kept, DisagreementWidget) and kept.line != line:
            self._take_out(place)
            kept = self._at(place)
        if isinstance(line, Disagreement):
            if not isinstance(kept, DisagreementWidget):
                block = DisagreementWidget(self._look, line)
                block.settled.connect(self.settled)
                self._put(place, block)
            return
        if not isinstance(kept, LineWidget):
            kept = LineWidget(self._look)
            kept.opened.connect(self.opened)
            self._put(place, kept)
        kept.show_line(line, caption)
        kept.show()

    def _at(self, place: int) -> LineWidget | DisagreementWidget | None:
        return self._lines[place] if place < len(self._lines) else None

    def _put(self, place: int, widget: LineWidget | DisagreementWidget) -> None:
        self._lines.insert(place, widget)
        self._stack.insertWidget(place, widget)

    def _take_out(self, place: int) -> None:
        widget = self._lines.pop(place)
        self._stack.removeWidget(widget)
        widget.hide()
        widget.setParent(None)
        widget.deleteLater()

    def clear(self) -> None:
        """Nothing of the patient stays in a label, a line or its name."""
        for part in (self._count, self._aside, self._below, self._why):
            part.setText("")
        for place in range(len(self._lines) - 1, -1, -1):
            kept = self._lines[place]
            if isinstance(kept, LineWidget):
                kept.show_line(None)
            else:
                self._take_out(place)

    def line_of(self, ref: Ref) -> LineWidget | None:
        """The line that shows a resource."""
        shown = (one for one in self._lines if isinstance(one, LineWidget))
        return next((one for one in shown if one.ref == ref), None)

    def _aside_fits(self, state: SummaryCard) -> bool:
        """Whether the aside stands beside the title; it ends the card otherwise, never cut."""
        look = self._look
        title = look.metrics(Size.BODY, Weight.BOLD).horizontalAdvance(state.title)
        aside = look.metrics(Size.LABEL).horizontalAdvance(look.texts.shown(state.aside))
        button = max(24, look.px(24)) if state.add else 4
        return 12 + title + aside + button + 3 * HEAD_GAP + 8 <= self._room

    @Slot()
    def _ask(self) -> None:
        self.added.emit(self._key)


def say(label: PlainLabel, words: str) -> None:
    """Words in a label that is out of sight when it has none."""
    label.setText(words)
    label.setVisible(bool(words))


class CurveWidget(LineButton):
    """A small curve with its words: title, previous value, last value with its sign."""

    asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._plot: PlotState | None = None
        stack = QVBoxLayout(self)
        stack.setContentsMargins(12, 2, 12, 2)
        stack.setSpacing(0)
        self._named, self._last = RunLabel(look), RunLabel(look)
        stack.addLayout(row(self._named, 1, self._last))
        self._curve = TrendPlot(look, compact=True)
        self._curve.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._curve.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        stack.addWidget(self._curve)
        self.clicked.connect(self._ask)

    def show_curve(self, plot: PlotState | None) -> None:
        """Show a curve in the place of another, or none."""
        if plot == self._plot:
            return
        self._plot = plot
        self._curve.show_plot(plot)
        words, named, last = "", [], []
        if plot is not None:
            words = f"{plot.title} {plot.last} {plot.unit} {plot.last_flag}. {plot.previous}"
            named = [Run(plot.title, Weight.SEMIBOLD), _small(f" {plot.unit}")]
            if plot.note:
                named.append(_small(f" · {plot.note}"))
            if plot.previous:
                last.append(_small(plot.previous + "   "))
            tone = "danger" if plot.abnormal else "text"
            if plot.last_flag:
                last.append(Run(plot.last_flag + "  ", Weight.SEMIBOLD, tone, Size.LABEL))
            last.append(Run(plot.last, Weight.BOLD, tone, Size.SECTION))
        self.setAccessibleName(words)
        self._named.set_runs(tuple(named))
        self._last.set_runs(tuple(last))
        self._last.setMinimumWidth(self._last.sizeHint().width())

    @Slot()
    def _ask(self) -> None:
        if self._plot is not None:
            self.asked.emit(self._plot.key)


def _small(text: str) -> Run:
    return Run(text, Weight.REGULAR, "muted", Size.LABEL)


class SummaryColumn(QWidget):
    """Every card, top to bottom; the column scrolls alone where it does not fit."""

    opened = Signal(Ref)
    settled = Signal(str)
    added = Signal(str)
    curve_asked = Signal(str)

    def __init__(self, look: Look, room: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._room = look, room
        self._cards: list[CardWidget] = []
        self._curves: list[CurveWidget] = []
        self._shown: tuple[object, ...] = ()
        self.setAccessibleName(look.tr("Summary of the record"))
        stack = column(8)
        self._stack = column(8)
        stack.addLayout(self._stack)
        self._box = Card(look, pad=0)
        self._box.setAccessibleName(look.tr("Key measures"))
        self._box.body.setContentsMargins(0, 8, 0, 8)
        self._box.body.setSpacing(6)
        self._box.hide()
        stack.addWidget(self._box)
        stack.addStretch(1)
        self.setLayout(stack)

    def show_record(self, cards: tuple[SummaryCard, ...], curves: tuple[PlotState, ...]) -> None:
        """Show these cards and curves. The focus follows the resource it was on, or goes to none."""
        if (cards, curves) == self._shown:
            return
        self._shown = (cards, curves)
        focused = self.focusWidget()
        ref = focused.ref if isinstance(focused, LineWidget) and focused.hasFocus() else None
        with unseen(self):
            self._show_cards(cards)
            self._show_curves(curves)
        if ref is not None:
            self._follow(ref)

    def _show_cards(self, cards: tuple[SummaryCard, ...]) -> None:
        while len(self._cards) < len(cards):
            self._add_card()
        for place, card in enumerate(self._cards):
            card.setVisible(place < len(cards))
            if place < len(cards):
                card.show_card(cards[place])
            else:
                card.clear()

    def _show_curves(self, curves: tuple[PlotState, ...]) -> None:
        while len(self._curves) < len(curves):
            self._add_curve()
        for place, curve in enumerate(self._curves):
            curve.show_curve(curves[place] if place < len(curves) else None)
            curve.setVisible(place < len(curves))
        self._box.setVisible(bool(curves))

    def _add_card(self) -> None:
        card = CardWidget(self._look, self._room)
        card.opened.connect(self.opened)
        card.settled.connect(self.settled)
        card.added.connect(self.added)
        self._cards.append(card)
        self._stack.addWidget(card)

    def _add_curve(self) -> None:
        curve = CurveWidget(self._look)
        curve.asked.connect(self.curve_asked)
        self._curves.append(curve)
        self._box.body.addWidget(curve)

    def _follow(self, ref: Ref) -> None:
        lines = (card.line_of(ref) for card in self._cards)
        line = next((line for line in lines if line is not None), None)
        if line is not None:
            line.setFocus()

    def clear(self) -> None:
        """No word, name or curve of a patient stays, in sight or not."""
        self._shown = ()
        for card in self._cards:
            card.clear()
        for curve in self._curves:
            curve.show_curve(None)
