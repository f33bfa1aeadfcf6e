"""The first start: six steps at the left, one page at the right, the intended use always in sight."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.sign_in.state import ChoiceLine, FieldLine, StartState, StepLine, StepMark
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Ground, Rule, Scroll, column, empty_out, row
from ui.widgets.checkbox import CheckBox
from ui.widgets.form import Choice, ChoiceField, LineField
from ui.widgets.progress import ProgressBar
from ui.widgets.text import PlainLabel, Run, RunLabel

STEPS_WIDTH, CARD_WIDTH = 328, 840


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


class StartView(QWidget):
    """Emits every edit as (field, text), every choice, and the two ways to go."""

    edited = Signal(tuple)
    chosen = Signal(tuple)
    checked = Signal(bool)
    forward_asked = Signal()
    back_asked = Signal()
    print_asked = Signal()
    suggest_asked = Signal()

    def __init__(
        self, look: Look, *, intended_use: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._intended_use = intended_use
        self._fields: dict[str, LineField] = {}
        self._choices: dict[str, ChoiceField] = {}
        self._page = ""
        self._show_secret = False
        stack = column()
        self.setLayout(stack)
        head = Ground(look, "surface", "bottom")
        head.setFixedHeight(max(56, look.px(52)))
        name = PlainLabel(look, "Colloque", size=Size.NAME, weight=Weight.SEMIBOLD, colour="accent")
        about = PlainLabel(
            look, look.tr("Installation of this computer"), size=Size.LABEL, colour="muted"
        )
        head.setLayout(row(name, 1, about, margins=(32, 0, 32, 0)))
        stack.addWidget(head)
        self._inner = QWidget()
        line = QHBoxLayout(self._inner)
        line.setContentsMargins(32, 32, 32, 24)
        line.setSpacing(32)
        self._left_box, self._right_box = column(), column(16)
        line.addStretch(1)
        left = QWidget()
        left.setFixedWidth(max(STEPS_WIDTH, look.px(280)))
        left.setLayout(self._left_box)
        line.addWidget(left)
        right = QWidget()
        right.setMaximumWidth(max(CARD_WIDTH, look.px(800)))
        right.setMinimumWidth(520)
        right.setLayout(self._right_box)
        line.addWidget(right, 100)
        line.addStretch(1)
        stack.addWidget(Scroll(self._inner), 1)

    # -- state ----------------------------------------------------------------

    def show_state(self, state: StartState) -> None:
        """A new page is rebuilt; within a page only sentences and buttons move, never the caret."""
        page = state.title + "|".join(field.key for field in state.fields)
        if page != self._page or state.code or state.ratio is not None:
            self._page = page
            self._rebuild(state)
        self._refresh(state)

    def _rebuild(self, state: StartState) -> None:
        for box in (self._left_box, self._right_box):
            empty_out(box)
        self._fields, self._choices = {}, {}
        self._left_box.addWidget(self._left(state))
        self._left_box.addStretch(1)
        self._right_box.addWidget(self._card(state))
        self._right_box.addWidget(self._server_card(state))
        self._right_box.addStretch(1)
        if self._fields:
            first = next(iter(self._fields.values()))
            first.edit.setFocus()

    def _left(self, state: StartState) -> QWidget:
        look, box = self._look, QWidget()
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
        for sentence in self._intended_use:
            label = PlainLabel(look, sentence, size=Size.LABEL, colour="muted", wrap=True)
            use.body.addWidget(label)
            use.body.addSpacing(4)
        stack.addWidget(use)
        box.setLayout(stack)
        return box

    def _card(self, state: StartState) -> Card:
        look, card = self._look, Card(self._look, pad=40)
        body = card.body
        body.setContentsMargins(40, 32, 40, 32)
        body.addWidget(PlainLabel(look, state.title, size=Size.NAME, weight=Weight.BOLD, wrap=True))
        body.addSpacing(6)
        body.addWidget(PlainLabel(look, state.intro, size=Size.EMPHASIS, colour="muted", wrap=True))
        body.addSpacing(20)
        for field in state.fields:
            self._add_field(body, field, state)
        for choice in state.choices:
            self._add_choice(body, choice)
        self._add_facts(body, state)
        if state.code:
            self._add_code(body, state)
        if state.ratio is not None:
            body.addWidget(ProgressBar(look, state.ratio, state.ratio_words))
            body.addSpacing(6)
            body.addWidget(PlainLabel(look, state.ratio_words, weight=Weight.MEDIUM, wrap=True))
            body.addSpacing(16)
        if state.check:
            self._check = CheckBox(look, state.check, checked=state.checked)
            self._check.toggled.connect(self.checked)
            body.addWidget(self._check)
            body.addSpacing(16)
        if state.knowing:
            body.addWidget(self._knowing(state))
            body.addSpacing(20)
        body.addStretch(1)
        body.addWidget(Rule(look))
        body.addSpacing(24)
        body.addLayout(self._foot(state))
        return card

    def _add_field(self, body: QVBoxLayout, field: FieldLine, state: StartState) -> None:
        look = self._look
        line = LineField(
            look,
            field.label,
            hint=field.hint,
            placeholder=field.placeholder,
            required=True,
            secret=field.secret and not self._show_secret,
            limit=1024,
        )
        line.edit.setProperty("tall", True)
        line.set_value(field.value)
        line.setProperty("field_key", field.key)
        line.changed.connect(self._field_edited)
        line.edit.returnPressed.connect(self._forward)
        self._fields[field.key] = line
        holder = row(spacing=16)
        line.setMaximumWidth(max(456, look.px(440)))
        holder.addWidget(line, 3)
        extra = column(4, (0, look.metrics(Size.LABEL, Weight.SEMIBOLD).height() + 4, 0, 0))
        if field.key == "phrase" and state.can_show_phrase:
            show = Button(
                look,
                look.tr("Hide") if self._show_secret else look.tr("Show"),
                glyph="eye_off" if self._show_secret else "eye",
                tall=True,
            )
            show.clicked.connect(self._toggle_secret)
            extra.addWidget(show, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        aside = PlainLabel(look, field.aside, colour="muted")
        aside.setObjectName(f"aside:{field.key}")
        extra.addWidget(aside, 0, Qt.AlignmentFlag.AlignTop)
        extra.addStretch(1)
        holder.addLayout(extra, 2)
        body.addLayout(holder)
        body.addSpacing(16)

    def _add_choice(self, body: QVBoxLayout, line: ChoiceLine) -> None:
        look = self._look
        options = tuple(Choice(key, label) for key, label in line.options)
        field = ChoiceField(look, line.label, options, hint=line.aside)
        field.set_value(line.value)
        field.setProperty("field_key", line.key)
        field.changed.connect(self._choice_edited)
        self._choices[line.key] = field
        body.addWidget(field)
        body.addSpacing(20)

    def _add_facts(self, body: QVBoxLayout, state: StartState) -> None:
        look = self._look
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

    def _add_code(self, body: QVBoxLayout, state: StartState) -> None:
        look = self._look
        box = Card(look, ground="alt", pad=20)
        code = PlainLabel(look, state.code, size=Size.NAME, weight=Weight.SEMIBOLD, strict=True)
        code.setWordWrap(True)
        code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard
            | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        code.setAccessibleName(look.tr("Recovery code"))
        box.body.addWidget(code)
        body.addWidget(box)
        body.addSpacing(16)

    def _knowing(self, state: StartState) -> QWidget:
        look, box = self._look, Card(self._look, ground="alt", edge="alt", pad=20)
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

    def _foot(self, state: StartState) -> QHBoxLayout:
        look = self._look
        self._back = Button(look, look.tr("Previous"), tall=True)
        self._back.clicked.connect(self._go_back)
        self._why = PlainLabel(look, weight=Weight.MEDIUM, colour="muted", wrap=True)
        self._why.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label = state.forward_label or look.tr("Continue")
        self._forward_button = Button(
            look, label, kind=Kind.PRIMARY, key=look.tr("Enter"), tall=True
        )
        self._forward_button.clicked.connect(self._forward)
        line = row(self._back, spacing=16)
        line.addWidget(self._why, 1)
        line.addWidget(self._forward_button)
        return line

    def _server_card(self, state: StartState) -> QWidget:
        look, card = self._look, Card(self._look, pad=24)
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

    def _refresh(self, state: StartState) -> None:
        for field in state.fields:
            line = self._fields.get(field.key)
            if line is None:
                continue
            line.show_error(field.bad)
            if field.good and not field.bad:
                line.show_good(field.good)
            aside = self.findChild(PlainLabel, f"aside:{field.key}")
            if aside is not None:
                aside.setText(field.aside)
        self._back.setVisible(state.can_go_back)
        self._why.setText(state.problem or state.busy or state.why_not)
        self._why.set_colour("warn" if state.problem else "muted")
        ready = not (state.why_not or state.busy)
        self._forward_button.setEnabled(ready)
        self._forward_button.setAccessibleDescription(state.why_not or state.busy)

    # -- intents --------------------------------------------------------------

    @Slot()
    def _field_edited(self) -> None:
        line = self.sender()
        if isinstance(line, LineField):
            self.edited.emit((str(line.property("field_key")), line.edit.text()))

    @Slot()
    def _choice_edited(self) -> None:
        field = self.sender()
        if isinstance(field, ChoiceField):
            self.chosen.emit((str(field.property("field_key")), field.value()))

    @Slot()
    def _toggle_secret(self) -> None:
        self._show_secret = not self._show_secret
        mode = QLineEdit.EchoMode.Normal if self._show_secret else QLineEdit.EchoMode.Password
        for key in ("phrase", "again"):
            if key in self._fields:
                self._fields[key].edit.setEchoMode(mode)
        button = self.sender()
        if isinstance(button, Button):
            look = self._look
            button.set_text(look.tr("Hide") if self._show_secret else look.tr("Show"))

    @Slot()
    def _forward(self) -> None:
        if self._forward_button.isEnabled():
            self.forward_asked.emit()

    @Slot()
    def _go_back(self) -> None:
        self.back_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._forward()
            return
        super().keyPressEvent(event)
