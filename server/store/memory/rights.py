"""Rights and duties in memory: grants, relations, blocks, journal, effects."""

from collections.abc import Sequence

from dossier.errors import StoreError
from server.ports import EffectRow, GrantRow, JournalRow, RelationRow
from server.store.memory.state import OwnerState, Undo


class MemoryAccess:
    """Grants, relations and blocks of one owner."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._state, self._undo = state, undo

    async def grants(self, facet: str | None = None) -> list[GrantRow]:
        rows = self._state.grants.in_order()
        return list(rows) if facet is None else [row for row in rows if row.facet == facet]

    async def held_by(self, principals: Sequence[str]) -> list[GrantRow]:
        wanted = frozenset(principals)
        return [row for row in self._state.grants.in_order() if row.principal in wanted]

    async def put_grants(self, rows: Sequence[GrantRow]) -> None:
        for row in rows:
            self._undo.put(self._state.grants, (row.facet, row.principal), row)

    async def drop_grants(self, keys: Sequence[tuple[str, str]]) -> None:
        for key in keys:
            self._undo.drop(self._state.grants, key)

    async def relations(self) -> list[RelationRow]:
        return list(self._state.relations.in_order())

    async def put_relation(self, row: RelationRow) -> None:
        self._undo.put(self._state.relations, (row.account, row.kind), row)

    async def drop_relation(self, account: int, kind: str) -> None:
        self._undo.drop(self._state.relations, (account, kind))

    async def denied(self) -> list[int]:
        return sorted(self._state.denied)

    async def deny(self, account: int, since_v: int) -> None:
        self._undo.put(self._state.denied, account, since_v)

    async def undeny(self, account: int) -> None:
        self._undo.drop(self._state.denied, account)


class MemoryJournal:
    """Journal rows of one owner."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._table, self._undo = state.journal, undo

    async def put(self, rows: Sequence[JournalRow]) -> None:
        for row in rows:
            self._undo.put(self._table, (row.month, row.n), row)

    async def of_facets(self, facets: Sequence[str], limit: int) -> list[JournalRow]:
        found = [row for row in self._table.values() if row.facet in facets]
        found.sort(key=lambda row: (row.month, row.n), reverse=True)
        return found[:limit]

    async def place(self, month: int, n: int, log_index: int) -> None:
        row = self._table.get((month, n))
        if row is None:
            raise StoreError("no such journal row")
        self._undo.put(self._table, (month, n), row._replace(log_index=log_index))

    async def unplaced(self, limit: int) -> list[JournalRow]:
        found = [row for row in self._table.values() if row.log_index is None]
        found.sort(key=lambda row: (row.month, row.n))
        return found[:limit]


class MemoryEffects:
    """What this owner owes to others."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._table, self._pending, self._undo = state.effects, state.pending, undo

    async def put(self, rows: Sequence[EffectRow]) -> None:
        for row in rows:
            self._keep(row)

    async def due(self, now_ms: int, limit: int) -> list[EffectRow]:
        found = [row for row in self._pending.values() if row.not_before_ms <= now_ms]
        found.sort(key=lambda row: row.n)
        return found[:limit]

    async def finish(self, *numbers: int) -> None:
        for n in numbers:
            row = self._table.get(n)
            if row is None:
                raise StoreError("no such effect")
            self._keep(row._replace(done=True))

    def _keep(self, row: EffectRow) -> None:
        self._undo.put(self._table, row.n, row)
        if row.done:
            self._undo.drop(self._pending, row.n)
        else:
            self._undo.put(self._pending, row.n, row)
