"""T4: duties become projections and wake-ups. It may be late; no right depends on it.

Each effect is applied at its target under an id of its own, hash(owner, n): doing it twice changes
nothing. Work is done in bounded batches, owner by owner, and can stop anywhere.
"""

from collections.abc import Iterable, Sequence

from dossier.errors import Unavailable
from server.ports import EffectRow, GrantRow, HintBoard, OpRow, OwnerTx, RelationRow
from server.services import effects
from server.services.access import Access, readers_of
from server.services.facets import access_facet
from server.services.heads import EVERYTHING
from server.services.journal import Entry
from server.services.premises import Premises
from server.services.unit import OwnerUnit

BATCH = 50
"""Owners looked at, and effects of one owner done, in one round."""

_PURGED_NUMBERS = 2
"""The line of the journal and the duty it causes."""

Told = dict[str, dict[str, int]]
"""By reader: facet tag (or `*`) and the head that is hinted."""


class Indexer:
    """Runs what is due."""

    def __init__(self, premises: Premises, access: Access, hints: HintBoard | None = None) -> None:
        self._premises, self._access, self._hints = premises, access, hints

    async def run_due(self, limit: int = BATCH) -> int:
        """One round; returns how many effects were done. 0: nothing is due."""
        now_ms = self._premises.now_ms
        maintenance = self._premises.store.maintenance
        done = 0
        for owner in await maintenance.owners_with_effects(now_ms, limit):
            done += await self.run_owner(owner)
        return done

    async def drain(self) -> int:
        """Rounds until nothing is due; returns how many effects were done."""
        total = 0
        while done := await self.run_due():
            total += done
        return total

    async def run_owner(self, owner: int) -> int:
        """What is due of one owner, in order."""
        now_ms = self._premises.now_ms

        async def due(tx: OwnerTx) -> list[EffectRow]:
            return await tx.effects.due(now_ms, BATCH)

        rows = await self._premises.store.read(owner, due)
        for row in rows:
            await self._apply(owner, row)
            await self._finish(owner, row.n)
        return len(rows)

    async def _apply(self, owner: int, row: EffectRow) -> None:
        if row.kind == "due":
            await self._access.refresh(owner)
            return
        try:
            owed = await effects.read_row(self._premises, owner, row)
        except Unavailable:
            return
        op_id = effects.op_id_of(owner, row.n)
        if row.kind == "purged" and isinstance(owed, effects.Erased):
            await self._purged(owner, row.target, op_id, owed)
        elif isinstance(owed, effects.Erased):
            await self._erased(row.target, op_id, owed)
        else:
            await self._moved(owner, op_id, owed)

    async def _moved(self, owner: int, op_id: str, owed: effects.Moved) -> None:
        told = await self._premises.store.read(owner, lambda tx: self._told(tx, owed))
        by_shard: dict[int, Told] = {}
        for reader, facets in told.items():
            shard = int(reader.split(":")[1])
            by_shard.setdefault(shard, {})[reader] = facets
        for shard, readers in by_shard.items():
            await self._tell(owner, shard, op_id, readers)
        if self._hints is not None and told:
            self._hints.wake(tuple(told))

    async def _told(self, tx: OwnerTx, owed: effects.Moved) -> Told:
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

    async def _tell(self, owner: int, shard: int, op_id: str, readers: Told) -> None:
        async def write(tx: OwnerTx) -> None:
            if await tx.owner.lock(1) is None or await tx.ops.get(op_id) is not None:
                return
            for reader, facets in sorted(readers.items()):
                for facet, head in sorted(facets.items()):
                    await tx.projections.put(reader, owner, facet, head)
            await tx.ops.put(self._mark(op_id))

        await self._premises.store.write(shard, write)

    async def _erased(self, account: int, op_id: str, owed: effects.Erased) -> None:
        async def write(tx: OwnerTx) -> None:
            if await tx.owner.lock(1) is None or await tx.ops.get(op_id) is not None:
                return
            for row in await tx.people.copies(owed.device, owed.unit, owed.target):
                same = (row.facet, row.term) == (owed.facet, owed.term)
                if same and row.receipt_ms is None:
                    await tx.people.put_copies([row._replace(receipt_ms=owed.at_ms)])
            await tx.ops.put(self._mark(op_id))

        await self._premises.store.write(account, write)

    async def _purged(self, account: int, target: int, op_id: str, owed: effects.Erased) -> None:
        """The patient reads that a revoked device erased its copy; other owners keep no journal of copies."""

        async def write(tx: OwnerTx) -> None:
            row = await tx.owner.lock(_PURGED_NUMBERS)
            if row is None or row.kind != "patient" or await tx.ops.get(op_id) is not None:
                return
            book = OwnerUnit(self._premises, tx, row, _PURGED_NUMBERS)
            lies_in = access_facet(self._premises.tags.name(target, owed.facet))
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

        await self._premises.store.write(target, write)

    def _mark(self, op_id: str) -> OpRow:
        return OpRow(op_id, 0, "", "", b"", None, self._premises.now_ms)

    async def _finish(self, owner: int, n: int) -> None:
        async def write(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.effects.finish(n)

        await self._premises.store.write(owner, write)


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
