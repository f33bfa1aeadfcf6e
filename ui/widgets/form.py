"""Form fields: a label above, a hint or an error in words below, never a colour alone."""

from msgspec import Struct
from PySide6.QtCore import QPoint, QStringListModel, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import column, row
from ui.widgets.flow import FlowLayout
from ui.widgets.segment import Segment
from ui.widgets.text import PlainLabel

GLYPH = 16


def put_glyph(edit: QLineEdit, look: Look, glyph: str, *after: QWidget) -> None:
    """A glyph before what is typed, and what stands behind it. The toolkit's own way would be a button without a name."""
    mark = PlainLabel(look, parent=edit)
    mark.setPixmap(look.icons.pixmap(glyph, look.colour("muted"), GLYPH))
    edit.setTextMargins(GLYPH + 6, 0, 0, 0)
    edit.setLayout(row(mark, 1, *after, margins=(8, 0, 8, 0)))


class Choice(Struct, frozen=True):
    """One answer of a list: what is stored and what is read."""

    key: str
    label: str


class Field(QWidget):
    """A control with its label and its sentence below. `changed` follows every edit."""

    changed = Signal()

    def __init__(
        self,
        look: Look,
        label: str,
        control: QWidget,
        *,
        hint: str = "",
        required: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._control = control
        self._hint = hint
        shown = look.tr("{label} (required)", label=label) if required else label
        self._label = PlainLabel(look, shown, size=Size.LABEL, weight=Weight.SEMIBOLD)
        self._below = PlainLabel(look, hint, size=Size.LABEL, colour="muted", wrap=True)
        self._below.setVisible(bool(hint))
        self._label.setBuddy(control)
        control.setAccessibleName(label)
        control.setAccessibleDescription(hint)
        self.setFocusProxy(control)
        stack = column(4)
        stack.addWidget(self._label)
        stack.addWidget(control)
        stack.addWidget(self._below)
        self.setLayout(stack)

    @property
    def below(self) -> str:
        """The sentence now under the control."""
        return self._below.text()

    def set_caption(self, label: str, hint: str) -> None:
        """Another label and another hint for the same control."""
        self._hint = hint
        self._label.setText(label)
        self._control.setAccessibleName(label)
        self.show_error("")

    def show_told(self, sentence: str) -> None:
        """Say what follows from what was typed, without judging it."""
        self.show_error("")
        if sentence:
            self._below.setText(sentence)
            self._below.set_colour("text")
            self._below.show()

    def show_good(self, sentence: str) -> None:
        """Say that what was typed suits."""
        self._below.setText(sentence or self._hint)
        self._below.set_colour("ok" if sentence else "muted")
        self._below.setVisible(bool(sentence or self._hint))

    def show_error(self, sentence: str) -> None:
        """Say what is wrong and what to do; an empty sentence gives the hint back."""
        self._below.setText(sentence or self._hint)
        self._below.set_colour("warn" if sentence else "muted")
        self._below.setVisible(bool(sentence or self._hint))
        self._control.setProperty("faulty", bool(sentence))
        self._control.setAccessibleDescription(sentence or self._hint)
        self._control.style().unpolish(self._control)
        self._control.style().polish(self._control)


class LineField(Field):
    """One line of text, with suggestions where a list is given."""

    def __init__(
        self,
        look: Look,
        label: str,
        *,
        hint: str = "",
        placeholder: str = "",
        required: bool = False,
        secret: bool = False,
        suggestions: tuple[str, ...] = (),
        limit: int = 500,
    ) -> None:
        self._edit = QLineEdit()
        super().__init__(look, label, self._edit, hint=hint, required=required)
        self._edit.setFont(look.font(Size.BODY))
        self._edit.setMaxLength(limit)
        self._edit.setPlaceholderText(look.texts.shown(placeholder))
        if secret:
            self._edit.setEchoMode(QLineEdit.EchoMode.Password)
        self._edit.textChanged.connect(self._edited)
        self._words = QStringListModel(list(suggestions), self)
        if suggestions:
            completer = QCompleter(self._words, self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            self._edit.setCompleter(completer)

    @property
    def edit(self) -> QLineEdit:
        return self._edit

    @Slot(str)
    def _edited(self, _text: str) -> None:
        self.changed.emit()

    def value(self) -> str:
        return self._edit.text().strip()

    def set_value(self, text: str) -> None:
        if text != self._edit.text():
            self._edit.setText(text)


class TextField(Field):
    """A few lines; Tab leaves it, as in every other field."""

    def __init__(
        self,
        look: Look,
        label: str,
        *,
        hint: str = "",
        lines: int = 2,
        parent: QWidget | None = None,
    ) -> None:
        self._edit = QPlainTextEdit()
        super().__init__(look, label, self._edit, hint=hint, parent=parent)
        self._edit.setTabChangesFocus(True)
        self._edit.setFont(look.font(Size.BODY))
        height = look.metrics(Size.BODY).lineSpacing() * lines + 18
        self._edit.setFixedHeight(height)
        self._edit.textChanged.connect(self._edited)

    @Slot()
    def _edited(self) -> None:
        self.changed.emit()

    def value(self) -> str:
        return self._edit.toPlainText().strip()

    def set_value(self, text: str) -> None:
        if text != self._edit.toPlainText():
            self._edit.setPlainText(text)


class ComboBox(QComboBox):
    """A list that opens, with its chevron drawn in the colour of the theme."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setFont(look.font(Size.BODY))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, side = QPainter(self), 16
        at = QPoint(self.width() - side - 8, (self.height() - side) // 2)
        self._look.icons.draw(painter, at, "down_small", self._look.colour("muted"), side)


class ListField(Field):
    """One of many."""

    def __init__(
        self,
        look: Look,
        label: str,
        choices: tuple[Choice, ...],
        *,
        hint: str = "",
        required: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self._combo = ComboBox(look)
        super().__init__(look, label, self._combo, hint=hint, required=required, parent=parent)
        for choice in choices:
            self._combo.addItem(look.texts.shown(choice.label), choice.key)
        self._combo.currentIndexChanged.connect(self._edited)

    @Slot(int)
    def _edited(self, _index: int) -> None:
        self.changed.emit()

    def value(self) -> str:
        return str(self._combo.currentData() or "")

    def set_value(self, key: str) -> None:
        index = self._combo.findData(key)
        if index >= 0 and index != self._combo.currentIndex():
            self._combo.setCurrentIndex(index)


class ChoiceField(Field):
    """One of two to five, all in sight; arrows move between them. `chosen`: the first one is, until another
    is; otherwise none is, and the value is empty.
    """

    def __init__(
        self,
        look: Look,
        label: str,
        choices: tuple[Choice, ...],
        *,
        hint: str = "",
        chosen: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        box = QWidget()
        line = FlowLayout(6) if look.roomy else row(spacing=0)
        box.setLayout(line)
        self._group = QButtonGroup(box)
        self._segments: dict[str, Segment] = {}
        super().__init__(look, label, box, hint=hint, parent=parent)
        for index, choice in enumerate(choices):
            first, last = index == 0, index == len(choices) - 1
            segment = Segment(
                look, choice.label, first=first or look.roomy, last=last or look.roomy
            )
            segment.setAccessibleDescription(label)
            self._segments[choice.key] = segment
            self._group.addButton(segment)
            line.addWidget(segment)
        if isinstance(line, QHBoxLayout):
            line.addStretch(1)
        self._group.buttonClicked.connect(self._picked)
        if choices:
            self._segments[choices[0].key].setChecked(chosen)
            self.setFocusProxy(self._segments[choices[0].key])

    @Slot(QAbstractButton)
    def _picked(self, _button: QAbstractButton) -> None:
        self.changed.emit()

    def value(self) -> str:
        return next((key for key, one in self._segments.items() if one.isChecked()), "")

    def set_value(self, key: str) -> None:
        if key in self._segments and not self._segments[key].isChecked():
            self._segments[key].setChecked(True)
