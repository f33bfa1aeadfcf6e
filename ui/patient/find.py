"""Words sought inside what the side panel shows: one match after the other, chosen in the text itself."""

from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QScrollArea, QWidget

from practitioner_app.services.search import spans
from ui.patient.paper import SELECTABLE
from ui.theme.look import Look
from ui.theme.tokens import Size
from ui.widgets.card import row
from ui.widgets.text import PlainLabel


class _Match(NamedTuple):
    label: PlainLabel
    start: int
    length: int


class FindBar(QWidget):
    """Enter goes to the next match, Shift+Enter to the one before; Escape closes."""

    closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._content: QScrollArea | None = None
        self._matches: list[_Match] = []
        self._place = -1
        self.edit = QLineEdit()
        self.edit.setFont(look.font())
        self.edit.setPlaceholderText(look.texts.shown(look.tr("Find in the document")))
        self.edit.setAccessibleName(look.tr("Find in the document"))
        self.edit.textChanged.connect(self._sought)
        self.edit.installEventFilter(self)
        self._where = PlainLabel(look, size=Size.LABEL, colour="muted")
        line = row(spacing=8, margins=(12, 8, 12, 8))
        line.addWidget(self.edit, 1)
        line.addWidget(self._where)
        self.setLayout(line)

    def begin(self, content: QScrollArea) -> None:
        """Seek in the texts of this content."""
        self._content = content
        self.show()
        self.edit.setFocus()
        self.edit.selectAll()
        self._sought(self.edit.text())

    @property
    def count(self) -> int:
        return len(self._matches)

    def _sought(self, words: str) -> None:
        self._unmark()
        self._matches, self._place = [], -1
        inner = self._content.widget() if self._content is not None else None
        labels = inner.findChildren(PlainLabel) if inner is not None else []
        for label in labels:
            if label.textInteractionFlags() & SELECTABLE:
                found = spans(label.text(), words)
                self._matches += [_Match(label, start, end - start) for start, end in found]
        self._step(1)

    def _step(self, by: int) -> None:
        self._unmark()
        count, tr = len(self._matches), self._look.tr
        if not count:
            self._where.setText(tr("not found") if self.edit.text().strip() else "")
            return
        self._place = (self._place + by) % count
        match = self._matches[self._place]
        match.label.setSelection(match.start, match.length)
        if self._content is not None:
            self._content.ensureWidgetVisible(match.label, 0, 40)
        told = tr("{place} of {count}", place=self._place + 1, count=count)
        self._where.setText(told)
        self.edit.setAccessibleDescription(f"{told}: {match.label.text()}")

    def _unmark(self) -> None:
        for match in self._matches:
            match.label.setSelection(0, 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._unmark()
                self.hide()
                self.closed.emit()
                return True
        return super().eventFilter(watched, event)
