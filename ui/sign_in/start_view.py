"""The first start: six steps at the left, one page at the right, the intended use always in sight."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.sign_in.start_parts import (
    add_code,
    add_facts,
    add_fingerprint,
    good_to_know,
    head_band,
    left_side,
    server_card,
)
from ui.sign_in.state import ChoiceLine, FieldLine, StartState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.browser_way import BrowserWay
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, Scroll, column, empty_out, row
from ui.widgets.checkbox import CheckBox
from ui.widgets.form import Choice, ChoiceField, LineField
from ui.widgets.progress import ProgressBar
from ui.widgets.text import PlainLabel

STEPS_WIDTH, CARD_WIDTH = 328, 840


class StartView(QWidget):
    """Emits every edit as (field, text), every choice, and the two ways to go."""

    edited = Signal(tuple)
    chosen = Signal(tuple)
    checked = Signal(bool)
    link_asked = Signal()
    browser_asked = Signal()
    forward_asked = Signal()
    back_asked = Signal()

    def __init__(
        self, look: Look, *, intended_use: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._intended_use = intended_use
        self._fields: dict[str, LineField] = {}
        self._choices: dict[str, ChoiceField] = {}
        self._page = ""
        self._browser: BrowserWay | None = None
        self._show_secret = False
        stack = column()
        self.setLayout(stack)
        stack.addWidget(head_band(look))
        self._inner = QWidget()
        line = row(spacing=32, margins=(32, 32, 32, 24))
        self._inner.setLayout(line)
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
        rebuilt = page != self._page or bool(state.code) or state.ratio is not None
        if rebuilt:
            self._page = page
            self._rebuild(state)
        self._refresh(state)
        if rebuilt:
            self._place_focus(state)

    def _rebuild(self, state: StartState) -> None:
        for box in (self._left_box, self._right_box):
            empty_out(box)
        self._fields, self._choices, self._browser = {}, {}, None
        self._left_box.addWidget(left_side(self._look, state, self._intended_use))
        self._left_box.addStretch(1)
        self._right_box.addWidget(self._card(state))
        self._right_box.addWidget(server_card(self._look, state))
        self._right_box.addStretch(1)

    def _place_focus(self, state: StartState) -> None:
        """On what comes next, so that each page can be walked with keys alone."""
        controls = (*self._fields.values(), *self._choices.values())
        if controls:
            controls[0].setFocus()
        elif state.check and not state.checked:
            self._check.setFocus()
        elif self._forward_button.isEnabled():
            self._forward_button.setFocus()
        else:
            self.setFocus()

    def _card(self, state: StartState) -> Card:
        look, card = self._look, Card(self._look, pad=40)
        body = card.body
        body.setContentsMargins(40, 32, 40, 32)
        body.addWidget(PlainLabel(look, state.title, size=Size.NAME, weight=Weight.BOLD, wrap=True))
        body.addSpacing(6)
        body.addWidget(PlainLabel(look, state.intro, size=Size.EMPHASIS, colour="muted", wrap=True))
        body.addSpacing(20)
        if state.seed:
            add_code(look, body, state.seed, look.tr("For the authenticator"))
        for field in state.fields:
            self._add_field(body, field, state)
        if state.link:
            link = Button(look, state.link, kind=Kind.LINK)
            link.clicked.connect(self.link_asked)
            body.addLayout(row(link, 1))
            body.addSpacing(16)
        if state.browser:
            self._browser = BrowserWay(self._look, state.browser, state.browser_about)
            self._browser.asked.connect(self.browser_asked)
            body.addWidget(self._browser)
            body.addSpacing(16)
        for choice in state.choices:
            self._add_choice(body, choice)
        add_facts(look, body, state)
        if state.fingerprint:
            add_fingerprint(look, body, state)
        if state.code:
            add_code(look, body, state.code, look.tr("Recovery code"))
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
            body.addWidget(good_to_know(look, state))
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
        if self._browser is not None:
            self._browser.show_words(state.browser, state.browser_about)
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
