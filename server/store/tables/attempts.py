"""Table of tries to prove who one is."""

from server.ports import AttemptRow
from server.store.tables.sql import Sql, Upsert

_ATTEMPTS = Upsert("attempt", ("place",), ("wrong", "until", "kept", "usual"))


class SqlAttempts:
    """Tries counted under one owner."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def lock(self) -> AttemptRow:
        found = await self._sql.rows(
            "INSERT INTO attempt (owner, place, wrong, until, kept, usual) "
            "VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT (owner, place) DO UPDATE SET usual = 0 "
            "RETURNING place, wrong, until, kept, usual",
            (self._owner, b""),
        )
        return AttemptRow(*found[0])

    async def get(self, place: bytes) -> AttemptRow | None:
        found = await self._sql.rows(
            "SELECT place, wrong, until, kept, usual FROM attempt WHERE owner = $1 AND place = $2",
            (self._owner, place),
        )
        return AttemptRow(*found[0]) if found else None

    async def usual(self) -> list[AttemptRow]:
        found = await self._sql.rows(
            "SELECT place, wrong, until, kept, usual FROM attempt "
            "WHERE owner = $1 AND usual = 1 ORDER BY place",
            (self._owner,),
        )
        return [AttemptRow(*row) for row in found]

    async def put(self, row: AttemptRow) -> None:
        await _ATTEMPTS.put(self._sql, self._owner, (row,))

    async def drop(self, place: bytes) -> None:
        await self._sql.run(
            "DELETE FROM attempt WHERE owner = $1 AND place = $2", (self._owner, place)
        )
