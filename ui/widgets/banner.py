"""The patient banner: who this record is about, on every one-patient screen and on no other.

Zone 1 (identity) never elides the name or the allergies; the allergy panel has exactly one of four
titles (NHS CUI PAB-0064), and says the date of the copy it comes from when it may be older than the
truth (HZ-04). Strict identity traits are shown as received.
"""

from enum import StrEnum

from msgspec import Struct
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Tone, Weight
from ui.widgets.card import column, row
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel, Run, RunLabel

NARROW = 1400
STRIPE = 8
MAXIMUM = 16_777_215
"""The toolkit's word for no limit."""


class AllergyKind(StrEnum):
    """The four states an allergy title may have, and the one of a disagreement."""

    KNOWN = "known"
    NONE = "none"
    NOT_RECORDED = "not_recorded"
    UNAVAILABLE = "unavailable"


_TONES = {
    AllergyKind.KNOWN: (Tone.DANGER, "warning"),
    AllergyKind.NONE: (Tone.OK, "check_circle"),
    AllergyKind.NOT_RECORDED: (Tone.NEUTRAL, "question"),
    AllergyKind.UNAVAILABLE: (Tone.WARN, "stop"),
}


class AllergyLine(Struct, frozen=True):
    """One agent and what it did. `open_` marks a version still to be decided (HZ-05)."""

    agent: str
    reaction: str = ""
    open_: bool = False


class AllergyPanelState(Struct, frozen=True):
    """The right end of the banner. `note` stands at the right of the title: the date of the copy."""

    kind: AllergyKind
    title: str
    note: str = ""
    lines: tuple[AllergyLine, ...] = ()
    detail: str = ""


class BannerState(Struct, frozen=True):
    """Who is on the screen, ready to be shown. `name` is in the order civility NAME Given."""

    owner: int
    name: str
    birth_name: str
    first_birth_given: str
    born_label: str
    born: str
    sex: str
    ins: str
    identity: str
    identity_sure: bool
    allergies: AllergyPanelState
    deceased: str = ""


class AllergyPanel(QWidget):
    """Title, date of the copy, agents in full; it wraps, it never elides. Without a state it is blank."""

    spoken_role = Role.Grouping

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: AllergyPanelState | None = None
        body = column(1, (54, 4, 12, 5))
        self.setLayout(body)
        body.addStretch(1)
        self._head = RunLabel(look, wrap=True, leading=1.21)
        self._title = PlainLabel(look, size=Size.EMPHASIS, weight=Weight.BOLD)
        self._note = PlainLabel(look, size=Size.LABEL, weight=Weight.MEDIUM)
        if look.roomy:
            body.addWidget(self._head)
        else:
            body.addLayout(row(self._title, 1, self._note))
        self._lines = RunLabel(look, wrap=True, leading=1.21)
        self._lines.hide()
        body.addWidget(self._lines)
        body.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def show_state(self, state: AllergyPanelState | None) -> None:
        """Show one of the four titles in the place of another, or nothing at all."""
        if state == self._state:
            return
        self._state = state
        self.setAccessibleName(state.title if state else "")
        if state is None:
            self.setAccessibleDescription("")
            self._say("", "", (), "muted")
        else:
            agents = "; ".join(f"{line.agent}: {line.reaction}" for line in state.lines)
            self.setAccessibleDescription(agents or state.detail)
            tone = _TONES[state.kind][0]
            text = "muted" if tone is Tone.NEUTRAL else tone.value
            self._say(state.title, state.note, self._runs(state, text), text)
        self.update()

    def _say(self, title: str, note: str, runs: tuple[Run, ...], text: str) -> None:
        if self._look.roomy:
            head = Run(title, Weight.BOLD, text, Size.EMPHASIS)
            copy = Run(f"   {note}", Weight.MEDIUM, text, Size.LABEL)
            self._head.set_runs((head, copy) if title else ())
        else:
            for label, words in ((self._title, title), (self._note, note)):
                if words:
                    label.set_colour(text)
                label.setText(words)
        self._lines.set_runs(runs)
        if title:
            self._lines.setVisible(bool(runs))

    def _runs(self, state: AllergyPanelState, text: str) -> tuple[Run, ...]:
        runs: list[Run] = []
        for line in state.lines:
            if runs:
                runs.append(Run("  ·  ", Weight.REGULAR, text))
            runs.append(Run(line.agent, Weight.BOLD, text))
            if line.reaction:
                runs.append(Run(f" : {line.reaction}", Weight.REGULAR, text))
            if line.open_:
                runs.append(Run(" " + self._look.tr("(to be decided)"), Weight.SEMIBOLD, text))
        if state.detail:
            runs.append(Run(("  ·  " if runs else "") + state.detail, Weight.REGULAR, text))
        return tuple(runs)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._state is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone, glyph = _TONES[self._state.kind]
        text, ground = self._look.tone(tone)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), INPUT_RADIUS, INPUT_RADIUS)
        size = 28
        top = (self.height() - size) // 2
        self._look.icons.draw(painter, QPoint(14, top), glyph, text, size)


