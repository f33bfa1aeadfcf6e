"""The curve of the chosen line: its period, its focus line, and the value under it in large."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QStackedLayout, QWidget

from ui.results.state import CurveState, PeriodState, ReadOut
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Card, row
from ui.widgets.flow import FlowLayout
from ui.widgets.segment import Segment
from ui.widgets.text import PlainLabel, Run, RunLabel
from ui.widgets.trend import TrendPlot

_OUT_WIDTH = 204


class ReadOutBox(Card):
    """Date, value, flag, the value before and the difference."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, edge="accent", parent=parent)
        self.at = PlainLabel(
            look, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="accent", wrap=True
        )
        self.value = RunLabel(look, ())
        self.second = PlainLabel(look, size=Size.LABEL, colour="muted")
        self.flag = PlainLabel(look, weight=Weight.SEMIBOLD, colour="danger")
        self.before = PlainLabel(look, size=Size.LABEL, weight=Weight.MEDIUM, wrap=True)
        self.change = PlainLabel(look, size=Size.LABEL, colour="muted", wrap=True)
        for part in (self.at, self.value, self.second, self.flag, self.before, self.change):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.setFixedWidth(look.px(_OUT_WIDTH))
        self._look = look

    def show_out(self, out: ReadOut | None) -> None:
        self.setVisible(out is not None)
        if out is None:
            return
        tone = "danger" if out.flag else "text"
        self.at.setText(out.at)
        self.value.set_runs(
            (
                Run(out.value, Weight.BOLD, tone, Size.PAGE),
                Run(f" {out.unit}", Weight.REGULAR, "muted", Size.LABEL),
            )
        )
        self.second.setText(out.second)
        self.second.setVisible(bool(out.second))
        self.flag.setText(out.flag)
        self.flag.setVisible(bool(out.flag))
        before = self._look.tr("Before: {value} on {day}", value=out.before, day=out.before_at)
        self.before.setText(before if out.before else "")
        self.change.setText(out.change)


class CurveCard(Card):
    """Emits the period asked for. Arrow keys move from one measurement to the next."""

    period_asked = Signal(str)

    def __init__(
        self, look: Look, periods: tuple[PeriodState, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent=parent)
        self._look = look
        self._state: CurveState | None = None
        self._title = RunLabel(look, (), wrap=look.roomy)
        self._segments: dict[str, Segment] = {}
        self._group = QButtonGroup(self)
        line = FlowLayout(0) if look.roomy else row(self._title, 1, spacing=0)
        if look.roomy:
            self.body.addWidget(self._title)
        for place, period in enumerate(periods):
            last = place == len(periods) - 1
            segment = Segment(look, period.label, first=place == 0, last=last)
            segment.setObjectName(period.key)
            self._segments[period.key] = segment
            self._group.addButton(segment)
            line.addWidget(segment)
        self._group.buttonClicked.connect(self._clicked)
        self.body.addLayout(line)
        self._note = PlainLabel(look, size=Size.LABEL, colour="warn", wrap=True)
        self.body.addWidget(self._note)
        self.plot = TrendPlot(look)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.plot.setMinimumHeight(look.px(96))
        self.out = ReadOutBox(look)
        drawn = QWidget()
        drawn_line = row(spacing=12)
        drawn_line.addWidget(self.plot, 1)
        drawn_line.addWidget(self.out)
        drawn.setLayout(drawn_line)
        self._empty = PlainLabel(look, colour="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addSpacing(8)
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(drawn)
        self._stack.addWidget(self._empty)
        keys = look.tr("← → value · one unit only")
        self.body.addWidget(PlainLabel(look, keys, size=Size.LABEL, colour="muted"))
        self.plot.moved.connect(self._moved)

    def show_curve(self, state: CurveState | None) -> None:
        if state == self._state:
            return
        self._state = state
        self.setVisible(state is not None)
        if state is None:
            self.plot.show_plot(None)
            self.out.show_out(None)
            self._title.set_runs(())
            self._empty.setText("")
            return
        title = Run(state.title, Weight.BOLD, "text", Size.EMPHASIS)
        self._title.set_runs((title, Run(f"  {state.unit}", Weight.REGULAR, "muted")))
        self._note.setText(state.note)
        self._note.setVisible(bool(state.note))
        for key, segment in self._segments.items():
            segment.setChecked(key == state.period)
            segment.setEnabled(bool(state.period))
        self.plot.show_plot(state.plot)
        self._empty.setText(state.sentence)
        self._stack.setCurrentIndex(1 if state.sentence else 0)
        self._moved()

    @Slot()
    def _moved(self) -> None:
        state, focused = self._state, self.plot.focused
        drawn = state.plot.points if state and state.plot else ()
        outs = zip(drawn, state.outs if state else (), strict=True)
        self.out.show_out(next((out for point, out in outs if point is focused), None))

    @Slot(object)
    def _clicked(self, segment: QWidget) -> None:
        self.period_asked.emit(segment.objectName())
