"""The panel in which a consultation note is written, beside the timeline."""

from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from dossier.fhir.notes import HEADINGS, Contact
from ui.notes.editor import NoteEdit, NoteField
from ui.notes.state import MeasureChip, NoteState, Purpose
from ui.patient.note_presenter import headings
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, KeyCap, Kind
from ui.widgets.card import Card, Rule, Scroll, column, empty_out, row
from ui.widgets.flow import FlowLayout
from ui.widgets.form import Choice, ChoiceField, ListField
from ui.widgets.text import PlainLabel

LINES = {"reason": 2, "examination": 6, "conclusion": 2, "plan": 3}


class MeasureButton(Button):
    """A measure that stands in the words: pressed, it is recorded with the note."""

    asked = Signal(str)

    def __init__(self, look: Look, chip: MeasureChip, parent: QWidget | None = None) -> None:
        glyph = "box_checked" if chip.taken else "box"
        super().__init__(look, chip.words, glyph=glyph, parent=parent)
        self.code = chip.code
        state = look.tr("Recorded when you sign") if chip.taken else look.tr("Not taken over")
        self.setAccessibleDescription(state)
        self.setToolTip(look.texts.shown(state))
        self.clicked.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self.code)


class NotePanel(Card):
    """Moved by a `NoteState`; emits what was typed. It never reads a service."""

    edited = Signal(tuple)
    chosen = Signal(tuple)
    signed = Signal()
    left_unsigned = Signal()
    templates_asked = Signal(QWidget)
    measure_asked = Signal(str)
    discarded = Signal()
    closed = Signal()

    def __init__(self, look: Look, state: NoteState, parent: QWidget | None = None) -> None:
        super().__init__(look, edge="accent", pad=0, parent=parent)
        self.body.setContentsMargins(1, 1, 1, 1)
        self._filling = False
        self._measures: tuple[MeasureChip, ...] = ()
        self.fields = {
            field: NoteField(look, label, lines=LINES[field])
            for field, label in headings(look.texts).items()
        }
        self._order = [self.fields[field].edit for field in HEADINGS]
        self._here = self._order[0]
        self.body.addWidget(self._head_of(state))
        self.body.addWidget(Rule(look))
        self._inner = self._content(state)
        self._scroll = Scroll(self._inner)
        self.body.addWidget(self._scroll, 1)
        self.body.addWidget(Rule(look))
        self.body.addWidget(self._foot(state))
        for edit in self._order:
            edit.submitted.connect(self.signed)
            edit.left.connect(self._next_field)
            edit.moved.connect(self._follow)

    def _head_of(self, state: NoteState) -> QWidget:
        look, head = self._look, QWidget()
        title = {
            Purpose.NEW: look.tr("Consultation note"),
            Purpose.UNSIGNED: look.tr("Consultation note to be signed"),
            Purpose.CORRECTION: look.tr("Correct the consultation note"),
        }[state.purpose]
        self.setAccessibleName(title)
        stack = column(2, (16, 10, 8, 10))
        close = Button(look, look.tr("Close: the draft is kept"), kind=Kind.BARE, glyph="close")
        close.clicked.connect(self.closed)
        line = row(spacing=8)
        words = PlainLabel(look, title, size=Size.SECTION, weight=Weight.BOLD, wrap=True)
        line.addWidget(words, 1)
        line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        stack.addLayout(line)
        about = PlainLabel(
            look, state.about, size=Size.LABEL, weight=Weight.MEDIUM, colour="muted", wrap=True
        )
        stack.addWidget(about)
        self._draft = PlainLabel(
            look,
            look.tr("Draft found again: what you were typing was kept."),
            size=Size.LABEL,
            weight=Weight.MEDIUM,
            colour="wait",
            wrap=True,
        )
        stack.addWidget(self._draft)
        head.setLayout(stack)
        return head

    def _content(self, state: NoteState) -> QWidget:
        look, inner = self._look, QWidget()
        stack = column(12, (16, 12, 16, 16))
        tr = look.tr
        choices = (
            Choice(Contact.CONSULTATION.value, tr("Consultation")),
            Choice(Contact.VISIT.value, tr("Home visit")),
            Choice(Contact.REMOTE.value, tr("Remote")),
        )
        self._contact = ChoiceField(look, tr("Contact"), choices)
        self._contact.changed.connect(self._contact_chosen)
        self._for: ListField | None = None
        self._people = column(0)
        if state.purpose is Purpose.NEW:
            stack.addWidget(self._contact)
            stack.addLayout(self._people)
        for field, widget in self.fields.items():
            widget.setProperty("field_key", field)
            widget.changed.connect(self._typed)
            stack.addWidget(widget)
            if field == "examination":
                self._chips_box = QWidget()
                self._chips = FlowLayout(6)
                hint = PlainLabel(
                    look, tr("Record as measures, with the note"), size=Size.LABEL, colour="muted"
                )
                above = row(hint, KeyCap(look, "Alt+C"), 1, spacing=8)
                offered = column(6)
                offered.addLayout(above)
                offered.addLayout(self._chips)
                self._chips_box.setLayout(offered)
                self._chips_box.hide()
                stack.addWidget(self._chips_box)
        stack.addStretch(1)
        inner.setLayout(stack)
        return inner

    def _foot(self, state: NoteState) -> QWidget:
        look, foot = self._look, QWidget()
        stack = column(8, (16, 10, 16, 12))
        self._problem = PlainLabel(look, weight=Weight.SEMIBOLD, colour="warn", wrap=True)
        self._problem.hide()
        stack.addWidget(self._problem)
        self._sign = Button(
            look, look.tr("Sign"), kind=Kind.PRIMARY, key=look.tr("Ctrl+Enter"), glyph="check"
        )
        self._sign.clicked.connect(self.signed)
        self._templates = Button(look, look.tr("Templates"), key="Ctrl+T")
        self._templates.clicked.connect(self.ask_templates)
        acts = [self._sign]
        discard = Button(look, look.tr("Throw the draft away"), kind=Kind.LINK)
        discard.clicked.connect(self.discarded)
        second = row(spacing=8)
        if state.purpose is not Purpose.CORRECTION:
            later = Button(look, look.tr("Leave to be signed"))
            later.clicked.connect(self.left_unsigned)
            acts.append(later)
        first = FlowLayout(8)
        for act in (*acts, self._templates):
            first.addWidget(act)
        stack.addLayout(first)
        self._kept = PlainLabel(look, size=Size.LABEL, colour="muted")
        second.addWidget(self._kept, 1)
        second.addWidget(discard)
        stack.addLayout(second)
        foot.setLayout(stack)
        return foot

    # -- state ----------------------------------------------------------------

    def show_state(self, state: NoteState) -> None:
        self._filling = True
        for field, widget in self.fields.items():
            widget.set_value(state.values.get(field, ""))
        self._contact.set_value(state.values.get("contact", ""))
        self._show_people(state)
        self._show_measures(state.measures)
        self._filling = False
        self._draft.setVisible(state.draft_found)
        self._problem.setText(state.problem)
        self._problem.setVisible(bool(state.problem))
        self._kept.setText(state.kept)
        self._sign.setEnabled(not state.saving)

    def _show_people(self, state: NoteState) -> None:
        """For whom: only where somebody else could be meant."""
        if self._for is None and state.colleagues:
            own = Choice("", self._look.tr("Myself"))
            others = tuple(Choice(one.key, one.label) for one in state.colleagues)
            self._for = ListField(self._look, self._look.tr("Written for"), (own, *others))
            self._for.changed.connect(self._person_chosen)
            self._people.addWidget(self._for)
        if self._for is not None:
            self._for.set_value(state.values.get("responsible", ""))

    def _show_measures(self, chips: tuple[MeasureChip, ...]) -> None:
        if chips == self._measures:
            return
        self._measures = chips
        focus = self.window().focusWidget()
        here = focus.code if isinstance(focus, MeasureButton) else ""
        empty_out(self._chips)
        for chip in chips:
            button = MeasureButton(self._look, chip)
            button.asked.connect(self.measure_asked)
            self._chips.addWidget(button)
            if chip.code == here:
                button.setFocus()
        self._chips_box.setVisible(bool(chips))

    def go_to(self, field: str) -> None:
        """The first field of a template that was left there, else the end of what is typed there."""
        edit = self.fields[field].edit
        if not edit.go_to_stop(first=True):
            edit.setFocus()

    def go_to_first_stop(self) -> None:
        """After a template was inserted."""
        for edit in self._order:
            if edit.go_to_stop(first=True):
                return
        self._here.setFocus()

    # -- intents --------------------------------------------------------------

    @Slot()
    def ask_templates(self) -> None:
        self.templates_asked.emit(self._templates)

    @Slot()
    def _typed(self) -> None:
        widget = self.sender()
        if not self._filling and isinstance(widget, NoteField):
            self.edited.emit((str(widget.property("field_key")), widget.value()))

    @Slot()
    def _contact_chosen(self) -> None:
        if not self._filling:
            self.chosen.emit(("contact", self._contact.value()))

    @Slot()
    def _person_chosen(self) -> None:
        if not self._filling and self._for is not None:
            self.chosen.emit(("responsible", self._for.value()))

    @Slot()
    def _next_field(self) -> None:
        """Tab at the end: the next heading's first field of a template, else the next control."""
        edit = self.sender()
        assert isinstance(edit, NoteEdit)
        for other in self._order[self._order.index(edit) + 1 :]:
            if other.go_to_stop(first=True):
                return
        edit.focusNextChild()

    @Slot(QRect)
    def _follow(self, cursor: QRect) -> None:
        """Keep the line that is typed in sight."""
        edit = self.sender()
        if isinstance(edit, NoteEdit) and edit.hasFocus():
            self._here = edit
            at = edit.mapTo(self._inner, cursor.center())
            self._scroll.ensureVisible(at.x(), at.y(), 0, 3 * cursor.height())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._here.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
