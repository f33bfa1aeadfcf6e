"""The side panel: everything about one line, and what may be done with it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from ui.patient.find import FindBar
from ui.patient.line import LineWidget
from ui.patient.paper import SELECTABLE, MakePages, Paper
from ui.patient.state import (
    Action,
    ActionState,
    DetailState,
    Prose,
    Ref,
    SummaryCard,
    SummaryLine,
)
from ui.results.plot import PlotPanel
from ui.theme.look import Look
from ui.theme.tokens import Size, Tone, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, Scroll, column, row
from ui.widgets.chip import Chip, ChipState
from ui.widgets.flow import FlowLayout
from ui.widgets.overlay import EmptyState
from ui.widgets.text import PlainLabel, Run, RunLabel


class ActionButton(Button):
    """A button that says which action it is."""

    asked = Signal(Action)

    def __init__(self, look: Look, state: ActionState, parent: QWidget | None = None) -> None:
        kind = Kind.PRIMARY if state.primary else Kind.SECONDARY
        super().__init__(look, state.label, kind=kind, key=state.key, parent=parent)
        self._action = state.action
        self.clicked.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self._action)


class DetailPanel(Card):
    """Title, source, state, content, actions; or the sentence that says what to choose. `pinned`: it stays
    beside the one that follows the timeline.
    """

    asked = Signal(Action)
    opened = Signal(Ref)
    closed = Signal()
    pin_asked = Signal()

    def __init__(
        self,
        look: Look,
        state: DetailState | None,
        *,
        closable: bool,
        pinned: bool = False,
        make_pages: MakePages | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, pad=0, parent=parent)
        self.body.setContentsMargins(1, 1, 1, 1)
        self.setAccessibleName(look.tr("Pinned") if pinned else look.tr("Details"))
        self._closable, self._pinned, self._state = closable, pinned, state
        self._page: QWidget | None = None
        if state is None:
            title = look.tr("Nothing chosen")
            sentence = look.tr("Choose a line of the summary or of the timeline, then Enter.")
            self.body.addWidget(EmptyState(look, title, sentence, glyph="page"))
            return
        self.body.addWidget(self._head_of(state))
        self.body.addWidget(Rule(look))
        self._finder = FindBar(look)
        self._finder.hide()
        self._finder.closed.connect(self._found)
        self.body.addWidget(self._finder)
        self._words = self._content(state)
        self.body.addWidget(self._words, 1)
        if state.pdf and make_pages is not None:
            self._page = make_pages(look, state.pdf, state.title)
        if self._page is not None:
            self.body.addWidget(self._page, 1)
            self._words.hide()
        if state.actions and not pinned:
            self.body.addWidget(Rule(look))
            buttons = [ActionButton(look, action) for action in state.actions]
            for button in buttons:
                button.asked.connect(self.asked)
            box = QWidget()
            flow = FlowLayout(8)
            for button in buttons:
                flow.addWidget(button)
            box.setLayout(flow)
            foot = column(0, (12, 12, 12, 12))
            foot.addWidget(box)
            self.body.addLayout(foot)

    @property
    def can_find(self) -> bool:
        """Whether there are words to seek in."""
        state = self._state
        return state is not None and bool(state.paper or state.prose or state.note)

    def begin_find(self) -> None:
        """Ctrl+F here: in this document, not in the timeline; its words take the place of its page."""
        if self._page is not None:
            self._page.hide()
            self._words.show()
        self._finder.begin(self._words)

    @Slot()
    def _found(self) -> None:
        if self._page is not None:
            self._words.hide()
            self._page.show()
        self.setFocus()

    def _head_of(self, state: DetailState) -> QWidget:
        look, head = self._look, QWidget()
        stack = column(3, (12, 10, 8, 10))
        title = PlainLabel(look, state.title, size=Size.EMPHASIS, weight=Weight.BOLD, wrap=True)
        line = row(spacing=4)
        line.addWidget(title, 1)
        top = Qt.AlignmentFlag.AlignTop
        if not self._pinned:
            pin = Button(look, look.tr("Pin (P)"), kind=Kind.BARE, glyph="pin")
            pin.clicked.connect(self.pin_asked)
            line.addWidget(pin, 0, top)
        if self._closable:
            close = Button(look, look.tr("Close"), kind=Kind.BARE, glyph="close")
            close.clicked.connect(self._close)
            line.addWidget(close, 0, top)
        stack.addLayout(line)
        if state.second:
            stack.addWidget(
                PlainLabel(look, state.second, size=Size.LABEL, colour="muted", wrap=True)
            )
        pinned = (ChipState(look.tr("Pinned"), Tone.ACCENT, "pin"),) if self._pinned else ()
        if chips := [Chip(look, chip) for chip in (*pinned, *state.chips)]:
            stack.addSpacing(2)
            box = QWidget()
            flow = FlowLayout(6)
            for chip in chips:
                flow.addWidget(chip)
            box.setLayout(flow)
            stack.addWidget(box)
        head.setLayout(stack)
        return head

    def _content(self, state: DetailState) -> Scroll:
        look, inner = self._look, QWidget()
        stack = column(12, (12, 12, 12, 12))
        for words in _told(look, state):
            stack.addWidget(words)
        if state.facts:
            stack.addLayout(self._facts(state))
        if state.grid:
            stack.addWidget(ResultTable(look, state))
        for plot in state.plots:
            stack.addWidget(PlotPanel(look, plot))
        if state.footnote:
            words = PlainLabel(look, state.footnote, size=Size.LABEL, colour="muted", wrap=True)
            stack.addWidget(words)
        for section in state.sections:
            stack.addWidget(self._section(section))
        for said in state.prose:
            stack.addWidget(_prose(look, Prose(said)))
        for number, line in enumerate(state.note):
            stack.addWidget(_prose(look, line))
            if line.head:
                stack.addSpacing(-8)
            elif line.aside and number:
                stack.addWidget(Rule(look))
        if state.paper is not None:
            stack.addWidget(Paper(look, state.paper), 1)
        else:
            stack.addStretch(1)
        inner.setLayout(stack)
        return Scroll(inner)

    def _section(self, section: SummaryCard) -> QWidget:
        """A list under its head; each line opens what it speaks of."""
        look, box = self._look, QWidget()
        box.setAccessibleName(section.title)
        stack = column(0)
        stack.addWidget(
            PlainLabel(look, section.title, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="muted")
        )
        stack.addSpacing(2)
        for line in section.lines:
            if isinstance(line, SummaryLine):
                stack.addWidget(Rule(look))
                shown = LineWidget(look)
                shown.show_line(line, section.caption_width)
                shown.opened.connect(self.opened)
                stack.addWidget(shown)
        box.setLayout(stack)
        return box

    def _facts(self, state: DetailState) -> QGridLayout:
        look, grid = self._look, QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        for line, fact in enumerate(state.facts):
            label = PlainLabel(look, fact.label, size=Size.LABEL, colour="muted")
            label.setContentsMargins(0, 1, 0, 0)
            grid.addWidget(label, line, 0, top)
            grid.addWidget(RunLabel(look, (Run(fact.value),), wrap=True), line, 1, top)
        return grid

    @Slot()
    def _close(self) -> None:
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._closable:
            self.closed.emit()
            return
        super().keyPressEvent(event)


class ResultTable(QWidget):
    """A report: analyte, value, sign, range; values right-aligned, the sign in its own column."""

    def __init__(self, look: Look, state: DetailState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(look.tr("Results"))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        bands = look.tr("Reference") if any(item.band for item in state.grid) else ""
        heads = (look.tr("Analysis"), look.tr("Value"), "", "", bands)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for place, word in enumerate(heads):
            label = PlainLabel(look, word, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="muted")
            label.setMinimumHeight(look.px(28))
            if place in {1, 4}:
                label.setAlignment(right)
            grid.addWidget(label, 0, place)
        for line, item in enumerate(state.grid):
            place = 3 * line + 1
            grid.addWidget(Rule(look), place, 0, 1, 5)
            if item.note:
                note = PlainLabel(look, item.note, size=Size.LABEL, colour="muted", wrap=True)
                note.setContentsMargins(0, 0, 0, 6)
                grid.addWidget(note, place + 2, 0, 1, 5)
            name = RunLabel(look, (Run(item.label),), wrap=True)
            tone = "danger" if item.flag else "text"
            value = PlainLabel(look, item.value, weight=Weight.SEMIBOLD, colour=tone)
            value.setAlignment(right)
            value.setMinimumHeight(look.px(32))
            unit = PlainLabel(look, item.unit, size=Size.LABEL, colour="muted")
            flag = PlainLabel(look, item.flag, size=Size.LABEL, weight=Weight.SEMIBOLD, colour=tone)
            band = PlainLabel(look, item.band, size=Size.LABEL, colour="muted")
            band.setAlignment(right)
            grid.addWidget(name, place + 1, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(value, place + 1, 1)
            grid.addWidget(unit, place + 1, 2)
            grid.addWidget(flag, place + 1, 3)
            grid.addWidget(band, place + 1, 4)
        self.setLayout(grid)


def _prose(look: Look, line: Prose) -> PlainLabel:
    """A heading, a paragraph, or who wrote what follows."""
    if line.head:
        return PlainLabel(look, line.text, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="accent")
    if line.aside:
        return PlainLabel(look, line.text, size=Size.LABEL, weight=Weight.SEMIBOLD, wrap=True)
    words = PlainLabel(look, line.text, size=Size.EMPHASIS, wrap=True)
    words.setTextInteractionFlags(SELECTABLE)
    return words


def _told(look: Look, state: DetailState) -> list[QWidget]:
    """What is to be known before the content."""
    found = [_notice(look, state.notice)] if state.notice else []
    if state.decision:
        words = PlainLabel(look, state.decision, size=Size.LABEL, colour="muted", wrap=True)
        found.append(words)
    return found


def _notice(look: Look, sentence: str) -> QWidget:
    box = Card(look, edge="warnbg", ground="warnbg", pad=10)
    mark = PlainLabel(look)
    mark.setPixmap(look.icons.pixmap("alert", look.colour("warn"), look.px(16)))
    line = row(spacing=8)
    line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    words = PlainLabel(look, sentence, size=Size.LABEL, weight=Weight.MEDIUM, wrap=True)
    line.addWidget(words, 1)
    box.body.addLayout(line)
    return box
