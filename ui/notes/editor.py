"""One part of a note: plain text that grows with what is typed; Tab goes to the next field of a template."""

from math import ceil

from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ui.notes.stops import next_stop
from ui.theme.look import Look
from ui.theme.tokens import Size
from ui.widgets.form import Field

MARGIN = 24
"""Border, padding and the margins of the document, above and below."""


class NoteEdit(QPlainTextEdit):
    """As high as its text, never scrolling by itself."""

    submitted = Signal()
    left = Signal()
    """Tab, with no field of a template behind the cursor."""
    moved = Signal(QRect)

    def __init__(self, look: Look, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = look.metrics(Size.EMPHASIS).lineSpacing()
        self._lines = lines
        self.setFont(look.font(Size.EMPHASIS))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)
        self.cursorPositionChanged.connect(self._tell)
        self._grow()

    @Slot()
    def _grow(self) -> None:
        lines = max(self._lines, round(self.document().size().height()))
        first = self.document().firstBlock()
        drawn = self.blockBoundingRect(first).height() / max(1, first.lineCount())
        height = lines * max(self._line, ceil(drawn)) + MARGIN
        if height != self.height():
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A cursor that was followed before there was room for its line left the first one out of sight."""
        super().resizeEvent(event)
        self.verticalScrollBar().setValue(0)

    @Slot()
    def _tell(self) -> None:
        self.moved.emit(self.cursorRect())

    def go_to_stop(self, *, first: bool = False) -> bool:
        """Select the next field of a template; False when none is left behind the cursor."""
        cursor = self.textCursor()
        found = next_stop(self.toPlainText(), 0 if first else cursor.selectionEnd())
        if found is None:
            return False
        cursor.setPosition(found[0])
        cursor.setPosition(found[1], QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Tab and not event.modifiers():
            if not self.go_to_stop():
                self.left.emit()
        elif event.key() == Qt.Key.Key_Backtab:
            self.focusPreviousChild()
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


class NoteField(Field):
    """A heading and what is written under it."""

    def __init__(self, look: Look, label: str, *, lines: int) -> None:
        self.edit = NoteEdit(look, lines)
        super().__init__(look, label, self.edit)
        self.edit.textChanged.connect(self._edited)

    @Slot()
    def _edited(self) -> None:
        self.changed.emit()

    def value(self) -> str:
        return self.edit.toPlainText()

    def set_value(self, text: str) -> None:
        """The same text again leaves the cursor where it is; another one can be undone."""
        if text == self.edit.toPlainText():
            return
        cursor = QTextCursor(self.edit.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
