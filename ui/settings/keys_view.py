"""The keys on the settings page: choose a command, press its new key; what stands in the way is said."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from ui.commands import Command, shown_shortcut
from ui.keys import fault_of, shortcut_of, with_keys
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind, draw_key
from ui.widgets.card import Card, row
from ui.widgets.lines import PAD, LineDelegate, LineModel, LineRole, paint_chosen, paint_heading
from ui.widgets.step_list import StepList
from ui.widgets.text import PlainLabel

HEIGHT = 300


class KeyRow(Struct, frozen=True, kw_only=True):
    """A group, or a command with its key; `own`: chosen by this person."""

    key: str
    title: str
    shortcut: str = ""
    own: bool = False
    words: str = ""

    @property
    def is_head(self) -> bool:
        return not self.shortcut


class _Delegate(LineDelegate):
    HEAD, ROW = 28, 34

    def paint_head(self, painter: QPainter, rect: QRect, line: KeyRow) -> None:
        paint_heading(painter, self._look, rect, line.title)

    def paint_line(self, painter: QPainter, rect: QRect, line: KeyRow, *, chosen: bool) -> None:
        look = self._look
        if chosen:
            paint_chosen(painter, look, rect)
        metrics = look.metrics(Size.CAPTION, Weight.MEDIUM)
        width, height = metrics.horizontalAdvance(line.shortcut) + 12, look.px(18)
        top = rect.center().y() - height / 2
        draw_key(
            painter, look, QRectF(rect.right() - PAD - width, top, width, height), line.shortcut
        )
        painter.setFont(look.font(Size.BODY, Weight.SEMIBOLD if line.own else Weight.REGULAR))
        painter.setPen(look.colour("text"))
        area = QRectF(rect).adjusted(PAD, 0, -PAD - width - 8, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, look.texts.shown(line.title))


class _KeyList(StepList):
    """While a key is awaited, every key is that key: none does what it is bound to."""

    pressed = Signal(str)
    change_asked = Signal()
    reset_asked = Signal()
    given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.awaits = False

    def event(self, event: QEvent) -> bool:
        if self.awaits and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.awaits:
            if key == Qt.Key.Key_Escape:
                self.given_up.emit()
            elif shortcut := shortcut_of(event):
                self.pressed.emit(shortcut)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.change_asked.emit()
        elif key == Qt.Key.Key_Delete:
            self.reset_asked.emit()
        else:
            super().keyPressEvent(event)


class KeysCard(Card):
    """Emits every own key after each choice, by command."""

    chosen = Signal(dict)

    def __init__(
        self,
        look: Look,
        commands: Sequence[Command],
        own: dict[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, look.tr("Keys"), pad=16, parent=parent)
        self._registry, self._own = tuple(commands), dict(own)
        self.model = LineModel[KeyRow](self)
        self.list = _KeyList()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(look, self.list))
        self.list.setAccessibleName(look.tr("Keys"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setMinimumHeight(look.px(HEIGHT))
        self.sentence = PlainLabel(look, colour="muted", wrap=True)
        change = Button(look, look.tr("Change…"), kind=Kind.PRIMARY, key=look.tr("Enter"))
        change.clicked.connect(self._await)
        reset = Button(look, look.tr("Its first key"), key=look.tr("Del"))
        reset.clicked.connect(self._reset)
        every = Button(look, look.tr("All first keys"))
        every.clicked.connect(self._reset_all)
        self.body.addSpacing(8)
        self.body.addWidget(self.list)
        self.body.addWidget(self.sentence)
        self.body.addSpacing(8)
        self.body.addLayout(row(change, reset, every, 1, spacing=8))
        self.list.change_asked.connect(self._await)
        self.list.reset_asked.connect(self._reset)
        self.list.pressed.connect(self._pressed)
        self.list.given_up.connect(self._rest)
        self._show()
        self._rest()
        first = self.model.first()
        if first >= 0:
            self.list.setCurrentIndex(self.model.index(first, 0))

    def _show(self) -> None:
        texts, rows, group = self._look.texts, list[KeyRow](), ""
        for one in with_keys(self._registry, self._own):
            if not one.shortcut:
                continue
            if one.group != group:
                group = one.group
                rows.append(KeyRow(key=f"head:{group}", title=group, words=group))
            shortcut = shown_shortcut(texts, one.shortcut)
            rows.append(
                KeyRow(
                    key=one.key,
                    title=one.title,
                    shortcut=shortcut,
                    own=one.key in self._own,
                    words=f"{one.title}, {shortcut}",
                )
            )
        self.model.show_rows(tuple(rows))

    def _chosen(self) -> KeyRow | None:
        one = self.list.currentIndex().data(LineRole)
        return one if isinstance(one, KeyRow) and not one.is_head else None

    @Slot()
    def _await(self) -> None:
        one = self._chosen()
        if one is not None:
            self.list.awaits = True
            self.list.setFocus()
            self._say(
                self._look.tr(
                    "Press the new key of “{name}”. Esc: it keeps the present one.", name=one.title
                ),
                "accent",
            )

    @Slot()
    def _rest(self) -> None:
        self.list.awaits = False
        how = self._look.tr("Choose a line, then Enter and its new key. Bold: a key of your own.")
        self._say(how, "muted")

    def _say(self, sentence: str, colour: str) -> None:
        self.sentence.set_colour(colour)
        self.sentence.setText(sentence)

    @Slot(str)
    def _pressed(self, shortcut: str) -> None:
        one = self._chosen()
        if one is None:
            return
        commands = with_keys(self._registry, self._own)
        fault = fault_of(self._look.texts, commands, one.key, shortcut)
        if fault:
            self._say(fault, "warn")
            return
        self._rest()
        self._keep({**self._own, one.key: shortcut})

    @Slot()
    def _reset(self) -> None:
        """Its first key, unless another command has it now."""
        one = self._chosen()
        first = next((c.shortcut for c in self._registry if one and c.key == one.key), "")
        if one is None or one.key not in self._own:
            return
        commands = with_keys(self._registry, self._own)
        fault = fault_of(self._look.texts, commands, one.key, first)
        if fault:
            self._say(fault, "warn")
            return
        self._keep({key: kept for key, kept in self._own.items() if key != one.key})

    @Slot()
    def _reset_all(self) -> None:
        self._keep({})

    def _keep(self, own: dict[str, str]) -> None:
        """A command that has its first key again has no own one."""
        first = {one.key: one.shortcut for one in self._registry}
        own = {key: kept for key, kept in own.items() if first.get(key) != kept}
        if own != self._own:
            here = self.list.currentIndex().row()
            self._own = own
            self._show()
            self.list.setCurrentIndex(self.model.index(here, 0))
            self.chosen.emit(dict(own))
