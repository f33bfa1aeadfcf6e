"""A list of painted lines under headings: one model and one frame of a line for every such list.

A line says by itself how it is read aloud (`words`); a heading is never chosen. Each list paints what
stands inside its lines, nothing else.
"""

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.text import Run, draw_runs

PAD = 12
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LineRole = Qt.ItemDataRole.UserRole + 1
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class Line(Protocol):
    """What a list needs to know of its lines."""

    @property
    def key(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def is_head(self) -> bool: ...


L = TypeVar("L", bound=Line)


class LineModel(QAbstractListModel, Generic[L]):
    """Replaced whole by each new state; an equal one changes nothing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[L] = ()

    @property
    def rows(self) -> Sequence[L]:
        return self._rows

    def show_rows(self, rows: Sequence[L]) -> bool:
        """False when they are the same."""
        if rows == self._rows:
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True

    def place_of(self, key: str) -> int:
        """-1 when no line has this key."""
        return next((i for i, one in enumerate(self._rows) if one.key == key), -1)

    def first(self) -> int:
        """The first line one can choose, -1 when there is none."""
        return next((i for i, one in enumerate(self._rows) if not one.is_head), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        one = self._rows[index.row()]
        if role == LineRole:
            return one
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return one.words
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self._rows[index.row()].is_head:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class LineDelegate(QStyledItemDelegate):
    """Heights at 100 %; what lies inside a line is painted by `paint_head` and `paint_line`, here in one line
    of words.
    """

    HEAD, ROW = 28, 48

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def paint_head(self, painter: QPainter, rect: QRect, line: Any) -> None:
        paint_heading(painter, self._look, rect, line.words)

    def paint_line(self, painter: QPainter, rect: QRect, line: Any, *, chosen: bool) -> None:
        if chosen:
            paint_chosen(painter, self._look, rect)
        area = QRectF(rect).adjusted(PAD, 0, -PAD, 0)
        draw_runs(painter, self._look, area, (Run(line.words),))

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        line: Line = index.data(LineRole)
        return QSize(200, self._look.px(self.HEAD if line.is_head else self.ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Line | None = index.data(LineRole)
        if line is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if line.is_head:
            self.paint_head(painter, option.rect, line)
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            self.paint_line(painter, option.rect, line, chosen=chosen)
            if chosen and option.state & QStyle.StateFlag.State_HasFocus:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._look.colour("accent"), 2.0))
                painter.drawRect(QRectF(option.rect).adjusted(2, 2, -2, -2))
        painter.restore()


def paint_heading(
    painter: QPainter, look: Look, rect: QRect, title: str, count: str = "", colour: str = "muted"
) -> None:
    """A band with the title of a group, and how many there are at the right."""
    painter.fillRect(rect, look.colour("alt"))
    painter.setFont(look.font(Size.LABEL, Weight.SEMIBOLD))
    painter.setPen(look.colour(colour))
    area = QRectF(rect).adjusted(PAD, 0, -PAD, 0)
    painter.drawText(area, _LEFT, look.texts.shown(title))
    painter.drawText(area, _RIGHT, count)


def paint_chosen(painter: QPainter, look: Look, rect: QRect) -> None:
    """The ground and the bar of the chosen line."""
    painter.fillRect(rect, look.colour("accentbg"))
    painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), look.colour("accent"))
