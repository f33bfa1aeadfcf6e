"""What the memory store holds, and the undo log that makes a unit of work all or nothing."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from server.ports import (
    AccountRow,
    AlarmRow,
    AttemptRow,
    CompartmentRow,
    CopyRow,
    DeviceRow,
    EffectRow,
    FamilyRow,
    GrantRow,
    HistoryRow,
    JournalRow,
    LogLeaf,
    MemberRow,
    OpRow,
    OwnerRow,
    PasskeyRow,
    ProjectionRow,
    RefreshRow,
    RelationRow,
    ResourceRow,
    SessionRow,
    SlipRow,
    Tombstone,
)
from server.store.units import NestedUnit, ReadOnlyUnit

K = TypeVar("K")
V = TypeVar("V")

Name = tuple[str, str]
"""(rtype, id)."""


class Table(dict[K, V]):
    """A table whose rows are often asked for in the order of their keys."""

    __slots__ = ("_ordered",)

    def __init__(self, rows: "Iterable[tuple[K, V]] | dict[K, V]" = ()) -> None:
        super().__init__(rows)
        self._ordered: tuple[V, ...] | None = None

    def __setitem__(self, key: K, row: V) -> None:
        self._ordered = None
        super().__setitem__(key, row)

    def __delitem__(self, key: K) -> None:
        self._ordered = None
        super().__delitem__(key)

    def in_order(self) -> tuple[V, ...]:
        """Every row, by key."""
        if self._ordered is None:
            self._ordered = tuple(row for _, row in sorted(self.items()))
        return self._ordered

    def copy(self) -> "Table[K, V]":
        twin = Table(self)
        twin._ordered = self._ordered
        return twin


class OwnerState:
    """Every row of one owner, by the key of its table without the owner. Rows are never mutated.

    `pending` holds again the effects that are not done, so that what is due is found without the rest.
    """

    def __init__(self) -> None:
        self.owner: dict[None, OwnerRow] = {}
        self.compartments: Table[str, CompartmentRow] = Table()
        self.resources: dict[Name, ResourceRow] = {}
        self.positions: dict[tuple[str, int], Name] = {}
        self.tombstones: dict[tuple[str, int], Tombstone] = {}
        self.history: dict[tuple[str, str, int, int], HistoryRow] = {}
        self.ops: dict[str, OpRow] = {}
        self.grants: Table[tuple[str, str], GrantRow] = Table()
        self.relations: Table[tuple[int, str], RelationRow] = Table()
        self.denied: dict[int, int] = {}
        self.journal: dict[tuple[int, int], JournalRow] = {}
        self.effects: dict[int, EffectRow] = {}
        self.pending: dict[int, EffectRow] = {}
        self.account: dict[None, AccountRow] = {}
        self.devices: Table[str, DeviceRow] = Table()
        self.sessions: dict[bytes, SessionRow] = {}
        self.families: Table[str, FamilyRow] = Table()
        self.refreshes: dict[bytes, RefreshRow] = {}
        self.members: Table[str, MemberRow] = Table()
        self.copies: Table[tuple[str, int, int, str], CopyRow] = Table()
        self.displays: Table[tuple[int, int], tuple[int, int]] = Table()
        self.alarms: Table[int, AlarmRow] = Table()
        self.passkeys: Table[bytes, PasskeyRow] = Table()
        self.slips: Table[bytes, SlipRow] = Table()
        self.attempts: Table[bytes, AttemptRow] = Table()
        self.moved: dict[str, int] = {}
        self.reader: dict[tuple[str, int, str], ProjectionRow] = {}
        self.granted: dict[tuple[str, int, str], ProjectionRow] = {}
        self.roster: dict[int, int] = {}
        self.reservations: dict[tuple[str, int], bytes] = {}

    def tables(self) -> Iterator[tuple[str, int]]:
        """(name as in the schema, rows) of each table."""
        for attribute, name in _NAMES.items():
            yield name, len(getattr(self, attribute))

    def copy(self) -> "OwnerState":
        """An independent copy; rows are shared because they never change."""
        twin = OwnerState.__new__(OwnerState)
        twin.__dict__ = {name: table.copy() for name, table in self.__dict__.items()}
        return twin


_NAMES = {
    "owner": "owner",
    "compartments": "compartment",
    "resources": "resource",
    "tombstones": "tombstone",
    "history": "history",
    "ops": "op",
    "grants": "access_grant",
    "relations": "relation",
    "denied": "deny",
    "journal": "journal",
    "effects": "effect",
    "account": "account",
    "devices": "device",
    "sessions": "session",
    "families": "family",
    "refreshes": "refresh",
    "members": "member",
    "copies": "copy",
    "displays": "display",
    "alarms": "alarm",
    "passkeys": "passkey",
    "slips": "slip",
    "attempts": "attempt",
    "moved": "moved",
    "reader": "reader",
    "granted": "granted",
    "roster": "roster",
    "reservations": "reservation",
}


class Owners(dict[int, OwnerState]):
    """Every owner. What a snapshot also holds is copied when it is first written."""

    def __init__(self, states: dict[int, OwnerState] | None = None) -> None:
        super().__init__(states or {})
        self._shared = set(self)

    def shared(self) -> dict[int, OwnerState]:
        """Everything as it is now, for a snapshot."""
        self._shared = set(self)
        return dict(self)

    def own(self, owner: int) -> OwnerState:
        """The state of an owner, to be written."""
        state = self.get(owner)
        if state is None:
            state = self[owner] = OwnerState()
        elif owner in self._shared:
            self._shared.discard(owner)
            state = self[owner] = state.copy()
        return state


class LogState:
    """The journal's log and its checkpoints."""

    def __init__(self) -> None:
        self.leaves: dict[int, LogLeaf] = {}
        self.checkpoints: dict[int, bytes] = {}

    def copy(self) -> "LogState":
        twin = LogState()
        twin.leaves = self.leaves.copy()
        twin.checkpoints = self.checkpoints.copy()
        return twin


