"""Cards, separators and the small layouts every screen repeats."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Weight
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel

PAD = 12


def row(
    *widgets: QWidget | int, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QHBoxLayout:
    """A line of widgets; an integer is a stretch."""
    line = QHBoxLayout()
    line.setContentsMargins(*margins)
    line.setSpacing(spacing)
    for item in widgets:
        if isinstance(item, int):
            line.addStretch(item)
        else:
            line.addWidget(item)
    return line


def column(spacing: int = 0, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QVBoxLayout:
    stack = QVBoxLayout()
    stack.setContentsMargins(*margins)
    stack.setSpacing(spacing)
    return stack


def empty_out(layout: QLayout) -> None:
    """Remove every widget and inner layout, now hidden and soon deleted."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            return
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            empty_out(inner)


@contextmanager
def unseen(box: QWidget) -> Iterator[None]:
    """Change many children of a box at once. Each child shown in sight makes Qt lay out every ancestor
    there and then; out of sight it happens once. A box that holds the focus stays in sight, to keep it.
    """
    focus = QApplication.focusWidget()
    if box.isHidden() or (focus is not None and box.isAncestorOf(focus)):
        yield
        return
    box.hide()
    try:
        yield
    finally:
        box.show()


class Ground(QWidget):
    """A flat area in one token of the theme, with an optional hairline at one side."""

    def __init__(
        self, look: Look, token: str, line: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._token = token
        self._line = line

    def set_token(self, token: str) -> None:
        self._token = token
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour(self._token))
        painter.setPen(self._look.colour("line"))
        if self._line == "bottom":
            painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        elif self._line == "top":
            painter.drawLine(0, 0, self.width(), 0)
        elif self._line == "right":
            painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())


def parent_of(widget: QWidget) -> QWidget:
    """The parent of a widget that was given one at birth."""
    parent = widget.parentWidget()
    assert parent is not None
    return parent


def layout_of(widget: QWidget) -> QLayout:
    """The layout of a widget that was given one at birth."""
    layout = widget.layout()
    assert layout is not None
    return layout


class Rule(QFrame):
    """A hairline separator."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self._look.colour("line"))


class Card(QWidget):
    """A surface with a rounded hairline. `body` receives the content."""

    spoken_role = Role.Grouping

    def __init__(
        self,
        look: Look,
        title: str = "",
        *,
        count: str = "",
        aside: str = "",
        edge: str = "line",
        ground: str = "surface",
        pad: int = PAD,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._edge = edge
        self._ground = ground
        self.body = column(0, (pad, 8 if title else pad, pad, 10 if title else pad))
        self.setLayout(self.body)
        if title:
            self.setAccessibleName(title)
            self.body.addLayout(self._head(title, count, aside))
            self.body.addSpacing(4)

    def _head(self, title: str, count: str, aside: str) -> QHBoxLayout:
        head = row(PlainLabel(self._look, title, weight=Weight.BOLD), spacing=8)
        if count:
            head.addWidget(PlainLabel(self._look, count, colour="muted"))
        head.addStretch(1)
        if aside:
            head.addWidget(PlainLabel(self._look, aside, size=Size.LABEL, colour="muted"))
        return head

    def set_edge(self, edge: str, ground: str) -> None:
        self._edge, self._ground = edge, ground
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.colour(self._edge), 1.0))
        painter.setBrush(self._look.colour(self._ground))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)


class Scroll(QScrollArea):
    """A vertical scroll without frame whose content keeps the width of the view."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
