"""Tables of an account's volume: what it displayed lately, and the alarms about it."""

from server.ports import AlarmRow
from server.store.tables.sql import Sql, Upsert

_DISPLAYS = Upsert("display", ("at", "target"), ())
_ALARMS = Upsert("alarm", ("n",), ("kind", "at", "raised", "patients", "unit", "ended"))


class SqlVolumes:
    """Displays and alarms of one account."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def displays(self, first_ms: int, last_ms: int) -> list[tuple[int, int]]:
        found = await self._sql.rows(
            "SELECT at, target FROM display WHERE owner = $1 AND at >= $2 AND at <= $3 "
            "ORDER BY at, target",
            (self._owner, first_ms, last_ms),
        )
        return [(row[0], row[1]) for row in found]

    async def put_display(self, at_ms: int, target: int) -> None:
        await _DISPLAYS.put(self._sql, self._owner, ((at_ms, target),))

    async def forget_displays(self, before_ms: int) -> None:
        await self._sql.run(
            "DELETE FROM display WHERE owner = $1 AND at < $2", (self._owner, before_ms)
        )

    async def alarms(self) -> list[AlarmRow]:
        found = await self._sql.rows(
            "SELECT n, kind, at, raised, patients, unit, ended FROM alarm "
            "WHERE owner = $1 ORDER BY n",
            (self._owner,),
        )
        return [AlarmRow(*row) for row in found]

    async def put_alarm(self, row: AlarmRow) -> None:
        await _ALARMS.put(self._sql, self._owner, (row,))
