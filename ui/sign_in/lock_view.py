"""The lock page: a phrase, counts, and nothing else. The window behind it holds no clinical widget."""

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from ui.sign_in.state import LockState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Ground, Rule, column, empty_out, parent_of, row
from ui.widgets.form import LineField, put_glyph
from ui.widgets.text import PlainLabel

CARD_WIDTH = 480


class LockTile(QWidget):
    """A count on the dark ground."""

    def __init__(self, look: Look, glyph: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(words)
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap(glyph, look.colour("bannermuted"), look.px(16)))
        label = PlainLabel(look, words, weight=Weight.SEMIBOLD, colour="bannertext")
        self.setLayout(row(mark, label, 1, margins=(12, 10, 16, 10)))
        self.setMinimumWidth(200)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.colour("bannermuted"), 1.0))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Medal(QWidget):
    """A glyph on a round ground."""

    def __init__(self, look: Look, glyph: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._glyph = look, glyph
        self.setFixedSize(64, 64)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour("accentbg"))
        painter.drawEllipse(self.rect())
        at = QRectF(20, 20, 24, 24).toRect().topLeft()
        self._look.icons.draw(painter, at, self._glyph, self._look.colour("accent"), 24)


def _room(height: int) -> QSpacerItem:
    """A distance that large text on a small screen takes back first."""
    return QSpacerItem(0, height, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum)


