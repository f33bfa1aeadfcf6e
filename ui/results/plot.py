"""One curve with its words: title, unit, last value, previous one, focus line and its read-out."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import column, row
from ui.widgets.text import PlainLabel, Run, RunLabel
from ui.widgets.trend import PlotState, TrendPlot


class PlotPanel(QWidget):
    """Arrow keys move from one measurement to the next; the line below says which."""

    def __init__(self, look: Look, plot: PlotState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        stack = column(4)
        tone = "danger" if plot.abnormal else "text"
        left = [Run(plot.title, Weight.BOLD, "text", Size.EMPHASIS)]
        left.append(Run(f"  {plot.unit}", Weight.REGULAR, "muted"))
        right = [Run(plot.previous + "   ", Weight.REGULAR, "muted", Size.LABEL)]
        if plot.last_flag:
            right.append(Run(plot.last_flag + "  ", Weight.SEMIBOLD, tone, Size.LABEL))
        right.append(Run(plot.last, Weight.BOLD, tone, Size.NAME))
        ending = RunLabel(look, tuple(right))
        ending.setMinimumWidth(ending.sizeHint().width())
        stack.addLayout(row(RunLabel(look, tuple(left)), 1, ending))
        if plot.note:
            stack.addWidget(PlainLabel(look, plot.note, size=Size.LABEL, colour="warn", wrap=True))
        self._curve = TrendPlot(look)
        self._curve.show_plot(plot)
        stack.addWidget(self._curve)
        self._read = PlainLabel(look, size=Size.LABEL, weight=Weight.MEDIUM, colour="accent")
        keys = PlainLabel(look, look.tr("← → value"), size=Size.LABEL, colour="muted")
        stack.addLayout(row(self._read, 1, keys))
        self.setLayout(stack)
        self._curve.moved.connect(self._moved)
        self._moved()

    @Slot()
    def _moved(self) -> None:
        self._read.setText(self._curve.read_out)
