"""The list of results to be signed, and the strip of an alert value."""

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QButtonGroup,
    QListView,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui.reviews.state import SIGNED, TO_SIGN, AlertState, ReviewRow, ReviewsState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Rule, column, row
from ui.widgets.chip import FilterChip, chip_width, draw_chip
from ui.widgets.step_list import StepList
from ui.widgets.text import PlainLabel, Run, draw_runs

RowRole = Qt.ItemDataRole.UserRole + 1
WIDTH, ROW, HEAD, PAD = 348, 62, 28, 12
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ReviewList(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ReviewRow, ...] = ()

    def show_rows(self, rows: tuple[ReviewRow, ...]) -> bool:
        """False when they are the same."""
        if rows == self._rows:
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True

    def place_of(self, key: str) -> int:
        return next((i for i, one in enumerate(self._rows) if one.key == key), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        one = self._rows[index.row()]
        if role == RowRole:
            return one
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return one.words
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        one = self.data(index, RowRole)
        if not isinstance(one, ReviewRow) or one.owner is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Delegate(QStyledItemDelegate):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        one: ReviewRow = index.data(RowRole)
        return QSize(200, self._look.px(HEAD if one.owner is None else ROW))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        one: ReviewRow = index.data(RowRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if one.owner is None:
            self._paint_head(painter, option.rect, one)
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            self._paint_row(painter, option.rect, one, chosen=chosen)
            if chosen and option.state & QStyle.StateFlag.State_HasFocus:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._look.colour("accent"), 2.0))
                painter.drawRect(QRectF(option.rect).adjusted(2, 2, -2, -2))
        painter.restore()

    def _paint_head(self, painter: QPainter, rect: QRect, one: ReviewRow) -> None:
        look = self._look
        painter.fillRect(rect, look.colour("alt"))
        painter.setFont(look.font(Size.LABEL, Weight.SEMIBOLD))
        painter.setPen(look.colour("danger" if one.alert else "muted"))
        area = QRectF(rect).adjusted(PAD, 0, -PAD, 0)
        painter.drawText(area, _LEFT, look.texts.shown(one.title))
        painter.drawText(area, _RIGHT, one.count)

    def _paint_row(self, painter: QPainter, rect: QRect, one: ReviewRow, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            painter.fillRect(rect, look.colour("accentbg"))
            painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), look.colour("accent"))
        third = (rect.height() - 8) / 3
        area = QRectF(rect.x() + PAD, rect.y() + 4, rect.width() - 2 * PAD, third)
        painter.setFont(look.font(Size.LABEL))
        painter.setPen(look.colour("muted"))
        when = look.texts.shown(one.when)
        painter.drawText(area, _RIGHT, when)
        taken = painter.fontMetrics().horizontalAdvance(when) + 8
        name = area.adjusted(0, 0, -taken, 0)
        draw_runs(painter, look, name, (Run(one.title, Weight.SEMIBOLD),))
        area.translate(0, third)
        draw_runs(painter, look, area, (Run(one.born, Weight.REGULAR, "muted", Size.LABEL),))
        area.translate(0, third)
        if one.chip is not None:
            width = chip_width(look, one.chip)
            spot = QRectF(area.right() - width, area.y(), width, look.px(18))
            draw_chip(painter, look, spot, one.chip)
            area.setRight(spot.x() - 6)
        tone = "danger" if one.abnormal else "text"
        weight = Weight.SEMIBOLD if one.abnormal else Weight.REGULAR
        draw_runs(painter, look, area, (Run(one.said, weight, tone, Size.LABEL),))
        rule = QRect(rect.x() + PAD, rect.bottom(), rect.width() - PAD, 1)
        painter.fillRect(rule, look.colour("line"))


class _Lines(StepList):
    """Enter and the right arrow go to the results beside."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Right}:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ReviewsView(Card):
    """Tabs, the list, and the one act: sign. Emits what is chosen and what is asked."""

    chosen = Signal(str)
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
        self.model = ReviewList(self)
        self.list = _Lines()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(look, self.list))
        self.list.setAccessibleName(look.tr("Results to sign"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.list.left.connect(self.results_wanted)
        self._empty = PlainLabel(look, colour="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        self.body.addWidget(Rule(look))
        self._sign = Button(look, look.tr("Sign as read"), kind=Kind.PRIMARY, key="Alt+V")
        self._sign.clicked.connect(self._sign_clicked)
        self._why = PlainLabel(look, size=Size.LABEL, colour="warn", wrap=True)
        foot = column(6, (10, 8, 10, 10))
        foot.addWidget(self._why)
        foot.addLayout(row(self._sign, 1))
        self.body.addLayout(foot)

    def show_state(self, state: ReviewsState) -> None:
        self._chips[TO_SIGN].show_filter(
            self._look.tr("To sign"), state.to_sign, checked=state.tab == TO_SIGN
        )
        self._chips[SIGNED].show_filter(
            self._look.tr("Signed"), state.signed, checked=state.tab == SIGNED
        )
        self.model.show_rows(state.rows)
        place = self.model.place_of(state.chosen)
        if place >= 0 and place != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(place, 0))
        self._empty.setText(state.empty)
        self._stack.setCurrentIndex(1 if state.empty else 0)
        self._sign.setEnabled(state.can_sign)
        self._sign.setVisible(state.tab == TO_SIGN and not state.empty)
        self._why.setText(state.why_not)
        self._why.setVisible(bool(state.why_not))

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        one = current.data(RowRole)
        if isinstance(one, ReviewRow) and one.owner is not None:
            self.chosen.emit(one.key)

    @Slot(QAbstractButton)
    def _tab_clicked(self, chip: QAbstractButton) -> None:
        self.tab_asked.emit(chip.objectName())

    @Slot()
    def _sign_clicked(self) -> None:
        self.sign_asked.emit()


class AlertStrip(Card):
    """An alert value: what, against which threshold, since when; and the act that takes note of it."""

    acknowledged = Signal()

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
