"""How a line of the timeline is painted: 46 px, date, glyph, kind and summary, second line, chips."""

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui.patient.model import HeadRole, RowRole
from ui.patient.state import GroupKind, TimelineRow
from ui.theme.look import Look
from ui.theme.tokens import ROW_TWO_LINES, Size, Weight
from ui.widgets.chip import chip_width, draw_chip
from ui.widgets.text import Run, draw_runs, whole_runs

DATE_X, TEXT_PAD = 12, 12
HEAD_HEIGHT = 28


class TimelineDelegate(QStyledItemDelegate):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._head_size = QSize(200, look.px(HEAD_HEIGHT))
        self._row_size = QSize(200, look.px(ROW_TWO_LINES))
        widest = "00/00/0000" if look.texts.language == "fr" else look.formats.day("2026-07-28")
        date = look.metrics(Size.LABEL, Weight.SEMIBOLD).horizontalAdvance(widest)
        self._glyph_x = DATE_X + date + 10
        self._text_x = self._glyph_x + look.px(16) + 12

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return self._head_size if index.data(HeadRole) else self._row_size

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: TimelineRow | None = index.data(RowRole)
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        if row.group is not None:
            self._paint_head(painter, rect, row)
        else:
            state: QStyle.StateFlag = option.state
            self._paint_row(
                painter, rect, row, selected=bool(state & QStyle.StateFlag.State_Selected)
            )
            if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Selected:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._look.colour("accent"), 2.0))
                painter.drawRect(QRectF(rect).adjusted(2, 2, -2, -2))
        painter.restore()

    def _paint_head(self, painter: QPainter, rect: QRect, row: TimelineRow) -> None:
        look, new = self._look, row.group is GroupKind.NEW
        painter.fillRect(rect, look.colour("accentbg" if new else "alt"))
        if new:
            bar = QRect(rect.x(), rect.y(), 3, rect.height())
            painter.fillRect(bar, look.colour("accent"))
        tone = "accent" if new else "muted"
        area = QRectF(rect).adjusted(DATE_X, 0, -12, 0)
        aside = look.texts.shown(row.head_aside)
        painter.setFont(look.font(Size.LABEL, Weight.MEDIUM))
        taken = painter.fontMetrics().horizontalAdvance(aside)
        painter.setPen(look.colour(tone))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, flags, aside)
        room = area.adjusted(0, 0, -taken - 8, 0)
        draw_runs(painter, look, room, (Run(row.head, Weight.SEMIBOLD, tone, Size.LABEL),))

    def _paint_row(
        self, painter: QPainter, rect: QRect, row: TimelineRow, *, selected: bool
    ) -> None:
        look = self._look
        if selected:
            painter.fillRect(rect, look.colour("accentbg"))
            bar = QRect(rect.x(), rect.y(), 3, rect.height())
            painter.fillRect(bar, look.colour("accent"))
        half = rect.height() / 2
        if row.is_older:
            bar = QRect(rect.x() + self._text_x - 8, rect.y() + 4, 2, rect.height() - 8)
            painter.fillRect(bar, look.colour("line"))
        weight = Weight.BOLD if row.unread else Weight.REGULAR
        first = QRectF(rect.x(), rect.y() + 3, rect.width(), half - 3)
        tone = "text" if row.unread else "muted"
        date = QRectF(rect.x() + DATE_X, first.y(), self._glyph_x - DATE_X, first.height())
        draw_runs(painter, look, date, (Run(row.date, weight, tone, Size.LABEL),))
        side = look.px(16)
        spot = QPoint(rect.x() + self._glyph_x, round(first.center().y() - side / 2))
        colour = look.colour("accent" if row.unread else "muted")
        look.icons.draw(painter, spot, row.glyph, colour, side)
        left = rect.x() + self._text_x
        if row.versions:
            self._paint_arrow(painter, rect, row)
        room = QRectF(left, first.y(), rect.right() - left - TEXT_PAD, first.height())
        kind = Run(row.kind + "  ", Weight.BOLD if row.unread else Weight.SEMIBOLD)
        summary = row.summary
        if row.values:
            named = look.metrics(kind.size, kind.weight).horizontalAdvance(kind.text)
            summary = whole_runs(look, summary, room.width() - named)
        used = draw_runs(painter, look, room, (kind, *summary))
        if row.struck:
            painter.setPen(QPen(look.colour("muted"), 1.2))
            y = room.center().y()
            painter.drawLine(int(left), int(y), int(left + used), int(y))
        end = self._paint_chips(painter, rect, row, half)
        second = QRectF(left, rect.y() + half - 1, end - left - 8, half - 5)
        draw_runs(painter, look, second, row.second)
        rule = QRect(left, rect.bottom(), rect.right() - left + 1, 1)
        painter.fillRect(rule, look.colour("line"))

    def _paint_arrow(self, painter: QPainter, rect: QRect, row: TimelineRow) -> None:
        """Under the glyph: older versions are folded there, or shown."""
        look, side = self._look, self._look.px(14)
        middle = rect.x() + self._glyph_x + look.px(16) / 2
        centre = QPointF(middle, rect.y() + rect.height() * 0.72)
        painter.save()
        painter.translate(centre)
        painter.rotate(0 if row.is_open else -90)
        spot = QPoint(-side // 2, -side // 2)
        look.icons.draw(painter, spot, "down_small", look.colour("accent"), side)
        painter.restore()

    def _paint_chips(self, painter: QPainter, rect: QRect, row: TimelineRow, half: float) -> float:
        """Chips from the right on the second line; returns where they begin."""
        look, x = self._look, float(rect.right() - TEXT_PAD)
        height = look.px(19)
        for chip in reversed(row.chips):
            width = chip_width(look, chip)
            x -= width
            top = rect.y() + half + (half - height) / 2 - 2
            draw_chip(painter, look, QRectF(x, top, width, height), chip)
            x -= 6
        return x
