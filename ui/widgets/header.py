"""The head of screens that speak of several patients: no banner there (PAB-0015)."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Weight
from ui.widgets.button import draw_key
from ui.widgets.card import Ground
from ui.widgets.text import PlainLabel


class BoxButton(QAbstractButton):
    """A wide button drawn as a search box or as the chip of the open record, its key inside."""

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        glyph: str,
        key: str,
        filled: bool = False,
        width: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        key = look.key(key)
        self._look, self._glyph, self._key = look, glyph, look.texts.shown(key)
        self._filled, self._width = filled, width
        self.setAccessibleDescription(key)
        self.set_text(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        self.setText(self._look.texts.shown(text))
        self.setAccessibleName(text)
        self.updateGeometry()

    def _font_weight(self) -> Weight:
        return Weight.SEMIBOLD if self._filled else Weight.REGULAR

    def _key_width(self) -> int:
        return self._look.metrics(Size.CAPTION, Weight.MEDIUM).horizontalAdvance(self._key) + 12

    def _natural(self) -> int:
        text = self._look.metrics(Size.LABEL, self._font_weight()).horizontalAdvance(self.text())
        return 12 + self._look.px(16) + 8 + text + 16 + self._key_width() + 8

    def sizeHint(self) -> QSize:
        return QSize(max(self._natural(), self._width), self._look.px(32))

    def minimumSizeHint(self) -> QSize:
        """Its words whole: they name a patient."""
        return QSize(self._natural(), self._look.px(32))

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = look.colour("accent" if self.hasFocus() else "edge")
        painter.setPen(
            Qt.PenStyle.NoPen if self._filled and not self.hasFocus() else QPen(edge, 1.0)
        )
        painter.setBrush(look.colour("accentbg" if self._filled else "surface"))
        painter.drawRoundedRect(rect, INPUT_RADIUS, INPUT_RADIUS)
        colour = look.colour("accent" if self._filled else "muted")
        side = look.px(16)
        spot = QRectF(12, (self.height() - side) / 2, side, side).toRect().topLeft()
        look.icons.draw(painter, spot, self._glyph, colour, side)
        painter.setPen(colour)
        painter.setFont(look.font(Size.LABEL, self._font_weight()))
        left = 12 + side + 8
        room = QRectF(left, 0, self.width() - left - self._key_width() - 16, self.height())
        text = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, int(room.width())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        height = look.px(18)
        cap = QRectF(
            self.width() - self._key_width() - 8,
            (self.height() - height) / 2,
            self._key_width(),
            height,
        )
        draw_key(painter, look, cap, self._key)


class Header(Ground):
    """Title, what it speaks of, the chip of the open record, and the search box."""

    search_asked = Signal()
    record_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "surface", "bottom", parent)
        self.setFixedHeight(max(56, look.px(52)))
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 0, 16, 0)
        line.setSpacing(16)
        name = PlainLabel(
            look, "Colloque", size=Size.EMPHASIS, weight=Weight.SEMIBOLD, colour="accent"
        )
        name.setFixedWidth(max(64, name.sizeHint().width()))
        line.addWidget(name)
        name.setHidden(look.roomy)
        self._title = PlainLabel(look, size=Size.NAME, weight=Weight.BOLD)
        line.addWidget(self._title)
        self._about = PlainLabel(look, size=Size.EMPHASIS, colour="muted")
        line.addWidget(self._about)
        line.addStretch(1)
        self._record = BoxButton(look, "", glyph="record", key="F6", filled=True)
        self._record.clicked.connect(self._record_clicked)
        line.addWidget(self._record)
        sought = look.tr("Patient, document, action")
        words = look.tr("Search") if look.roomy else sought
        box = BoxButton(look, words, glyph="search", key="Ctrl+K", width=288)
        box.setAccessibleName(sought)
        box.clicked.connect(self._search_clicked)
        line.addWidget(box)
        self._look_again = look

    @Slot()
    def _record_clicked(self) -> None:
        self.record_asked.emit()

    @Slot()
    def _search_clicked(self) -> None:
        self.search_asked.emit()

    def show_head(self, title: str, about: str = "", record: str = "") -> None:
        """`record`: name and birth date of the open record, for the chip that goes back to it."""
        self._title.setText(title)
        self._about.setText(about)
        self._about.setVisible(bool(about) and not self._look_again.roomy)
        self._record.setVisible(bool(record))
        said = self._look_again.tr("Open record: {record}", record=record)
        self._record.set_text(record if self._look_again.scale > 100 else said)
        self._record.setAccessibleName(said)
