"""The page of orders that never came back: the list at the left, one order and its acts at the right."""

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStackedLayout, QWidget

from ui.orders.state import AwaitedRow, AwaitedState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, column, empty_out, row
from ui.widgets.chip import chip_width, draw_chip
from ui.widgets.lines import PAD, LineDelegate, LineModel, LineRole, paint_chosen
from ui.widgets.overlay import EmptyState
from ui.widgets.step_list import StepList
from ui.widgets.text import PlainLabel, Run, draw_runs

SIDE = 420
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Delegate(LineDelegate):
    ROW = 52

    def paint_line(self, painter: QPainter, rect: QRect, line: AwaitedRow, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            paint_chosen(painter, look, rect)
        half = (rect.height() - 10) / 2
        area = QRectF(rect.x() + PAD, rect.y() + 5, rect.width() - 2 * PAD, half)
        painter.setFont(look.font(Size.LABEL, Weight.SEMIBOLD))
        painter.setPen(look.colour("warn"))
        late = look.texts.shown(line.late)
        painter.drawText(area, _RIGHT, late)
        first = area.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(late) - 8, 0)
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
        draw_runs(painter, look, area, (Run(line.second, Weight.REGULAR, "text", Size.LABEL),))
        rule = QRect(rect.x() + PAD, rect.bottom(), rect.width() - PAD, 1)
        painter.fillRect(rule, look.colour("line"))


class _Lines(StepList):
    """Enter opens the record; R chases, F closes: the letters of the buttons."""

    asked = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts = {
            Qt.Key.Key_Return: "open",
            Qt.Key.Key_Enter: "open",
            Qt.Key.Key_R: "chase",
            Qt.Key.Key_F: "close",
        }
        act = acts.get(Qt.Key(event.key()))
        if act is not None and not event.modifiers():
            self.asked.emit(act)
            return
        super().keyPressEvent(event)


class AwaitedView(QWidget):
    """Emits the line that is chosen and what is asked of it: `open`, `chase`, `close`."""

    chosen = Signal(str)
    asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._filling = look, False
        self._row: AwaitedRow | None = None
        self._model = LineModel[AwaitedRow](self)
        self.list = _Lines()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Delegate(look, self.list))
        self.list.setAccessibleName(look.tr("Ordered, never came back"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.list.asked.connect(self.asked)
        left = Card(look, pad=0)
        left.body.setContentsMargins(1, 1, 1, 1)
        about = look.tr(
            "Expected by a day that has passed, and no result answers. A result that comes takes its line away."
        )
        head = column(0, (PAD, 10, PAD, 10))
        head.addWidget(PlainLabel(look, about, size=Size.LABEL, colour="muted", wrap=True))
        left.body.addLayout(head)
        left.body.addWidget(Rule(look))
        self._empty = PlainLabel(look, colour="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        left.body.addLayout(self._stack, 1)
        self._side = QWidget()
        self._side.setFixedWidth(look.px(SIDE))
        self._side_stack = column()
        self._side.setLayout(self._side_stack)
        line = row(left, spacing=12, margins=(16, 12, 16, 12))
        line.setStretch(0, 1)
        line.addWidget(self._side)
        self.setLayout(line)
        self._put(self._nothing())

    def minimumSizeHint(self) -> QSize:
        """The list scrolls; the window is never made larger for it."""
        return QSize(0, 0)

    def show_state(self, state: AwaitedState) -> None:
        self._filling = True
        self._model.show_rows(state.rows)
        place = self._model.place_of(state.chosen)
        if place >= 0 and place != self.list.currentIndex().row():
            self.list.setCurrentIndex(self._model.index(place, 0))
        self._filling = False
        self._empty.setText(state.empty)
        self._stack.setCurrentIndex(1 if state.empty else 0)
        if state.row != self._row:
            self._row = state.row
            self._put(self._order(state.row) if state.row is not None else self._nothing())

    def show_form(self, form: QWidget) -> None:
        """A form in the place of the order it is about."""
        self._row = None
        self._put(form)
        form.setFocus()

    def _put(self, widget: QWidget) -> None:
        empty_out(self._side_stack)
        self._side_stack.addWidget(widget)
        widget.show()

    def _nothing(self) -> QWidget:
        look = self._look
        title = look.tr("No order is chosen")
        return EmptyState(look, title, look.tr("Choose a line of the list."), glyph="check_circle")

    def _order(self, one: AwaitedRow) -> QWidget:
        look, card = self._look, Card(self._look)
        card.setAccessibleName(one.label)
        stack = card.body
        stack.addWidget(
            PlainLabel(look, one.label, size=Size.SECTION, weight=Weight.BOLD, wrap=True)
        )
        who = f"{one.title}, {one.born}"
        stack.addWidget(
            PlainLabel(look, who, size=Size.LABEL, weight=Weight.MEDIUM, colour="muted", wrap=True)
        )
        stack.addSpacing(12)
        for label, value in one.facts:
            name = PlainLabel(look, label, size=Size.LABEL, colour="muted")
            name.setFixedWidth(look.px(110))
            told = row(name, spacing=8, margins=(0, 3, 0, 3))
            told.addWidget(PlainLabel(look, value, wrap=True), 1)
            stack.addLayout(told)
        stack.addStretch(1)
        chase = Button(look, look.tr("Chase…"), kind=Kind.PRIMARY, key="R")
        chase.clicked.connect(self._chase)
        close = Button(look, look.tr("Done elsewhere…"), key="F")
        close.clicked.connect(self._close)
        record = Button(look, look.tr("Open the record"), key=look.tr("Enter"))
        record.clicked.connect(self._open)
        stack.addLayout(row(chase, close, 1))
        stack.addSpacing(8)
        stack.addLayout(row(record, 1))
        return card

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        one = current.data(LineRole)
        if isinstance(one, AwaitedRow) and not self._filling:
            self.chosen.emit(one.key)

    @Slot()
    def _chase(self) -> None:
        self.asked.emit("chase")

    @Slot()
    def _close(self) -> None:
        self.asked.emit("close")

    @Slot()
    def _open(self) -> None:
        self.asked.emit("open")
