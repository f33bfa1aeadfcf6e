"""One unit of work under one owner's lock: what T1, T2 and an import write, and nothing else writes.

A caller decides first and writes after its last check, so that a refused op leaves nothing of itself but
its verdict. Positions, versions, digests, tombstones, history, journal, effects and counters are kept
here, so that they cannot disagree. `close` must be the last call of the unit.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import Version
from server.ports import (
    CompartmentRow,
    EffectRow,
    HistoryRow,
    JournalRow,
    OwnerRow,
    OwnerTx,
    ResourceRow,
    Tombstone,
)
from server.services import bodies, effects, journal
from server.services.premises import COUNTER_SPAN, Premises
from server.services.sealer import SCHEMA, Place


class Put(NamedTuple):
    """A resource as it shall be. `facet` is a tag; `earlier` the row and body it replaces, if any."""

    rtype: str
    id: str
    facet: str
    subject: int
    root: str | None
    body: bodies.Body
    earlier: tuple[ResourceRow, bodies.Body] | None = None


class _Head:
    """A compartment while it changes."""

    def __init__(self, row: CompartmentRow | None, facet: str, restore: int) -> None:
        start = restore * COUNTER_SPAN
        self.facet = facet
        self.new = row is None
        self.head = max(start, row.head) if row else start
        self.floor = row.floor if row else 0
        self.rows = row.rows if row else 0
        self.size = row.size if row else 0
        self.digest = int.from_bytes(row.digest, "big") if row else 0
        self.dirty = False

    def next(self) -> int:
        self.dirty = True
        self.head += 1
        return self.head

    def count(self, rid: str, version: Version, size: int, sign: int) -> None:
        self.rows += sign
        self.size += sign * size
        share = row_digest(rid, version.restore, version.k)
        self.digest = (self.digest + sign * share) % DIGEST_MODULUS

    def row(self) -> CompartmentRow:
        digest = self.digest.to_bytes(32, "big")
        return CompartmentRow(self.facet, self.head, self.floor, self.rows, self.size, digest)


class OwnerUnit:
    """The owner is locked; `row` is as the lock returned it."""

    def __init__(self, premises: Premises, tx: OwnerTx, row: OwnerRow, reserved: int) -> None:
        self.premises, self.tx, self.row = premises, tx, row
        self._next, self._end = row.n, row.n + reserved
        self._heads: dict[str, _Head] = {}
        self._journal: list[JournalRow] = []
        self._effects: list[EffectRow] = []
        self._gained: list[tuple[str, str]] = []
        self._lost: list[tuple[str, str]] = []
        self._recheck: list[int] = []
        self._access_v, self._facets_v = row.access_v, row.facets_v

    @property
    def owner(self) -> int:
        return self.tx.id

    @property
    def subject(self) -> int:
        """The patient the rows of this owner speak of: the owner itself, or nobody."""
        return self.owner if self.row.kind == "patient" else 0

    @property
    def access_v(self) -> int:
        return self._access_v

    def tag(self, facet: str) -> str:
        return self.premises.tags.tag(self.owner, facet)

    def number(self) -> int:
        """The next of the numbers reserved by the lock."""
        n = self._next
        assert n < self._end, "more numbers than the lock reserved"
        self._next += 1
        return n

    def rights_changed(self) -> int:
        """Raise access_v; every grant given from here on carries the new value."""
        self._access_v = max(self._access_v, self.premises.restore * COUNTER_SPAN) + 1
        return self._access_v

    def tell(
        self,
        gained: Iterable[tuple[str, str]] = (),
        lost: Iterable[tuple[str, str]] = (),
        recheck: Iterable[int] = (),
    ) -> None:
        """Readers who must hear of a right: (facet tag, reader)."""
        self._gained += gained
        self._lost += lost
        self._recheck += recheck

    async def head(self, facet: str) -> _Head:
        head = self._heads.get(facet)
        if head is None:
            row = await self.tx.compartments.get(facet)
            head = self._heads[facet] = _Head(row, facet, self.premises.restore)
        return head

    async def is_new(self, facet: str) -> bool:
        """True while nothing was ever stored in this facet."""
        head = await self.head(facet)
        return head.new and not head.dirty

    def opened(self) -> list[str]:
        """The tags of facets that get their first row in this unit."""
        return [head.facet for head in self._heads.values() if head.new and head.dirty]

    async def owe_due(self, at_ms: int) -> None:
        """The rights of this owner must be computed again at this instant."""
        await self.owe(self.owner, "due", effects.Moved(), at_ms)

    async def put(self, puts: Sequence[Put]) -> list[Version]:
        """Store these resources, each at a new version; the ones they replace become history."""
        rows: list[ResourceRow] = []
        gone: list[Tombstone] = []
        past: list[HistoryRow] = []
        for put in puts:
            version = self._version_after(put.earlier)
            row = await self._row(put, version)
            rows.append(row)
            if put.earlier is not None:
                old, body = put.earlier
                past.append(await self._past(old, body))
                if old.facet != put.facet:
                    gone.append(await self._leave(old, version))
                else:
                    (await self.head(old.facet)).count(old.id, old.version, old.size, -1)
        await self.tx.resources.put(rows)
        if gone:
            await self.tx.resources.put_tombstones(gone)
        if past:
            await self.tx.resources.put_history(past)
        return [row.version for row in rows]

    async def log(self, facet: str, said: journal.Entry) -> JournalRow:
        """Add a journal row to the access facet `facet` (a name); returned as it will lie there."""
        n = self.number()
        row = await journal.row_of(
            self.premises, self.owner, self.subject, n, self.tag(facet), said
        )
        self._journal.append(row)
        return row

    async def owe(
        self,
        target: int,
        kind: effects.EffectKind,
        owed: effects.Owed,
        not_before_ms: int = 0,
    ) -> None:
        """Add a duty towards `target`."""
        n = self.number()
        row = await effects.row_of(self.premises, self.owner, n, target, kind, owed, not_before_ms)
        self._effects.append(row)

    async def close(self) -> None:
        """Write heads, journal, duties and counters. The last call of the unit."""
        moved = [head for head in self._heads.values() if head.dirty]
        for head in moved:
            await self.tx.compartments.put(head.row())
        told = {head.facet for head in moved}
        owed = effects.Moved(
            tuple(head.facet for head in moved),
            tuple(pair for pair in dict.fromkeys(self._gained) if pair[0] not in told),
            tuple(dict.fromkeys(self._lost)),
            tuple(dict.fromkeys(self._recheck)),
        )
        if owed:
            await self.owe(self.owner, "moved", owed)
        if self._journal:
            await self.tx.journal.put(self._journal)
        if self._effects:
            await self.tx.effects.put(self._effects)
        await self._keep_counters()

    async def _keep_counters(self) -> None:
        access_v = self._access_v if self._access_v != self.row.access_v else None
        facets_v = self._facets_v if self._facets_v != self.row.facets_v else None
        if access_v is not None or facets_v is not None:
            await self.tx.owner.update(access_v=access_v, facets_v=facets_v)

    def _version_after(self, earlier: tuple[ResourceRow, bodies.Body] | None) -> Version:
        k = 0 if earlier is None else earlier[0].version.k
        return Version(self.premises.restore, k + 1)

    async def _row(self, put: Put, version: Version) -> ResourceRow:
        head = await self.head(put.facet)
        seq = head.next()
        size = len(put.body.resource)
        place = Place("resource", self.owner, put.facet, put.subject, put.rtype, put.id, version)
        cell = await self.premises.sealer.seal(place, bodies.pack(put.body))
        head.count(put.id, version, size, 1)
        return ResourceRow(
            put.rtype, put.id, put.facet, seq, version, put.subject, put.root, size, cell
        )

    async def _past(self, old: ResourceRow, body: bodies.Body) -> HistoryRow:
        place = bodies.past_place(self.owner, old)
        cell = await self.premises.sealer.seal(place, bodies.pack(body))
        return HistoryRow(old.rtype, old.id, old.version, old.subject, SCHEMA, cell)

    async def _leave(self, old: ResourceRow, version: Version) -> Tombstone:
        head = await self.head(old.facet)
        seq = head.next()
        head.count(old.id, old.version, old.size, -1)
        self._facets_v = max(self._facets_v, self.premises.restore * COUNTER_SPAN) + 1
        return Tombstone(old.facet, seq, old.rtype, old.id, version)
