"""One segment of a row of answers that stand side by side."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Weight


class Segment(QAbstractButton):
    """A checkable answer; `first` and `last` round their outer corners."""

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        first: bool = False,
        last: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._first, self._last = look, first, last
        self.setText(look.texts.shown(text))
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        look = self._look
        width = look.metrics(Size.BODY, Weight.SEMIBOLD).horizontalAdvance(self.text()) + 24
        return QSize(max(width, 56), look.px(32))

    def _shape(self) -> QPainterPath:
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, 0.5 if not self._last else -0.5, -0.5)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        radius = INPUT_RADIUS if self._first or self._last else 0
        path.addRoundedRect(rect, radius, radius)
        if not self._first:
            path.addRect(QRectF(rect.left(), rect.top(), 8, rect.height()))
        if not self._last:
            path.addRect(QRectF(rect.right() - 8, rect.top(), 8, rect.height()))
        return path.simplified()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, on = self._look, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("accent" if on else "edge"), 1.0))
        painter.setBrush(look.colour("accentbg" if on else "surface"))
        painter.drawPath(self._shape())
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(3, 3, -3, -3))
        painter.setPen(look.colour("accent" if on else "text"))
        painter.setFont(look.font(Size.BODY, Weight.SEMIBOLD if on else Weight.MEDIUM))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
