"""T4: duties become projections and wake-ups. It may be late; no right depends on it.

Each effect is applied at its target under an id of its own, hash(owner, n): doing it twice changes
nothing. What several effects of one owner have to tell is told together, and the targets of a round reach the
disk together; the effects are finished once all of it is durable. Work is done in bounded rounds and can stop
anywhere.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from dossier.errors import Unavailable
from server.ports import AlarmRow, EffectRow, GrantRow, HintBoard, OpRow, OwnerTx, RelationRow
from server.services import effects
from server.services.access import Access, readers_of
from server.services.facets import access_facet
from server.services.heads import EVERYTHING
from server.services.journal import Entry
from server.services.premises import Premises
from server.services.unit import OwnerUnit
from server.services.volume import Volume

BATCH = 50
"""Owners looked at, and effects of one owner done, in one round."""

_PURGED_NUMBERS = 2
"""The line of the journal and the duty it causes."""

Told = dict[str, dict[str, int]]
"""By reader: facet tag (or `*`) and the head that is hinted."""
_Work = Callable[[OwnerTx], Awaitable[Sequence[AlarmRow]]]


class _Due(NamedTuple):
    """What one owner owes now: its rows, those that change their target, and what its readers are told."""

    owner: int
    rows: list[EffectRow]
    aimed: list[tuple[EffectRow, effects.Owed]]
    told: Told


class Indexer:
    """Runs what is due."""

    def __init__(self, premises: Premises, access: Access, hints: HintBoard | None = None) -> None:
        self._premises, self._access, self._hints = premises, access, hints
        self.volume = Volume(premises)

    async def run_due(self, limit: int = BATCH) -> int:
        """One round; returns how many effects were done. 0: nothing is due."""
        now_ms = self._premises.now_ms
        owners = await self._premises.store.maintenance.owners_with_effects(now_ms, limit)
        return await self._round(owners) if owners else 0

    async def drain(self) -> int:
        """Rounds until nothing is due; returns how many effects were done."""
        total = 0
        while done := await self.run_due():
            total += done
        return total

    async def run_owner(self, owner: int) -> int:
        """What is due of one owner."""
        return await self._round([owner])

    async def _round(self, owners: Sequence[int]) -> int:
        store = self._premises.store
        found = [await store.read(owner, self._due) for owner in owners]
        for due in found:
            if any(row.kind == "due" for row in due.rows):
                await self._access.refresh(due.owner)
        works: list[tuple[int, _Work]] = [
            (row.target, partial(self._aim, due.owner, row, owed))
            for due in found
            for row, owed in due.aimed
        ]
        works += [(shard, partial(self._tell, dues)) for shard, dues in _by_shard(found).items()]
        done = await store.write_each(works)
        self.volume.tell([alarm for raised in done for alarm in raised])
        if self._hints is not None:
            for due in found:
                self._hints.wake(tuple(due.told))
        await self._finish(found)
        return sum(len(due.rows) for due in found)

    async def _due(self, tx: OwnerTx) -> _Due:
        rows = await tx.effects.due(self._premises.now_ms, BATCH)
        aimed: list[tuple[EffectRow, effects.Owed]] = []
        moved: list[effects.Moved] = []
        for row in rows:
            if row.kind == "due":
                continue
            try:
                owed = await effects.read_row(self._premises, tx.id, row)
            except Unavailable:
                continue
            if isinstance(owed, effects.Moved):
                moved.append(owed)
            else:
                aimed.append((row, owed))
        return _Due(tx.id, rows, aimed, await self._told(tx, effects.together(moved)))

    async def _told(self, tx: OwnerTx, owed: effects.Moved) -> Told:
        if not owed:
            return {}
        heads = {row.facet: row.head for row in await tx.compartments.all()}
        relations: list[RelationRow] = []
        grants: Sequence[GrantRow] = ()
        if owed.facets:
            grants = await tx.access.grants(owed.facets[0] if len(owed.facets) == 1 else None)
            relations = await tx.access.relations()
        told: Told = {}
        for facet, reader in (*_readers(owed.facets, grants, relations), *owed.gained, *owed.lost):
            told.setdefault(reader, {})[facet] = heads.get(facet, 0)
        for account in owed.recheck:
            told.setdefault(f"a:{account}", {})[EVERYTHING] = 0
        return told

    async def _tell(self, dues: Sequence[_Due], tx: OwnerTx) -> Sequence[AlarmRow]:
        """One shard hears of every owner of the round that has something for its readers."""
        if await tx.owner.lock(1) is None:
            return ()
        marks = {
            due.owner: [
                effects.op_id_of(due.owner, row.n) for row in due.rows if row.kind == "moved"
            ]
            for due in dues
        }
        known = await tx.ops.known([mark for named in marks.values() for mark in named])
        fresh = [mark for named in marks.values() for mark in named if mark not in known]
        rows = [
            (reader, due.owner, facet, head)
            for due in dues
            if not known.issuperset(marks[due.owner])
            for reader, facets in sorted(due.told.items())
            if _shard(reader) == tx.id
            for facet, head in sorted(facets.items())
        ]
        await tx.projections.put_all(rows)
        await tx.ops.put(*(self._mark(mark) for mark in fresh))
        return ()

    async def _aim(
        self, owner: int, row: EffectRow, owed: effects.Owed, tx: OwnerTx
    ) -> Sequence[AlarmRow]:
        """One effect at its target; returns the alarms it raised."""
        op_id = effects.op_id_of(owner, row.n)
        if isinstance(owed, effects.Displayed):
            return await self.volume.count(owner, self._mark(op_id), owed, tx)
        if isinstance(owed, effects.Alerted):
            await self.volume.alert(owner, self._mark(op_id), owed, tx)
        elif isinstance(owed, effects.Erased):
            await (self._purged if row.kind == "purged" else self._erased)(owner, op_id, owed, tx)
        return ()

    async def _erased(self, _owner: int, op_id: str, owed: effects.Erased, tx: OwnerTx) -> None:
        if await tx.owner.lock(1) is None or await tx.ops.get(op_id) is not None:
            return
        for row in await tx.people.copies(owed.device, owed.unit, owed.target):
            same = (row.facet, row.term) == (owed.facet, owed.term)
            if same and row.receipt_ms is None:
                await tx.people.put_copies([row._replace(receipt_ms=owed.at_ms)])
        await tx.ops.put(self._mark(op_id))

    async def _purged(self, account: int, op_id: str, owed: effects.Erased, tx: OwnerTx) -> None:
        """The patient reads that a revoked device erased its copy; other owners keep no journal of copies."""
        row = await tx.owner.lock(_PURGED_NUMBERS)
        if row is None or row.kind != "patient" or await tx.ops.get(op_id) is not None:
            return
        book = OwnerUnit(self._premises, tx, row, _PURGED_NUMBERS)
        lies_in = access_facet(self._premises.tags.name(tx.id, owed.facet))
        said = Entry(
            action="erased",
            at_ms=owed.at_ms,
            account=account,
            device=owed.device,
            unit=owed.unit,
        )
        await book.log(lies_in, said)
        await tx.ops.put(self._mark(op_id))
        await book.close()

    def _mark(self, op_id: str) -> OpRow:
        return OpRow(op_id, 0, "", "", b"", None, self._premises.now_ms)

    async def _finish(self, found: Sequence[_Due]) -> None:
        """Everything these owed is durable at its targets."""

        async def write(rows: Sequence[EffectRow], tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.effects.finish(*(row.n for row in rows))

        works = [(due.owner, partial(write, due.rows)) for due in found if due.rows]
        await self._premises.store.write_each(works)


def _by_shard(found: Iterable[_Due]) -> dict[int, list[_Due]]:
    """The owners each shard hears of."""
    shards: dict[int, list[_Due]] = {}
    for due in found:
        for shard in sorted({_shard(reader) for reader in due.told}):
            shards.setdefault(shard, []).append(due)
    return shards


def _shard(reader: str) -> int:
    return int(reader.split(":")[1])


def _readers(
    facets: Iterable[str], grants: Iterable[GrantRow], relations: Sequence[RelationRow]
) -> list[tuple[str, str]]:
    moved = set(facets)
    return [
        (grant.facet, reader)
        for grant in grants
        if grant.facet in moved and "r" in grant.rights
        for reader in readers_of(grant.principal, relations)
    ]
