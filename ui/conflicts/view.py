"""Three panes: my version, the other one, the one kept. Fields stand side by side on one grid, so that
rows align whatever the length of their text.
"""

from PySide6.QtCore import QPoint, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from practitioner_app.services.conflicts import Choice
from ui.conflicts.state import ConflictState, FieldRow, Pick
from ui.digits import digit_of
from ui.theme.look import Look
from ui.theme.tokens import INPUT_RADIUS, Size, Weight
from ui.widgets.button import Button, KeyCap, Kind
from ui.widgets.card import Card, Ground, Rule, Scroll, column, row
from ui.widgets.text import PlainLabel, Run, RunLabel


class VersionBox(QAbstractButton):
    """One version of one field: choose it with 1 (mine) or 2 (theirs), a click or Space."""

    picked = Signal(Pick)

    def __init__(
        self, look: Look, field: FieldRow, choice: Choice, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._field, self._choice = look, field, choice
        mine = choice is Choice.MINE
        text = field.mine if mine else field.theirs
        on = field.mine_chosen if mine else field.theirs_chosen
        self._on = on
        self.setCheckable(True)
        self.setChecked(on)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        word = look.tr("Kept") if on else look.tr("Choose")
        self.setAccessibleName(f"{field.label}: {text}")
        self.setAccessibleDescription(word)
        glyph = (
            ("box_checked" if on else "box")
            if field.joinable
            else ("check_circle" if on else "circle")
        )
        mark = PlainLabel(look)
        mark.setPixmap(look.icons.pixmap(glyph, look.colour("accent"), look.px(16)))
        label = PlainLabel(look, field.label, size=Size.LABEL, weight=Weight.MEDIUM, colour="muted")
        act = PlainLabel(look, word, weight=Weight.SEMIBOLD, colour="accent")
        stack = column(2, (12, 6, 12, 6))
        stack.addLayout(row(label, 1, mark, act, spacing=6))
        stack.addWidget(
            PlainLabel(look, text, size=Size.EMPHASIS, weight=Weight.SEMIBOLD, wrap=True)
        )
        stack.addStretch(1)
        stack.addLayout(row(1, KeyCap(look, "1" if mine else "2")))
        self.setLayout(stack)
        self.clicked.connect(self._pick)

    @Slot()
    def _pick(self) -> None:
        self.picked.emit(Pick(self._field.key, self._choice))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        side = {1: Choice.MINE, 2: Choice.THEIRS}.get(digit_of(event) or 0)
        if side is not None:
            self.picked.emit(Pick(self._field.key, side))
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = self._on or self.hasFocus()
        edge = look.colour("accent" if wide else "edge")
        painter.setPen(QPen(edge, 2.0 if wide else 1.0))
        painter.setBrush(look.colour("accentbg" if self._on else "surface"))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(1, 1, -1, -1), INPUT_RADIUS, INPUT_RADIUS
        )
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.colour("accent"), 1.0))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 4, -4, -4), 2, 2)


