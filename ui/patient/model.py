"""The timeline as an item model: rows already decoded, `data()` a look-up, patched by id."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ui.patient.state import TimelineRow

RowRole = Qt.ItemDataRole.UserRole + 1
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class TimelineModel(QAbstractListModel):
    """Rows of one record. A row keeps its place, its selection and its scroll when others change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[TimelineRow, ...] = ()

    @property
    def rows(self) -> tuple[TimelineRow, ...]:
        return self._rows

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == RowRole:
            return row
        if role in {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        }:
            return row.words
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._rows[index.row()].group is not None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def show_rows(self, rows: tuple[TimelineRow, ...]) -> None:
        """Replace the rows, telling the view the least: same ids are patched, others reset."""
        before, self_keys = self._rows, [row.key for row in self._rows]
        if self_keys != [row.key for row in rows]:
            self._patch(rows)
            return
        self._rows = rows
        for place, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old != new:
                index = self.index(place)
                self.dataChanged.emit(index, index)

    def _patch(self, rows: tuple[TimelineRow, ...]) -> None:
        """Cut the part between the common head and the common tail, put the new one there."""
        before = self._rows
        head = 0
        while head < min(len(before), len(rows)) and before[head].key == rows[head].key:
            head += 1
        tail = 0
        while (
            tail < min(len(before), len(rows)) - head
            and before[-1 - tail].key == rows[-1 - tail].key
        ):
            tail += 1
        gone, come = len(before) - head - tail, len(rows) - head - tail
        if gone:
            self.beginRemoveRows(QModelIndex(), head, head + gone - 1)
            self._rows = before[:head] + before[len(before) - tail :]
            self.endRemoveRows()
        if come:
            self.beginInsertRows(QModelIndex(), head, head + come - 1)
            self._rows = rows
            self.endInsertRows()
        self._rows = rows
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def place_of(self, key: str) -> int:
        """The place of a row, -1 when it is not there."""
        return next((i for i, row in enumerate(self._rows) if row.key == key), -1)

    def next_new(self, after: int, step: int) -> int:
        """The next (or previous) new or unread row from a place, -1 when there is none."""
        places = range(after + step, len(self._rows) if step > 0 else -1, step)
        return next((i for i in places if self._rows[i].new), -1)
