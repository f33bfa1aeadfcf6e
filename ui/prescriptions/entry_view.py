"""One line to type in: a drug, then its posology. The list stands under it, in the page, and takes no focus."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QWidget

from ui.prescriptions.state import ChoiceState, EntryLine
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import KeyCap
from ui.widgets.card import Card, column, row
from ui.widgets.lines import PAD, LineDelegate, LineModel, LineRole, paint_chosen
from ui.widgets.text import PlainLabel, draw_runs

_ROW, _MOST = 32, 8


class _ChoiceDelegate(LineDelegate):
    ROW = _ROW

    def paint_line(
        self, painter: QPainter, rect: QRect, line: ChoiceState, *, chosen: bool
    ) -> None:
        if chosen:
            paint_chosen(painter, self._look, rect)
        area = QRectF(rect).adjusted(PAD, 0, -PAD, 0)
        draw_runs(painter, self._look, area, line.runs)


class EntryView(Card):
    """Arrows choose, Enter takes, Escape gives up the chosen drug. Emits what is typed and taken."""

    typed = Signal(str)
    picked = Signal(str)
    entered = Signal()
    given_up = Signal()
    left = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, edge="edge", pad=0, parent=parent)
        self.body.setContentsMargins(1, 1, 1, 1)
        self._chosen = PlainLabel(look, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="accent")
        self._chosen.hide()
        self.edit = QLineEdit()
        self.edit.setProperty("slim", True)
        self.edit.setFont(look.font(Size.BODY))
        self.edit.setMaxLength(500)
        self.edit.setAccessibleName(look.tr("Add a line"))
        self._placeholder = look.texts.shown(
            look.tr("Add a drug, a device or a text: its name, then the posology")
        )
        self._posology = look.texts.shown(
            look.tr("Posology: 1 comprimé matin et soir pendant 3 mois")
        )
        self.edit.setPlaceholderText(self._placeholder)
        self.edit.textEdited.connect(self.typed)
        self.edit.installEventFilter(self)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("plus", look.colour("muted"), look.px(14)))
        line = row(mark, self._chosen, spacing=8, margins=(12, 2, 8, 2))
        line.addWidget(self.edit, 1)
        line.addWidget(KeyCap(look, look.tr("Ins")))
        self.body.addLayout(line)
        self._told = PlainLabel(look, size=Size.LABEL, weight=Weight.MEDIUM, wrap=True)
        self._told.setContentsMargins(12, 0, 12, 6)
        self._told.hide()
        self.body.addWidget(self._told)
        self.choices: LineModel[ChoiceState] = LineModel(self)
        self.list = QListView()
        self.list.setModel(self.choices)
        self.list.setItemDelegate(_ChoiceDelegate(look, self.list))
        self.list.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(look.tr("Drugs found"))
        self.list.clicked.connect(self._clicked)
        self.list.hide()
        self.body.addWidget(self.list)

    def show_entry(self, entry: EntryLine, text: str | None = None) -> None:
        """`text` puts other words in the input; None leaves what is typed."""
        if text is not None and text != self.edit.text():
            self.edit.setText(text)
        self._chosen.setText(entry.chosen)
        self._chosen.setVisible(bool(entry.chosen))
        self.edit.setPlaceholderText(self._posology if entry.chosen else self._placeholder)
        told = entry.told or (entry.hint if not self.edit.text() else "")
        self._told.setText(told)
        self._told.set_colour("warn" if entry.warned else "muted")
        self._told.setVisible(bool(told))
        self.edit.setAccessibleDescription(" ".join(part for part in (entry.chosen, told) if part))
        if self.choices.show_rows(entry.choices) and entry.choices:
            self.list.setCurrentIndex(self.choices.index(0, 0))
        rows = min(len(entry.choices), _MOST)
        self.list.setFixedHeight(rows * self._look.px(_ROW) + (4 if rows else 0))
        self.list.setVisible(bool(rows))

    @property
    def current(self) -> str:
        """The key of the choice under the bar, "" without a list."""
        line = self.list.currentIndex().data(LineRole)
        return line.key if isinstance(line, ChoiceState) and not self.list.isHidden() else ""

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        line = index.data(LineRole)
        if isinstance(line, ChoiceState):
            self.picked.emit(line.key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.edit and event.type() in {QEvent.Type.FocusIn, QEvent.Type.FocusOut}:
            inside = event.type() == QEvent.Type.FocusIn
            self.set_edge("accent" if inside else "edge", "surface")
        pressed = watched is self.edit and event.type() == QEvent.Type.KeyPress
        if pressed and self._pressed(event):
            return True
        return super().eventFilter(watched, event)

    def _pressed(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        key = event.key()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self._step(1 if key == Qt.Key.Key_Down else -1)
            return True
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self.current:
                self.picked.emit(self.current)
            else:
                self.entered.emit()
            return True
        if key == Qt.Key.Key_Escape:
            self.given_up.emit()
            return True
        return False

    def _step(self, by: int) -> None:
        if self.list.isHidden():
            if by > 0:
                self.left.emit()
            return
        place = min(max(0, self.list.currentIndex().row() + by), self.choices.rowCount() - 1)
        self.list.setCurrentIndex(self.choices.index(place, 0))


class BesideEntry(QWidget):
    """The weight of a child, beside the lines: asked where it is too old (HZ-13)."""

    weighed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = PlainLabel(look, weight=Weight.MEDIUM, wrap=True)
        self.edit = QLineEdit()
        self.edit.setFont(look.font(Size.BODY))
        self.edit.setFixedWidth(look.px(90))
        self.edit.setMaxLength(8)
        self.edit.setPlaceholderText(look.texts.shown(look.tr("kg")))
        self.edit.setAccessibleName(look.tr("Weight today, in kg"))
        self.edit.editingFinished.connect(self._weighed)
        line = row(self._sentence, spacing=8, margins=(12, 6, 12, 6))
        line.setStretchFactor(self._sentence, 1)
        line.addWidget(PlainLabel(look, look.tr("Weight today"), size=Size.LABEL, colour="muted"))
        line.addWidget(self.edit)
        stack = column()
        stack.addLayout(line)
        self.setLayout(stack)

    def show_weight(self, sentence: str, value: str, *, asked: bool) -> None:
        self._sentence.setText(sentence)
        self._sentence.set_colour("warn" if asked else "text")
        self.edit.setAccessibleDescription(sentence)
        if not self.edit.hasFocus() and self.edit.text() != value:
            self.edit.setText(value)

    @Slot()
    def _weighed(self) -> None:
        self.weighed.emit(self.edit.text())
