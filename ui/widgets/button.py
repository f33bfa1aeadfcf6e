"""Buttons with the key that does the same written inside."""

from enum import StrEnum

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Weight
from ui.widgets.roles import Role

PAD = 12
GAP = 8


class Kind(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    LINK = "link"
    BARE = "bare"
    """A glyph alone; its name is for the screen reader and the tooltip."""


class Button(QAbstractButton):
    """32 px high, 40 where `tall`; primary, secondary, link or bare glyph."""

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        kind: Kind = Kind.SECONDARY,
        key: str = "",
        glyph: str = "",
        tall: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._kind = kind
        key = look.key(key)
        self._key = look.texts.shown(key)
        self._glyph = glyph
        self._height = {True: 40, False: 32}[tall] if kind is not Kind.LINK else 24
        self.setText(look.texts.shown(text))
        self.setAccessibleName(text)
        if key:
            self.setAccessibleDescription(look.tr("Key: {key}", key=key))
        if kind is Kind.BARE:
            self.setToolTip(look.texts.shown(text))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        self.setText(self._look.texts.shown(text))
        self.setAccessibleName(text)
        self.updateGeometry()

    def _weight(self) -> Weight:
        return Weight.SEMIBOLD if self._kind in {Kind.PRIMARY, Kind.LINK} else Weight.MEDIUM

    def sizeHint(self) -> QSize:
        look = self._look
        if self._kind is Kind.BARE:
            side = max(24, look.px(24))
            return QSize(side, side)
        width = look.metrics(Size.BODY, self._weight()).horizontalAdvance(self.text())
        if self._glyph:
            width += look.px(16) + GAP
        if self._key:
            width += look.metrics(Size.CAPTION, Weight.MEDIUM).horizontalAdvance(self._key) + 16
        width += 8 if self._kind is Kind.LINK else 2 * PAD
        return QSize(width, look.px(self._height))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _colours(self) -> tuple[QColor, QColor, QColor]:
        """(text, ground, edge)."""
        look = self._look
        if self._kind in {Kind.LINK, Kind.BARE}:
            text = look.colour("accent" if self._kind is Kind.LINK else "muted")
            if not self.isEnabled():
                text = look.colour("muted")
            ground = look.colour("accentbg") if self.underMouse() else QColor(0, 0, 0, 0)
            return text, ground, QColor(0, 0, 0, 0)
        if not self.isEnabled():
            return look.colour("muted"), look.colour("alt"), look.colour("line")
        if self._kind is Kind.PRIMARY:
            accent = look.colour("accent")
            ground = accent.darker(112) if self.isDown() else accent
            return look.colour("on_accent"), ground, ground
        ground = look.colour("accentbg" if self.isDown() or self.underMouse() else "surface")
        return look.colour("text"), ground, look.colour("edge")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text, ground, edge = self._colours()
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(edge, 1.0) if edge.alpha() else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(rect, INPUT_RADIUS, INPUT_RADIUS)
        self._paint_content(painter, text)
        if self.hasFocus():
            ring = "on_accent" if self._kind is Kind.PRIMARY else "accent"
            painter.setPen(QPen(self._look.colour(ring), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(2.5, 2.5, -2.5, -2.5), 2, 2)

    def _paint_content(self, painter: QPainter, colour: QColor) -> None:
        look, side = self._look, self._look.px(16)
        if self._kind is Kind.BARE:
            at = QPoint((self.width() - side) // 2, (self.height() - side) // 2)
            look.icons.draw(painter, at, self._glyph, colour, side)
            return
        small = look.metrics(Size.CAPTION, Weight.MEDIUM)
        key_width = small.horizontalAdvance(self._key) + 16 if self._key else 0
        font = look.font(Size.BODY, self._weight())
        painter.setFont(font)
        text_width = painter.fontMetrics().horizontalAdvance(self.text())
        content = text_width + (side + GAP if self._glyph else 0)
        room = self.width() - key_width
        x = 4 if self._kind is Kind.LINK else max(PAD, (room - content) // 2)
        if self._key and self.width() > self.sizeHint().width() + 40:
            x = (self.width() - content) // 2
        if self._glyph:
            at = QPoint(x, (self.height() - side) // 2)
            look.icons.draw(painter, at, self._glyph, colour, side)
            x += side + GAP
        painter.setPen(colour)
        area = QRect(x, 0, self.width() - x, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())
        if self._key:
            painter.setFont(look.font(Size.CAPTION, Weight.MEDIUM))
            right = QRect(0, 0, self.width() - PAD, self.height())
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(right, flags, self._key)


class KeyCap(QWidget):
    """The name of a key in a small frame, for a hint beside a sentence."""

    spoken_role = Role.StaticText

    def __init__(self, look: Look, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._key = look.texts.shown(key)
        self.setAccessibleName(key)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self._look.metrics(Size.CAPTION, Weight.MEDIUM)
        return QSize(metrics.horizontalAdvance(self._key) + 10, self._look.px(18))

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_key(QPainter(self), self._look, QRectF(self.rect()), self._key)


def draw_key(painter: QPainter, look: Look, rect: QRectF, key: str) -> None:
    """A key cap inside `rect`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.colour("line"), 1.0))
    painter.setBrush(look.colour("surface"))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setPen(look.colour("muted"))
    painter.setFont(look.font(Size.CAPTION, Weight.MEDIUM))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, key)
