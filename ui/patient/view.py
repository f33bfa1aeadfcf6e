"""The record screen: summary, timeline, side panel. Passive: it shows states and emits intents."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from ui.panes import to_next_pane
from ui.patient.detail import DetailPanel
from ui.patient.paper import MakePages
from ui.patient.screen import RecordState
from ui.patient.state import Action, DetailState, Ref, TimelineRow
from ui.patient.summary import SummaryColumn
from ui.patient.timeline import TimelineColumn
from ui.theme.look import Look
from ui.widgets.card import Ground, Scroll, column, layout_of

SUMMARY, SIDE = 376, 484
ROOM_FOR_THREE = 1360
ROOM_FOR_TWO = 1440
"""Two panels beside the timeline, without the summary."""
GAP, BAR = 12, 10
NARROWEST = 480
"""Of a timeline beside which one writes."""


class RecordView(QWidget):
    """Three columns where there is room, two and a drawer otherwise (1280 px, or text of 130 %)."""

    opened = Signal(Ref)
    chosen = Signal(TimelineRow)
    filtered = Signal(str)
    searched = Signal(str)
    unfolded = Signal(str, bool)
    settled = Signal(str)
    added = Signal(str)
    curve_asked = Signal(str)
    acted = Signal(Action)
    panel_closed = Signal()
    pin_asked = Signal()
    unpin_asked = Signal()

    def __init__(
        self, look: Look, make_pages: MakePages | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._make_pages = look, make_pages
        self._owner: int | None = None
        line = self._row = QHBoxLayout(self)
        line.setContentsMargins(16, 12, 12, 12)
        line.setSpacing(0)
        self._summary_box = QWidget()
        self._summary = SummaryColumn(look, self._summary_width())
        self._summary_scroll = Scroll(self._summary)
        summary_stack = column()
        summary_stack.addWidget(self._summary_scroll)
        self._summary_box.setLayout(summary_stack)
        self._summary_box.setFixedWidth(self._summary_width() + GAP)
        line.addWidget(self._summary_box)
        self.timeline = TimelineColumn(look)
        line.addWidget(self.timeline, 1)
        line.addSpacing(GAP)
        self._side = Ground(look, "bg")
        self._side_stack = column()
        self._side.setLayout(self._side_stack)
        line.addWidget(self._side)
        self._pinned_box = QWidget()
        self._pinned_stack = column()
        self._pinned_box.setLayout(self._pinned_stack)
        self._pinned_box.hide()
        self._side_stack.addWidget(self._pinned_box, 1)
        self._side_stack.setSpacing(GAP)
        self._pinned: DetailPanel | None = None
        self._pinned_state: DetailState | None = None
        self._nothing = DetailPanel(look, None, closable=False)
        self._nothing.hide()
        self._blank = QWidget()
        self._blank.hide()
        for kept in (self._nothing, self._blank):
            self._side_stack.insertWidget(0, kept, 1)
        self._panel: QWidget | None = None
        self._panel_wanted = False
        self._long: QWidget | None = None
        self._detail: tuple[DetailState | None, bool] | None = None
        self._connect()

    def _connect(self) -> None:
        self._summary.opened.connect(self.opened)
        self._summary.settled.connect(self.settled)
        self._summary.added.connect(self.added)
        self._summary.curve_asked.connect(self.curve_asked)
        self._summary_scroll.verticalScrollBar().rangeChanged.connect(self._summary_range)
        self._summary_range(0, 0)
        self.timeline.chosen.connect(self.chosen)
        self.timeline.opened.connect(self._row_opened)
        self.timeline.filtered.connect(self.filtered)
        self.timeline.searched.connect(self.searched)
        self.timeline.unfolded.connect(self.unfolded)

    @property
    def owner(self) -> int | None:
        """Whose record stands in these columns (HZ-01)."""
        return self._owner

    @property
    def wide(self) -> bool:
        return self.width() >= ROOM_FOR_THREE and not self._look.roomy

    def _summary_width(self) -> int:
        return min(self._look.px(SUMMARY), 480)

    # -- state ----------------------------------------------------------------

    def show_state(self, state: RecordState, filter_key: str) -> None:
        """Show a record. Another patient than before starts without filter and without panel."""
        if state.owner != self._owner:
            self._owner = state.owner
            self.timeline.clear_filter()
            self.show_pinned(None)
            self.await_panel()
            self._summary_scroll.verticalScrollBar().setValue(0)
        self._summary.show_record(state.cards, state.curves)
        self.timeline.show_filters(state.filters, filter_key)
        self.timeline.show_rows(state.timeline, state.why_empty, state.hidden_notice)

    def clear(self) -> None:
        """No record, or one still being read: nothing of the one before stays in any widget (HZ-01)."""
        if self._owner is None:
            return
        self._owner = None
        focus = self.window().focusWidget()
        if focus is not None and self._summary.isAncestorOf(focus):
            self.timeline.list.setFocus()
        self._summary.clear()
        self.timeline.clear()
        self.show_pinned(None)
        self.await_panel()

    @Slot(int, int)
    def _summary_range(self, _low: int, high: int) -> None:
        """The bar of the summary stands in the gutter, so that the cards keep their width."""
        layout_of(self._summary).setContentsMargins(0, 0, GAP - BAR if high else GAP, 0)

    def show_detail(self, state: DetailState | None) -> None:
        """Show a line in the side panel; the panel's own drawer closes by its cross or Escape.

        The same line again changes nothing: what is being read keeps its place and its selection.
        """
        told = (state, self.wide)
        if told == self._detail and isinstance(self._panel, DetailPanel):
            return
        self._detail = told
        if state is None:
            self._put_panel(self._nothing, wanted=False)
            return
        panel = DetailPanel(self._look, state, closable=not self.wide, make_pages=self._make_pages)
        panel.asked.connect(self.acted)
        panel.opened.connect(self.opened)
        panel.closed.connect(self._close_panel)
        panel.pin_asked.connect(self.pin_asked)
        self._put_panel(panel, wanted=True)

    def await_panel(self) -> None:
        """Nothing stands beside the timeline for a moment: what is first is on its way."""
        self._detail = None
        self._put_panel(self._blank, wanted=False)

    def show_pinned(self, state: DetailState | None) -> None:
        """Show a second line beside, to be compared with the one that is walked; None takes it away."""
        if state == self._pinned_state:
            return
        self._pinned_state = state
        if self._pinned is not None:
            self._pinned_stack.removeWidget(self._pinned)
            self._pinned.hide()
            self._pinned.deleteLater()
            self._pinned = None
        if state is not None:
            self._pinned = DetailPanel(
                self._look, state, closable=True, pinned=True, make_pages=self._make_pages
            )
            self._pinned.closed.connect(self.unpin_asked)
            self._pinned_stack.addWidget(self._pinned)
        self._pinned_box.setVisible(state is not None)
        self._place_side()

    def find_here(self) -> None:
        """Ctrl+F: in the document where one stands, else in the timeline."""
        if not begin_find((self._panel, self._pinned), self.window().focusWidget()):
            self.timeline.focus_filter()

    def show_panel(self, panel: QWidget | None, *, long: bool = False) -> None:
        """Put a form (or nothing) in the place of the side panel. `long`: the timeline is read meanwhile."""
        if panel is None:
            self.show_detail(None)
            return
        self._long = panel if long else None
        self._put_panel(panel, wanted=True)
        panel.setFocus()

    @property
    def panel(self) -> QWidget | None:
        return self._panel

    def _put_panel(self, panel: QWidget, *, wanted: bool) -> None:
        box, before = self._side_stack, self._panel
        self._panel, self._panel_wanted = panel, wanted
        if before is not None and before is not panel:
            before.hide()
            if before not in (self._nothing, self._blank):
                box.removeWidget(before)
                before.deleteLater()
        if box.indexOf(panel) < 0:
            box.insertWidget(0, panel, 1)
        panel.show()
        self._place_side()

    @property
    def _is_beside(self) -> bool:
        """Whether two panels stand side by side; the summary makes room for them."""
        return self._pinned is not None and self.wide and self.width() >= ROOM_FOR_TWO

    def _place_side(self) -> None:
        """Column or drawer; two panels side by side, or one above the other."""
        line, beside = self._row, self._is_beside
        width = min(max(SIDE, self._look.px(400)), self.width() - 48)
        is_long = self._long is not None and self._long is self._panel
        gives_way = is_long and not self.wide and self.width() - width >= NARROWEST
        directions = QBoxLayout.Direction
        across = directions.LeftToRight if beside else directions.TopToBottom
        if self._side_stack.direction() != across:
            self._side_stack.setDirection(across)
        self._summary_box.setVisible(not beside and not gives_way)
        if self.wide or gives_way:
            if line.indexOf(self._side) < 0:
                line.addWidget(self._side)
            one = SIDE if self.wide else width
            self._side.setFixedWidth(2 * SIDE + GAP if beside else one)
            self._side_stack.setContentsMargins(0, 0, 0, 0)
            self._side.show()
            return
        line.removeWidget(self._side)
        self._side.setFixedWidth(width)
        self._side_stack.setContentsMargins(12, 12, 12, 12)
        self._side.setGeometry(self.width() - width, 0, width, self.height())
        is_wanted = self._panel_wanted or self._pinned is not None
        self._side.setVisible(is_wanted)
        if is_wanted:
            self._side.raise_()

    # -- intents --------------------------------------------------------------

    @Slot(TimelineRow)
    def _row_opened(self, row: TimelineRow) -> None:
        self.chosen.emit(row)
        if self._panel is not None and self._panel_wanted:
            self._place_side()

    @Slot()
    def _close_panel(self) -> None:
        self._panel_wanted = False
        self._detail = None
        self._place_side()
        self.timeline.list.setFocus()
        self.panel_closed.emit()

    def cycle_panes(self, *, leaving: bool = False) -> bool:
        """F6: summary, timeline, side panel. `leaving`: after the last one False, and nothing moves."""
        panes: list[QWidget] = [self._summary_box, self.timeline, self._side]
        focus = self.window().focusWidget()
        return to_next_pane(panes, focus, {1: self.timeline.list}, leaving=leaving)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_side()


def begin_find(panels: tuple[QWidget | None, ...], focus: QWidget | None) -> bool:
    """In the document where one stands; False where one stands in none."""
    for panel in panels:
        is_there = focus is not None and panel is not None and panel.isAncestorOf(focus)
        if isinstance(panel, DetailPanel) and panel.can_find and (is_there or panel is focus):
            panel.begin_find()
            return True
    return False
