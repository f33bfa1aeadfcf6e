"""The lines of a prescription: walked by the arrows, changed by a key, painted in the MEDI order.

A text wraps between words and never between a number and its unit; nothing is cut (HZ-13).
"""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QWidget

from ui.prescriptions.state import LineState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.chip import chip_width, draw_chip
from ui.widgets.lines import Index, LineDelegate, LineModel, LineRole
from ui.widgets.step_list import StepList
from ui.widgets.text import Paragraph, Run

_NUMBER, _RIGHT, _TOP = 22, 12, 8
_HEAD_PAD = 7


class LinesDelegate(LineDelegate):
    """Heights follow the text."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._laid: dict[tuple[tuple[Run, ...], bool], Paragraph] = {}
        self.width = 600

    def forget(self) -> None:
        """Other lines: nothing of the old ones stays laid out."""
        self._laid.clear()

    def _paragraph(self, runs: tuple[Run, ...], *, wrap: bool = True) -> Paragraph:
        key = (runs, wrap)
        if key not in self._laid:
            self._laid[key] = Paragraph(self._look, runs, wrap=wrap)
        return self._laid[key]

    @property
    def _left(self) -> int:
        """Where the words begin: past the number, whatever the size of the text."""
        return 24 + self._look.px(_NUMBER)

    def _chip_room(self, line: LineState) -> int:
        return chip_width(self._look, line.chip) + 12 if line.chip is not None else 0

    def _parts(self, line: LineState, width: int) -> list[tuple[Paragraph, int]]:
        """Every flow of a line with the width it is broken at."""
        room = max(120, width - self._left - _RIGHT)
        found = [(self._paragraph(line.first), max(120, room - self._chip_room(line)))]
        found += [(self._paragraph(runs), room) for runs in (line.second, *line.notes) if runs]
        return found

    def _heads(self, line: LineState) -> list[Paragraph]:
        title = (Run(line.title, Weight.BOLD, "accent" if line.accent else "text"),)
        found = [self._paragraph(title)]
        if line.about:
            found.append(self._paragraph((Run(line.about, Weight.REGULAR, "text", Size.LABEL),)))
        return found

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        line: LineState = index.data(LineRole)
        if line.is_head:
            room = max(120, self.width - 28)
            high = sum(part.height(room) for part in self._heads(line)) + 2 * _HEAD_PAD + 6
            return QSize(self.width, high)
        high = sum(part.height(room) + 1 for part, room in self._parts(line, self.width))
        return QSize(self.width, max(self._look.px(44), high + 2 * _TOP))

    def paint_head(self, painter: QPainter, rect: QRect, line: LineState) -> None:
        look = self._look
        area = rect.adjusted(0, 3, 0, -3)
        painter.fillRect(area, look.colour("accentbg" if line.accent else "alt"))
        bar = "accent" if line.accent else "edge"
        painter.fillRect(QRect(area.x(), area.y(), 4, area.height()), look.colour(bar))
        y = float(area.y() + _HEAD_PAD)
        for part in self._heads(line):
            part.draw(painter, QPointF(area.x() + 14, y), area.width() - 28)
            y += part.height(area.width() - 28)

    def paint_line(self, painter: QPainter, rect: QRect, line: LineState, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            painter.fillRect(rect, look.colour("accentbg"))
            painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), look.colour("accent"))
        self._paint_number(painter, rect, line)
        y = float(rect.y() + _TOP)
        parts = self._parts(line, rect.width())
        first_high = parts[0][0].height(parts[0][1])
        for part, room in parts:
            part.draw(painter, QPointF(rect.x() + self._left, y), room)
            y += part.height(room) + 1
        if line.chip is not None:
            wide = chip_width(look, line.chip)
            high = look.px(18)
            top = rect.y() + _TOP + min(2, max(0, (first_high - high) // 2))
            spot = QRectF(rect.right() - _RIGHT - wide, top, wide, high)
            draw_chip(painter, look, spot, line.chip)
        rule = QRect(rect.x() + self._left, rect.bottom(), rect.width() - self._left - _RIGHT, 1)
        painter.fillRect(rule, look.colour("line"))

    def _paint_number(self, painter: QPainter, rect: QRect, line: LineState) -> None:
        look, side = self._look, self._look.px(_NUMBER)
        spot = QRectF(rect.x() + 12, rect.y() + _TOP - 1, side, side)
        if not line.number:
            glyph = QPoint(round(spot.x() + 3), round(spot.y() + 3))
            look.icons.draw(painter, glyph, "stop", look.colour("warn"), look.px(16))
            return
        painter.setPen(QPen(look.colour("danger"), 1.0) if line.red else Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("dangerbg" if line.red else "alt"))
        painter.drawEllipse(spot)
        painter.setPen(look.colour("danger" if line.red else "text"))
        painter.setFont(look.font(Size.LABEL, Weight.SEMIBOLD))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, line.number)


class LinesList(StepList):
    """Enter changes a line, Delete removes it, Z moves it to the other zone, Alt and an arrow its place."""

    change_asked = Signal(int)
    remove_asked = Signal(int)
    zone_asked = Signal(int)
    move_asked = Signal(int, int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: LineModel[LineState] = LineModel(self)
        self.setModel(self.lines)
        self._delegate = LinesDelegate(look, self)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(look.tr("Lines of the prescription"))
        self.setUniformItemSizes(False)

    def show_rows(self, rows: tuple[LineState, ...]) -> None:
        """Other lines; the chosen one stays chosen, a removed one leaves the choice to its neighbour."""
        here, key = self.currentIndex().row(), self.chosen
        self._delegate.forget()
        if not self.lines.show_rows(rows):
            return
        place = self.lines.place_of(str(key)) if key else -1
        if place < 0 and here >= 0 and rows:
            place = min(here, len(rows) - 1)
            while place > 0 and rows[place].is_head:
                place -= 1
        if 0 <= place < len(rows) and not rows[place].is_head:
            self.setCurrentIndex(self.lines.index(place, 0))

    @property
    def chosen(self) -> int:
        """The key of the chosen line, 0 for none."""
        line = self.currentIndex().data(LineRole)
        return int(line.key) if isinstance(line, LineState) and not line.is_head else 0

    def choose(self, key: int) -> None:
        place = self.lines.place_of(str(key))
        if place >= 0:
            self.setCurrentIndex(self.lines.index(place, 0))
            self.scrollTo(self.lines.index(place, 0))

    def choose_first(self) -> None:
        place = self.lines.first()
        if place >= 0 and not self.chosen:
            self.setCurrentIndex(self.lines.index(place, 0))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if self.chosen:
            self.change_asked.emit(self.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, chosen = event.key(), self.chosen
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        if chosen and alt and key in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.move_asked.emit(chosen, -1 if key == Qt.Key.Key_Up else 1)
        elif chosen and not event.modifiers() and key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.remove_asked.emit(chosen)
        elif chosen and not event.modifiers() and key == Qt.Key.Key_Z:
            self.zone_asked.emit(chosen)
        elif chosen and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            self.change_asked.emit(chosen)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The chosen line stays in sight when a warning takes some of the room."""
        self._delegate.width = self.viewport().width()
        super().resizeEvent(event)
        self.doItemsLayout()
        self.scrollTo(self.currentIndex())
