"""The left column of the sync centre: progress of the copy, facts about it, recent exchanges."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.sync_status.state import CentreState, CopyCard, RankLine
from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Weight
from ui.widgets.card import Card, Rule, column, empty_out, row
from ui.widgets.chip import Chip
from ui.widgets.progress import ProgressBar
from ui.widgets.text import PlainLabel, Run, RunLabel


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


def titled(look: Look, glyph: str, title: str, *, count: str = "", aside: str = "") -> Card:
    """A card with a glyph, a title, a count and an aside."""
    card = Card(look, pad=12)
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


Refresh = Callable[[CentreState], object]


class CopyColumn(QWidget):
    """Figures; nothing here can be clicked. While a copy runs they change in their places: what is built
    anew twice a second would make every key wait.
    """

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._stack = column(12)
        self.setLayout(self._stack)
        self._shape: object = None
        self._refreshes: list[Refresh] = []

    def show_state(self, state: CentreState) -> None:
        shape = _shape(state)
        if shape == self._shape:
            for refresh in self._refreshes:
                refresh(state)
            return
        self._shape = shape
        self._refreshes.clear()
        empty_out(self._stack)
        self._stack.addWidget(self._copy_card(state.copy))
        self._stack.addWidget(self._facts_card(state))
        self._stack.addWidget(self._exchanges_card(state), 1)

    def _follow(self, label: PlainLabel, read: Callable[[CentreState], str]) -> PlainLabel:
        """A label whose words follow the state."""
        self._refreshes.append(lambda state: label.setText(read(state)))
        return label

    def _copy_card(self, copy: CopyCard) -> Card:
        look, card = self._look, Card(self._look, pad=16)
        card.setAccessibleName(copy.title)
        card.body.setContentsMargins(16, 10, 16, 12)
        title = PlainLabel(look, copy.title, size=Size.SECTION, weight=Weight.BOLD)
        aside = PlainLabel(look, copy.aside, size=Size.LABEL, colour="muted")
        self._follow(aside, lambda state: state.copy.aside)
        card.body.addLayout(row(title, 1, aside))
        card.body.addSpacing(4)
        big = RunLabel(look, _big(copy))
        self._refreshes.append(lambda state: big.set_runs(_big(state.copy)))
        left = PlainLabel(
            look, copy.left, size=Size.SECTION, weight=Weight.SEMIBOLD, colour="accent"
        )
        self._follow(left, lambda state: state.copy.left)
        card.body.addLayout(row(big, 1, left))
        card.body.addSpacing(8)
        bar = ProgressBar(look, copy.ratio, _bar_words(copy))
        self._refreshes.append(
            lambda state: bar.show_ratio(state.copy.ratio, _bar_words(state.copy))
        )
        card.body.addWidget(bar)
        card.body.addSpacing(6)
        figures = PlainLabel(look, copy.figures, colour="muted")
        percent = PlainLabel(look, copy.percent, weight=Weight.SEMIBOLD)
        self._follow(figures, lambda state: state.copy.figures)
        self._follow(percent, lambda state: state.copy.percent)
        card.body.addLayout(row(figures, 1, percent))
        card.body.addSpacing(12)
        card.body.addLayout(self._ranks(copy.ranks))
        card.body.addSpacing(10)
        tone, glyph = ("warn", "alert") if copy.alarm else ("wait", "info")
        notice = Tinted(look, tone, bar=False)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap(glyph, look.colour(tone), look.px(16)))
        sentence = PlainLabel(look, copy.notice, weight=Weight.MEDIUM, colour=tone, wrap=True)
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
            self._rank_line(grid, index, line)
        return grid

    def _rank_line(self, grid: QGridLayout, index: int, line: RankLine) -> None:
        look, place = self._look, 2 + 2 * index
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        names = column(1, (0, 6, 0, 7))
        names.addWidget(PlainLabel(look, line.title, weight=Weight.SEMIBOLD))
        names.addWidget(PlainLabel(look, line.about, size=Size.LABEL, colour="muted"))
        grid.addLayout(names, place, 0)
        patients = PlainLabel(look, line.patients, weight=Weight.SEMIBOLD)
        patients.setAlignment(right)
        self._follow(patients, lambda state: state.copy.ranks[index].patients)
        grid.addWidget(patients, place, 1)
        rows = column(3)
        label = PlainLabel(look, line.rows)
        label.setAlignment(right)
        self._follow(label, lambda state: state.copy.ranks[index].rows)
        rows.addStretch(1)
        rows.addWidget(label)
        if line.ratio is not None:
            bar = ProgressBar(look, line.ratio, f"{line.title} {line.rows}", thin=True)
            self._refreshes.append(lambda state: _show_rank(bar, state.copy.ranks[index]))
            rows.addWidget(bar)
        rows.addStretch(1)
        grid.addLayout(rows, place, 2)
        grid.addWidget(Chip(look, line.chip), place, 3, right)

    def _facts_card(self, state: CentreState) -> Card:
        look = self._look
        card = titled(self._look, "disk", look.tr("Offline copy of this computer"))
        width = look.px(204)
        for index, fact in enumerate(state.facts):
            if index:
                card.body.addWidget(Rule(look))
            label = PlainLabel(look, fact.label, colour="muted", wrap=True)
            label.setFixedWidth(width)
            value = PlainLabel(look, fact.value, weight=Weight.SEMIBOLD)
            aside = PlainLabel(look, fact.aside, size=Size.LABEL, colour="muted", wrap=True)
            aside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._follow_fact(value, aside, index)
            line = row(label, spacing=12, margins=(4, 7, 4, 7))
            line.addWidget(value)
            line.addWidget(aside, 1)
            card.body.addLayout(line)
        return card

    def _follow_fact(self, value: PlainLabel, aside: PlainLabel, index: int) -> None:
        self._follow(value, lambda state: state.facts[index].value)
        self._follow(aside, lambda state: state.facts[index].aside)

    def _exchanges_card(self, state: CentreState) -> Card:
        look = self._look
        card = titled(
            self._look, "", look.tr("Recent exchanges"), aside=look.tr("time of this computer")
        )
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


def _shape(state: CentreState) -> object:
    """What must be built anew when it changes; everything else is a figure in its place."""
    ranks = [(one.title, one.about, one.chip, one.ratio is None) for one in state.copy.ranks]
    facts = [fact.label for fact in state.facts]
    return state.copy.title, state.copy.notice, ranks, facts, state.exchanges


def _big(copy: CopyCard) -> tuple[Run, ...]:
    return (
        Run(copy.big, Weight.BOLD, "text", Size.CLOCK),
        Run(f"  {copy.big_after}", Weight.MEDIUM, "text", Size.SECTION),
    )


def _bar_words(copy: CopyCard) -> str:
    return f"{copy.big} {copy.big_after}, {copy.percent}"


def _show_rank(bar: ProgressBar, line: RankLine) -> None:
    if line.ratio is not None:
        bar.show_ratio(line.ratio, f"{line.title} {line.rows}")
