"""Tables of an account's sessions: families and their refresh tokens."""

from server.ports import FamilyRow, RefreshRow
from server.store.tables.sql import Sql, Upsert

_FAMILIES = Upsert(
    "family",
    ("family",),
    ("device", "situation", "restore", "begun", "ends", "refreshed", "ended", "reason"),
)
_REFRESHES = Upsert("refresh", ("token_hash",), ("family", "made", "used", "ask", "follows"))


class SqlFamilies:
    """Families and refresh tokens of one account."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def every(self) -> list[FamilyRow]:
        found = await self._sql.rows(
            "SELECT family, device, situation, restore, begun, ends, refreshed, ended, reason "
            "FROM family WHERE owner = $1 ORDER BY family",
            (self._owner,),
        )
        return [FamilyRow(*row) for row in found]

    async def put(self, row: FamilyRow) -> None:
        await _FAMILIES.put(self._sql, self._owner, (row,))

    async def refresh(self, token_hash: bytes) -> RefreshRow | None:
        found = await self._sql.rows(
            "SELECT token_hash, family, made, used, ask, follows FROM refresh "
            "WHERE owner = $1 AND token_hash = $2",
            (self._owner, token_hash),
        )
        return RefreshRow(*found[0]) if found else None

    async def put_refresh(self, row: RefreshRow) -> None:
        await _REFRESHES.put(self._sql, self._owner, (row,))

    async def forget(self, before_ms: int) -> None:
        await self._sql.run(
            "DELETE FROM family WHERE owner = $1 AND ends < $2", (self._owner, before_ms)
        )
        await self._sql.run(
            "DELETE FROM refresh WHERE owner = $1 AND made < $2", (self._owner, before_ms)
        )
