"""The clinical strip under the banner: a few landmarks, never dropped silently."""

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Ground, column, row, unseen
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel, Run, RunLabel

GAP, TIGHT = 28, 14


class StripCell(Struct, frozen=True):
    """A label and its value; `flag` is the sign and the word of an abnormal value, or of a value not to be
    relied on (`tone` warn).
    """

    label: str
    value: str
    flag: str = ""
    tone: str = "danger"


class CellBox(QWidget):
    """A label above its value."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell: StripCell | None = None
        stack = column(1)
        self.setLayout(stack)
        self._label = PlainLabel(look, size=Size.CAPTION, weight=Weight.MEDIUM, colour="muted")
        self._value = RunLabel(look, leading=1.21)
        stack.addWidget(self._label)
        stack.addWidget(self._value)

    def show_cell(self, cell: StripCell | None) -> None:
        """Show a cell in the place of another, or nothing."""
        if cell == self._cell:
            return
        self._cell = cell
        self._label.setText(cell.label if cell else "")
        runs = [Run(cell.value, Weight.SEMIBOLD)] if cell else []
        if cell and cell.flag:
            runs.append(Run(f"  {cell.flag}", Weight.SEMIBOLD, cell.tone, Size.LABEL))
        self._value.set_runs(tuple(runs))
        self._value.setMinimumWidth(self._value.sizeHint().width())


class ClinicalStrip(Ground):
    """Cells from the left. Where they do not fit, the last says how many wait, with their signs; arrows
    bring them.
    """

    spoken_role = Role.Grouping

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "surface", "bottom", parent)
        self._cells: tuple[StripCell, ...] = ()
        self._first = 0
        self._boxes: list[CellBox] = []
        self._inner = QWidget()
        self.setLayout(row(self._inner, spacing=0))
        self._row = QHBoxLayout(self._inner)
        self._row.setContentsMargins(16, 4, 12, 5)
        self._row.setSpacing(GAP)
        self._more = PlainLabel(look, weight=Weight.SEMIBOLD, colour="accent")
        self._more.hide()
        self._row.addWidget(self._more)
        self._row.addStretch(1)
        self.setFixedHeight(look.px(48))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(look.tr("Clinical landmarks"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(self._look.colour("accent"), 2.0))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def show_cells(self, cells: tuple[StripCell, ...]) -> None:
        if cells == self._cells and not self._first:
            return
        self._cells, self._first = cells, 0
        words = "; ".join(f"{c.label} {c.value} {c.flag}".strip() for c in cells)
        self.setAccessibleDescription(words)
        self._lay_out()

    def _lay_out(self) -> None:
        """Put the cells that fit, from the first one asked for; the boxes stay, their words change."""
        shown = self._cells[self._first :]
        while len(self._boxes) < len(shown):
            self._add_box()
        for place, box in enumerate(self._boxes):
            box.show_cell(shown[place] if place < len(shown) else None)
        widths = [box.sizeHint().width() for box in self._boxes[: len(shown)]]
        gap, fitting = self._fit(widths)
        self._row.setSpacing(gap)
        waiting = len(shown) - fitting
        signs = dict.fromkeys(c.flag.split()[0] for c in shown[fitting:] if c.flag)
        self._more.setText(" ".join((f"+ {waiting}", *signs)) if waiting else "")
        self._more.set_colour("danger" if signs else "accent")
        parts: list[tuple[QWidget, bool]] = [(self._more, waiting > 0)]
        parts += [(box, place < fitting) for place, box in enumerate(self._boxes)]
        if shown and any(part.isHidden() is seen for part, seen in parts):
            with unseen(self._inner):
                for part, seen in parts:
                    part.setVisible(seen)

    def _add_box(self) -> None:
        box = CellBox(self._look, self._inner)
        box.hide()
        self._row.insertWidget(len(self._boxes), box)
        self._boxes.append(box)

    def _fit(self, widths: list[int]) -> tuple[int, int]:
        """(gap between two cells, how many fit)."""
        room = self.width() - 28
        joints = max(0, len(widths) - 1)
        gap = GAP if sum(widths) + GAP * joints <= room else TIGHT
        total = sum(widths) + gap * joints
        more_width = self._look.metrics(Size.BODY, Weight.SEMIBOLD).horizontalAdvance("+ 99 ▲ ▼")
        used, fitting = 0, 0
        limit = room if total <= room else room - more_width - gap
        for width in widths:
            if used + width > limit and fitting:
                break
            used += width + gap
            fitting += 1
        return gap, fitting

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
