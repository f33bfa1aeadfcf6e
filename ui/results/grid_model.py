"""The grid as an item model: as many days as the width allows, the newest first to be seen."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ui.results.state import CellState, GridState, LineState

LineRole = Qt.ItemDataRole.UserRole + 1
CellRole = Qt.ItemDataRole.UserRole + 2
NewestRole = Qt.ItemDataRole.UserRole + 3
"""Whether the column is that of the newest day."""
LABEL, UNIT, FIRST_DAY = 0, 1, 2
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class GridModel(QAbstractTableModel):
    """Analyte, unit, a window of days, reference values. The window moves by days, never by pixels."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state: GridState | None = None
        self._room, self._first = 1, 0

    def show_grid(self, state: GridState | None) -> None:
        """Another patient, or newer rows of the same: the window goes to the newest days."""
        self.beginResetModel()
        self._state = state
        self._first = self._last_first()
        self.endResetModel()

    def fit(self, room: int) -> None:
        """As many days as `room`, the newest of those in sight kept in sight."""
        end = self._first + self.shown
        self.beginResetModel()
        self._room = max(1, room)
        self._first = max(0, min(end - self.shown, self._last_first()))
        self.endResetModel()

    def move(self, by: int) -> bool:
        """Move the window by days; False at either end."""
        target = max(0, min(self._last_first(), self._first + by))
        if target == self._first:
            return False
        self._first = target
        right = max(0, self.columnCount() - 1)
        self.dataChanged.emit(self.index(0, 0), self.index(max(0, self.rowCount() - 1), right))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, right)
        return True

    @property
    def days(self) -> int:
        return len(self._state.days) if self._state else 0

    @property
    def room(self) -> int:
        return self._room

    @property
    def shown(self) -> int:
        """How many days are in sight."""
        return min(self._room, self.days)

    @property
    def older(self) -> int:
        """How many days lie before those in sight."""
        return self._first

    @property
    def newer(self) -> int:
        return self.days - self._first - self.shown

    def _last_first(self) -> int:
        return max(0, self.days - self._room)

    @property
    def band_column(self) -> int:
        return FIRST_DAY + self.shown

    def line(self, row: int) -> LineState | None:
        lines = self._state.lines if self._state else ()
        return lines[row] if 0 <= row < len(lines) else None

    def place_of(self, key: str) -> int:
        """The row of a line, -1 when it is not there."""
        lines = self._state.lines if self._state else ()
        return next((i for i, line in enumerate(lines) if line.cells and line.key == key), -1)

    def cell(self, index: Index) -> CellState | None:
        line = self.line(index.row())
        place = self._first + index.column() - FIRST_DAY
        is_day = FIRST_DAY <= index.column() < self.band_column
        return line.cells[place] if line is not None and line.cells and is_day else None

    # -- Qt -------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() or self._state is None else len(self._state.lines)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() or self._state is None else self.band_column + 1

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or self._state is None:
            return None
        place = self._first + section - FIRST_DAY
        if role == NewestRole:
            return place == self.days - 1
        if role != Qt.ItemDataRole.DisplayRole or not FIRST_DAY <= section < self.band_column:
            return None
        return self._state.days[place]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.line(index.row()) if index.isValid() else None
        if line is None:
            return None
        if role == LineRole:
            return line
        if role == CellRole:
            return self.cell(index)
        if role == NewestRole:
            return self._first + index.column() - FIRST_DAY == self.days - 1
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._words(line, index)
        return None

    def _words(self, line: LineState, index: Index) -> str:
        cell = self.cell(index)
        if cell is not None:
            return cell.words
        if index.column() == LABEL:
            return ", ".join(part for part in (line.label, line.about) if part)
        return line.unit if index.column() == UNIT else line.band

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.cell(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
