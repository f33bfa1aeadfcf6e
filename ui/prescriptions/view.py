"""The prescription page: one input line, the allergies that stop it, the lines, what was checked, the page beside."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QStackedLayout, QWidget

from ui.paper.preview import PaperCard
from ui.prescriptions.entry_view import BesideEntry, EntryView
from ui.prescriptions.lines_view import LinesList
from ui.prescriptions.state import PrescriptionState, StripState
from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Tone, Weight
from ui.widgets.button import Button, Kind
from ui.widgets.card import Card, Ground, Rule, column, empty_out, row
from ui.widgets.chip import Chip, ChipState
from ui.widgets.text import PlainLabel

LEFT, RIGHT, NARROW = 892, 588, 1000


class AllergyStrip(QWidget):
    """Says what is known and asks the reason; it never takes the focus by itself, and stays as long as it is true."""

    reasoned = Signal(int, str)
    removed = Signal(int)

    def __init__(self, look: Look, state: StripState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self.key = look, state.key
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("allergy", look.colour("danger"), look.px(20)))
        self._title = PlainLabel(look, weight=Weight.SEMIBOLD, colour="danger", wrap=True)
        self._about = PlainLabel(look, size=Size.LABEL)
        self._sentence = PlainLabel(look, weight=Weight.SEMIBOLD, wrap=True)
        self.reason = QLineEdit()
        self.reason.setFont(look.font(Size.BODY))
        self.reason.setMaxLength(300)
        self.reason.setPlaceholderText(
            look.texts.shown(look.tr("Reason (required to sign this line)"))
        )
        self.reason.editingFinished.connect(self._reasoned)
        remove = Button(look, look.tr("Remove the line"), key=look.tr("Del"))
        remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        remove.clicked.connect(self._remove)
        head = row(spacing=12)
        head.addWidget(self._title, 1)
        head.addWidget(self._about)
        act = row(spacing=12)
        act.addWidget(self.reason, 1)
        act.addWidget(remove)
        words = column(6)
        words.addLayout(head)
        words.addWidget(self._sentence)
        words.addLayout(act)
        line = row(spacing=12, margins=(16, 10, 14, 12))
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        self.setLayout(line)
        self.show_strip(state)

    def show_strip(self, state: StripState) -> None:
        self._title.setText(state.title)
        self._about.setText(state.about)
        self._sentence.setText(state.sentence)
        self.reason.setAccessibleName(f"{self._look.tr('Reason')}, {state.title}")
        self.reason.setAccessibleDescription(f"{state.sentence} {state.about}")
        self.setAccessibleName(f"{state.title}. {state.sentence} {state.about}")
        if not self.reason.hasFocus() and self.reason.text() != state.reason:
            self.reason.setText(state.reason)

    @Slot()
    def _reasoned(self) -> None:
        self.reasoned.emit(self.key, self.reason.text().strip())

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self.key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.colour("danger"), 1.0))
        painter.setBrush(self._look.colour("dangerbg"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)


class PrescriptionView(QWidget):
    """Emits what a person asks; shows what it is told."""

    sign_asked = Signal()
    keep_asked = Signal()
    zone_asked = Signal(int)
    reason_given = Signal(int, str)
    closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._drawn: dict[int, AllergyStrip] = {}
        self.main = Card(look, pad=0)
        self.main.setAccessibleName(look.tr("Prescription"))
        self.main.body.setContentsMargins(1, 1, 1, 1)
        self.entry = EntryView(look)
        self.lines = LinesList(look)
        self.weight = BesideEntry(look)
        self._strips = column(8)
        self._make_head()
        self._make_middle()
        self._make_foot()
        self.paper = PaperCard(look, look.tr("Preview before printing"))
        self._sides = QStackedLayout()
        side = QWidget()
        side.setLayout(self._sides)
        self._sides.addWidget(self.paper)
        self._side = side
        self._form: QWidget | None = None
        line = row(spacing=12, margins=(16, 12, 12, 12))
        line.addWidget(self.main, LEFT)
        line.addWidget(side, RIGHT)
        self.setLayout(line)

    def minimumSizeHint(self) -> QSize:
        """The window is never made larger for this page: the lines scroll, the preview fits."""
        return QSize(0, 0)

    def _make_head(self) -> None:
        look = self._look
        title = PlainLabel(look, look.tr("Prescription"), size=Size.NAME, weight=Weight.BOLD)
        self._chip = Chip(look, ChipState(look.tr("Draft"), Tone.NEUTRAL))
        self._secured = Chip(look, ChipState(look.tr("Secured form"), Tone.WARN, "shield"))
        self._replaced = PlainLabel(look, weight=Weight.MEDIUM, wrap=True)
        self._kept = PlainLabel(look, size=Size.LABEL, colour="muted")
        head = row(title, self._chip, self._secured, spacing=12, margins=(16, 10, 16, 8))
        head.addWidget(self._replaced, 1)
        head.addWidget(self._kept)
        self.main.body.addLayout(head)

    def _make_middle(self) -> None:
        look = self._look
        inside = column(8, (16, 0, 16, 8))
        inside.addWidget(self.entry)
        inside.addWidget(self.weight)
        inside.addLayout(self._strips)
        self._empty = PlainLabel(look, colour="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside.addWidget(self._empty)
        inside.addWidget(self.lines, 1)
        told = Ground(look, "alt")
        words = column(4, (14, 8, 14, 8))
        self._unsure = PlainLabel(
            look, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="warn", wrap=True
        )
        self._checked = PlainLabel(look, size=Size.LABEL, weight=Weight.MEDIUM, wrap=True)
        self._inter = PlainLabel(
            look, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="warn", wrap=True
        )
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap("info", look.colour("warn"), look.px(14)))
        words.addWidget(self._unsure)
        words.addWidget(self._checked)
        last = row(mark, spacing=8)
        last.addWidget(self._inter, 1)
        words.addLayout(last)
        told.setLayout(words)
        inside.addWidget(told)
        self.main.body.addLayout(inside, 1)

    def _make_foot(self) -> None:
        look = self._look
        self.main.body.addWidget(Rule(look))
        self.sign = Button(
            look, look.tr("Sign"), kind=Kind.PRIMARY, key=look.tr("Ctrl+Enter"), glyph="pencil"
        )
        self.sign.clicked.connect(self.sign_asked)
        self._settle = PlainLabel(look, weight=Weight.SEMIBOLD, colour="danger", wrap=True)
        self.zone = Button(look, look.tr("Other zone"), key="Z")
        self.zone.clicked.connect(self._zone)
        self.keep = Button(look, look.tr("Keep the draft"), key="Ctrl+S")
        self.keep.clicked.connect(self.keep_asked)
        foot = row(self.sign, spacing=10, margins=(16, 10, 16, 12))
        foot.addWidget(self._settle, 1)
        foot.addWidget(self.zone)
        foot.addWidget(self.keep)
        self.main.body.addLayout(foot)

    # -- state ----------------------------------------------------------------

    def show_state(self, state: PrescriptionState) -> None:
        """Everything of one draft, or nothing of anybody."""
        self._replaced.setText(state.replaced)
        self._kept.setText(state.kept)
        self._secured.setVisible(state.secured)
        self.entry.show_entry(state.entry)
        self.weight.setVisible(state.weight.shown)
        self.weight.show_weight(state.weight.sentence, state.weight.value, asked=state.weight.asked)
        self._show_strips(state.strips)
        self.lines.show_rows(state.rows)
        self.lines.setVisible(bool(state.rows))
        self._empty.setText(state.empty)
        self._empty.setVisible(not state.rows)
        self._checked.setText(state.checked)
        self._unsure.setText(state.unsure)
        self._unsure.setVisible(bool(state.unsure))
        self._inter.setText(state.interactions)
        self.sign.setEnabled(state.can_sign)
        self.sign.setAccessibleDescription(state.to_settle)
        self._settle.setText(state.to_settle)
        self.zone.setVisible(state.zones)
        if state.owner is None:
            self.paper.clear()
            self.show_form(None)

    def _show_strips(self, strips: tuple[StripState, ...]) -> None:
        keys = tuple(strip.key for strip in strips)
        if keys != tuple(self._drawn):
            empty_out(self._strips)
            self._drawn = {}
            for state in strips:
                made = AllergyStrip(self._look, state)
                made.reasoned.connect(self._reasoned)
                made.removed.connect(self.lines.remove_asked)
                self._drawn[state.key] = made
                self._strips.addWidget(made)
        for state in strips:
            self._drawn[state.key].show_strip(state)

    @Slot(int, str)
    def _reasoned(self, key: int, text: str) -> None:
        self.reason_given.emit(key, text)

    def strip(self, key: int) -> AllergyStrip | None:
        """The strip of a line, for the first focus."""
        return self._drawn.get(key)

    def show_form(self, form: QWidget | None) -> None:
        """The form of a line stands in the place of the page while it is changed."""
        if self._form is not None:
            self._sides.removeWidget(self._form)
            self._form.hide()
            self._form.deleteLater()
        self._form = form
        if form is not None:
            self._sides.addWidget(form)
            self._sides.setCurrentWidget(form)
            form.setFocus()
        else:
            self._sides.setCurrentWidget(self.paper)
        self._fit()

    @property
    def form(self) -> QWidget | None:
        return self._form

    # -- intents --------------------------------------------------------------

    @Slot()
    def _zone(self) -> None:
        if self.lines.chosen:
            self.zone_asked.emit(self.lines.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.sign_asked.emit()
        elif control and key == Qt.Key.Key_S:
            self.keep_asked.emit()
        elif key == Qt.Key.Key_Insert:
            self.entry.edit.setFocus()
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where there is no room for both, the form of a line takes the place of the lines."""
        wide = self.width() >= self._look.px(NARROW)
        self._side.setVisible(wide or self._form is not None)
        self.main.setVisible(wide or self._form is None)
