"""What lies above a screen: the veil, the undo toast, and the words of an empty list."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Ground, column, parent_of, row
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel

UNDO_MS = 10_000


class OverlayVeil(QWidget):
    """Dims what is behind and holds one panel; a click beside it or Escape closes it.

    It covers only the area it is given: banner and status bar stay bright, so that one still sees
    whose record is open.
    """

    closed = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._panel: QWidget | None = None
        self.hide()
        parent.installEventFilter(self)

    @property
    def panel(self) -> QWidget | None:
        """What lies above the screen, None while nothing does."""
        return self._panel if self.isVisible() else None

    def open_panel(self, panel: QWidget) -> None:
        """Show `panel` above the veil; the caller places it."""
        self._panel = panel
        self.setGeometry(parent_of(self).rect())
        self.show()
        self.raise_()
        panel.show()
        panel.raise_()

    def close_panel(self) -> None:
        if self._panel is not None:
            self._panel.hide()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(parent_of(self).rect())
        return super().eventFilter(watched, event)

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(8, 20, 30, 150 if self._look.dark else 105))


class ToastUndo(Ground):
    """Ten seconds to take the last act back, by pointer or by Ctrl+Z. A band above the status bar: it takes
    its room from the screen and lies over nothing of a record.
    """

    spoken_role = Role.Notification

    undone = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "accentbg", "top", parent)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("info", look.colour("accent"), look.px(16)))
        self._words = PlainLabel(look, weight=Weight.SEMIBOLD, colour="text", wrap=True)
        self._undo = Button(look, look.tr("Undo"), key="Ctrl+Z")
        self._undo.clicked.connect(self._undo_clicked)
        line = row(mark, spacing=12, margins=(16, 6, 16, 6))
        line.addWidget(self._words, 1)
        line.addWidget(self._undo)
        self.setLayout(line)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UNDO_MS)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    def show_sentence(self, sentence: str, *, undoable: bool = True) -> None:
        self._words.setText(sentence)
        self._undo.setVisible(undoable)
        self.setAccessibleName(sentence)
        self.show()
        self._timer.start()

    @Slot()
    def _undo_clicked(self) -> None:
        self.dismiss()
        self.undone.emit()

    @Slot()
    def dismiss(self) -> None:
        self._timer.stop()
        self.hide()


class EmptyState(QWidget):
    """Why a list is empty, in words (HZ-17), and what can be done."""

    spoken_role = Role.Grouping

    asked = Signal()

    def __init__(
        self,
        look: Look,
        title: str,
        sentence: str = "",
        *,
        glyph: str = "info",
        action: str = "",
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        stack = column(8, (24, 24, 24, 24))
        stack.addStretch(2)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap(glyph, look.colour("muted"), 32))
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        stack.addWidget(mark)
        head = PlainLabel(look, title, size=Size.SECTION, weight=Weight.SEMIBOLD, wrap=True)
        head.setAlignment(Qt.AlignmentFlag.AlignCenter)
        stack.addWidget(head)
        if sentence:
            below = PlainLabel(look, sentence, colour="muted", wrap=True)
            below.setAlignment(Qt.AlignmentFlag.AlignCenter)
            stack.addWidget(below)
        if action:
            button = Button(look, action, kind=Kind.PRIMARY, key=key)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.clicked.connect(self._clicked)
            stack.addSpacing(4)
            stack.addLayout(row(1, button, 1))
        stack.addStretch(3)
        self.setLayout(stack)

    @Slot()
    def _clicked(self) -> None:
        self.asked.emit()
