"""A bar of exact progress; its figures are words beside it, never the bar alone."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.look import Look
from ui.widgets.roles import Role


class ProgressBar(QWidget):
    spoken_role = Role.ProgressBar

    def __init__(
        self,
        look: Look,
        ratio: float,
        words: str,
        *,
        thin: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._ratio = min(max(ratio, 0.0), 1.0)
        self.setFixedHeight(6 if thin else 12)
        self.setAccessibleName(words)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_ratio(self, ratio: float, words: str) -> None:
        """The same bar, further on."""
        self._ratio = min(max(ratio, 0.0), 1.0)
        self.setAccessibleName(words)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = min(rect.height() / 2, 4)
        painter.setPen(QPen(look.colour("line"), 1.0))
        painter.setBrush(look.colour("alt"))
        painter.drawRoundedRect(rect, radius, radius)
        if self._ratio > 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accent"))
            done = QRectF(self.rect())
            done.setWidth(max(done.height(), done.width() * self._ratio))
            painter.drawRoundedRect(done, radius, radius)
