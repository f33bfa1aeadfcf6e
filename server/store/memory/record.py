"""Tables of the record in memory: owner, compartments, resources, ops."""

from collections.abc import Sequence

from dossier.errors import StoreError
from server.ports import (
    CompartmentRow,
    HistoryRow,
    OpRow,
    OwnerRow,
    ResourceRow,
    Tombstone,
)
from server.store.memory.state import OwnerState, Undo
from server.store.units import COUNTER_SPAN


class MemoryOwner:
    """The owner's row."""

    def __init__(self, state: OwnerState, undo: Undo, restore: int) -> None:
        self._table, self._undo = state.owner, undo
        self._first = restore * COUNTER_SPAN + 1

    async def lock(self, k: int) -> OwnerRow | None:
        self._undo.must_write()
        row = await self.get()
        if row is not None:
            kind, state, n, access_v, facets_v, pack = row
            locked = OwnerRow(kind, state, n + k, access_v, facets_v, pack)
            self._undo.put(self._table, None, locked)
        return row

    async def get(self) -> OwnerRow | None:
        row = self._table.get(None)
        return row if row is None or row.n >= self._first else row._replace(n=self._first)

    async def create(self, kind: str, pack: str, start: int) -> None:
        if self._table:
            raise StoreError("this owner exists")
        self._undo.put(self._table, None, OwnerRow(kind, "active", start, 0, 0, pack))

    async def update(
        self,
        *,
        state: str | None = None,
        access_v: int | None = None,
        facets_v: int | None = None,
        pack: str | None = None,
    ) -> None:
        row = self._table.get(None)
        if row is None:
            raise StoreError("no such owner")
        self._undo.put(
            self._table,
            None,
            OwnerRow(
                row.kind,
                row.state if state is None else state,
                row.n,
                row.access_v if access_v is None else access_v,
                row.facets_v if facets_v is None else facets_v,
                row.pack if pack is None else pack,
            ),
        )


class MemoryCompartments:
    """Heads, floors, digests."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._table, self._undo = state.compartments, undo

    async def get(self, facet: str) -> CompartmentRow | None:
        return self._table.get(facet)

    async def all(self) -> list[CompartmentRow]:
        return list(self._table.in_order())

    async def put(self, row: CompartmentRow) -> None:
        self._undo.put(self._table, row.facet, row)


class MemoryResources:
    """Resources, tombstones, history."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._state, self._undo = state, undo

    async def get(self, rtype: str, rid: str) -> ResourceRow | None:
        return self._state.resources.get((rtype, rid))

    async def put(self, rows: Sequence[ResourceRow]) -> None:
        state, undo = self._state, self._undo
        for row in rows:
            name = (row.rtype, row.id)
            place = (row.facet, row.seq)
            if state.positions.get(place, name) != name:
                raise StoreError("two resources at one position")
            earlier = state.resources.get(name)
            if earlier is not None:
                undo.drop(state.positions, (earlier.facet, earlier.seq))
            undo.put(state.positions, place, name)
            undo.put(state.resources, name, row)

    async def drop(self, rtype: str, rid: str) -> None:
        row = self._state.resources.get((rtype, rid))
        if row is not None:
            self._undo.drop(self._state.positions, (row.facet, row.seq))
        self._undo.drop(self._state.resources, (rtype, rid))

    async def since(self, facet: str, seq: int, limit: int) -> list[ResourceRow]:
        found = [r for r in self._state.resources.values() if r.facet == facet and r.seq > seq]
        found.sort(key=lambda row: row.seq)
        return found[:limit]

    async def of_root(self, root: str) -> list[ResourceRow]:
        return self._in_order([r for r in self._state.resources.values() if r.root == root])

    async def of_type(self, rtype: str) -> list[ResourceRow]:
        return self._in_order([r for r in self._state.resources.values() if r.rtype == rtype])

    async def of_facets(self, facets: Sequence[str]) -> list[ResourceRow]:
        return self._in_order([r for r in self._state.resources.values() if r.facet in facets])

    @staticmethod
    def _in_order(rows: list[ResourceRow]) -> list[ResourceRow]:
        rows.sort(key=lambda row: (row.rtype, row.id))
        return rows

    async def put_tombstones(self, rows: Sequence[Tombstone]) -> None:
        for row in rows:
            self._undo.put(self._state.tombstones, (row.facet, row.seq), row)

    async def tombstones_since(self, facet: str, seq: int, limit: int) -> list[Tombstone]:
        found = [t for t in self._state.tombstones.values() if t.facet == facet and t.seq > seq]
        found.sort(key=lambda row: row.seq)
        return found[:limit]

    async def tombstone_of(self, rtype: str, rid: str) -> Tombstone | None:
        found = [t for t in self._state.tombstones.values() if t.rtype == rtype and t.id == rid]
        return max(found, key=lambda row: (row.version, row.facet, row.seq), default=None)

    async def put_history(self, rows: Sequence[HistoryRow]) -> None:
        for row in rows:
            key = (row.rtype, row.id, row.version.restore, row.version.k)
            self._undo.put(self._state.history, key, row)

    async def history(self, rtype: str, rid: str) -> list[HistoryRow]:
        found = [h for h in self._state.history.values() if h.rtype == rtype and h.id == rid]
        found.sort(key=lambda row: row.version)
        return found


class MemoryOps:
    """Known ops and their verdicts."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._table, self._undo = state.ops, undo

    async def get(self, op_id: str) -> OpRow | None:
        return self._table.get(op_id)

    async def known(self, op_ids: Sequence[str]) -> set[str]:
        return {op_id for op_id in op_ids if op_id in self._table}

    async def put(self, *rows: OpRow) -> None:
        for row in rows:
            self._undo.put(self._table, row.op_id, row)

    async def acknowledge(self, account: int, op_ids: Sequence[str]) -> None:
        for op_id in op_ids:
            row = self._table.get(op_id)
            if row is not None and row.account == account:
                self._undo.put(self._table, op_id, row._replace(verdict=None))

    async def forget_before(self, at_ms: int) -> int:
        old = [r.op_id for r in self._table.values() if r.verdict is None and r.at_ms < at_ms]
        for op_id in old:
            self._undo.drop(self._table, op_id)
        return len(old)
