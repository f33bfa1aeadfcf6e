"""The pieces of the first start that only show: steps, intended use, facts, code, the server."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.sign_in.state import StartState, StepLine, StepMark
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Card, Ground, Rule, column, row
from ui.widgets.text import PlainLabel, Run, RunLabel


class StepList(QWidget):
    """The steps as circles joined by a line: done, here, to come, each in words for who listens."""

    def __init__(
        self, look: Look, steps: tuple[StepLine, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._steps = look, steps
        self._pitch = max(68, look.px(68))
        self.setFixedHeight(self._pitch * len(steps))
        stack = column(0, (48, 0, 0, 0))
        marks = {
            StepMark.DONE: look.tr("done"),
            StepMark.HERE: look.tr("this step"),
            StepMark.TO_COME: look.tr("to come"),
        }
        for step in steps:
            box = QWidget()
            box.setFixedHeight(self._pitch)
            box.setAccessibleName(f"{step.number}. {step.title}, {marks[step.mark]}")
            inner = column(1)
            tone = "accent" if step.mark is StepMark.HERE else "text"
            inner.addWidget(PlainLabel(look, step.title, weight=Weight.SEMIBOLD, colour=tone))
            inner.addWidget(PlainLabel(look, step.about, size=Size.LABEL, colour="muted"))
            inner.addStretch(1)
            box.setLayout(inner)
            stack.addWidget(box)
        self.setLayout(stack)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = 16.0
        for index, step in enumerate(self._steps):
            y = index * self._pitch + 17.0
            if index + 1 < len(self._steps):
                tone = "accent" if step.mark is StepMark.DONE else "line"
                painter.setPen(QPen(look.colour(tone), 2.0))
                painter.drawLine(QPointF(x, y + 18), QPointF(x, y + self._pitch - 18))
            filled = step.mark is not StepMark.TO_COME
            painter.setPen(QPen(look.colour("accent" if filled else "edge"), 1.0))
            painter.setBrush(look.colour("accent" if filled else "surface"))
            painter.drawEllipse(QPointF(x, y), 15.5, 15.5)
            if step.mark is StepMark.DONE:
                at = QRectF(x - 8, y - 8, 16, 16).toRect().topLeft()
                look.icons.draw(painter, at, "check", look.colour("on_accent"), 16)
                continue
            painter.setPen(look.colour("on_accent" if filled else "muted"))
            painter.setFont(look.font(Size.BODY, Weight.BOLD))
            area = QRectF(x - 16, y - 16, 32, 32)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, str(step.number))


def head_band(look: Look) -> QWidget:
    """The name of the program, and what goes on here."""
    head = Ground(look, "surface", "bottom")
    head.setFixedHeight(max(56, look.px(52)))
    name = PlainLabel(look, "Colloque", size=Size.NAME, weight=Weight.SEMIBOLD, colour="accent")
    about = PlainLabel(
        look, look.tr("Installation of this computer"), size=Size.LABEL, colour="muted"
    )
    head.setLayout(row(name, 1, about, margins=(32, 0, 32, 0)))
    return head


def left_side(look: Look, state: StartState, intended_use: tuple[str, ...]) -> QWidget:
    box = QWidget()
    stack = column(6)
    stack.addWidget(
        PlainLabel(look, look.tr("Set up this computer"), size=Size.PAGE, weight=Weight.BOLD)
    )
    about = look.tr("About 5 minutes. You can close and take it up again at the same step.")
    stack.addWidget(PlainLabel(look, about, size=Size.EMPHASIS, colour="muted", wrap=True))
    stack.addSpacing(20)
    stack.addWidget(StepList(look, state.steps))
    stack.addSpacing(8)
    use = Card(look, look.tr("What Colloque is for"), ground="bg")
    for sentence in intended_use:
        label = PlainLabel(look, sentence, size=Size.LABEL, colour="muted", wrap=True)
        use.body.addWidget(label)
        use.body.addSpacing(4)
    stack.addWidget(use)
    box.setLayout(stack)
    return box


def add_facts(look: Look, body: QVBoxLayout, state: StartState) -> None:
    for label, value in state.facts:
        name = PlainLabel(look, label, colour="muted")
        name.setFixedWidth(look.px(200))
        words = PlainLabel(look, value, weight=Weight.SEMIBOLD, wrap=True)
        line = row(name, spacing=16, margins=(0, 6, 0, 6))
        line.addWidget(words, 1)
        body.addLayout(line)
        body.addWidget(Rule(look))
    if state.facts:
        body.addSpacing(16)


def add_fingerprint(look: Look, body: QVBoxLayout, state: StartState) -> None:
    """The identity of the server, to compare by eye with the sheet: wide letters, all of one width."""
    box = Card(look, ground="alt", pad=20)
    box.body.setContentsMargins(20, 12, 20, 14)
    title = look.tr("Identity of the server")
    box.body.addWidget(PlainLabel(look, title, weight=Weight.SEMIBOLD))
    box.body.addSpacing(4)
    code = PlainLabel(look, state.fingerprint, strict=True)
    code.setFont(look.mono(Size.PAGE, Weight.SEMIBOLD))
    code.setAccessibleName(f"{title} : {state.fingerprint}")
    code.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByKeyboard
        | Qt.TextInteractionFlag.TextSelectableByMouse
    )
    box.body.addWidget(code)
    box.body.addSpacing(4)
    sentence = look.tr("The sheet of the operator must show these same four groups, in this order.")
    box.body.addWidget(PlainLabel(look, sentence, colour="muted", wrap=True))
    body.addWidget(box)
    body.addSpacing(16)


def add_code(look: Look, body: QVBoxLayout, text: str, name: str) -> None:
    """What is copied out by hand: letters of one width, in which I, l and 1 differ."""
    box = Card(look, ground="alt", pad=20)
    code = PlainLabel(look, text, strict=True)
    code.setFont(look.mono(Size.SECTION + 2, Weight.SEMIBOLD))
    code.setWordWrap(True)
    code.setAlignment(Qt.AlignmentFlag.AlignCenter)
    code.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByKeyboard
        | Qt.TextInteractionFlag.TextSelectableByMouse
    )
    code.setAccessibleName(f"{name} : {text}")
    box.body.addWidget(code)
    body.addWidget(box)
    body.addSpacing(16)


def good_to_know(look: Look, state: StartState) -> QWidget:
    box = Card(look, ground="alt", edge="alt", pad=20)
    box.body.setContentsMargins(20, 12, 20, 14)
    box.body.setSpacing(8)
    box.body.addWidget(
        PlainLabel(look, state.knowing_title, size=Size.EMPHASIS, weight=Weight.SEMIBOLD)
    )
    for sentence in state.knowing:
        bullet = PlainLabel(look, "•", colour="muted")
        line = row(spacing=8)
        line.addWidget(bullet, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(RunLabel(look, (Run(sentence),), wrap=True), 1)
        box.body.addLayout(line)
    return box


def server_card(look: Look, state: StartState) -> QWidget:
    card = Card(look, pad=24)
    card.body.setContentsMargins(24, 12, 24, 12)
    mark = PlainLabel(look)
    tone = "ok" if state.server_title else "muted"
    mark.setPixmap(look.icons.pixmap("shield", look.colour(tone), 24))
    words = column(2)
    if state.server_title:
        words.addWidget(PlainLabel(look, state.server_title, weight=Weight.SEMIBOLD, wrap=True))
    if state.server_about:
        words.addWidget(PlainLabel(look, state.server_about, colour="muted", wrap=True))
    words.addWidget(PlainLabel(look, state.no_patient_yet, weight=Weight.SEMIBOLD, wrap=True))
    line = row(mark, spacing=24)
    line.addLayout(words, 1)
    card.body.addLayout(line)
    card.setVisible(bool(state.server_title or state.no_patient_yet))
    return card
