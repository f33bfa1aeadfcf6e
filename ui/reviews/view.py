"""The list of results to be signed, and the strip of an alert value."""

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QButtonGroup,
    QListView,
    QStackedLayout,
    QStyleOptionViewItem,
    QWidget,
)

from ui.reviews.state import OTHERS, SIGNED, TO_SIGN, AlertState, ReviewRow, ReviewsState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, column, row
from ui.widgets.chip import FilterChip, chip_width, draw_chip
from ui.widgets.lines import (
    PAD,
    Index,
    LineDelegate,
    LineModel,
    LineRole,
    paint_chosen,
    paint_heading,
)
from ui.widgets.step_list import StepList
from ui.widgets.text import PlainLabel, Run, draw_runs

WIDTH, ROW, HEAD = 348, 62, 28
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Delegate(LineDelegate):
    HEAD, ROW = HEAD, ROW

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """A line more where it says whom it is asked of: a name is never cut."""
        size, line = super().sizeHint(option, index), index.data(LineRole)
        if isinstance(line, ReviewRow) and line.whose:
            size.setHeight(size.height() * 4 // 3)
        return size

    def paint_head(self, painter: QPainter, rect: QRect, one: ReviewRow) -> None:
        colour = "danger" if one.alert else "muted"
        paint_heading(painter, self._look, rect, one.title, one.count, colour)

    def paint_line(self, painter: QPainter, rect: QRect, one: ReviewRow, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            paint_chosen(painter, look, rect)
        third = (rect.height() - 8) / (4 if one.whose else 3)
        area = QRectF(rect.x() + PAD, rect.y() + 4, rect.width() - 2 * PAD, third)
        painter.setFont(look.font(Size.LABEL))
        painter.setPen(look.colour("muted"))
        when = look.texts.shown(one.when)
        painter.drawText(area, _RIGHT, when)
        taken = painter.fontMetrics().horizontalAdvance(when) + 8
        name = area.adjusted(0, 0, -taken, 0)
        if one.joined:
            side = look.px(16)
            spot = QPoint(round(name.x()), round(name.center().y() - side / 2))
            look.icons.draw(painter, spot, "box_checked", look.colour("accent"), side)
            name.setLeft(name.x() + side + 6)
        draw_runs(painter, look, name, (Run(one.title, Weight.SEMIBOLD),))
        area.translate(0, third)
        draw_runs(painter, look, area, (Run(one.born, Weight.REGULAR, "muted", Size.LABEL),))
        if one.whose:
            area.translate(0, third)
            whose = (Run(one.whose, Weight.SEMIBOLD, "muted", Size.LABEL),)
            draw_runs(painter, look, area, whose)
        area.translate(0, third)
        if one.chip is not None:
            width = chip_width(look, one.chip)
            spot_of_chip = QRectF(area.right() - width, area.y(), width, look.px(18))
            draw_chip(painter, look, spot_of_chip, one.chip)
            area.setRight(spot_of_chip.x() - 6)
        tone = "danger" if one.abnormal else "text"
        weight = Weight.SEMIBOLD if one.abnormal else Weight.REGULAR
        draw_runs(painter, look, area, (Run(one.said, weight, tone, Size.LABEL),))
        rule = QRect(rect.x() + PAD, rect.bottom(), rect.width() - PAD, 1)
        painter.fillRect(rule, look.colour("line"))


class _Lines(StepList):
    """Enter and the right arrow go to the results beside; Space takes the line among those signed together."""

    left = Signal()
    joined = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            one = self.currentIndex().data(LineRole)
            if isinstance(one, ReviewRow):
                self.joined.emit(one.key)
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Right}:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ReviewsView(Card):
    """Tabs, the list, and its two acts: sign, hand over. Emits what is chosen and what is asked."""

    chosen = Signal(str)
    joined = Signal(str)
    hand_asked = Signal()
    tab_asked = Signal(str)
    sign_asked = Signal()
    results_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, pad=0, parent=parent)
        self.setFixedWidth(look.px(WIDTH))
        self.setAccessibleName(look.tr("Results to sign"))
        self.body.setContentsMargins(1, 1, 1, 1)
        self._chips = {
            TO_SIGN: FilterChip(look, look.tr("To sign"), 0, checked=True),
            OTHERS: FilterChip(look, look.tr("Colleagues"), 0),
            SIGNED: FilterChip(look, look.tr("Signed"), 0),
        }
        group = QButtonGroup(self)
        line = row(spacing=6, margins=(10, 8, 10, 8))
        for key, chip in self._chips.items():
            chip.setObjectName(key)
            group.addButton(chip)
            line.addWidget(chip)
        line.addStretch(1)
        group.buttonClicked.connect(self._tab_clicked)
        self.body.addLayout(line)
        self.model = LineModel[ReviewRow](self)
        self.list = _Lines()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(look, self.list))
        self.list.setAccessibleName(look.tr("Results to sign"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.list.left.connect(self.results_wanted)
        self.list.joined.connect(self.joined)
        self._empty = PlainLabel(look, colour="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        self.body.addWidget(Rule(look))
        self._sign = Button(look, look.tr("Sign as read"), kind=Kind.PRIMARY, key="Alt+V")
        self._sign.clicked.connect(self._sign_clicked)
        self._hand = Button(look, look.tr("Hand over…"), key="Alt+F")
        self._hand.clicked.connect(self._hand_clicked)
        self._why = PlainLabel(look, size=Size.LABEL, colour="warn", wrap=True)
        how = look.tr("Space: select several within the reference values")
        self._how = PlainLabel(look, how, size=Size.LABEL, colour="muted", wrap=True)
        foot = column(6, (10, 8, 10, 10))
        foot.addWidget(self._why)
        foot.addLayout(row(self._sign, self._hand, 1, spacing=8))
        foot.addWidget(self._how)
        self.body.addLayout(foot)

    def show_state(self, state: ReviewsState) -> None:
        tr = self._look.tr
        tabs = (
            (TO_SIGN, tr("To sign"), state.to_sign),
            (OTHERS, tr("Colleagues"), state.others),
            (SIGNED, tr("Signed"), None),
        )
        for key, word, count in tabs:
            self._chips[key].show_filter(word, count, checked=state.tab == key)
        self.model.show_rows(state.rows)
        place = self.model.place_of(state.chosen)
        if place >= 0 and place != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(place, 0))
        self._empty.setText(state.empty)
        self._stack.setCurrentIndex(1 if state.empty else 0)
        many = self._look.texts.trn("Sign {count} result", "Sign {count} results", state.joined)
        self._sign.setText(many if state.joined else tr("Sign as read"))
        self._hand.setEnabled(state.can_hand)
        self._hand.setVisible(state.tab != SIGNED and not state.empty)
        self._how.setVisible(state.tab == TO_SIGN and any(one.may_join for one in state.rows))
        self._sign.setEnabled(state.can_sign)
        self._sign.setVisible(state.tab == TO_SIGN and not state.empty)
        self._why.setText(state.why_not)
        self._why.setVisible(bool(state.why_not))

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        one = current.data(LineRole)
        if isinstance(one, ReviewRow) and one.owner is not None:
            self.chosen.emit(one.key)

    @Slot(QAbstractButton)
    def _tab_clicked(self, chip: QAbstractButton) -> None:
        self.tab_asked.emit(chip.objectName())

    @Slot()
    def _sign_clicked(self) -> None:
        self.sign_asked.emit()

    @Slot()
    def _hand_clicked(self) -> None:
        self.hand_asked.emit()


class AlertStrip(Card):
    """An alert value: what, against which threshold, since when; and the act that takes note of it."""

    acknowledged = Signal()
    hand_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, edge="danger", ground="dangerbg", parent=parent)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("alert", look.colour("danger"), look.px(24)))
        self._title = PlainLabel(
            look, size=Size.SECTION, weight=Weight.BOLD, colour="danger", wrap=True
        )
        self._sentence = PlainLabel(look, wrap=True)
        words = column(2)
        words.addWidget(self._title)
        words.addWidget(self._sentence)
        self._act = Button(look, look.tr("Acknowledge receipt"), kind=Kind.PRIMARY, key="Alt+Q")
        self._act.clicked.connect(self._clicked)
        line = row(mark, spacing=12)
        line.addLayout(words, 1)
        self._hand = Button(look, look.tr("Hand over…"), key="Alt+F")
        self._hand.clicked.connect(self._hand_clicked)
        line.addWidget(self._hand)
        line.addWidget(self._act)
        self.body.addLayout(line)
        self.hide()

    def show_alert(self, alert: AlertState | None) -> None:
        self.setVisible(alert is not None)
        self._title.setText(alert.title if alert else "")
        self._sentence.setText(alert.sentence if alert else "")
        self.setAccessibleName(alert.title if alert else "")
        self.setAccessibleDescription(alert.sentence if alert else "")
        self._act.setVisible(alert is not None and bool(alert.act))

    @Slot()
    def _clicked(self) -> None:
        self.acknowledged.emit()

    @Slot()
    def _hand_clicked(self) -> None:
        self.hand_asked.emit()
