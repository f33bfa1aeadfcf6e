"""Chips: a glyph and a word on the ground of their tone. Colour never speaks alone."""

from msgspec import Struct
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import CHIP_RADIUS, Size, Tone, Weight
from ui.widgets.text import PlainLabel

PAD = 8
GLYPH = 14
GAP = 5


class ChipState(Struct, frozen=True):
    """What a chip says. `outline`: the disagreement of the status bar."""

    word: str
    tone: Tone = Tone.NEUTRAL
    glyph: str = ""
    outline: bool = False


def chip_width(look: Look, chip: ChipState) -> int:
    """The width a chip needs, its word whole."""
    text = look.metrics(Size.LABEL, Weight.SEMIBOLD).horizontalAdvance(look.texts.shown(chip.word))
    return text + 2 * PAD + (look.px(GLYPH) + GAP if chip.glyph else 0) + 2


def draw_chip(painter: QPainter, look: Look, rect: QRectF, chip: ChipState) -> None:
    """The chip inside `rect`, which has the width of `chip_width`."""
    text, ground = look.tone(chip.tone)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if chip.outline:
        painter.setPen(QPen(text, 1.0))
        painter.setBrush(look.colour("surface"))
        inner = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        inner = rect
    radius = max(float(CHIP_RADIUS), rect.height() / 2 - 1)
    painter.drawRoundedRect(inner, radius, radius)
    x = rect.x() + PAD
    if chip.glyph:
        size = look.px(GLYPH)
        top = round(rect.center().y() - size / 2)
        look.icons.draw(painter, QPoint(round(x), top), chip.glyph, text, size)
        x += size + GAP
    painter.setFont(look.font(Size.LABEL, Weight.SEMIBOLD))
    painter.setPen(text)
    area = QRectF(x, rect.y(), rect.right() - x, rect.height())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, look.texts.shown(chip.word))


class Chip(PlainLabel):
    """A chip as a label: its accessible text is its word."""

    def __init__(
        self,
        look: Look,
        chip: ChipState,
        *,
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent=parent)
        self._chip = chip
        self._height = look.px(18 if small else 20)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_chip(chip)

    def show_chip(self, chip: ChipState) -> None:
        self._chip = chip
        self.setText(chip.word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(chip_width(self._look, self._chip), self._height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_chip(QPainter(self), self._look, QRectF(self.rect()), self._chip)


class FilterChip(QAbstractButton):
    """One of a row of filters: pressed or not, with a count."""

    def __init__(
        self,
        look: Look,
        word: str = "",
        count: int | None = None,
        *,
        checked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._count = ""
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_filter(word, count, checked=checked)

    def show_filter(self, word: str, count: int | None, *, checked: bool) -> None:
        """Show a filter in the place of another."""
        self._count = "" if count is None else self._look.formats.number(count)
        self.setText(self._look.texts.shown(word))
        self.setAccessibleName(f"{word} {self._count}".strip())
        self.setChecked(checked)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self._look.metrics(Size.LABEL, Weight.MEDIUM)
        width = metrics.horizontalAdvance(self.text()) + 20
        if self._count:
            width += metrics.horizontalAdvance(self._count) + 8
        return QSize(width, self._look.px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, on = self._look, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = look.colour("accent" if on or self.hasFocus() else "line")
        painter.setPen(QPen(edge, 2.0 if self.hasFocus() and not on else 1.0))
        painter.setBrush(look.colour("accent" if on else "surface"))
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        if on and self.hasFocus():
            painter.setPen(QPen(look.colour("on_accent"), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inner = rect.adjusted(2, 2, -2, -2)
            painter.drawRoundedRect(inner, inner.height() / 2, inner.height() / 2)
        painter.setPen(look.colour("on_accent" if on else "muted"))
        painter.setFont(look.font(Size.LABEL, Weight.BOLD if on else Weight.MEDIUM))
        text = self.text() + (f"  {self._count}" if self._count else "")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
