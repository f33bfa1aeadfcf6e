"""Protocol bugs, planted by substitution in the simulation only. Each must be caught by some schedule.

A mutant is a store to open instead of the right one, or something planted in the scene's server, or both.
The first ten are those of the background protocol §3; the others were added as they were thought of.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dossier.wire.messages import Head, Op, OpsRequest, Page, Verdict, Version
from server.ports import OpRow, OwnerTx
from server.services import bodies, conflict
from server.services.changes import Changes
from server.services.feed import Feed
from server.services.rights import Right
from server.services.session import Session
from sync.ports import Applied, Key, Receipt
from tests.fakes.memory_sync_store import _Compartment
from tests.simulation.days import CROWDED, FICKLE, FRAGILE, ORDINARY, Day
from tests.simulation.desktops import WatchedStore
from tests.simulation.ports import StoreFactory
from tests.simulation.scene import Scene


class Mutant(NamedTuple):
    """One planted bug; it is looked for in `seeds` schedules of its kind of day."""

    name: str
    open_store: StoreFactory = WatchedStore
    plant: Callable[[Scene], None] = lambda _scene: None
    day: Day = ORDINARY
    seeds: int = 150


# --- on the desktop --------------------------------------------------------------------------------------


class NoPurge(WatchedStore):
    """A lost right leaves the copy where it is."""

    def _lose(self, key: Key) -> None:
        one = self.disk.cache.compartments.get(key)
        if one is not None:
            one.complete, one.wanted = True, one.at


class TombstonesSkipped(WatchedStore):
    """Deletions are not applied."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        rows = tuple(row for row in page.rows if row.body is not None)
        kept = Page(**{**_fields(page), "rows": rows, "digest": ""})
        return super()._write_page(key, one, kept)


class HeadAsCursor(WatchedStore):
    """After any page the cursor is where the head said."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        ok = super()._write_page(key, one, Page(**{**_fields(page), "digest": ""}))
        one.at, one.complete = one.wanted, True
        return ok


class CursorBeforeRows(WatchedStore):
    """The cursor is durable one step before the rows."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        one.at = page.to
        if not page.more:
            one.complete, one.wanted = True, page.to
        self._failpoint("cursor.after")
        return super()._write_page(key, one, Page(**{**_fields(page), "digest": ""}))


class NoCompareAndSet(WatchedStore):
    """Any page of a compartment held is applied."""

    def _fits(self, one: _Compartment, page: Page, generation: int) -> bool:
        return bool(one.term)


class PopFirst(WatchedStore):
    """Ops leave the outbox when they are sent."""

    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        ops = super().next_ops(limit, max_bytes)
        for op in ops:
            self.disk.work.ops[op.op_id].verdict = Verdict(op_id=op.op_id, code="ok")
        return ops


class GenerationKept(WatchedStore):
    """A purge does not raise the generation, and pages are matched by generation alone."""

    def _lose(self, key: Key) -> None:
        one = self.disk.cache.compartments.get(key)
        before = one.generation if one is not None else 0
        super()._lose(key)
        if one is not None:
            one.generation = before

    def _fits(self, one: _Compartment, page: Page, generation: int) -> bool:
        return bool(one.term) and one.generation == generation


class AcknowledgedBeforeDurable(WatchedStore):
    """The verdict is forgotten by a crash, though the server was told that it is durable."""

    def unacknowledged(self, limit: int) -> Sequence[tuple[int, str]]:
        waiting = [
            (item.op.owner, item.op.op_id)
            for item in self.disk.work.ops.values()
            if item.verdict is None and item.state.value == "sent"
        ]
        return [*super().unacknowledged(limit), *waiting][:limit]


class NoReceipts(WatchedStore):
    """Erasures are never told."""

    def receipts_owed(self, limit: int) -> Sequence[Receipt]:
        return []


class TermsIgnored(WatchedStore):
    """What may still be read is asked, and the answer is not applied."""

    def apply_terms(self, asked: Sequence[Key], heads: Sequence[Head]) -> None:
        super().apply_terms([], [head for head in heads if not head.gone])


