"""Every command of the program, gathered from the features; and the sheet of F1."""

from itertools import groupby
from operator import itemgetter

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from practitioner_app.services.search import Action
from ui import setting_commands as settings
from ui.allergies import feature as allergies
from ui.commands import Command, shown_shortcut
from ui.history import feature as history
from ui.i18n import Texts
from ui.immunizations import feature as immunizations
from ui.letters import feature as letters
from ui.measures import feature as measures
from ui.medications import feature as medications
from ui.notes import feature as notes
from ui.orders import feature as orders
from ui.patient import feature as patient
from ui.prescriptions import feature as prescriptions
from ui.prevention import feature as prevention
from ui.problems import feature as problems
from ui.results import feature as results
from ui.reviews import feature as reviews
from ui.summaries import feature as summaries
from ui.theme.look import Look
from ui.theme.tokens import CARD_RADIUS, Size, Weight
from ui.widgets.button import KeyCap
from ui.widgets.card import Rule, Scroll, column, row
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel
from ui.work_lists import feature as work_lists


def general(texts: Texts) -> tuple[Command, ...]:
    tr = texts.tr
    go, program = tr("Go to"), tr("Colloque")
    return (
        Command(key="palette", title=tr("Go to…"), group=go, shortcut="Ctrl+K", in_palette=False),
        Command(key="find", title=tr("Find a patient"), group=go, shortcut="F2", in_palette=False),
        Command(
            key="sync",
            title=tr("Sending and updating"),
            group=go,
            shortcut="Alt+3",
            words=tr("synchronisation, waiting, refused, copy"),
        ),
        Command(
            key="settings",
            title=tr("Settings"),
            group=go,
            shortcut="Alt+4",
            words=tr("language, theme, text size, dark"),
        ),
        Command(key="send", title=tr("Send and update now"), group=program, shortcut="F5"),
        Command(
            key="undo",
            title=tr("Undo the last act"),
            group=program,
            shortcut="Ctrl+Z",
            in_palette=False,
        ),
        Command(key="lock", title=tr("Lock"), group=program, shortcut="F12"),
        Command(
            key="help", title=tr("Keys and help"), group=program, shortcut="F1", in_palette=False
        ),
    )


def all_commands(texts: Texts) -> tuple[Command, ...]:
    """In the order of the F1 sheet."""
    return (
        *general(texts),
        *patient.commands(texts),
        *results.commands(texts),
        *reviews.commands(texts),
        *work_lists.commands(texts),
        *settings.commands(texts),
        *allergies.commands(texts),
        *problems.commands(texts),
        *medications.commands(texts),
        *prescriptions.commands(texts),
        *summaries.commands(texts),
        *notes.commands(texts),
        *immunizations.commands(texts),
        *measures.commands(texts),
        *letters.commands(texts),
        *orders.commands(texts),
        *prevention.commands(texts),
        *history.commands(texts),
    )


def palette_actions(
    commands: tuple[Command, ...], others: tuple[Command, ...] = ()
) -> tuple[Action, ...]:
    """What the palette offers among them, found by the words of `others` as well: the same in the other language."""
    also = {command.key: f"{command.title} {command.words}" for command in others}
    return tuple(
        Action(
            key=command.key,
            title=command.title,
            words=f"{command.words} {also.get(command.key, '')}".strip(),
            needs_patient=command.needs_patient,
        )
        for command in commands
        if command.in_palette
    )


SIDE, COLUMNS = 24, 3
Group = tuple[str, tuple[tuple[str, str], ...]]
"""A title, then (what a key does, the key)."""


