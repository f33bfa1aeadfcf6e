"""The tasks page: the lists at the left, the lines of the chosen one at the right, both by keyboard."""

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStackedLayout, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Tone, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, column, row
from ui.widgets.chip import chip_width, draw_chip
from ui.widgets.lines import PAD, LineDelegate, LineModel, LineRole, paint_chosen
from ui.widgets.step_list import StepList
from ui.widgets.text import PlainLabel, Run, draw_runs
from ui.work_lists.state import ListRow, WorkListsState, WorkRow

WIDTH = 296
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _ListDelegate(LineDelegate):
    ROW = 40

    def paint_line(self, painter: QPainter, rect: QRect, line: ListRow, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            paint_chosen(painter, look, rect)
        side = look.px(18)
        spot = QPoint(rect.x() + PAD, rect.center().y() - side // 2)
        tone = "accent" if chosen else "muted"
        look.icons.draw(painter, spot, line.glyph, look.colour(tone), side)
        area = QRectF(rect).adjusted(PAD + side + 12, 0, -PAD, 0)
        painter.setFont(look.font(Size.BODY, Weight.BOLD))
        painter.setPen(look.colour("warn" if line.warns else "text"))
        painter.drawText(area, _RIGHT, line.count)
        area.setRight(area.right() - painter.fontMetrics().horizontalAdvance(line.count) - 8)
        painter.setFont(look.font(Size.BODY, Weight.SEMIBOLD if chosen else Weight.MEDIUM))
        painter.setPen(look.colour("text"))
        painter.drawText(area, _LEFT, look.texts.shown(line.title))


class _WorkDelegate(LineDelegate):
    ROW = 52

    def paint_line(self, painter: QPainter, rect: QRect, line: WorkRow, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            paint_chosen(painter, look, rect)
        half = (rect.height() - 10) / 2
        area = QRectF(rect.x() + PAD, rect.y() + 5, rect.width() - 2 * PAD, half)
        painter.setFont(look.font(Size.LABEL))
        painter.setPen(look.colour("muted"))
        when = look.texts.shown(line.when)
        painter.drawText(area, _RIGHT, when)
        first = area.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(when) - 8, 0)
        name = (
            Run(line.title, Weight.SEMIBOLD),
            Run(f"  {line.born}", Weight.REGULAR, "muted", Size.LABEL),
        )
        draw_runs(painter, look, first, name)
        area.translate(0, half)
        if line.chip is not None:
            width = chip_width(look, line.chip)
            spot = QRectF(area.right() - width, area.y() + 2, width, look.px(18))
            draw_chip(painter, look, spot, line.chip)
            area.setRight(spot.x() - 8)
        is_out = line.tone is Tone.DANGER
        tone, weight = ("danger", Weight.SEMIBOLD) if is_out else ("text", Weight.REGULAR)
        draw_runs(painter, look, area, (Run(line.second, weight, tone, Size.LABEL),))
        rule = QRect(rect.x() + PAD, rect.bottom(), rect.width() - PAD, 1)
        painter.fillRect(rule, look.colour("line"))


class _Lines(StepList):
    """Enter opens; the arrows at the sides go from one list to the other."""

    opened = Signal()
    aside = Signal()

    def __init__(self, opening: frozenset[Qt.Key], aside: frozenset[Qt.Key]) -> None:
        super().__init__()
        self._opening, self._aside = opening, aside
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in self._opening and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.opened.emit()
        elif key in self._aside and not event.modifiers():
            self.aside.emit()
        else:
            super().keyPressEvent(event)


_ENTER = frozenset((Qt.Key.Key_Return, Qt.Key.Key_Enter))


class WorkListsView(QWidget):
    """Emits the list that is chosen, the line that is chosen, and the line that is opened."""

    list_chosen = Signal(str)
    chosen = Signal(str)
    opened = Signal()
    next_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._filling = look, False
        self._lists_model = LineModel[ListRow](self)
        self._model = LineModel[WorkRow](self)
        side = frozenset((Qt.Key.Key_Right,))
        self.lists = _Lines(_ENTER | side, frozenset())
        self.list = _Lines(_ENTER, frozenset((Qt.Key.Key_Left,)))
        self.lists.setItemDelegate(_ListDelegate(look, self.lists))
        self.list.setItemDelegate(_WorkDelegate(look, self.list))
        self.lists.setModel(self._lists_model)
        self.list.setModel(self._model)
        self.lists.setAccessibleName(look.tr("Tasks"))
        left = Card(look, pad=0)
        left.setFixedWidth(look.px(WIDTH))
        left.body.setContentsMargins(1, 6, 1, 6)
        left.body.addWidget(self.lists)
        line = row(left, spacing=12, margins=(16, 12, 16, 12))
        line.addWidget(self._right(), 1)
        self.setLayout(line)
        self.lists.selectionModel().currentChanged.connect(self._list_moved)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.lists.opened.connect(self._enter)
        self.list.aside.connect(self._leave)
        self.list.opened.connect(self.opened)
        self.list.doubleClicked.connect(self._clicked)

    def _right(self) -> Card:
        look, card = self._look, Card(self._look, pad=0)
        card.body.setContentsMargins(1, 1, 1, 1)
        self._title = PlainLabel(look, size=Size.SECTION, weight=Weight.BOLD)
        self._about = PlainLabel(look, size=Size.LABEL, colour="muted", wrap=True)
        head = column(2, (PAD, 10, PAD, 10))
        head.addWidget(self._title)
        head.addWidget(self._about)
        card.body.addLayout(head)
        card.body.addWidget(Rule(look))
        self._empty = PlainLabel(look, colour="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        card.body.addLayout(self._stack, 1)
        card.body.addWidget(Rule(look))
        self._open = Button(look, look.tr("Open"), kind=Kind.PRIMARY, key=look.tr("Enter"))
        self._open.clicked.connect(self._open_clicked)
        self._next = Button(look, look.tr("Next patient"), key="F9")
        self._next.clicked.connect(self._next_clicked)
        foot = row(self._open, self._next, 1, spacing=8, margins=(PAD, 8, PAD, 10))
        card.body.addLayout(foot)
        return card

    def show_state(self, state: WorkListsState) -> None:
        self._filling = True
        self._lists_model.show_rows(state.lists)
        self._stand(self.lists, self._lists_model.place_of(state.kind))
        self._title.setText(state.title)
        self._about.setText(state.about)
        self.list.setAccessibleName(state.title)
        self._model.show_rows(state.rows)
        self._stand(self.list, self._model.place_of(state.line))
        self._filling = False
        self._empty.setText(state.empty)
        self._stack.setCurrentIndex(1 if state.empty else 0)
        self._open.setEnabled(bool(state.rows))
        self._next.setEnabled(bool(state.rows))
        if state.empty and self.list.hasFocus():
            self.lists.setFocus()

    def _stand(self, shown: QListView, place: int) -> None:
        """The bar on the line of the state; nothing is told of it."""
        if place >= 0 and place != shown.currentIndex().row():
            shown.setCurrentIndex(shown.model().index(place, 0))

    @Slot(QModelIndex, QModelIndex)
    def _list_moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        one = current.data(LineRole)
        if isinstance(one, ListRow) and not self._filling:
            self.list_chosen.emit(one.key)

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        one = current.data(LineRole)
        if isinstance(one, WorkRow) and not self._filling:
            self.chosen.emit(one.key)

    @Slot()
    def _enter(self) -> None:
        if self._model.rowCount():
            self.list.setFocus()

    @Slot()
    def _leave(self) -> None:
        self.lists.setFocus()

    @Slot(QModelIndex)
    def _clicked(self, _index: QModelIndex) -> None:
        self.opened.emit()

    @Slot()
    def _open_clicked(self) -> None:
        self.opened.emit()

    @Slot()
    def _next_clicked(self) -> None:
        self.next_asked.emit()
