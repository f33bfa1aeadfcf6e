"""Settings of this computer: language, theme, text size, lock delay. Each acts at once."""

from msgspec import structs
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from ui.preferences import Preferences
from ui.theme.look import Look
from ui.theme.tokens import SCALE_STEPS, Size
from ui.widgets.card import Card, Scroll, column, row
from ui.widgets.form import Choice, ChoiceField
from ui.widgets.text import PlainLabel

LOCK_MINUTES = (2, 5, 10, 15)


class SettingsView(QWidget):
    """Emits the preferences as a whole after each choice."""

    chosen = Signal(Preferences)

    def __init__(
        self,
        look: Look,
        state: Preferences,
        about: tuple[str, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._state = state
        tr = look.tr
        inner = QWidget()
        stack = column(12, (16, 12, 12, 12))
        card = Card(look, tr("This computer"), pad=16)
        card.body.setSpacing(16)
        self._fields = {
            "language": self._field(
                tr("Language"), (("fr", "Français"), ("en", "English")), state.language
            ),
            "theme": self._field(
                tr("Theme"),
                (("system", tr("As the system")), ("light", tr("Light")), ("dark", tr("Dark"))),
                state.theme,
            ),
            "scale": self._field(
                tr("Text size"),
                tuple((str(step), f"{step} %") for step in SCALE_STEPS),
                str(state.scale),
            ),
            "lock_minutes": self._field(
                tr("Lock after"),
                tuple((str(n), tr("{count} min", count=n)) for n in LOCK_MINUTES),
                str(state.lock_minutes),
            ),
        }
        for field in self._fields.values():
            card.body.addWidget(field)
        note = tr("Without action, this computer locks by itself; F12 locks it at once.")
        card.body.addWidget(PlainLabel(look, note, size=Size.LABEL, colour="muted", wrap=True))
        card.setMaximumWidth(max(736, look.px(640)))
        use = Card(look, tr("What Colloque is for"), pad=16)
        use.body.addSpacing(8)
        for sentence in about:
            use.body.addWidget(PlainLabel(look, sentence, colour="muted", wrap=True))
            use.body.addSpacing(6)
        use.body.addStretch(1)
        use.setMaximumWidth(max(736, look.px(640)))
        line = row(spacing=12)
        line.addWidget(card, 100)
        line.addWidget(use, 80)
        line.addStretch(1)
        stack.addLayout(line)
        self._more = column(12)
        stack.addLayout(self._more)
        stack.addStretch(1)
        inner.setLayout(stack)
        outer = column()
        outer.addWidget(Scroll(inner))
        self.setLayout(outer)

    def add_card(self, card: Card) -> None:
        """A card of its own below."""
        card.setMaximumWidth(max(736, self._look.px(640)) * 2 + 12)
        self._more.addWidget(card)

    def _field(self, label: str, options: tuple[tuple[str, str], ...], value: str) -> ChoiceField:
        choices = tuple(Choice(key, word) for key, word in options)
        field = ChoiceField(self._look, label, choices)
        field.set_value(value)
        field.changed.connect(self._changed)
        return field

    @Slot()
    def _changed(self) -> None:
        fields = self._fields
        self._state = structs.replace(
            self._state,
            language=fields["language"].value(),
            theme=fields["theme"].value(),
            scale=int(fields["scale"].value()),
            lock_minutes=int(fields["lock_minutes"].value()),
        )
        self.chosen.emit(self._state)
