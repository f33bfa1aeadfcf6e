"""A new phrase after the recovery code: two fields on the ground of the lock page, no clinical widget."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ui.sign_in.lock_view import Medal
from ui.sign_in.state import FieldLine, PhraseState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Ground, Rule, column, row
from ui.widgets.form import LineField
from ui.widgets.text import PlainLabel

CARD_WIDTH = 560


class PhraseView(Ground):
    """Emits every edit as (field, text); `chosen` and `kept` are the two ways into the session."""

    edited = Signal(tuple)
    chosen = Signal()
    kept = Signal()
    left = Signal()

    def __init__(self, look: Look, state: PhraseState, parent: QWidget | None = None) -> None:
        super().__init__(look, "banner", parent=parent)
        self._look = look
        self._fields: dict[str, LineField] = {}
        self._asides: dict[str, PlainLabel] = {}
        self._shown = False
        stack = column(0, (24, 24, 24, 24))
        stack.addStretch(1)
        stack.addLayout(row(1, self._card(state), 1))
        stack.addStretch(1)
        self.setLayout(stack)
        self.show_state(state)

    def _card(self, state: PhraseState) -> Card:
        look, card = self._look, Card(self._look, pad=40)
        card.setFixedWidth(max(CARD_WIDTH, look.px(500)))
        body = card.body
        body.setContentsMargins(40, 28, 40, 24)
        body.addLayout(row(1, Medal(look, "key"), 1))
        body.addSpacing(14)
        title = PlainLabel(look, state.title, size=Size.NAME, weight=Weight.BOLD, wrap=True)
        intro = PlainLabel(look, state.intro, size=Size.EMPHASIS, colour="muted", wrap=True)
        for label in (title, intro):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            body.addWidget(label)
            body.addSpacing(6)
        body.addSpacing(14)
        for field in state.fields:
            self._add_field(body, field)
        self._foot(body)
        return card

    def _add_field(self, body: QVBoxLayout, field: FieldLine) -> None:
        look = self._look
        line = LineField(look, field.label, hint=field.hint, secret=True, limit=1024)
        line.edit.setProperty("tall", True)
        line.setProperty("field_key", field.key)
        line.changed.connect(self._edited)
        line.edit.returnPressed.connect(self._choose)
        self._fields[field.key] = line
        aside = PlainLabel(look, size=Size.LABEL, colour="muted")
        self._asides[field.key] = aside
        body.addWidget(line)
        body.addSpacing(4)
        body.addWidget(aside)
        body.addSpacing(12)

    def _foot(self, body: QVBoxLayout) -> None:
        look = self._look
        self._show = Button(look, look.tr("Show"), kind=Kind.LINK, glyph="eye")
        self._show.clicked.connect(self._toggle)
        body.addLayout(row(self._show, 1))
        body.addSpacing(12)
        self._why = PlainLabel(look, weight=Weight.MEDIUM, colour="muted", wrap=True)
        body.addWidget(self._why)
        body.addSpacing(12)
        self._button = Button(
            look, look.tr("Keep this phrase"), kind=Kind.PRIMARY, key=look.tr("Enter"), tall=True
        )
        self._button.clicked.connect(self._choose)
        body.addWidget(self._button)
        body.addSpacing(12)
        self._later = Button(look, look.tr("Open without a new phrase"), kind=Kind.LINK)
        self._later.clicked.connect(self._keep)
        body.addLayout(row(1, self._later, 1))
        body.addSpacing(10)
        body.addWidget(Rule(look))
        body.addSpacing(10)
        leave = Button(look, look.tr("Lock"), kind=Kind.LINK)
        leave.clicked.connect(self._leave)
        body.addLayout(row(1, leave, 1))

    def show_state(self, state: PhraseState) -> None:
        """Within the page only sentences and buttons move, never the caret."""
        for field in state.fields:
            line = self._fields[field.key]
            line.set_caption(field.label, field.hint)
            line.show_good(field.good)
            line.edit.setEnabled(not state.waiting)
            self._asides[field.key].setText(field.aside)
            self._asides[field.key].setVisible(bool(field.aside))
        self._why.setText(state.problem or state.why_not)
        self._why.set_colour("warn" if state.problem else "muted")
        ready = not (state.why_not or state.waiting)
        self._button.setEnabled(ready)
        self._button.setAccessibleDescription(state.why_not)
        self._later.setEnabled(not state.waiting)

    def clear(self) -> None:
        """Nothing of what was typed stays in a widget."""
        for line in self._fields.values():
            line.edit.blockSignals(True)
            line.edit.clear()
            line.edit.blockSignals(False)

    @Slot()
    def _edited(self) -> None:
        line = self.sender()
        if isinstance(line, LineField):
            self.edited.emit((str(line.property("field_key")), line.edit.text()))

    @Slot()
    def _toggle(self) -> None:
        self._shown = not self._shown
        mode = QLineEdit.EchoMode.Normal if self._shown else QLineEdit.EchoMode.Password
        for line in self._fields.values():
            line.edit.setEchoMode(mode)
        look = self._look
        self._show.set_text(look.tr("Hide") if self._shown else look.tr("Show"))

    @Slot()
    def _choose(self) -> None:
        if self._button.isEnabled():
            self.chosen.emit()

    @Slot()
    def _keep(self) -> None:
        self.kept.emit()

    @Slot()
    def _leave(self) -> None:
        self.left.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fields["phrase"].setFocus()
