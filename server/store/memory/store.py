"""MemoryStore: the whole Store port on dictionaries, one thread, every commit durable at once."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeVar

from dossier.errors import StoreError
from server.ports import JournalRow, LogLeaf, OwnerTx
from server.store.memory.attempts import MemoryAttempts
from server.store.memory.browsers import MemoryBrowsers
from server.store.memory.cells import MemoryCells
from server.store.memory.people import (
    MemoryFamilies,
    MemoryPeople,
    MemoryProjections,
    MemoryReservations,
    MemoryVolumes,
)
from server.store.memory.record import (
    MemoryCompartments,
    MemoryOps,
    MemoryOwner,
    MemoryResources,
)
from server.store.memory.rights import MemoryAccess, MemoryEffects, MemoryJournal
from server.store.memory.state import LogState, Owners, OwnerState, Snapshot, Undo
from server.store.units import NestedUnit, drive

T = TypeVar("T")

_NOBODY = OwnerState()
"""What is read of an owner that does not exist; a reading unit of work cannot write it."""


class MemoryTx:
    """One owner's tables; valid only while the store has a unit of work open."""

    def __init__(self, owner: int, state: OwnerState, undo: Undo, restore: int) -> None:
        self.id, self.state = owner, state
        self.owner = MemoryOwner(state, undo, restore)
        self.compartments = MemoryCompartments(state, undo)
        self.resources = MemoryResources(state, undo)
        self.ops = MemoryOps(state, undo)
        self.access = MemoryAccess(state, undo)
        self.journal = MemoryJournal(state, undo)
        self.effects = MemoryEffects(state, undo)
        self.people = MemoryPeople(owner, state, undo)
        self.families = MemoryFamilies(state, undo)
        self.volumes = MemoryVolumes(state, undo)
        self.browsers = MemoryBrowsers(state, undo)
        self.attempts = MemoryAttempts(state, undo)
        self.cells = MemoryCells(state)
        self.projections = MemoryProjections(owner, state, undo, restore)
        self.reservations = MemoryReservations(state, undo)


