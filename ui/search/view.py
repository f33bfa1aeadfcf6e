"""The palette: one field, grouped answers, keys at the foot. It sits above a veil."""

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStackedLayout,
    QWidget,
)

from ui.search.state import HitKind, HitRow, PaletteState
from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Weight
from ui.widgets.button import draw_key
from ui.widgets.card import Ground, Rule, column, row
from ui.widgets.lines import LineDelegate, LineModel, LineRole
from ui.widgets.text import PlainLabel, Run, draw_runs

WIDTH = 760
TOP = 128
HEAD, ROW = 28, 48


class PaletteDelegate(LineDelegate):
    """Matched letters stand on `warnbg` in bold; the act is at the right, with its key."""

    HEAD, ROW = HEAD, ROW

    def paint_head(self, painter: QPainter, rect: QRect, hit: HitRow) -> None:
        look, area = self._look, QRectF(rect).adjusted(20, 4, -20, 0)
        painter.setPen(look.colour("muted"))
        painter.setFont(look.font(Size.LABEL))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, flags, look.texts.shown(hit.second))
        room = area.adjusted(0, 0, -90, 0)
        draw_runs(painter, look, room, (Run(hit.title, Weight.SEMIBOLD, "muted", Size.LABEL),))

    def paint_line(self, painter: QPainter, rect: QRect, hit: HitRow, *, chosen: bool) -> None:
        look, on = self._look, chosen
        area = rect.adjusted(8, 0, -8, 0)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accentbg"))
            painter.drawRoundedRect(area, 4, 4)
            bar = QRect(area.x(), area.y() + 6, 4, area.height() - 12)
            painter.fillRect(bar, look.colour("accent"))
        side = look.px(18)
        spot = QPoint(area.x() + 18, area.center().y() - side // 2)
        look.icons.draw(painter, spot, hit.glyph, look.colour("accent" if on else "muted"), side)
        end = self._paint_act(painter, area, hit, on=on)
        left = area.x() + 18 + side + 16
        half = area.height() / 2
        title = QRectF(left, area.y() + 4, end - left - 12, half - 4)
        if not hit.second and not hit.warning:
            title = QRectF(left, area.y(), end - left - 12, area.height())
        self._paint_marked(painter, title, hit)
        second = QRectF(left, area.y() + half, end - left - 12, half - 5)
        runs = [Run(hit.second, Weight.REGULAR, "muted", Size.LABEL)]
        if hit.warning:
            runs.insert(0, Run(f"{hit.warning} · ", Weight.SEMIBOLD, "warn", Size.LABEL))
        draw_runs(painter, look, second, tuple(runs))

    def _paint_act(self, painter: QPainter, area: QRect, hit: HitRow, *, on: bool) -> float:
        look, x = self._look, float(area.right() - 12)
        key = look.tr("Enter") if on else hit.shortcut
        if key:
            key = look.texts.shown(key)
            width = look.metrics(Size.CAPTION, Weight.MEDIUM).horizontalAdvance(key) + 12
            height = look.px(18)
            x -= width
            cap = QRectF(x, area.center().y() - height / 2, width, height)
            draw_key(painter, look, cap, key)
            x -= 10
        painter.setFont(look.font(Size.LABEL, Weight.MEDIUM))
        painter.setPen(look.colour("accent" if on else "muted"))
        act = look.texts.shown(hit.act)
        width = painter.fontMetrics().horizontalAdvance(act)
        x -= width
        painter.drawText(QRectF(x, area.y(), width + 2, area.height()), _MIDDLE, act)
        return x

    def _paint_marked(self, painter: QPainter, room: QRectF, hit: HitRow) -> None:
        look, x = self._look, room.x()
        whose = (Run(hit.whose, Weight.SEMIBOLD, "text", Size.BODY + 1),) if hit.whose else ()
        tail = look.metrics(Size.BODY + 1, Weight.SEMIBOLD)
        room = room.adjusted(0, 0, -tail.horizontalAdvance(look.texts.shown(hit.whose)), 0)
        for text, marked in pieces(hit.title, hit.marks):
            weight = Weight.BOLD if marked else Weight.SEMIBOLD
            metrics = look.metrics(Size.BODY + 1, weight)
            width = metrics.horizontalAdvance(look.texts.shown(text))
            if marked and x + width <= room.right():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.colour("warnbg"))
                ground = QRectF(x, room.y() + 1, width, room.height() - 2)
                painter.drawRoundedRect(ground, 2, 2)
            left = QRectF(x, room.y(), room.right() - x, room.height())
            x += draw_runs(painter, look, left, (Run(text, weight, "text", Size.BODY + 1),))
        beside = QRectF(x, room.y(), room.width(), room.height())
        draw_runs(painter, look, beside, whose, elide=False)


