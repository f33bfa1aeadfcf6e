"""The clinical strip under the banner: a few landmarks, never dropped silently."""

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Ground, column, empty_out
from ui.widgets.text import PlainLabel, Run, RunLabel

GAP, TIGHT = 28, 14


class StripCell(Struct, frozen=True):
    """A label and its value; `flag` is the sign and the word of an abnormal value."""

    label: str
    value: str
    flag: str = ""


class ClinicalStrip(Ground):
    """Cells from the left. Where they do not fit, the last says how many wait; arrows bring them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "surface", "bottom", parent)
        self._cells: tuple[StripCell, ...] = ()
        self._first = 0
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 4, 12, 5)
        self._row.setSpacing(GAP)
        self.setFixedHeight(look.px(48))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(look.tr("Clinical landmarks"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_cells(self, cells: tuple[StripCell, ...]) -> None:
        if cells == self._cells and not self._first:
            return
        self._cells, self._first = cells, 0
        words = "; ".join(f"{c.label} {c.value} {c.flag}".strip() for c in cells)
        self.setAccessibleDescription(words)
        self._lay_out()

    def _cell(self, cell: StripCell) -> QWidget:
        look, box = self._look, QWidget(self)
        stack = column(1)
        box.setLayout(stack)
        label = PlainLabel(
            look, cell.label, size=Size.CAPTION, weight=Weight.MEDIUM, colour="muted"
        )
        stack.addWidget(label)
        runs = [Run(cell.value, Weight.SEMIBOLD)]
        if cell.flag:
            runs.append(Run(f"  {cell.flag}", Weight.SEMIBOLD, "danger", Size.LABEL))
        value = RunLabel(look, tuple(runs), leading=1.21)
        value.setMinimumWidth(value.sizeHint().width())
        stack.addWidget(value)
        return box

    def _lay_out(self) -> None:
        empty_out(self._row)
        room = self.width() - 28
        shown = self._cells[self._first :]
        boxes = [self._cell(cell) for cell in shown]
        widths = [box.sizeHint().width() for box in boxes]
        joints = max(0, len(widths) - 1)
        gap = GAP if sum(widths) + GAP * joints <= room else TIGHT
        self._row.setSpacing(gap)
        total = sum(widths) + gap * joints
        more_width = self._look.metrics(Size.BODY, Weight.SEMIBOLD).horizontalAdvance("+ 99")
        used, fitting = 0, 0
        limit = room if total <= room else room - more_width - gap
        for width in widths:
            if used + width > limit and fitting:
                break
            used += width + gap
            fitting += 1
        for box in boxes[:fitting]:
            self._row.addWidget(box)
        for box in boxes[fitting:]:
            box.hide()
            box.deleteLater()
        waiting = len(boxes) - fitting
        if waiting:
            words = f"+ {waiting}"
            self._row.addWidget(
                PlainLabel(self._look, words, weight=Weight.SEMIBOLD, colour="accent")
            )
        self._row.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._lay_out()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()), 0)
        if not step:
            super().keyPressEvent(event)
            return
        self._first = max(0, min(len(self._cells) - 1, self._first + step))
        self._lay_out()