class LockView(Ground):
    """Emits the phrase once and empties its field."""

    unlock_asked = Signal(str)
    recovery_asked = Signal()
    people_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "banner", parent=parent)
        stack = column(0, (24, 24, 24, 24))
        stack.addStretch(3)
        self._day = PlainLabel(look, size=16, weight=Weight.MEDIUM, colour="bannermuted")
        self._time = PlainLabel(look, size=Size.CLOCK, weight=Weight.BOLD, colour="bannertext")
        for label in (self._day, self._time):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            stack.addWidget(label)
        stack.addItem(_room(40))
        stack.addLayout(row(1, self._card(), 1))
        stack.addItem(_room(32))
        self._tiles = row(spacing=16)
        holder = QWidget()
        holder.setLayout(self._tiles)
        stack.addLayout(row(1, holder, 1))
        stack.addItem(_room(24))
        self._lease = PlainLabel(look, colour="bannermuted", wrap=True)
        self._notice = PlainLabel(look, colour="banner_ring", weight=Weight.MEDIUM, wrap=True)
        for label in (self._lease, self._notice):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            stack.addWidget(label)
            stack.addItem(_room(12))
        stack.addStretch(2)
        self._practice = PlainLabel(
            look, size=Size.LABEL, weight=Weight.MEDIUM, colour="bannermuted"
        )
        self._practice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        stack.addWidget(self._practice)
        stack.addStretch(1)
        self.setLayout(stack)
        self._shown_tiles: tuple[tuple[str, str], ...] = ()

    def _card(self) -> Card:
        look, card = self._look, Card(self._look, pad=40)
        card.setFixedWidth(max(CARD_WIDTH, look.px(430)))
        body = card.body
        body.setContentsMargins(40, 28, 40, 20)
        body.addLayout(row(1, Medal(look, "lock"), 1))
        body.addSpacing(14)
        self._title = PlainLabel(look, size=Size.NAME, weight=Weight.BOLD, wrap=True)
        self._who = PlainLabel(look, size=Size.EMPHASIS, colour="muted", wrap=True)
        for label in (self._title, self._who):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            body.addWidget(label)
            body.addSpacing(4)
        self._about = PlainLabel(look, size=Size.EMPHASIS, wrap=True)
        self._about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._about.setContentsMargins(0, 14, 0, 0)
        body.addWidget(self._about)
        body.addSpacing(20)
        self._field = LineField(look, look.tr("Passphrase"), secret=True, limit=1024)
        put_glyph(self._field.edit, look, "key")
        self._field.edit.setProperty("tall", True)
        self._field.edit.returnPressed.connect(self._unlock)
        body.addWidget(self._field)
        body.addSpacing(14)
        self._button = Button(
            look, look.tr("Unlock"), kind=Kind.PRIMARY, key=look.tr("Enter"), tall=True
        )
        self._button.clicked.connect(self._unlock)
        body.addWidget(self._button)
        body.addSpacing(12)
        self._links(body)
        return card

    def _links(self, body: QVBoxLayout) -> None:
        look = self._look
        self._recovery = Button(look, "", kind=Kind.LINK)
        self._recovery.clicked.connect(self._recovery_clicked)
        body.addLayout(row(1, self._recovery, 1))
        people = Button(look, look.tr("Switch user"), kind=Kind.LINK)
        people.clicked.connect(self._people_clicked)
        body.addLayout(row(1, people, 1))
        body.addSpacing(10)
        body.addWidget(Rule(look))
        body.addSpacing(10)
        words = look.tr("The copy on this computer is closed and its key erased from memory.")
        foot = PlainLabel(look, words, size=Size.LABEL, colour="muted", wrap=True)
        foot.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body.addWidget(foot)

    def show_state(self, state: LockState) -> None:
        look = self._look
        self._day.setText(state.day)
        self._time.setText(state.time)
        self._title.setText(state.title)
        self._who.setText(state.who)
        self._about.setText(state.about)
        self._about.setVisible(bool(state.about))
        self._lease.setText(state.lease)
        self._notice.setText(state.notice)
        self._practice.setText(state.practice)
        waited = not self._field.edit.isEnabled()
        self._field.edit.setEnabled(not state.waiting)
        if waited and not state.waiting:
            self.focus_field()  # a disabled field gave the focus away
        self._button.setEnabled(not state.waiting)
        opens = state.continuity and not state.recovery
        self._button.set_text(look.tr("Open in continuity mode") if opens else look.tr("Unlock"))
        label = look.tr("Recovery code") if state.recovery else look.tr("Passphrase")
        self._field.edit.setAccessibleName(label)
        hint = look.tr("Four or five words.")
        if state.recovery:
            hint = look.tr("The code printed at the installation of this computer.")
        self._field.set_caption(label, " ".join(part for part in (hint, state.keyboard) if part))
        self._field.show_error(state.problem)
        self._recovery.set_text(
            look.tr("Back to the passphrase")
            if state.recovery
            else look.tr("Phrase forgotten? Use the recovery code")
        )
        if state.tiles != self._shown_tiles:
            self._shown_tiles = state.tiles
            empty_out(self._tiles)
            for glyph, words in state.tiles:
                self._tiles.addWidget(LockTile(look, glyph, words))

    @Slot()
    def _unlock(self) -> None:
        text = self._field.edit.text()
        if text and self._button.isEnabled():
            self._field.edit.clear()
            self.unlock_asked.emit(text)

    @Slot()
    def _recovery_clicked(self) -> None:
        self._field.edit.clear()
        self.recovery_asked.emit()

    @Slot()
    def _people_clicked(self) -> None:
        self._field.edit.clear()
        self.people_asked.emit()

    def focus_field(self) -> None:
        self._field.edit.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.focus_field()


class CountdownCard(Card):
    """In the last minute before a lock only."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, edge="warn", ground="warnbg", parent=parent)
        self._words = PlainLabel(look, weight=Weight.SEMIBOLD, colour="warn")
        self.body.addWidget(self._words)
        self.hide()

    def show_seconds(self, seconds: int | None) -> None:
        self.setVisible(seconds is not None)
        if seconds is None:
            return
        self._words.setText(
            self._look.texts.trn("Locks in {count} second", "Locks in {count} seconds", seconds)
        )
        self.adjustSize()
        parent = parent_of(self)
        self.move(parent.width() - self.width() - 16, parent.height() - self.height() - 48)
        self.raise_()
