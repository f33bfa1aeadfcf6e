"""A list walked by the arrows, J and K; what cannot be chosen (the head of a group) is stepped over."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QListView

_STEPS = {Qt.Key.Key_J: 1, Qt.Key.Key_K: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class StepList(QListView):
    """The chosen line shows where the focus is; while none is chosen, the list does."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus() and not self.selectedIndexes():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Link), 2.0))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and not event.modifiers():
            self.step(step)
            return
        super().keyPressEvent(event)

    def step(self, by: int) -> None:
        """To the next line that can be chosen; at either end nothing moves."""
        model, place = self.model(), self.currentIndex().row() + by
        while 0 <= place < model.rowCount():
            index = model.index(place, 0)
            if model.flags(index) & Qt.ItemFlag.ItemIsSelectable:
                self.setCurrentIndex(index)
                return
            place += by
