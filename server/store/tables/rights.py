"""Tables of rights and duties: grants, relations, blocks, journal, effects."""

from collections.abc import Sequence

from dossier.errors import StoreError
from server.ports import EffectRow, GrantRow, JournalRow, RelationRow
from server.store.tables.sql import Sql, Upsert, in_fixed_sizes, within

_GRANTS = Upsert("access_grant", ("facet", "principal"), ("rights", "cause", "since_v", "until"))
_RELATIONS = Upsert("relation", ("account", "kind"), ("since_v", "until", "cause"))
_DENIED = Upsert("deny", ("account",), ("since_v",))
_JOURNAL = Upsert("journal", ("month", "n"), ("facet", "subject", "cell", "leaf", "log_index"))
_EFFECTS = Upsert("effect", ("n",), ("not_before", "target", "kind", "cell", "done"))

_GRANT = "SELECT facet, principal, rights, cause, since_v, until FROM access_grant WHERE owner = $1"
_FINISH = "UPDATE effect SET done = 1 WHERE owner = $1"
_JOURNAL_ROW = (
    "SELECT month, n, facet, subject, cell, leaf, log_index FROM journal WHERE owner = $1"
)


class SqlAccess:
    """Grants, relations and blocks of one owner."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def grants(self, facet: str | None = None) -> list[GrantRow]:
        if facet is None:
            found = await self._sql.rows(f"{_GRANT} ORDER BY facet, principal", (self._owner,))
        else:
            found = await self._sql.rows(
                f"{_GRANT} AND facet = $2 ORDER BY principal", (self._owner, facet)
            )
        return [GrantRow(*row) for row in found]

    async def held_by(self, principals: Sequence[str]) -> list[GrantRow]:
        found: list[GrantRow] = []
        for piece in in_fixed_sizes(principals):
            wanted = within(len(piece))
            rows = await self._sql.rows(
                f"{_GRANT} AND principal IN ({wanted}) ORDER BY facet, principal",
                (self._owner, *piece),
            )
            found.extend(GrantRow(*row) for row in rows)
        return sorted(found, key=lambda row: row[:2])

    async def put_grants(self, rows: Sequence[GrantRow]) -> None:
        await _GRANTS.put(self._sql, self._owner, rows)

    async def drop_grants(self, keys: Sequence[tuple[str, str]]) -> None:
        for facet, principal in keys:
            await self._sql.run(
                "DELETE FROM access_grant WHERE owner = $1 AND facet = $2 AND principal = $3",
                (self._owner, facet, principal),
            )

    async def relations(self) -> list[RelationRow]:
        found = await self._sql.rows(
            "SELECT account, kind, since_v, until, cause FROM relation WHERE owner = $1 "
            "ORDER BY account, kind",
            (self._owner,),
        )
        return [RelationRow(*row) for row in found]

    async def put_relation(self, row: RelationRow) -> None:
        await _RELATIONS.put(self._sql, self._owner, (row,))

    async def drop_relation(self, account: int, kind: str) -> None:
        await self._sql.run(
            "DELETE FROM relation WHERE owner = $1 AND account = $2 AND kind = $3",
            (self._owner, account, kind),
        )

    async def denied(self) -> list[int]:
        found = await self._sql.rows(
            "SELECT account FROM deny WHERE owner = $1 ORDER BY account", (self._owner,)
        )
        return [row[0] for row in found]

    async def deny(self, account: int, since_v: int) -> None:
        await _DENIED.put(self._sql, self._owner, ((account, since_v),))

    async def undeny(self, account: int) -> None:
        await self._sql.run(
            "DELETE FROM deny WHERE owner = $1 AND account = $2", (self._owner, account)
        )


class SqlJournal:
    """Journal rows of one owner."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def put(self, rows: Sequence[JournalRow]) -> None:
        await _JOURNAL.put(self._sql, self._owner, rows)

    async def of_facets(self, facets: Sequence[str], limit: int) -> list[JournalRow]:
        found: list[JournalRow] = []
        for facet in set(facets):
            rows = await self._sql.rows(
                f"{_JOURNAL_ROW} AND facet = $2 ORDER BY month DESC, n DESC LIMIT $3",
                (self._owner, facet, limit),
            )
            found.extend(JournalRow(*row) for row in rows)
        found.sort(key=lambda row: (row.month, row.n), reverse=True)
        return found[:limit]

    async def place(self, month: int, n: int, log_index: int) -> None:
        touched = await self._sql.run(
            "UPDATE journal SET log_index = $4 WHERE owner = $1 AND month = $2 AND n = $3",
            (self._owner, month, n, log_index),
        )
        if not touched:
            raise StoreError("no such journal row")

    async def unplaced(self, limit: int) -> list[JournalRow]:
        found = await self._sql.rows(
            f"{_JOURNAL_ROW} AND log_index IS NULL ORDER BY month, n LIMIT $2 + 0",
            (self._owner, limit),
        )
        return [JournalRow(*row) for row in found]


class SqlEffects:
    """What this owner owes to others."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def put(self, rows: Sequence[EffectRow]) -> None:
        await _EFFECTS.put(self._sql, self._owner, [(*row[:-1], int(row.done)) for row in rows])

    async def due(self, now_ms: int, limit: int) -> list[EffectRow]:
        found = await self._sql.rows(
            "SELECT n, not_before, target, kind, cell, done FROM effect "
            "WHERE owner = $1 AND done = 0 AND not_before <= $2 ORDER BY n LIMIT $3 + 0",
            (self._owner, now_ms, limit),
        )
        return [
            EffectRow(row_n, not_before, target, kind, cell, bool(done))
            for row_n, not_before, target, kind, cell, done in found
        ]

    async def finish(self, *numbers: int) -> None:
        for piece in in_fixed_sizes(numbers):
            wanted = within(len(piece))
            touched = await self._sql.run(
                f"{_FINISH} AND n IN ({wanted})",
                (self._owner, *piece),
            )
            if touched != len(set(piece)):
                raise StoreError("no such effect")