class SweepForgotten(WatchedStore):
    """A copy taken again from zero is merged, not replaced."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        sweeping = page.since == ""
        ok = super()._write_page(key, one, Page(**{**_fields(page), "digest": ""}))
        if sweeping:
            one.unseen = set()
        return ok

    def apply_page(self, page: Page, generation: int) -> Applied:
        one = self.disk.cache.compartments.get((page.owner, page.facet))
        kept = dict(one.rows) if one is not None and page.since == "" else {}
        applied = super().apply_page(page, generation)
        if one is not None and not applied.stale and page.kind == "page":
            for name, row in kept.items():
                one.rows.setdefault(name, row)
        return applied


# --- on the server ---------------------------------------------------------------------------------------


class _NoIdempotency(Changes):
    """A known op is applied again."""

    async def _one(self, turn: Any, op: Op) -> Verdict:
        verdict = turn.earlier[op.op_id] = await self._decided(turn, op)
        return verdict


class _VerdictNotStored(Changes):
    """The op is remembered, its verdict is not."""

    async def push(self, session: Session, request: OpsRequest) -> Any:
        reply = await super().push(session, request)
        for op in request.ops:

            async def forget(tx: OwnerTx, op: Op = op) -> None:
                row = await tx.ops.get(op.op_id)
                if row is not None:
                    await tx.ops.put(OpRow(*row[:5], None, row.at_ms))

            await self._premises.store.write(op.owner, forget)
        return reply


class _NoRevokeCheck(Feed):
    """The right is looked up when heads are asked, and not when rows are served."""

    async def _read(self, *args: Any, **more: Any) -> Any:
        slices, _mine, _same = await super()._read(*args, **more)
        return slices, _Believing({one.want.facet: one.want.term for one in slices}), True


class _Believing:
    """Believes every term it is shown."""

    is_stale = False

    def __init__(self, terms: dict[str, str]) -> None:
        self._terms = terms

    def right(self, facet: str) -> Right:
        return Right("r", self._terms.get(facet, ""), None)


class _FloorIgnored(Feed):
    """A cursor behind the oldest tombstone is served as if nothing were missing."""

    async def _slice(self, tx: OwnerTx, want: Any, room: int) -> Any:
        row = await tx.compartments.get(want.facet)
        if row is None:
            return await super()._slice(tx, want, room)
        return await super()._slice(_Floorless(tx), want, room)  # type: ignore[arg-type]


class _Floorless:
    """A unit of work whose compartments say that no tombstone was ever dropped."""

    def __init__(self, tx: OwnerTx) -> None:
        self._tx = tx
        self.compartments = self

    async def get(self, facet: str) -> Any:
        row = await self._tx.compartments.get(facet)
        return None if row is None else row._replace(floor=0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


def _fields(page: Page) -> dict[str, Any]:
    return {name: getattr(page, name) for name in page.__struct_fields__}


def _instead(kind: type[Any], right: Any) -> Any:
    """The same service, with the methods of another class."""
    wrong = kind.__new__(kind)
    wrong.__dict__.update(right.__dict__)
    return wrong


def _changes(kind: type[Changes]) -> Callable[[Scene], None]:
    def plant(scene: Scene) -> None:
        scene.side.changes = _instead(kind, scene.room.changes)

    return plant


def _feed(kind: type[Feed]) -> Callable[[Scene], None]:
    def plant(scene: Scene) -> None:
        scene.side.feed = _instead(kind, scene.room.feed)

    return plant


class _LastWriterWins(Changes):
    """The base of a change is not compared."""

    async def _act(self, turn: Any, op: Op) -> Version:
        if op.kind != "change":
            return await super()._act(turn, op)
        row = await turn.book.tx.resources.get(op.rtype, op.id)
        if row is None:
            return await super()._act(turn, op)
        plain = await self._premises.sealer.open(bodies.place_of(turn.book.owner, row), row.cell)
        present = conflict.elements_of(bodies.unpack(plain).resource)
        changes = tuple(
            type(change)(
                element=change.element,
                base=conflict._hash(present, change.element),
                value=change.value,
            )
            for change in op.changes
        )
        forced = {name: getattr(op, name) for name in op.__struct_fields__}
        return await super()._act(turn, Op(**{**forced, "base": row.version, "changes": changes}))


MUTANTS: tuple[Mutant, ...] = (
    Mutant("no_idempotency", plant=_changes(_NoIdempotency)),
    Mutant("no_revoke_check", plant=_feed(_NoRevokeCheck), day=FICKLE),
    Mutant("no_purge", NoPurge),
    Mutant("tombstone_skipped", TombstonesSkipped),
    Mutant("head_as_cursor", HeadAsCursor),
    Mutant("cursor_before_rows", CursorBeforeRows, day=FRAGILE),
    Mutant("floor_ignored", plant=_feed(_FloorIgnored)),
    Mutant("no_compare_and_set", NoCompareAndSet, day=CROWDED),
    Mutant("last_write_wins", plant=_changes(_LastWriterWins)),
    Mutant("outbox_pop_first", PopFirst),
    Mutant("generation_kept", GenerationKept, day=CROWDED),
    Mutant("no_receipts", NoReceipts),
    Mutant("terms_ignored", TermsIgnored),
    Mutant("sweep_forgotten", SweepForgotten),
    Mutant("verdict_not_stored", plant=_changes(_VerdictNotStored)),
)
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
