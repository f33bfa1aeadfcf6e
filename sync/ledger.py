"""What this device holds, in memory: the order of fetching and the exact progress, kept by differences.

A copy of `SyncStore.held`, so that one page costs one update and not a scan of thousands of rows.
"""

from collections.abc import Iterable, Iterator

from sync.ports import Held, Key
from sync.states import ClassProgress, Progress


def key_of(held: Held) -> Key:
    """Its compartment."""
    return (held.owner, held.facet)


def is_done(held: Held) -> bool:
    """True when the copy is complete and at the wanted position."""
    return held.complete and held.at == held.wanted


class _Class:
    """Totals of one rank."""

    __slots__ = ("owners", "owners_open", "rows", "rows_wanted")

    def __init__(self) -> None:
        self.owners = self.owners_open = self.rows = self.rows_wanted = 0


class _Owner:
    """Totals of one patient."""

    __slots__ = ("compartments", "open", "rank")

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.compartments = self.open = 0


class Ledger:
    """Every compartment known, the ones that want fetching in order, and running totals.

    Order: preferred owners, then rank, then owner. Not thread-safe: the sync lane owns it.
    """

    def __init__(self, held: Iterable[Held] = (), preferred: Iterable[int] = ()) -> None:
        self._held: dict[Key, Held] = {}
        self._owners: dict[int, _Owner] = {}
        self._classes: dict[int, _Class] = {}
        self._needing: set[Key] = set()
        self._order: list[Key] = []
        self._sorted = True
        self._preferred = set(preferred)
        self._rows = self._rows_wanted = self._size = self._size_wanted = self._done = 0
        for one in held:
            self.put(one)

    def reloaded(self, held: Iterable[Held]) -> "Ledger":
        """A fresh ledger of `held` with the same preferences."""
        return Ledger(held, self._preferred)

    def purged_since(self, before: "Ledger") -> set[int]:
        """Owners of which something `before` knew was purged or vanished."""
        return {
            old.owner
            for old in before.all()
            if (new := self.get(key_of(old))) is None or new.generation != old.generation
        }

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Key) -> Held | None:
        """What is known of one compartment."""
        return self._held.get(key)

    def all(self) -> Iterable[Held]:
        """Every compartment known."""
        return self._held.values()

    def of_owners(self, owners: Iterable[int]) -> list[Key]:
        """Every compartment known of these owners."""
        wanted = set(owners)
        return [key for key in self._held if key[0] in wanted]

    def put(self, held: Held) -> None:
        """Insert or replace one compartment."""
        key = key_of(held)
        self.drop(key)
        self._held[key] = held
        self._count(held, 1)
        if not is_done(held):
            self._needing.add(key)
            self._sorted = False

    def drop(self, key: Key) -> bool:
        """Forget one compartment; True when it was known."""
        old = self._held.pop(key, None)
        if old is None:
            return False
        self._count(old, -1)
        self._needing.discard(key)
        return True

    def prefer(self, owner: int) -> None:
        """Somebody looks at this owner: its compartments go first."""
        self._preferred.add(owner)
        self._sorted = False

    def needing(self) -> Iterator[Held]:
        """The compartments to fetch, in order."""
        if not self._sorted:
            self._order = sorted(self._needing, key=self._place)
            self._sorted = True
        for key in self._order:
            if key in self._needing:
                yield self._held[key]

    @property
    def is_complete(self) -> bool:
        """Nothing is left to fetch."""
        return not self._needing

    def progress(self, seconds_left: float | None) -> Progress:
        """The exact figures now."""
        classes = tuple(
            ClassProgress(rank, c.owners - c.owners_open, c.owners, c.rows, c.rows_wanted)
            for rank, c in sorted(self._classes.items())
            if c.owners or c.rows_wanted
        )
        return Progress(
            patients_complete=sum(c.patients_complete for c in classes),
            patients=sum(c.patients for c in classes),
            compartments_complete=self._done,
            compartments=len(self._held),
            rows=self._rows,
            rows_wanted=self._rows_wanted,
            size=self._size,
            size_wanted=self._size_wanted,
            seconds_left=seconds_left,
            by_rank=classes,
        )

    def _place(self, key: Key) -> tuple[bool, int, int, str]:
        return (key[0] not in self._preferred, self._held[key].rank, *key)

    def _count(self, held: Held, sign: int) -> None:
        done = is_done(held)
        rows_wanted = held.rows if done else held.rows_wanted
        rows = min(held.rows, rows_wanted)
        size_wanted = held.size_wanted
        size = size_wanted if done else size_wanted * rows // max(1, rows_wanted)
        self._done += sign * done
        self._rows += sign * rows
        self._rows_wanted += sign * rows_wanted
        self._size += sign * size
        self._size_wanted += sign * size_wanted
        if held.kind == "patient":
            self._count_patient(held, sign, is_open=not done)
        rank = self._classes.setdefault(held.rank, _Class())
        rank.rows += sign * rows
        rank.rows_wanted += sign * rows_wanted

    def _count_patient(self, held: Held, sign: int, *, is_open: bool) -> None:
        owner = self._owners.get(held.owner)
        if owner is None:
            owner = self._owners[held.owner] = _Owner(held.rank)
        rank = self._classes.setdefault(owner.rank, _Class())
        rank.owners -= owner.compartments > 0
        rank.owners_open -= owner.open > 0
        owner.compartments += sign
        owner.open += sign * is_open
        rank.owners += owner.compartments > 0
        rank.owners_open += owner.open > 0
        if owner.compartments == 0:
            del self._owners[held.owner]
