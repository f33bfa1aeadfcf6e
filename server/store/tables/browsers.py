"""Tables of what browsers may show for an account: its passkeys, and the slips it was given."""

from server.ports import PasskeyRow, SlipRow
from server.store.tables.sql import Sql, Upsert

_PASSKEYS = Upsert("passkey", ("credential",), ("cell", "counter", "added", "used"))
_SLIPS = Upsert("slip", ("mark",), ("kind", "until", "cell"))


class SqlBrowsers:
    """Passkeys and slips of one account."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def passkeys(self) -> list[PasskeyRow]:
        found = await self._sql.rows(
            "SELECT credential, cell, counter, added, used FROM passkey "
            "WHERE owner = $1 ORDER BY credential",
            (self._owner,),
        )
        return [PasskeyRow(*row) for row in found]

    async def put_passkey(self, row: PasskeyRow) -> None:
        await _PASSKEYS.put(self._sql, self._owner, (row,))

    async def drop_passkey(self, credential: bytes) -> None:
        await self._sql.run(
            "DELETE FROM passkey WHERE owner = $1 AND credential = $2", (self._owner, credential)
        )

    async def slips(self) -> list[SlipRow]:
        found = await self._sql.rows(
            "SELECT mark, kind, until, cell FROM slip WHERE owner = $1 ORDER BY mark",
            (self._owner,),
        )
        return [SlipRow(*row) for row in found]

    async def put_slip(self, row: SlipRow) -> None:
        await _SLIPS.put(self._sql, self._owner, (row,))

    async def drop_slip(self, mark: bytes) -> None:
        await self._sql.run("DELETE FROM slip WHERE owner = $1 AND mark = $2", (self._owner, mark))
