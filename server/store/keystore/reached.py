"""ReachedTime over SQL: one row beside the keys, for the key store on disk and on PostgreSQL."""

from server.store.keystore.rotation import Begun

_REACH = (
    "INSERT INTO reached (only_row, at) VALUES (1, $1) ON CONFLICT (only_row) DO UPDATE SET "
    "at = CASE WHEN reached.at < excluded.at THEN excluded.at ELSE reached.at END RETURNING at"
)
_TAKE_BACK = (
    "INSERT INTO reached (only_row, at) VALUES (1, $1) "
    "ON CONFLICT (only_row) DO UPDATE SET at = excluded.at"
)


class SqlReachedTime:
    """Each call is one short transaction."""

    def __init__(self, begun: Begun) -> None:
        self._begun = begun

    async def reach(self, now_ms: int) -> int:
        async with self._begun() as sql:
            return int((await sql.rows(_REACH, (now_ms,)))[0][0])

    async def take_back(self, now_ms: int) -> None:
        async with self._begun() as sql:
            await sql.run(_TAKE_BACK, (now_ms,))
