"""The panel of a form: what is asked, of whom, Ctrl+Enter to record, Escape to close."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.forms import EntryState, FieldSpec, FormSpec
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, Scroll, column, row
from ui.widgets.form import Choice, ChoiceField, Field, LineField, ListField, TextField
from ui.widgets.text import PlainLabel

SIDE_BY_SIDE = 3
_Control = LineField | TextField | ListField | ChoiceField


class FormPanel(Card):
    """Built from a `FormSpec`, moved by an `EntryState`; it never reads a service."""

    edited = Signal(tuple)
    submitted = Signal()
    closed = Signal()
    other_asked = Signal()

    def __init__(self, look: Look, spec: FormSpec, parent: QWidget | None = None) -> None:
        super().__init__(look, edge="accent", pad=0, parent=parent)
        self.setAccessibleName(spec.title)
        self.body.setContentsMargins(1, 1, 1, 1)
        self._controls: dict[str, _Control] = {}
        self._filling = False
        self.body.addWidget(self._head_of(spec))
        self.body.addWidget(Rule(look))
        inner = QWidget()
        stack = column(14, (16, 14, 16, 16))
        for field in spec.fields:
            self._add(stack, field)
        if spec.note:
            stack.addWidget(PlainLabel(look, spec.note, size=Size.LABEL, colour="muted", wrap=True))
        stack.addStretch(1)
        inner.setLayout(stack)
        self.body.addWidget(Scroll(inner), 1)
        self.body.addWidget(Rule(look))
        self.body.addLayout(self._foot(spec))

    def _head_of(self, spec: FormSpec) -> QWidget:
        look, head = self._look, QWidget()
        stack = column(2, (16, 10, 8, 10))
        close = Button(look, look.tr("Close"), kind=Kind.BARE, glyph="close")
        close.clicked.connect(self._close)
        title = PlainLabel(look, spec.title, size=Size.SECTION, weight=Weight.BOLD, wrap=True)
        line = row(spacing=8)
        line.addWidget(title, 1)
        line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        stack.addLayout(line)
        stack.addWidget(
            PlainLabel(look, spec.about, size=Size.LABEL, weight=Weight.MEDIUM, colour="muted")
        )
        self._draft = PlainLabel(
            look,
            look.tr("Draft found again: what you were typing was kept."),
            size=Size.LABEL,
            weight=Weight.MEDIUM,
            colour="wait",
            wrap=True,
        )
        self._draft.hide()
        stack.addWidget(self._draft)
        head.setLayout(stack)
        return head

    def _add(self, stack: QVBoxLayout, field: FieldSpec) -> None:
        look = self._look
        control: _Control
        if field.options and len(field.options) <= SIDE_BY_SIDE and not field.stacked:
            options = tuple(Choice(option.key, option.label) for option in field.options)
            control = ChoiceField(
                look, field.label, options, hint=field.hint, chosen=not field.unanswered
            )
        elif field.options:
            options = tuple(Choice(option.key, option.label) for option in field.options)
            control = ListField(
                look, field.label, options, hint=field.hint, required=field.required
            )
        elif field.lines > 1:
            control = TextField(look, field.label, hint=field.hint, lines=field.lines)
        else:
            control = LineField(
                look,
                field.label,
                hint=field.hint,
                placeholder=field.placeholder,
                required=field.required,
                suggestions=field.suggestions,
            )
        control.setProperty("field_key", field.key)
        control.changed.connect(self._edited)
        self._controls[field.key] = control
        stack.addWidget(control)

    def _foot(self, spec: FormSpec) -> QVBoxLayout:
        look, stack = self._look, column(8, (16, 12, 16, 14))
        self._problem = PlainLabel(look, weight=Weight.SEMIBOLD, colour="warn", wrap=True)
        self._problem.hide()
        stack.addWidget(self._problem)
        self._save = Button(look, spec.save, kind=Kind.PRIMARY, key=look.tr("Ctrl+Enter"))
        self._save.clicked.connect(self._submit)
        close = Button(look, look.tr("Close"), key=look.tr("Esc"))
        close.clicked.connect(self._close)
        buttons: list[QWidget | int] = [self._save, close]
        if spec.other:
            other = Button(look, spec.other)
            other.clicked.connect(self._other)
            stack.addLayout(row(other, 1))
        stack.addLayout(row(*buttons, 1))
        return stack

    # -- state ----------------------------------------------------------------

    def show_entry(self, state: EntryState, sentences: dict[str, str]) -> None:
        """`sentences`: the errors in words, by field."""
        self._filling = True
        for key, control in self._controls.items():
            value = state.values.get(key, "")
            if control.value() != value.strip() and (value or not isinstance(control, ChoiceField)):
                control.set_value(value)
            if key in sentences:
                control.show_error(sentences[key])
            else:
                control.show_told(state.told.get(key, ""))
        self._filling = False
        self._problem.setText(state.problem)
        self._problem.setVisible(bool(state.problem))
        self._draft.setVisible(state.draft_found)
        self._save.setEnabled(not state.saving)
        first = next((key for key in self._controls if key in sentences), None)
        if first is not None:
            self._controls[first].setFocus()

    def field(self, key: str) -> Field:
        """The control of a question, for tests and for the first focus."""
        return self._controls[key]

    def values(self) -> dict[str, str]:
        return {key: control.value() for key, control in self._controls.items()}

    # -- intents --------------------------------------------------------------

    @Slot()
    def _edited(self) -> None:
        control = self.sender()
        if self._filling or not isinstance(
            control, LineField | TextField | ListField | ChoiceField
        ):
            return
        self.edited.emit((str(control.property("field_key")), control.value()))

    @Slot()
    def _submit(self) -> None:
        self.submitted.emit()

    @Slot()
    def _close(self) -> None:
        self.closed.emit()

    @Slot()
    def _other(self) -> None:
        self.other_asked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        first = next(iter(self._controls.values()), None)
        if first is not None:
            first.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
