"""The results of the open patient: the grid above, the curve of the chosen line below."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QStackedLayout, QWidget

from ui.results.curve_card import CurveCard
from ui.results.grid_presenter import periods
from ui.results.grid_table import GridTable
from ui.results.state import LABORATORY, MEASURES, GridState, ResultsState
from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.card import Card, Rule, column, row
from ui.widgets.chip import FilterChip
from ui.widgets.text import PlainLabel

GRID_SHARE, CURVE_SHARE = 5, 4


ROOMY_TABLE = 160
"""With large text the page scrolls, and the table keeps a few of its lines."""


class ResultsView(QWidget):
    """Emits the line chosen and the period asked for."""

    line_chosen = Signal(str)
    period_asked = Signal(str)
    kind_asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: GridState | None = None
        self.setAccessibleName(look.tr("Results"))
        self.table = GridTable(look)
        self.table.setMinimumHeight(look.px(ROOMY_TABLE) if look.roomy else 0)
        self.curve = CurveCard(look, periods(look.texts))
        self.curve.hide()
        stack = column(12)
        stack.addWidget(self._grid_card(), GRID_SHARE)
        stack.addWidget(self.curve, CURVE_SHARE)
        self.setLayout(stack)
        self.table.line_chosen.connect(self.line_chosen)
        self.table.curve_wanted.connect(self._to_curve)
        self.table.window_moved.connect(self._tell_window)
        self.curve.period_asked.connect(self.period_asked)

    def _grid_card(self) -> Card:
        look = self._look
        card = Card(look, pad=0)
        card.body.setContentsMargins(1, 1, 1, 1)
        title = PlainLabel(look, look.tr("Results by family"), weight=Weight.BOLD)
        self._window = PlainLabel(look, size=Size.LABEL, colour="muted")
        self._kinds = {
            LABORATORY: FilterChip(look, look.texts.trc("timeline", "Laboratory"), checked=True),
            MEASURES: FilterChip(look, look.texts.trc("timeline", "Measures")),
        }
        group = QButtonGroup(self)
        for kind, chip in self._kinds.items():
            chip.setObjectName(kind)
            group.addButton(chip)
        group.buttonClicked.connect(self._kind_clicked)
        chips = row(*self._kinds.values(), spacing=6)
        head = row(title, spacing=12, margins=(11, 8, 11, 6))
        head.addLayout(chips)
        head.addStretch(1)
        head.addWidget(self._window)
        card.body.addLayout(head)
        self._why = PlainLabel(look, colour="muted", wrap=True)
        self._why.setContentsMargins(24, 24, 24, 24)
        self._stack = QStackedLayout()
        card.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._why)
        card.body.addWidget(Rule(look))
        keys = look.tr("Arrows: next value · Enter: curve of the line · Home, End: oldest, newest")
        hint = PlainLabel(look, keys, size=Size.LABEL, colour="muted", wrap=True)
        hint.setContentsMargins(11, 5, 11, 6)
        card.body.addWidget(hint)
        return card

    def show_state(self, state: ResultsState) -> None:
        """Rows only when they changed: a value in sight keeps its place."""
        if state.grid is not self._shown:
            key = self.table.chosen_key()
            self._shown = state.grid
            self.table.grid.show_grid(state.grid)
            self.table.show_lines(state.chosen or key)
        elif state.chosen and state.chosen != self.table.chosen_key():
            self.table.choose(state.chosen)
        for kind, chip in self._kinds.items():
            chip.setChecked(kind == state.kind)
        why = state.problem or (state.grid.why_empty if state.grid else "")
        self._why.setText(why)
        self._stack.setCurrentIndex(1 if why else 0)
        self.curve.show_curve(state.curve)
        self._tell_window()

    def clear(self) -> None:
        """No word of a patient stays, in sight or not."""
        self.show_state(ResultsState())

    def focus_grid(self) -> None:
        self.table.setFocus()

    @Slot(QAbstractButton)
    def _kind_clicked(self, chip: QAbstractButton) -> None:
        self.kind_asked.emit(chip.objectName())

    @Slot()
    def _to_curve(self) -> None:
        self.curve.plot.setFocus()

    @Slot()
    def _tell_window(self) -> None:
        """How many days are not in sight: nothing is hidden silently."""
        grid, trn = self.table.grid, self._look.texts.trn
        told = []
        if grid.older:
            told.append(trn("◂ {count} older day", "◂ {count} older days", grid.older))
        if grid.newer:
            told.append(trn("{count} newer day ▸", "{count} newer days ▸", grid.newer))
        self._window.setText("   ".join(told))