def sheet_columns(texts: Texts, commands: tuple[Command, ...]) -> tuple[tuple[Group, ...], ...]:
    """The columns of the sheet, about equally high; a long group goes on in the next one under its name."""
    groups: list[Group] = [
        (
            group,
            tuple(
                (command.title, shown_shortcut(texts, command.shortcut))
                for command in commands
                if command.group == group and command.shortcut
            ),
        )
        for group in dict.fromkeys(command.group for command in commands if command.shortcut)
    ]
    first, *rest = groups
    groups = [(first[0], tuple(sorted(first[1], key=_rank))), *rest, _typing(texts)]
    lines = [(title, line) for title, found in groups for line in found]
    high = -(-len(lines) // COLUMNS)
    columns = (lines[place : place + high] for place in range(0, len(lines), high))
    return tuple(
        tuple(
            (title, tuple(line for _, line in found))
            for title, found in groupby(column, key=itemgetter(0))
        )
        for column in columns
    )


def _rank(line: tuple[str, str]) -> str:
    """Places by their number, after the keys that have none."""
    return line[1] if line[1].startswith("Alt+") else ""


def _typing(texts: Texts) -> Group:
    """Keys that no command bears: lists, forms, curves, two versions."""
    tr = texts.tr
    enter, escape = shown_shortcut(texts, "Return"), shown_shortcut(texts, "Escape")
    return (
        tr("Lists, forms, curves"),
        (
            (tr("Next line, previous line"), "↓ ↑"),
            (tr("The same in the timeline"), "J K"),
            (tr("Open the line"), enter),
            (tr("Record the form"), f"Ctrl+{enter}"),
            (tr("Close the form: the draft is kept"), escape),
            (tr("Keep my version, keep the other one"), "1 2"),
            (tr("Previous value, next value of a curve"), "← →"),
        ),
    )


class KeySheet(QWidget):
    """F1: every key, in the words of the screens."""

    spoken_role = Role.Dialog

    closed = Signal()

    def __init__(
        self, look: Look, commands: tuple[Command, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(look.tr("Keys and help"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        stack = self._stack = column(8, (SIDE, 18, SIDE, 16))
        title = PlainLabel(look, look.tr("Keys and help"), size=Size.NAME, weight=Weight.BOLD)
        close = KeyCap(look, look.tr("Esc"))
        stack.addLayout(row(title, 1, close))
        inner = QWidget()
        grid = self._grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(0)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, groups in enumerate(sheet_columns(look.texts, commands)):
            box = column(0)
            for number, (group, lines) in enumerate(groups):
                box.addSpacing(16 if number else 0)
                self._add_group(box, group, lines)
            box.addStretch(1)
            grid.addLayout(box, 0, place)
            grid.setColumnStretch(place, 1)
        inner.setLayout(grid)
        self._scroll = Scroll(inner)
        stack.addWidget(self._scroll, 1)
        self.setLayout(stack)

    def _add_group(self, box: QVBoxLayout, group: str, lines: tuple[tuple[str, str], ...]) -> None:
        look = self._look
        head = PlainLabel(look, group, size=Size.LABEL, weight=Weight.SEMIBOLD, colour="accent")
        box.addWidget(head)
        box.addSpacing(4)
        for words, key in lines:
            line = row(spacing=12, margins=(0, 7, 0, 7))
            line.addWidget(PlainLabel(look, words, wrap=True), 1)
            line.addWidget(KeyCap(look, key))
            box.addLayout(line)
            box.addWidget(Rule(look))

    def height_for(self, width: int) -> int:
        """As high as its longest column at this width, and no more."""
        inside = width - 2 * SIDE
        listed = self._grid.heightForWidth(inside) if self._grid.hasHeightForWidth() else 0
        rest = self._stack.sizeHint().height() - self._scroll.sizeHint().height()
        return max(listed, self._grid.sizeHint().height()) + rest

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_F1}:
            self.closed.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = QPen(self._look.colour("line"), 1.0)
        if self.hasFocus():
            edge = QPen(self._look.colour("accent"), 2.0)
        painter.setPen(edge)
        painter.setBrush(self._look.colour("surface"))
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(rect, CARD_RADIUS, CARD_RADIUS)
