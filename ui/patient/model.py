"""The timeline as an item model: events already decoded, each presented when it is seen, patched by id."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ui.patient.rows import TimelineRows

RowRole = Qt.ItemDataRole.UserRole + 1
HeadRole = Qt.ItemDataRole.UserRole + 2
"""Whether a group begins there: known without presenting the row."""
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class TimelineModel(QAbstractListModel):
    """Rows of one record. A row keeps its place, its selection and its scroll when others change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = TimelineRows()

    @property
    def rows(self) -> TimelineRows:
        return self._rows

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        if role == HeadRole:
            return self._rows.is_head(index.row())
        if role == RowRole:
            return self._rows[index.row()]
        if role in {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        }:
            return self._rows[index.row()].words
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._rows.is_head(index.row()):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def show_rows(self, rows: TimelineRows) -> None:
        """Replace the rows, telling the view the least: same keys are patched, others cut and put."""
        before = self._rows
        if before.keys != rows.keys:
            self._patch(rows)
            return
        self._rows = rows
        for place in before.differing(rows):
            index = self.index(place)
            self.dataChanged.emit(index, index)

    def _patch(self, rows: TimelineRows) -> None:
        """Cut the part between the common head and the common tail, put the new one there."""
        before, old, new = self._rows, self._rows.keys, rows.keys
        head, shorter = 0, min(len(old), len(new))
        while head < shorter and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        gone, come = len(old) - head - tail, len(new) - head - tail
        if gone:
            self.beginRemoveRows(QModelIndex(), head, head + gone - 1)
            self._rows = before.without(head, head + gone)
            self.endRemoveRows()
        if come:
            self.beginInsertRows(QModelIndex(), head, head + come - 1)
            self._rows = rows
            self.endInsertRows()
        self._rows = rows
        if rows and head + tail:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def place_of(self, key: str) -> int:
        """The place of a row, -1 when it is not there."""
        return next((i for i, known in enumerate(self._rows.keys) if known == key), -1)

    def next_unread(self, after: int, step: int) -> int:
        """The next (or previous) unread row, from the other end again after the last; -1 when there is none."""
        count = len(self._rows)
        places = ((after + step * n) % count for n in range(1, count + 1)) if count else ()
        return next((i for i in places if self._rows.is_unread(i)), -1)

    def next_new(self, after: int, step: int) -> int:
        """The next (or previous) new or unread row from a place, -1 when there is none."""
        places = range(after + step, len(self._rows) if step > 0 else -1, step)
        return next((i for i in places if self._rows.is_new(i)), -1)
