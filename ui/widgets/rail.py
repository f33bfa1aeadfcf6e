"""The rail at the left: what can be opened, by pointer and by Alt + its number."""

from msgspec import Struct
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Weight
from ui.widgets.card import Ground
from ui.widgets.roles import Role

WIDE, NARROW = 80, 56
ITEM_HEIGHT = 56
PITCH = 8


class RailItem(Struct, frozen=True):
    """`key` names the place; `shortcut` is shown in the tooltip."""

    key: str
    label: str
    glyph: str
    shortcut: str = ""


class RailButton(QAbstractButton):
    """An icon over a word, with a badge; icon alone on a narrow rail, its word in the tooltip."""

    def __init__(
        self, look: Look, item: RailItem, *, narrow: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._item = item
        self._narrow = narrow
        self._badge = 0
        self.setText(look.texts.shown(item.label))
        self.setAccessibleName(item.label)
        self.setToolTip(f"{self.text()}  {look.key(item.shortcut)}".strip())
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def key(self) -> str:
        return self._item.key

    def set_badge(self, count: int) -> None:
        self._badge = count
        name = self._item.label
        self.setAccessibleName(f"{name}, {count}" if count else name)
        self.update()

    def sizeHint(self) -> QSize:
        width = NARROW if self._narrow else WIDE
        height = 48 if self._narrow else max(ITEM_HEIGHT, self._look.px(ITEM_HEIGHT - 6))
        return QSize(width, height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(8, 0, self.width() - 16, self.height())
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accentbg"))
            painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)
            painter.fillRect(QRect(0, 4, 3, self.height() - 8), look.colour("accent"))
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("alt"))
            painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)
        colour = look.colour("accent" if self.isChecked() else "muted")
        side = 20
        label_height = 0 if self._narrow else look.metrics(Size.CAPTION).height() + 4
        top = (self.height() - side - label_height) // 2
        look.icons.draw(
            painter, QPoint((self.width() - side) // 2, top), self._item.glyph, colour, side
        )
        if not self._narrow:
            weight = Weight.SEMIBOLD if self.isChecked() else Weight.MEDIUM
            painter.setFont(look.font(Size.CAPTION, weight))
            painter.setPen(colour)
            area = QRect(0, top + side + 4, self.width(), label_height)
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter, self.text())
        if self._badge:
            self._paint_badge(painter)
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), CARD_RADIUS, CARD_RADIUS)

    def _paint_badge(self, painter: QPainter) -> None:
        look, words = self._look, str(self._badge)
        font = look.font(Size.CAPTION, Weight.BOLD)
        painter.setFont(font)
        width = max(16, painter.fontMetrics().horizontalAdvance(words) + 9)
        high = max(16, painter.fontMetrics().height())
        rect = QRectF(min(self.width() / 2 + 5, self.width() - width - 2), 2, width, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("accent"))
        painter.drawRoundedRect(rect, high / 2, high / 2)
        painter.setPen(look.colour("on_accent"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)


class NavRail(Ground):
    """Emits the key of the place asked for; shows which one is open."""

    spoken_role = Role.ToolBar

    asked = Signal(str)

    def __init__(
        self,
        look: Look,
        items: tuple[RailItem, ...],
        *,
        narrow: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, "surface", "right", parent)
        self.setFixedWidth(NARROW if narrow else max(WIDE, look.px(68)))
        self.setAccessibleName(look.tr("Navigation"))
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(0, 8, 1, 8)
        stack.setSpacing(PITCH)
        for item in items:
            button = RailButton(look, item, narrow=narrow)
            self._buttons[item.key] = button
            self._group.addButton(button)
            stack.addWidget(button)
        stack.addStretch(1)
        help_item = RailItem("help", "F1" if narrow else look.tr("F1 Help"), "info")
        self._help = _HelpButton(look, help_item.label)
        stack.addWidget(self._help)
        self._help.clicked.connect(self._help_clicked)
        self._group.buttonClicked.connect(self._clicked)

    @Slot()
    def _help_clicked(self) -> None:
        self.asked.emit("help")

    @Slot(QAbstractButton)
    def _clicked(self, button: RailButton) -> None:
        self.asked.emit(button.key)

    def show_place(self, key: str) -> None:
        """Mark the open place; none when the key is not on the rail."""
        button = self._buttons.get(key)
        if button is not None:
            button.setChecked(True)
            return
        self._group.setExclusive(False)
        for other in self._buttons.values():
            other.setChecked(False)
        self._group.setExclusive(True)

    def set_badge(self, key: str, count: int) -> None:
        if key in self._buttons:
            self._buttons[key].set_badge(count)


class _HelpButton(QAbstractButton):
    def __init__(self, look: Look, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setText(look.texts.shown(label))
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return QSize(48, self._look.px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._look.font(Size.CAPTION, Weight.MEDIUM))
        painter.setPen(self._look.colour("accent" if self.hasFocus() else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
