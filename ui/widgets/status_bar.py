"""The status bar: the honest state of this copy, who is signed in, and the way to lock."""

from msgspec import Struct
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.button import Button, KeyCap, Kind
from ui.widgets.card import Ground, empty_out
from ui.widgets.chip import Chip, ChipState
from ui.widgets.roles import Role
from ui.widgets.text import PlainLabel, Run, RunLabel


class StatusState(Struct, frozen=True):
    """Chips from the left (connection, waiting, to fix, disagreement) and the person at the right."""

    chips: tuple[ChipState, ...] = ()
    person: str = ""
    lease_warning: str = ""


class StatusBar(Ground):
    """32 px at the foot of the window. The chips open the sync centre."""

    spoken_role = Role.StatusBar

    centre_asked = Signal()
    lock_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "surface", "top", parent)
        self.setFixedHeight(max(32, look.px(32)))
        self.setAccessibleName(look.tr("State of this copy"))
        self._state: StatusState | None = None
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 2, 12, 1)
        line.setSpacing(16)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        line.addLayout(self._chips)
        self._warning = PlainLabel(look, size=Size.LABEL, weight=Weight.MEDIUM, colour="warn")
        line.addWidget(self._warning)
        line.addStretch(1)
        self._person = RunLabel(look, right=True)
        self._person.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line.addWidget(self._person, 100)
        centre = Button(look, look.tr("Sending"), kind=Kind.BARE, glyph="sync")
        centre.clicked.connect(self._centre)
        line.addWidget(centre)
        lock = Button(look, look.tr("Lock"), kind=Kind.LINK)
        lock.clicked.connect(self._lock)
        line.addWidget(lock)
        line.addWidget(KeyCap(look, look.key("F12")))

    @Slot()
    def _centre(self) -> None:
        self.centre_asked.emit()

    @Slot()
    def _lock(self) -> None:
        self.lock_asked.emit()

    def show_state(self, state: StatusState) -> None:
        if state == self._state:
            return
        self._state = state
        empty_out(self._chips)
        for chip in state.chips:
            self._chips.addWidget(Chip(self._look, chip))
        self.setAccessibleDescription("; ".join(chip.word for chip in state.chips))
        self._warning.setText(state.lease_warning)
        self._warning.setVisible(bool(state.lease_warning))
        self._person.set_runs((Run(state.person, Weight.REGULAR, "muted", Size.LABEL),))