class Trait(QWidget):
    """A label above a value, with a glyph before the value where the trait has one."""

    def __init__(
        self, look: Look, label: str = "", *, strict: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        stack = column(2)
        self.setLayout(stack)
        self.label = PlainLabel(look, label, size=Size.LABEL, colour="bannermuted")
        self.mark = PlainLabel(look)
        self.mark.hide()
        self.value = PlainLabel(
            look,
            size=Size.SECTION,
            weight=Weight.SEMIBOLD,
            colour="bannertext",
            strict=strict,
        )
        stack.addStretch(1)
        stack.addWidget(self.label)
        stack.addLayout(row(self.mark, self.value, spacing=5))
        stack.addStretch(1)


class Names(QWidget):
    """The name in use, and below it the name at birth, as received."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._name = PlainLabel(
            look, size=Size.NAME, weight=Weight.BOLD, colour="bannertext", strict=True
        )
        self._born = RunLabel(look)
        stack = column(1)
        stack.addStretch(1)
        stack.addWidget(self._name)
        stack.addWidget(self._born)
        self._room = 0
        stack.addStretch(1)
        self.setLayout(stack)

    def show_state(self, state: BannerState | None, *, compact: bool) -> None:
        runs: tuple[Run, ...] = ()
        if state is not None:
            tr = self._look.tr
            runs = _pair(tr("Birth name"), state.birth_name)
            if state.first_birth_given and not compact:
                label = "   " + tr("First birth given name")
                runs += _pair(label, state.first_birth_given)
        self._name.setText(state.name if state else "")
        self._born.set_runs(runs)
        self._born.setMinimumWidth(self._born.sizeHint().width())
        self._name.setWordWrap(False)
        self._room = 0

    def whole(self) -> int:
        """The width of the name on one line."""
        text = self._look.metrics(Size.NAME, Weight.BOLD).horizontalAdvance(self._name.text())
        return max(text + 2, self._born.sizeHint().width())

    def fit(self, room: int) -> None:
        """A name longer than its room goes on to the next line, whole."""
        room = 0 if self.whole() <= room else max(room, self._born.sizeHint().width())
        if room == self._room:
            return
        self._room = room
        self._name.setWordWrap(bool(room))
        self.setMinimumWidth(room)
        self.setMaximumWidth(room or MAXIMUM)


def _pair(label: str, value: str) -> tuple[Run, Run]:
    return (
        Run(label + " ", Weight.REGULAR, "bannermuted", Size.LABEL),
        Run(value, Weight.SEMIBOLD, "bannertext", Size.LABEL, strict=True),
    )


class Identity(QWidget):
    """In a narrow banner: the INS above the state of the identity."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ins = PlainLabel(
            look, size=Size.EMPHASIS, weight=Weight.SEMIBOLD, colour="bannertext", strict=True
        )
        self.mark = PlainLabel(look)
        self.words = PlainLabel(look, size=Size.LABEL, colour="bannermuted")
        stack = column(2)
        stack.addStretch(1)
        stack.addWidget(self.ins)
        stack.addLayout(row(self.mark, self.words, 1, spacing=5))
        stack.addStretch(1)
        self.setLayout(stack)


