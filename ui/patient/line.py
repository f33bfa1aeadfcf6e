"""One line of the summary: a single widget that paints its parts, kept from one patient to the next.

Glyph, caption in its own column, text that wraps, chips and an aside at the right. The screen reader is
told the whole line in one sentence. `show_line(None)` leaves nothing of what stood there (HZ-01).
"""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.patient.state import Ref, SummaryLine
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.chip import chip_width, draw_chip
from ui.widgets.text import NARROWEST, Paragraph, Run, draw_runs

PAD, GAP, EDGE = 12, 8, 1
GLYPH, CHIP = 16, 18
LEAST = 24
"""A line is also what one clicks on (WCAG 2.2, 2.5.8)."""


class LineButton(QAbstractButton):
    """A line one can open: hover and focus are drawn, the content stands inside."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.paint_ground(QPainter(self))

    def paint_ground(self, painter: QPainter) -> None:
        """Hover and focus."""
        if not self.underMouse() and not self.hasFocus():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 0.5, -1, -0.5)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.colour("alt"))
            painter.drawRoundedRect(rect, 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(self._look.colour("accent"), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)


class LineWidget(LineButton):
    """One summary line."""

    opened = Signal(Ref)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._line: SummaryLine | None = None
        self._caption_room = 0
        self._caption = self._text = self._aside = Paragraph(look, ())
        self._chips: tuple[int, ...] = ()
        self.clicked.connect(self._open)

    @property
    def ref(self) -> Ref | None:
        """The resource this line opens."""
        return self._line.ref if self._line is not None else None

    def show_line(self, line: SummaryLine | None, caption_width: int = 0) -> None:
        """Show a line in the place of another, or nothing at all."""
        look = self._look
        room = look.px(caption_width)
        if line == self._line and room == self._caption_room:
            return
        self._line, self._caption_room = line, room
        self._caption = self._text = self._aside = Paragraph(look, ())
        self._chips = ()
        if line is not None:
            self._lay_out(line)
        self.setAccessibleName(line.words if line else "")
        self.setEnabled(line is not None and line.ref is not None)
        self.updateGeometry()
        self.update()

    def _lay_out(self, line: SummaryLine) -> None:
        look = self._look
        if line.caption:
            named = line.caption_tone != "muted"
            weight = Weight.SEMIBOLD if named else Weight.REGULAR
            size = Size.BODY if named else Size.LABEL
            caption = Run(line.caption, weight, line.caption_tone, size)
            self._caption = Paragraph(look, (caption,), wrap=True)
        runs = line.runs
        if line.aside and line.caption and look.roomy:
            runs = (*runs, Run(f", {line.aside}", Weight.REGULAR, "muted", Size.LABEL))
        elif line.aside:
            aside = Run(line.aside, Weight.REGULAR, "muted", Size.LABEL)
            self._aside = Paragraph(look, (aside,))
        self._text = Paragraph(look, runs, wrap=True)
        self._chips = tuple(chip_width(look, chip) for chip in line.chips)

    @Slot()
    def _open(self) -> None:
        if self.ref is not None:
            self.opened.emit(self.ref)

    # -- geometry -------------------------------------------------------------

    def _beside(self) -> int:
        """The width of everything but the text."""
        line, used = self._line, 2 * PAD
        if line is None:
            return used
        if line.glyph:
            used += self._look.px(GLYPH) + GAP
        if self._caption.runs:
            used += self._caption_room + GAP
        used += sum(width + GAP for width in self._chips)
        if self._aside.runs:
            used += self._aside.hint().width() + GAP
        return used

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(LEAST, self._content_height(width) + 2 * EDGE) if self._line else 2 * EDGE

    def _content_height(self, width: int) -> int:
        line, look = self._line, self._look
        if line is None:
            return 0
        heights = [self._text.height(max(1, width - self._beside()))]
        heights.append(self._caption.height(self._caption_room))
        heights.append(self._aside.hint().height())
        if line.glyph:
            heights.append(look.px(GLYPH) + 2)
        if self._chips:
            heights.append(look.px(CHIP))
        return max(heights)

    def sizeHint(self) -> QSize:
        width = self._beside() + self._text.hint().width()
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        width = self._beside() + min(NARROWEST, self._text.hint().width())
        return QSize(width, self.sizeHint().height())

    # -- paint ----------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_ground(painter)
        line, look = self._line, self._look
        if line is None:
            return
        x = PAD
        y = EDGE + max(0, LEAST - 2 * EDGE - self._content_height(self.width())) // 2
        if line.glyph:
            side = look.px(GLYPH)
            colour = look.colour(line.caption_tone)
            look.icons.draw(painter, QPoint(x, y + 1), line.glyph, colour, side)
            x += side + GAP
        if self._caption.runs:
            self._caption.draw(painter, QPointF(x, y), self._caption_room)
            x += self._caption_room + GAP
        room = max(1, self.width() - self._beside())
        self._text.draw(painter, QPointF(x, y), room)
        x += room + GAP
        for chip, width in zip(line.chips, self._chips, strict=True):
            draw_chip(painter, look, QRectF(x, y, width, look.px(CHIP)), chip)
            x += width + GAP
        if self._aside.runs:
            size = self._aside.hint()
            area = QRectF(QRect(x, y, size.width(), size.height()))
            draw_runs(painter, look, area, self._aside.runs)