_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def pieces(text: str, marks: tuple[tuple[int, int], ...]) -> list[tuple[str, bool]]:
    """The text cut at its marks: (piece, matched)."""
    found, at = [], 0
    for start, end in marks:
        if start > at:
            found.append((text[at:start], False))
        found.append((text[start:end], True))
        at = end
    if at < len(text):
        found.append((text[at:], False))
    return [piece for piece in found if piece[0]]


class PaletteView(QWidget):
    """Typing asks; arrows choose; Enter opens what is frozen; Escape closes."""

    typed = Signal(str)
    chosen = Signal(HitRow)
    closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._settled = False
        self.setAccessibleName(look.tr("Go to…"))
        self.setFixedWidth(min(WIDTH + (look.scale - 100) * 4, 1100))
        self._ground = Ground(look, "surface", parent=self)
        self._ground.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        stack = column()
        stack.addLayout(self._field())
        stack.addWidget(Rule(look))
        stack.addLayout(self._answers_area(), 1)
        stack.addWidget(Rule(look))
        keys = look.tr("↑ ↓ choose · Enter open · Esc close")
        self._foot = PlainLabel(look, "", size=Size.LABEL, weight=Weight.MEDIUM, colour="muted")
        stack.addLayout(
            row(
                PlainLabel(look, keys, size=Size.LABEL, colour="muted"),
                1,
                self._foot,
                margins=(20, 8, 20, 9),
            )
        )
        self.setLayout(stack)

    def _field(self) -> QHBoxLayout:
        look = self._look
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("search", look.colour("muted"), look.px(20)))
        self.edit = QLineEdit()
        self.edit.setProperty("bare", True)
        self.edit.setFont(look.font(18))
        self.edit.setMinimumHeight(look.px(54))
        self.edit.setAccessibleName(look.tr("Patient, document, action"))
        self.edit.setPlaceholderText(look.texts.shown(look.tr("Patient, document, action")))
        self.edit.setMaxLength(200)
        self.edit.textEdited.connect(self.typed)
        self.edit.installEventFilter(self)
        self._answers = PlainLabel(look, size=Size.LABEL, colour="muted")
        line = row(mark, spacing=12, margins=(20, 0, 20, 0))
        line.addWidget(self.edit, 1)
        line.addWidget(self._answers)
        return line

    def _answers_area(self) -> QStackedLayout:
        look = self._look
        self.model = LineModel[HitRow](self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(PaletteDelegate(look, self.list))
        self.list.setAccessibleName(look.tr("Answers"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._clicked)
        self._sentence = PlainLabel(look, colour="muted", wrap=True)
        self._sentence.setContentsMargins(56, 12, 40, 12)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._area = QStackedLayout()
        self._area.addWidget(self._sentence)
        self._area.addWidget(self.list)
        return self._area

    def height_for(self, room: int) -> int:
        """The height the answers ask for, within the room there is."""
        look = self._look
        rows = sum(look.px(HEAD if hit.kind is HitKind.HEAD else ROW) for hit in self.model.rows)
        frame = self.edit.minimumHeight() + look.px(36) + 8
        return min(max(rows + frame, look.px(220)), room)

    def show_state(self, state: PaletteState) -> None:
        self._settled = state.settled
        if state.words != self.edit.text():
            self.edit.setText(state.words)
        self._answers.setText(state.answers)
        self._sentence.setText(state.sentence)
        self._area.setCurrentIndex(0 if state.sentence else 1)
        before = self.current
        self.model.show_rows(state.rows)
        if before is None or before not in state.rows:
            first = self.model.first()
            if first >= 0:
                self.list.setCurrentIndex(self.model.index(first))
        self._foot.setText(
            self._look.tr("The list no longer moves") if state.settled and state.rows else ""
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The ground hides what lies behind: a key paints the answers again and not the record."""
        super().resizeEvent(event)
        self._ground.setGeometry(self.rect().adjusted(1, CARD_RADIUS, -1, -CARD_RADIUS))

    @property
    def current(self) -> HitRow | None:
        hit = self.list.currentIndex().data(LineRole)
        return hit if isinstance(hit, HitRow) else None

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        hit = index.data(LineRole)
        if hit is not None and hit.kind is not HitKind.HEAD:
            self.chosen.emit(hit)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                if self._settled and self.current is not None:
                    self.chosen.emit(self.current)
                return True
            if key == Qt.Key.Key_Escape:
                self.closed.emit()
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        place = self.list.currentIndex().row() + by
        while 0 <= place < self.model.rowCount():
            index = self.model.index(place)
            if self.model.flags(index) & Qt.ItemFlag.ItemIsSelectable:
                self.list.setCurrentIndex(index)
                return
            place += by

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.colour("line"), 1.0))
        painter.setBrush(self._look.colour("surface"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)