class MemoryStore:
    """The Store port in memory, for the simulation and the tests of the services.

    Single-threaded. A unit of work runs to its end without suspending (WaitingUnit otherwise), never
    inside another one (NestedUnit), and a failed one leaves nothing. `snapshot` and `restore` play a
    crash or a restored backup: what was committed at the moment of the snapshot, nothing else.
    """

    def __init__(self, *, restore: int = 0) -> None:
        self._restore = restore
        self._owners = Owners()
        self._txs: dict[int, MemoryTx] = {}
        self._log = LogState()
        self._undo = Undo()
        self._maintenance = MemoryMaintenance(self._owners, self._log, self._undo)
        self._closed = False

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` on `owner`; on any exception the owner is as before."""
        return self._run(owner, work, may_write=True)

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        """One after the other."""
        return [self._run(owner, work, may_write=True) for owner, work in works]

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` on `owner`; a write inside raises ReadOnlyUnit."""
        return self._run(owner, work, may_write=False)

    @property
    def maintenance(self) -> "MemoryMaintenance":
        return self._maintenance

    async def close(self) -> None:
        self._closed = True

    def snapshot(self) -> Snapshot:
        """Everything committed, as it is now."""
        return Snapshot(self._owners.shared(), self._log.copy())

    def restore(self, snapshot: Snapshot, *, restore: int | None = None) -> None:
        """Go back to `snapshot` (which stays usable); `restore` is the new restore number, if any."""
        if self._undo.is_open:
            raise NestedUnit("a unit of work is open")
        self._owners = Owners(snapshot.owners)
        self._txs = {}
        self._log = snapshot.log.copy()
        self._maintenance.reopen(self._owners, self._log)
        self._closed = False
        if restore is not None:
            self._restore = restore

    def _run(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]], *, may_write: bool) -> T:
        undo = self._undo
        if self._closed:
            raise StoreError("the store is closed")
        if undo.is_open:
            raise NestedUnit("a unit of work is open already")
        state = self._owners.own(owner) if may_write else self._owners.get(owner, _NOBODY)
        tx = self._txs.get(owner)
        if tx is None or tx.state is not state:
            tx = self._txs[owner] = MemoryTx(owner, state, undo, self._restore)
        undo.begin(may_write=may_write)
        try:
            result = drive(work(tx))
        except BaseException:
            undo.take_back()
            raise
        undo.keep()
        return result


class MemoryMaintenance:
    """The door across owners, in memory."""

    def __init__(self, owners: Owners, log: LogState, undo: Undo) -> None:
        self._owners, self._log, self._undo = owners, log, undo

    def reopen(self, owners: Owners, log: LogState) -> None:
        """Look at other tables from now on (after a restore)."""
        self._owners, self._log = owners, log

    async def owners(self, kind: str | None, after: int, limit: int) -> list[int]:
        return sorted(
            owner
            for owner, state in self._owners.items()
            if owner > after
            and (row := state.owner.get(None)) is not None
            and kind in {None, row.kind}
        )[:limit]

    async def owners_with_effects(self, now_ms: int, limit: int) -> list[int]:
        return [
            owner
            for owner, state in sorted(
                (owner, state) for owner, state in self._owners.items() if state.pending
            )
            if any(row.not_before_ms <= now_ms for row in state.pending.values())
        ][:limit]

    async def owners_unplaced(self, limit: int) -> list[int]:
        return [
            owner
            for owner, state in sorted(self._owners.items())
            if any(row.log_index is None for row in state.journal.values())
        ][:limit]

    async def reserve_all(self, space: str, names: Sequence[int], target: int) -> list[bool]:
        found = []
        with self._undo.writing():
            for name in names:
                table = MemoryReservations(self._owners.own(name), self._undo)
                found.append(await table.reserve(space, target, b"", unique=True))
        return found

    async def holders(self, space: str, names: Sequence[int]) -> list[int | None]:
        found: list[int | None] = []
        for name in names:
            state = self._owners.get(name)
            held = (
                [] if state is None else [key[1] for key in state.reservations if key[0] == space]
            )
            found.append(held[0] if held else None)
        return found

    async def log_size(self) -> int:
        return len(self._log.leaves)

    async def log_append(self, leaves: Sequence[LogLeaf]) -> None:
        """One transaction: every leaf appended and every journal row placed, or nothing."""
        with self._undo.writing():
            for leaf in leaves:
                self._append(leaf)

    async def log_repair(self, batch: int) -> None:
        """An append is one step here: nothing is ever half done."""

    def settling(self) -> AbstractAsyncContextManager[None]:
        """There is one process here: it is always its turn."""
        return nullcontext()

    def _append(self, leaf: LogLeaf) -> None:
        if leaf.position != len(self._log.leaves):
            raise StoreError("a leaf must be appended at the end of the log")
        state = self._owners.own(leaf.owner) if leaf.owner in self._owners else None
        row = None if state is None else state.journal.get((leaf.month, leaf.n))
        if state is None or row is None or row.log_index is not None:
            raise StoreError("this journal row does not wait for its place")
        self._undo.put(self._log.leaves, leaf.position, leaf)
        placed = row._replace(log_index=leaf.position)
        self._undo.put(state.journal, (leaf.month, leaf.n), placed)

    async def log_leaves(self, start: int, limit: int) -> list[LogLeaf]:
        end = min(start + limit, len(self._log.leaves))
        return [self._log.leaves[position] for position in range(start, end)]

    async def log_at(self, positions: Sequence[int]) -> list[LogLeaf]:
        held = self._log.leaves
        return [held[position] for position in dict.fromkeys(positions) if position in held]

    async def journal_after(
        self, after: tuple[int, int, int], months: tuple[int, int], limit: int
    ) -> list[tuple[int, JournalRow]]:
        found = sorted(
            (owner, row.month, row.n)
            for owner, state in self._owners.items()
            if owner >= after[0]
            for row in state.journal.values()
            if months[0] <= row.month <= months[1] and (owner, row.month, row.n) > after
        )
        return [(owner, self._owners[owner].journal[month, n]) for owner, month, n in found[:limit]]

    async def put_checkpoint(self, size: int, text: bytes) -> None:
        self._log.checkpoints[size] = text

    async def checkpoint(self) -> tuple[int, bytes] | None:
        """The checkpoint of the greatest size."""
        return max(self._log.checkpoints.items(), default=None)

    async def forget_attempts(self, before_ms: int, limit: int) -> int:
        over = [
            (owner, row.place)
            for owner, state in self._owners.items()
            for row in state.attempts.in_order()
            if row.kept_ms < before_ms
        ][:limit]
        with self._undo.writing():
            for owner, place in over:
                self._undo.drop(self._owners.own(owner).attempts, place)
        return len(over)

    async def counts(self) -> dict[str, int]:
        totals = {"log": len(self._log.leaves), "log_checkpoint": len(self._log.checkpoints)}
        for state in (OwnerState(), *self._owners.values()):
            for name, rows in state.tables():
                totals[name] = totals.get(name, 0) + rows
        return totals

    async def check(self) -> list[str]:
        return []