class Snapshot(NamedTuple):
    """Everything durable at one moment; opaque to whoever holds it."""

    owners: dict[int, OwnerState]
    log: LogState


class _Absent:
    """The earlier value of a key that did not exist."""


_ABSENT = _Absent()


class Undo:
    """The open unit of work: whether it may write, and how to take back what it wrote."""

    def __init__(self) -> None:
        self.is_open = False
        self._may_write = False
        # Tables hold different types; each entry is consistent by construction of `put` and `drop`.
        self._log: list[tuple[dict[object, object], object, object]] = []

    def begin(self, *, may_write: bool) -> None:
        self.is_open = True
        self._may_write = may_write

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A unit of work of its own: kept whole, or taken back when it raises."""
        if self.is_open:
            raise NestedUnit("a unit of work is open already")
        self.begin(may_write=True)
        try:
            yield
        except BaseException:
            self.take_back()
            raise
        self.keep()

    def keep(self) -> None:
        """The unit succeeded."""
        self.is_open = self._may_write = False
        self._log.clear()

    def take_back(self) -> None:
        """The unit failed: the tables are as before it."""
        for table, key, earlier in reversed(self._log):
            if earlier is _ABSENT:
                del table[key]
            else:
                table[key] = earlier
        self.keep()

    def put(self, table: dict[K, V], key: K, row: V) -> None:
        self._remember(table, key)
        table[key] = row

    def must_write(self) -> None:
        """Raise ReadOnlyUnit unless a writing unit of work is open."""
        if not self._may_write:
            raise ReadOnlyUnit("this unit of work may not write")

    def drop(self, table: dict[K, V], key: K) -> None:
        self.must_write()
        if key in table:
            self._remember(table, key)
            del table[key]

    def _remember(self, table: dict[K, V], key: K) -> None:
        self.must_write()
        self._log.append((table, key, table.get(key, _ABSENT)))  # type: ignore[arg-type]  # see _log
