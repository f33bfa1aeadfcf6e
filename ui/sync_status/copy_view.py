"""The left column of the sync centre: progress of the copy, facts about it, recent exchanges."""

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


class CopyColumn(QWidget):
    """Figures; nothing here can be clicked."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._stack = column(12)
        self.setLayout(self._stack)

    def show_state(self, state: CentreState) -> None:
        empty_out(self._stack)
        self._stack.addWidget(self._copy_card(state.copy))
        self._stack.addWidget(self._facts_card(state))
        self._stack.addWidget(self._exchanges_card(state), 1)

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
            line = row(label, spacing=12, margins=(4, 7, 4, 7))
            line.addWidget(value)
            line.addWidget(aside, 1)
            card.body.addLayout(line)
        return card

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
