"""Who uses this computer: names and practices on the ground of the lock page, nothing else."""

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.sign_in.lock_view import CARD_WIDTH, Medal
from ui.sign_in.state import PersonLine
from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Ground, Rule, Scroll, column, row
from ui.widgets.text import PlainLabel

_SHOWN = 6
"""More than these are scrolled."""


class PersonRow(QAbstractButton):
    """A name over a practice; a bar at the left marks who is at the computer now."""

    def __init__(
        self, look: Look, line: PersonLine, about: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._line, self._about = look, line, about
        self.key, self.is_present = line.key, line.present
        self.setText(look.texts.shown(line.person))
        self.setAccessibleName(", ".join(part for part in (line.person, about) if part))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._look.px(300), max(56, self._look.px(52)))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._look.px(200), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.rect().adjusted(1, 1, -1, -1)
        painter.setPen(QPen(look.colour("line"), 1.0))
        painter.setBrush(look.colour("accentbg" if self.underMouse() else "surface"))
        painter.drawRoundedRect(rect, INPUT_RADIUS, INPUT_RADIUS)
        if self._line.present:
            painter.fillRect(QRect(1, 6, 3, self.height() - 12), look.colour("accent"))
        half, left = self.height() // 2, 16
        room = self.width() - left - 12
        for words, font, tone, top in (
            (self.text(), look.font(Size.EMPHASIS, Weight.SEMIBOLD), "text", 4),
            (look.texts.shown(self._about), look.font(Size.LABEL), "muted", half),
        ):
            painter.setFont(font)
            painter.setPen(look.colour(tone))
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
            area = QRect(left, top, room, half - 4)
            painter.drawText(
                area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown
            )
        if self.hasFocus():
            painter.setPen(QPen(look.colour("accent"), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(2, 2, -2, -2), 2, 2)


class PeopleView(Ground):
    """Emits the key of the person chosen; up and down, Enter, Escape are enough."""

    chosen = Signal(str)
    another_asked = Signal()
    left = Signal()

    def __init__(
        self, look: Look, lines: tuple[PersonLine, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, "banner", parent=parent)
        self._look = look
        stack = column(0, (24, 24, 24, 24))
        stack.addStretch(1)
        stack.addLayout(row(1, self._card(lines), 1))
        stack.addStretch(1)
        self.setLayout(stack)

    def _card(self, lines: tuple[PersonLine, ...]) -> Card:
        look, card = self._look, Card(self._look, pad=40)
        card.setFixedWidth(max(CARD_WIDTH, look.px(430)))
        body = card.body
        body.setContentsMargins(40, 28, 40, 20)
        body.addLayout(row(1, Medal(look, "people"), 1))
        body.addSpacing(14)
        title = PlainLabel(
            look, look.tr("Who uses this computer?"), size=Size.NAME, weight=Weight.BOLD, wrap=True
        )
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body.addWidget(title)
        body.addSpacing(16)
        self._rows = [PersonRow(look, line, about_of(line, lines)) for line in lines]
        inner = QWidget()
        listed = column(8)
        for one in self._rows:
            one.clicked.connect(self._clicked)
            one.installEventFilter(self)
            listed.addWidget(one)
        inner.setLayout(listed)
        if len(self._rows) > _SHOWN:
            scrolled = Scroll(inner)
            scrolled.setFixedHeight(_SHOWN * (self._rows[0].sizeHint().height() + 8))
            body.addWidget(scrolled)
        else:
            body.addWidget(inner)
        body.addSpacing(12)
        another = Button(look, look.tr("Another person…"), kind=Kind.LINK)
        another.clicked.connect(self.another_asked)
        back = Button(look, look.tr("Back"), kind=Kind.LINK, key=look.tr("Esc"))
        back.clicked.connect(self.left)
        body.addLayout(row(1, another, 1))
        body.addLayout(row(1, back, 1))
        body.addSpacing(10)
        body.addWidget(Rule(look))
        body.addSpacing(10)
        words = look.tr("Each person has their own copy and phrase.")
        foot = PlainLabel(look, words, size=Size.LABEL, colour="muted", wrap=True)
        foot.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body.addWidget(foot)
        return card

    def focus_present(self) -> None:
        """On whoever is at the computer: Enter goes back to their phrase."""
        rows = sorted(self._rows, key=lambda one: not one.is_present)
        if rows:
            rows[0].setFocus()

    @Slot()
    def _clicked(self) -> None:
        one = self.sender()
        if isinstance(one, PersonRow):
            self.chosen.emit(one.key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down go from person to person."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if step and isinstance(watched, PersonRow):
                at = min(max(self._rows.index(watched) + step, 0), len(self._rows) - 1)
                self._rows[at].setFocus()
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


def about_of(line: PersonLine, lines: tuple[PersonLine, ...]) -> str:
    """The practice; the computer's name too where two lines would read the same."""
    twins = [one for one in lines if (one.person, one.place) == (line.person, line.place)]
    parts = (line.place, line.device_name) if len(twins) > 1 else (line.place,)
    return " · ".join(part for part in parts if part)
