"""The rows of a timeline, each presented when it is first looked at: a list of a thousand costs what is seen."""

from collections.abc import Callable, Sequence
from typing import Protocol, overload

from msgspec import structs

from practitioner_app.services.rows import TimelineItem
from ui.patient.state import TimelineRow

Present = Callable[[TimelineItem], TimelineRow]


class RowPresenter:
    """Presents the events of one record, each once. Any thread: a row presented twice is the same row."""

    def __init__(self, present: Present) -> None:
        self._present = present
        self._made: dict[str, TimelineRow] = {}

    def row(self, item: TimelineItem) -> TimelineRow:
        """The row of an event."""
        key = key_of(item)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._present(item)
        return made


class Presenter(Protocol):
    """Makes the row of an event."""

    def row(self, item: TimelineItem) -> TimelineRow: ...


class TimelineRows(Sequence[TimelineRow]):
    """Heads, and events not yet presented. Two are equal when they show the same things."""

    def __init__(
        self,
        entries: Sequence[TimelineRow | TimelineItem] = (),
        presenter: Presenter | None = None,
        unfolded: frozenset[str] = frozenset(),
    ) -> None:
        self.entries = tuple(entries)
        self.unfolded = unfolded
        self._presenter = presenter
        self.keys = tuple(map(key_of, self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, place: int) -> TimelineRow: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[TimelineRow, ...]: ...
    def __getitem__(self, place: int | slice) -> TimelineRow | tuple[TimelineRow, ...]:
        if isinstance(place, slice):
            return tuple(map(self._row, self.entries[place]))
        return self._row(self.entries[place])

    def _row(self, entry: TimelineRow | TimelineItem) -> TimelineRow:
        if isinstance(entry, TimelineRow):
            return entry
        assert self._presenter is not None
        row = self._presenter.row(entry)
        is_open = bool(row.versions) and row.key in self.unfolded
        return structs.replace(row, is_open=True) if is_open else row

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimelineRows):
            return False
        return self.entries == other.entries and self.unfolded == other.unfolded

    def __hash__(self) -> int:
        return hash(self.keys)

    def __repr__(self) -> str:
        return f"TimelineRows({self.entries!r})"

    def is_head(self, place: int) -> bool:
        """Whether a group begins there; presents nothing."""
        entry = self.entries[place]
        return isinstance(entry, TimelineRow) and entry.group is not None

    def is_new(self, place: int) -> bool:
        """Whether the row is new or unread; presents nothing."""
        entry = self.entries[place]
        return entry.new or entry.unread

    def is_unread(self, place: int) -> bool:
        """Whether the row is unread; presents nothing."""
        return self.entries[place].unread

    def without(self, start: int, end: int) -> "TimelineRows":
        """The same rows but those from `start` to `end`."""
        kept = self.entries[:start] + self.entries[end:]
        return TimelineRows(kept, self._presenter, self.unfolded)

    def differing(self, other: "TimelineRows") -> list[int]:
        """The places whose entries differ, in two lists of the same keys."""
        pairs = zip(self.entries, other.entries, strict=True)
        return [place for place, (one, two) in enumerate(pairs) if one != two]


def key_of(entry: TimelineRow | TimelineItem) -> str:
    """What names a row from one version of the record to the next."""
    return entry.key if isinstance(entry, TimelineRow) else f"{entry.rtype}/{entry.id}"
