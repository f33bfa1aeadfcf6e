"""A document as text on a page that stays white in the dark: letterhead, sender, day, object, words."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui.patient.state import PaperState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Ground, column
from ui.widgets.text import PlainLabel

SELECTABLE = (
    Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
)


MakePages = Callable[[Look, bytes, str], QWidget | None]
"""Shows a PDF from memory, by its octets and its title; None where it cannot."""


class Paper(QWidget):
    """Its words can be selected, and are found by `Find`."""

    def __init__(self, look: Look, state: PaperState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(look.tr("Text of the document"))
        stack = column(8, (40, 32, 40, 24))
        if state.heading:
            stack.addWidget(self._ink(state.heading, size=Size.EMPHASIS, weight=Weight.BOLD))
        if state.place:
            stack.addWidget(self._ink(state.place, size=Size.LABEL))
        if state.sender:
            stack.addWidget(self._ink(state.sender, weight=Weight.SEMIBOLD))
        rule = Ground(look, "ink")
        rule.setFixedHeight(1)
        stack.addWidget(rule)
        if state.day:
            day = self._ink(state.day, size=Size.LABEL)
            day.setAlignment(Qt.AlignmentFlag.AlignRight)
            stack.addWidget(day)
        stack.addSpacing(4)
        object_ = " — ".join(part for part in (state.title, state.about) if part)
        stack.addWidget(self._ink(object_, weight=Weight.SEMIBOLD))
        stack.addSpacing(4)
        for line in state.lines:
            stack.addWidget(self._ink(line))
        stack.addStretch(1)
        if state.foot:
            stack.addSpacing(16)
            foot = self._ink(state.foot, size=Size.CAPTION)
            foot.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            stack.addWidget(foot)
        self.setLayout(stack)
        self.setMinimumHeight(560)

    def _ink(self, text: str, *, size: int = Size.BODY, weight: int = Weight.REGULAR) -> PlainLabel:
        label = PlainLabel(self._look, text, size=size, weight=weight, wrap=True)
        label.set_ink()
        label.setTextInteractionFlags(SELECTABLE)
        return label

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self._look.colour("line"), 1.0))
        painter.setBrush(self._look.colour("paper"))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