class Undecided(QWidget):
    """The amber place of a field nobody decided."""

    def __init__(self, look: Look, field: FieldRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        stack = column(3, (12, 6, 12, 6))
        stack.addWidget(
            PlainLabel(look, field.label, size=Size.LABEL, weight=Weight.MEDIUM, colour="muted")
        )
        words = look.tr("To choose: {mine} or {theirs}", mine=field.mine, theirs=field.theirs)
        line = PlainLabel(look, words, weight=Weight.SEMIBOLD, colour="warn", wrap=True)
        line.setContentsMargins(look.px(16) + 6, 0, 0, 0)
        stack.addWidget(line)
        keys = look.tr("1 my version · 2 the other version")
        stack.addWidget(PlainLabel(look, keys, size=Size.LABEL))
        stack.addStretch(1)
        self.setLayout(stack)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("warn"), 1.0))
        painter.setBrush(look.colour("warnbg"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, INPUT_RADIUS, INPUT_RADIUS)
        top = 6 + look.metrics(Size.LABEL, Weight.MEDIUM).height() + 4
        look.icons.draw(painter, QPoint(12, top), "left", look.colour("warn"), look.px(16))


class Pane(QWidget):
    """The frame behind one column of the grid."""

    def __init__(self, look: Look, *, kept: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._kept = look, kept
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.colour("accent" if self._kept else "line"), 1.0))
        painter.setBrush(self._look.colour("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class PaneHead(QWidget):
    """The tinted top of a pane, inside its rounded frame."""

    def __init__(self, look: Look, token: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._token = look, token

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect().adjusted(1, 1, -1, 0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour(self._token))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, 12), 5, 5)


class ConflictView(QWidget):
    """Emits what a person picks; shows the state it is given."""

    picked = Signal(Pick)
    saved = Signal()
    postponed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._body: QWidget | None = None
        self._focus = ("", Choice.MINE)
        self._boxes: dict[tuple[str, Choice], VersionBox] = {}
        self._stack = column()
        self.setLayout(self._stack)

    def show_state(self, state: ConflictState) -> None:
        """Rebuild; the field that had the focus keeps it."""
        look, self._boxes = self._look, {}
        body = QWidget()
        stack = column()
        stack.addWidget(self._head(state))
        inner = QWidget()
        content = column(12, (16, 12, 12, 12))
        content.addWidget(self._start_strip(state))
        content.addLayout(self._panes(state), 1)
        if look.roomy:
            content.addWidget(self._after_card(state))
        inner.setLayout(content)
        stack.addWidget(Scroll(inner), 1)
        stack.addWidget(self._foot(state))
        body.setLayout(stack)
        if self._body is not None:
            self._stack.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._body = body
        self._stack.addWidget(body)
        box = self._boxes.get(self._focus)
        if box is not None:
            box.setFocus()

    def _head(self, state: ConflictState) -> QWidget:
        look, head = self._look, Ground(self._look, "surface", "bottom")
        stack = column(2, (16, 8, 16, 9))
        title = PlainLabel(look, state.title, size=Size.NAME, weight=Weight.BOLD, wrap=True)
        stack.addWidget(title)
        words = PlainLabel(look, state.subtitle, colour="muted", wrap=True)
        since = PlainLabel(look, state.since, size=Size.LABEL, colour="muted")
        line = row(spacing=16)
        line.addWidget(words, 1)
        line.addWidget(since)
        stack.addLayout(line)
        head.setLayout(stack)
        return head

    def _start_strip(self, state: ConflictState) -> Card:
        look, card = self._look, Card(self._look, pad=12)
        card.body.setContentsMargins(16, 6, 16, 8)
        label = look.tr("Starting version, common to both")
        card.body.addWidget(
            PlainLabel(look, label, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="muted")
        )
        card.body.addWidget(RunLabel(look, state.base, wrap=True))
        return card

    def _panes(self, state: ConflictState) -> QGridLayout:
        look, grid = self._look, QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        last = len(state.rows) + 2
        for place in range(3):
            grid.addWidget(Pane(look, kept=place == 2), 0, place, last + 1, 1)
            grid.setColumnStretch(place, 1)
        heads = (
            (state.mine_head, state.mine_who),
            (state.theirs_head, state.theirs_who),
            (look.tr("Version kept"), state.kept_who),
        )
        for place, (title, who) in enumerate(heads):
            grid.addWidget(self._pane_head(title, who, kept=place == 2), 0, place)
        for index, field in enumerate(state.rows):
            for place, cell in enumerate(self._cells(field)):
                box = QWidget()
                inner = column(0, (8, 0, 8, 0))
                inner.addWidget(cell)
                box.setLayout(inner)
                grid.addWidget(box, index + 1, place)
        written = QWidget()
        stack = column(2, (20, 8, 20, 12))
        stack.addWidget(
            PlainLabel(look, look.tr("What will be written:"), size=Size.LABEL, colour="muted")
        )
        stack.addWidget(RunLabel(look, state.preview, wrap=True))
        written.setLayout(stack)
        grid.addWidget(written, last - 1, 2)
        grid.setRowStretch(last, 1)
        return grid

    def _pane_head(self, title: str, who: str, *, kept: bool) -> QWidget:
        look, head = self._look, PaneHead(self._look, "accentbg" if kept else "alt")
        stack = column(3, (16, 8, 16, 10))
        tone = "accent" if kept else "text"
        stack.addWidget(
            PlainLabel(look, title, size=Size.SECTION, weight=Weight.SEMIBOLD, colour=tone)
        )
        stack.addWidget(PlainLabel(look, who, size=Size.LABEL, weight=Weight.MEDIUM, wrap=True))
        head.setLayout(stack)
        return head

    def _cells(self, field: FieldRow) -> tuple[QWidget, QWidget, QWidget]:
        if field.same:
            return (
                self._plain(field.label, field.mine, self._look.tr("identical"), quiet=True),
                self._plain(field.label, field.theirs, self._look.tr("identical"), quiet=True),
                self._plain(field.label, field.kept, self._look.tr("identical")),
            )
        boxes = []
        for choice in (Choice.MINE, Choice.THEIRS):
            box = VersionBox(self._look, field, choice)
            box.picked.connect(self._picked)
            self._boxes[field.key, choice] = box
            boxes.append(box)
        kept: QWidget = Undecided(self._look, field)
        if field.decided:
            kept = self._plain(field.label, field.kept, field.kept_from, strong=True)
        return boxes[0], boxes[1], kept

    def _plain(
        self, label: str, text: str, aside: str, *, quiet: bool = False, strong: bool = False
    ) -> QWidget:
        look, cell = self._look, QWidget()
        stack = column(2, (12, 6, 12, 6))
        name = PlainLabel(look, label, size=Size.LABEL, weight=Weight.MEDIUM, colour="muted")
        source = PlainLabel(
            look,
            aside,
            size=Size.LABEL,
            weight=Weight.SEMIBOLD if strong else Weight.REGULAR,
            colour="accent" if strong else "muted",
        )
        stack.addLayout(row(name, 1, source))
        stack.addWidget(
            PlainLabel(
                look,
                text,
                size=Size.EMPHASIS,
                weight=Weight.REGULAR if quiet else Weight.MEDIUM,
                colour="muted" if quiet else "text",
                wrap=True,
            )
        )
        stack.addStretch(1)
        stack.addWidget(Rule(look))
        cell.setLayout(stack)
        return cell

    def _after(self, state: ConflictState) -> QVBoxLayout:
        look, left = self._look, column(6)
        left.addWidget(PlainLabel(look, look.tr("After recording"), weight=Weight.SEMIBOLD))
        for sentence in state.after:
            mark = PlainLabel(look)
            mark.setPixmap(look.icons.pixmap("check", look.colour("muted"), look.px(14)))
            line = row(mark, spacing=10)
            line.addWidget(RunLabel(look, (Run(sentence),), wrap=True), 1)
            left.addLayout(line)
        return left

    def _after_card(self, state: ConflictState) -> Card:
        """Large text: it scrolls with the panes, which keep their room."""
        card = Card(self._look, pad=16)
        card.body.addLayout(self._after(state))
        return card

    def _foot(self, state: ConflictState) -> QWidget:
        look, foot = self._look, Ground(self._look, "bg")
        card = Card(look, pad=16)
        card.body.setContentsMargins(16, 10, 16, 12)
        later = Button(look, look.tr("Decide later"))
        later.clicked.connect(self._later)
        save = Button(
            look, look.tr("Record the version kept"), kind=Kind.PRIMARY, key=look.tr("Ctrl+Enter")
        )
        save.setEnabled(not state.why_not)
        save.setAccessibleDescription(state.why_not)
        save.clicked.connect(self._save)
        right = column(8)
        right.addStretch(1)
        why = PlainLabel(
            look, state.problem or state.why_not, weight=Weight.SEMIBOLD, colour="warn", wrap=True
        )
        why.setAlignment(Qt.AlignmentFlag.AlignRight)
        right.addWidget(why)
        right.addLayout(row(1, later, save))
        whole = row(spacing=24)
        if not look.roomy:
            whole.addLayout(self._after(state), 3)
        whole.addLayout(right, 2)
        card.body.addLayout(whole)
        outer = column(0, (16, 0, 12, 12))
        outer.addWidget(card)
        foot.setLayout(outer)
        return foot

    @Slot(Pick)
    def _picked(self, pick: Pick) -> None:
        self._focus = (pick.field, pick.choice)
        self.picked.emit(pick)

    @Slot()
    def _later(self) -> None:
        self.postponed.emit()

    @Slot()
    def _save(self) -> None:
        self.saved.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.saved.emit()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.postponed.emit()
            return
        super().keyPressEvent(event)
