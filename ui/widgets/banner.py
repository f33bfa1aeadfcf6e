"""The patient banner: who this record is about, on every one-patient screen and on no other.

Zone 1 (identity) never elides the name or the allergies; the allergy panel has exactly one of four
titles (NHS CUI PAB-0064), and says the date of the copy it comes from when it may be older than the
truth (HZ-04). Strict identity traits are shown as received.
"""

from enum import StrEnum

from msgspec import Struct
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Tone, Weight
from ui.widgets.card import column, empty_out, row
from ui.widgets.text import PlainLabel, Run, RunLabel

NARROW = 1400
STRIPE = 8


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
    """Title, date of the copy, agents in full; it wraps, it never elides."""

    def __init__(self, look: Look, state: AllergyPanelState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        tone, glyph = _TONES[state.kind]
        self._tone, self._glyph = tone, glyph
        text = "muted" if tone is Tone.NEUTRAL else tone.value
        self.setAccessibleName(state.title)
        self.setAccessibleDescription(
            "; ".join(f"{line.agent}: {line.reaction}" for line in state.lines) or state.detail,
        )
        body = column(1, (54, 4, 12, 5))
        self.setLayout(body)
        body.addStretch(1)
        if look.roomy:
            head = Run(state.title, Weight.BOLD, text, Size.EMPHASIS)
            copy = Run(f"   {state.note}", Weight.MEDIUM, text, Size.LABEL)
            body.addWidget(RunLabel(look, (head, copy), wrap=True, leading=1.21))
        else:
            title = PlainLabel(
                look, state.title, size=Size.EMPHASIS, weight=Weight.BOLD, colour=text
            )
            note = PlainLabel(look, state.note, size=Size.LABEL, weight=Weight.MEDIUM, colour=text)
            body.addLayout(row(title, 1, note))
        runs = self._runs(state, text)
        if runs:
            body.addWidget(RunLabel(look, runs, wrap=True, leading=1.21))
        body.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text, ground = self._look.tone(self._tone)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), INPUT_RADIUS, INPUT_RADIUS)
        size = 28
        top = (self.height() - size) // 2
        self._look.icons.draw(painter, QPoint(14, top), self._glyph, text, size)


class PatientBanner(QWidget):
    """Full width, fixed, 64 px; grows to two lines at large text, never hides a trait."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: BannerState | None = None
        self._compact = False
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(16, 6, 12, 6)
        self._line.setSpacing(0)
        self._line.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumHeight(64)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """It never keeps the window wide: it becomes compact instead."""
        return QSize(0, 64)

    @property
    def owner(self) -> int | None:
        """The patient now shown: content of another owner must never stand below (HZ-01)."""
        return self._state.owner if self._state else None

    def show_state(self, state: BannerState | None, *, compact: bool = False) -> None:
        """Show a patient, or nothing clinical at all."""
        if state == self._state and compact == self._compact:
            return
        self._state, self._compact = state, compact
        empty_out(self._line)
        if state is None:
            self.setAccessibleName("")
            self.update()
            return
        self.setAccessibleName(f"{state.name}, {state.born_label} {state.born}")
        self._fill(state)
        self.update()

    def _fill(self, state: BannerState) -> None:
        gap = 20 if self._compact else 28
        self._line.addLayout(self._names(state))
        self._line.addSpacing(gap)
        self._line.addLayout(self._trait(state.born_label, state.born))
        self._line.addSpacing(gap)
        self._line.addLayout(self._trait(self._look.tr("Sex"), state.sex))
        self._line.addSpacing(gap)
        if self._compact:
            self._line.addLayout(self._ins_over_identity(state))
        else:
            if state.ins:
                ins = self._trait(self._look.tr("INS number"), state.ins, strict=True)
                self._line.addLayout(ins)
                self._line.addSpacing(gap)
            self._line.addLayout(self._identity(state))
        self._line.addSpacing(gap)
        self._line.addStretch(1)
        panel = AllergyPanel(self._look, state.allergies)
        panel.setMinimumWidth(280 if self._compact else 400)
        self._line.addWidget(panel, 100 if self._compact else 60)

    def _names(self, state: BannerState) -> QVBoxLayout:
        look, stack = self._look, column(1)
        stack.addStretch(1)
        stack.addWidget(
            PlainLabel(
                look,
                state.name,
                size=Size.NAME,
                weight=Weight.BOLD,
                colour="bannertext",
                strict=True,
            ),
        )
        caption = [
            Run(look.tr("Birth name") + " ", Weight.REGULAR, "bannermuted", Size.LABEL),
            Run(state.birth_name, Weight.SEMIBOLD, "bannertext", Size.LABEL, strict=True),
        ]
        if state.first_birth_given and not self._compact:
            caption += [
                Run(
                    "   " + look.tr("First birth given name") + " ",
                    Weight.REGULAR,
                    "bannermuted",
                    Size.LABEL,
                ),
                Run(
                    state.first_birth_given, Weight.SEMIBOLD, "bannertext", Size.LABEL, strict=True
                ),
            ]
        label = RunLabel(look, tuple(caption))
        label.setMinimumWidth(label.sizeHint().width())
        stack.addWidget(label)
        stack.addStretch(1)
        return stack

    def _trait(self, label: str, value: str, *, strict: bool = False) -> QVBoxLayout:
        look, stack = self._look, column(2)
        stack.addStretch(1)
        stack.addWidget(PlainLabel(look, label, size=Size.LABEL, colour="bannermuted"))
        stack.addWidget(
            PlainLabel(
                look,
                value,
                size=Size.SECTION,
                weight=Weight.SEMIBOLD,
                colour="bannertext",
                strict=strict,
            ),
        )
        stack.addStretch(1)
        return stack

    def _identity(self, state: BannerState) -> QVBoxLayout:
        look, stack = self._look, column(2)
        stack.addStretch(1)
        label = look.tr("Identity")
        stack.addWidget(PlainLabel(look, label, size=Size.LABEL, colour="bannermuted"))
        value = PlainLabel(
            look, state.identity, size=Size.SECTION, weight=Weight.SEMIBOLD, colour="bannertext"
        )
        stack.addLayout(row(self._glyph(state), value, spacing=5))
        stack.addStretch(1)
        return stack

    def _ins_over_identity(self, state: BannerState) -> QVBoxLayout:
        look, stack = self._look, column(2)
        stack.addStretch(1)
        value = state.ins or look.tr("No INS number")
        stack.addWidget(
            PlainLabel(
                look,
                value,
                size=Size.EMPHASIS,
                weight=Weight.SEMIBOLD,
                colour="bannertext",
                strict=True,
            )
        )
        words = look.tr("Identity") + " " + state.identity.lower()
        label = PlainLabel(look, words, size=Size.LABEL, colour="bannermuted")
        stack.addLayout(row(self._glyph(state), label, 1, spacing=5))
        stack.addStretch(1)
        return stack

    def _glyph(self, state: BannerState) -> PlainLabel:
        look, side = self._look, self._look.px(16)
        mark = PlainLabel(look)
        name = "check_circle" if state.identity_sure else "alert"
        mark.setPixmap(look.icons.pixmap(name, look.colour("bannertext"), side))
        mark.setAccessibleName(state.identity)
        return mark

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        deceased = bool(self._state and self._state.deceased)
        ground = self._look.colour("banner_deceased" if deceased else "banner")
        painter.fillRect(self.rect(), ground)
        if deceased:  # another colour and a pattern (PAB-0055)
            painter.setPen(QPen(ground.lighter(135), 1))
            for x in range(-self.height(), self.width(), STRIPE):
                painter.drawLine(x, self.height(), x + self.height(), 0)
