"""The record screen: summary, timeline, side panel. Passive: it shows states and emits intents."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.patient.detail import DetailPanel
from ui.patient.screen import RecordState
from ui.patient.state import Action, DetailState, Ref, TimelineRow
from ui.patient.summary import SummaryColumn
from ui.patient.timeline import TimelineColumn
from ui.theme.look import Look
from ui.widgets.card import Ground, Scroll, column, layout_of

SUMMARY, SIDE = 376, 484
ROOM_FOR_THREE = 1360
GAP, BAR = 12, 10


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

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._owner: int | None = None
        line = QHBoxLayout(self)
        self._row = line
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
        self._panel: QWidget | None = None
        self._panel_wanted = False
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
            self.show_panel(None)
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
        self.show_panel(None)

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
        panel = DetailPanel(self._look, state, closable=not self.wide)
        panel.asked.connect(self.acted)
        panel.closed.connect(self._close_panel)
        self._put_panel(panel, wanted=state is not None)

    def show_panel(self, panel: QWidget | None) -> None:
        """Put a form (or nothing) in the place of the side panel."""
        if panel is None:
            self.show_detail(None)
            return
        self._put_panel(panel, wanted=True)
        panel.setFocus()

    @property
    def panel(self) -> QWidget | None:
        return self._panel

    def _put_panel(self, panel: QWidget, *, wanted: bool) -> None:
        box = self._side_stack
        if self._panel is not None:
            box.removeWidget(self._panel)
            self._panel.hide()
            self._panel.deleteLater()
        self._panel = panel
        self._panel_wanted = wanted
        box.addWidget(panel)
        panel.show()
        self._place_side()

    def _place_side(self) -> None:
        """Column or drawer."""
        line = self._row
        if self.wide:
            if line.indexOf(self._side) < 0:
                line.addWidget(self._side)
            self._side.setFixedWidth(SIDE)
            self._side_stack.setContentsMargins(0, 0, 0, 0)
            self._side.show()
            return
        line.removeWidget(self._side)
        width = min(max(SIDE, self._look.px(400)), self.width() - 48)
        self._side.setFixedWidth(width)
        self._side_stack.setContentsMargins(12, 12, 12, 12)
        self._side.setGeometry(self.width() - width, 0, width, self.height())
        self._side.setVisible(self._panel_wanted)
        if self._panel_wanted:
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

    def cycle_panes(self) -> None:
        """F6: summary, timeline, side panel."""
        panes: list[QWidget] = [self._summary_box, self.timeline, self._side]
        focus = self.window().focusWidget()
        here = next(
            (i for i, pane in enumerate(panes) if focus is not None and pane.isAncestorOf(focus)),
            -1,
        )
        targets = {1: self.timeline.list}
        for step in range(1, 4):
            place = (here + step) % 3
            if not panes[place].isVisible():
                continue
            target = targets.get(place) or first_focus(panes[place])
            if target is not None:
                target.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_side()


def first_focus(pane: QWidget) -> QWidget | None:
    """The first control of a pane that takes the focus by Tab."""
    for child in pane.findChildren(QWidget):
        reachable = child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isEnabled()
        if reachable and child.isVisibleTo(pane):
            return child
    return None