class PatientBanner(QWidget):
    """Full width, fixed, 64 px; grows to two lines at large text, never hides a trait."""

    spoken_role = Role.Grouping

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: BannerState | None = None
        self._compact = False
        self._names, self._panel = Names(look), AllergyPanel(look)
        self._born, self._sex = Trait(look), Trait(look, look.tr("Sex"))
        self._ins = Trait(look, look.tr("INS number"), strict=True)
        self._identity = Trait(look, look.tr("Identity"))
        self._identity.mark.show()
        self._both = Identity(look)
        self._stack = QVBoxLayout(self)
        self._stack.setContentsMargins(16, 6, 12, 6)
        self._stack.setSpacing(6)
        self._stack.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._line = QHBoxLayout()
        self._line.setSpacing(28)
        self._stack.addLayout(self._line)
        self._parts = (self._names, self._born, self._sex, self._both, self._ins, self._identity)
        for part in self._parts:
            part.hide()
            self._line.addWidget(part)
        self._line.addStretch(1)
        self._line.addWidget(self._panel)
        self._below = False
        self.setMinimumHeight(64)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def minimumSizeHint(self) -> QSize:
        """It never keeps the window wide: it becomes compact instead."""
        return QSize(0, 64)

    @property
    def owner(self) -> int | None:
        """The patient now shown: content of another owner must never stand below (HZ-01)."""
        return self._state.owner if self._state else None

    def show_state(self, state: BannerState | None, *, compact: bool = False) -> None:
        """Show a patient, or nothing clinical at all: no label keeps a word of the one before."""
        if state == self._state and compact == self._compact:
            return
        self.setMinimumHeight(self.height() if state is None else 64)
        self._state, self._compact = state, compact
        named = f"{state.name}, {state.born_label} {state.born}" if state else ""
        self.setAccessibleName(named)
        self._names.show_state(state, compact=compact)
        self._show_traits(state)
        if state is not None:
            self._choose_parts(state)
        self._line.setSpacing(20 if compact else 28)
        self._panel.show_state(state.allergies if state else None)
        self._panel.setMinimumWidth(280 if compact else 400)
        self._line.setStretchFactor(self._panel, 100 if compact else 60)
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _fit(self) -> None:
        """The allergies go below the traits where both have not room side by side; nothing is cut."""
        if self._state is None or not self.width():
            return
        gap = self._line.spacing()
        shown = [part for part in self._parts[1:] if not part.isHidden()]
        others = sum(part.sizeHint().width() + gap for part in shown)
        room = self.width() - 28
        below = others + self._names.whole() + gap + self._panel.minimumWidth() > room
        self._names.fit(room - others)
        if below != self._below:
            self._below = below
            home, other = (self._stack, self._line) if below else (self._line, self._stack)
            other.removeWidget(self._panel)
            home.addWidget(self._panel)
            self._line.setStretchFactor(self._panel, 100 if self._compact else 60)
            self.updateGeometry()

    def _show_traits(self, state: BannerState | None) -> None:
        look = self._look
        self._born.label.setText(state.born_label if state else "")
        self._born.value.setText(state.born if state else "")
        self._sex.value.setText(state.sex if state else "")
        self._ins.value.setText(state.ins if state else "")
        self._identity.value.setText(state.identity if state else "")
        ins = (state.ins or look.tr("No INS number")) if state else ""
        self._both.ins.setText(ins)
        words = look.tr("Identity") + " " + state.identity.lower() if state else ""
        self._both.words.setText(words)
        for mark in (self._identity.mark, self._both.mark):
            self._show_mark(mark, state)

    def _choose_parts(self, state: BannerState) -> None:
        """Those this width has room for; a blank banner keeps the ones it has."""
        wide = not self._compact
        for part in (self._names, self._born, self._sex):
            part.show()
        self._both.setVisible(not wide)
        self._ins.setVisible(wide and bool(state.ins))
        self._identity.setVisible(wide)

    def _show_mark(self, mark: PlainLabel, state: BannerState | None) -> None:
        mark.setAccessibleName(state.identity if state else "")
        if state is None:
            mark.clear()
        else:
            look, side = self._look, self._look.px(16)
            glyph = "check_circle" if state.identity_sure else "alert"
            mark.setPixmap(look.icons.pixmap(glyph, look.colour("bannertext"), side))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        deceased = bool(self._state and self._state.deceased)
        ground = self._look.colour("banner_deceased" if deceased else "banner")
        painter.fillRect(self.rect(), ground)
        if deceased:  # another colour and a pattern (PAB-0055)
            painter.setPen(QPen(ground.lighter(135), 1))
            for x in range(-self.height(), self.width(), STRIPE):
                painter.drawLine(x, self.height(), x + self.height(), 0)
