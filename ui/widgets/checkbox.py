"""A box to tick, with a sentence."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight

BOX = 20


class CheckBox(QAbstractButton):
    """Space ticks; the sentence wraps."""

    def __init__(
        self, look: Look, text: str, *, checked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setText(look.texts.shown(text))
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _text_height(self, width: int) -> int:
        metrics = self._look.metrics(Size.BODY, Weight.MEDIUM)
        box = metrics.boundingRect(
            0, 0, max(40, width), 4000, Qt.TextFlag.TextWordWrap, self.text()
        )
        return box.height()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(28, self._text_height(width - BOX - 16) + 8)

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        box = QRectF(2, 4, BOX, BOX)
        painter.setPen(QPen(look.colour("accent" if on or self.hasFocus() else "edge"), 1.5))
        painter.setBrush(look.colour("accent" if on else "surface"))
        painter.drawRoundedRect(box, 3, 3)
        if on:
            look.icons.draw(painter, QPoint(4, 6), "check", look.colour("on_accent"), 16)
        painter.setFont(look.font(Size.BODY, Weight.MEDIUM))
        painter.setPen(look.colour("text"))
        room = QRectF(BOX + 12, 4, self.width() - BOX - 14, self.height() - 6)
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap), self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.colour("accent"), 2.0))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
