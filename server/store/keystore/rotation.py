"""KeyRotation over SQL: one text for the key store on disk and on PostgreSQL.

Every step is one short transaction and may be repeated: a rotation that was cut off goes on where it was.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from dossier.clock import Clock, to_ms
from dossier.errors import Unavailable
from server.store.keystore.wraps import DekName, Wraps
from server.store.tables.sql import Sql

Begun = Callable[[], AbstractAsyncContextManager[Sql]]
"""One transaction in which nobody else makes or rewraps a key."""


class SqlRotation:
    """`forget(subject, space)` drops a key from every memory it may lie in."""

    def __init__(
        self,
        begun: Begun,
        wraps: Wraps,
        clock: Clock,
        forget: Callable[[int, str], Awaitable[None]],
    ) -> None:
        self._begun, self._wraps, self._clock, self._forget = begun, wraps, clock, forget

    async def new_kek(self) -> int:
        async with self._begun() as sql:
            await learn_keks(sql, self._wraps)
            v = self._wraps.kek_v + 1
            await sql.run(
                "INSERT INTO kek (v, wrapped) VALUES ($1, $2)", (v, self._wraps.new_kek(v))
            )
            now_ms = to_ms(self._clock.now())
            await sql.run("INSERT INTO kek_since (v, since) VALUES ($1, $2)", (v, now_ms))
        return v

    async def rewrap(self, limit: int) -> int:
        async with self._begun() as sql:
            await learn_keks(sql, self._wraps)
            newest = self._wraps.kek_v
            found = await sql.rows(
                "SELECT subject, space, v, kek, wrapped FROM dek WHERE kek < $1 LIMIT $2",
                (newest, limit),
            )
            for *name, kek_v, wrapped in found:
                dek = DekName(*name)
                again = self._wraps.close_dek(dek, self._wraps.open_dek(dek, kek_v, wrapped))
                await sql.run(
                    "UPDATE dek SET kek = $4, wrapped = $5 "
                    "WHERE subject = $1 AND space = $2 AND v = $3",
                    (*dek, newest, again),
                )
        return len(found)

    async def drop_keks(self, retired_before_ms: int) -> int:
        async with self._begun() as sql:
            held = {row[0] for row in await sql.rows("SELECT DISTINCT kek FROM dek", ())}
            since: dict[int, int] = dict(await sql.rows("SELECT v, since FROM kek_since", ()))
            dropped = [
                v
                for (v,) in await sql.rows("SELECT v FROM kek ORDER BY v", ())
                if v not in held and since.get(v + 1, retired_before_ms) < retired_before_ms
            ]
            for v in dropped:
                await sql.run("DELETE FROM kek WHERE v = $1", (v,))
        for v in dropped:
            self._wraps.forget_kek(v)
        return len(dropped)

    async def reroot(self, root: bytes) -> None:
        async with self._begun() as sql:
            wraps = self._wraps
            for v, wrapped in await sql.rows("SELECT v, wrapped FROM kek", ()):
                again = wraps.rerooted_kek(root, v, wrapped)
                await sql.run("UPDATE kek SET wrapped = $2 WHERE v = $1", (v, again))
            for name, wrapped in await sql.rows("SELECT name, wrapped FROM secret", ()):
                again = wraps.rerooted_secret(root, name, wrapped)
                await sql.run("UPDATE secret SET wrapped = $2 WHERE name = $1", (name, again))
            ((number,),) = await sql.rows("SELECT wrapped FROM restore_number", ())
            again = wraps.rerooted_number(root, number)
            await sql.run("UPDATE restore_number SET wrapped = $1 WHERE only_row = 1", (again,))
        self._wraps.reroot(root)

    async def ask_renewal(self, subjects: Sequence[int], space: str = "record") -> None:
        async with self._begun() as sql:
            for subject in subjects:
                await sql.run(
                    "INSERT INTO renewal (subject, space) VALUES ($1, $2) "
                    "ON CONFLICT (subject, space) DO NOTHING",
                    (subject, space),
                )

    async def ask_all(self, space: str = "record") -> int:
        async with self._begun() as sql:
            found = await sql.rows("SELECT DISTINCT subject FROM dek WHERE space = $1", (space,))
            await sql.run(
                "INSERT INTO renewal (subject, space) SELECT DISTINCT subject, space FROM dek "
                "WHERE space = $1 ON CONFLICT (subject, space) DO NOTHING",
                (space,),
            )
        return len(found)

    async def renewals(self, limit: int) -> list[int]:
        async with self._begun() as sql:
            found = await sql.rows(
                "SELECT subject FROM renewal WHERE space = 'record' ORDER BY subject LIMIT $1",
                (limit,),
            )
        return [row[0] for row in found]

    async def renew(self, subject: int, space: str = "record") -> int:
        async with self._begun() as sql:
            await learn_keks(sql, self._wraps)
            found = await sql.rows(
                "SELECT v FROM dek WHERE subject = $1 AND space = $2 ORDER BY v", (subject, space)
            )
            if not found:
                raise Unavailable("no such data key")
            newest: int = found[-1][0]
            ready = await sql.rows(
                "SELECT v FROM superseded WHERE subject = $1 AND space = $2", (subject, space)
            )
            if len(found) == 1 or ready == [(newest,)]:
                newest += 1
                name = DekName(subject, space, newest)
                wrapped = self._wraps.close_dek(name, self._wraps.fresh())
                await sql.run(
                    "INSERT INTO dek (subject, space, v, kek, wrapped) VALUES ($1, $2, $3, $4, $5)",
                    (*name, self._wraps.kek_v, wrapped),
                )
        await self._forget(subject, space)
        return newest

    async def supersede(
        self, subject: int, version: int, until_ms: int, space: str = "record"
    ) -> None:
        async with self._begun() as sql:
            await sql.run(
                "INSERT INTO superseded (subject, space, v, until) VALUES ($1, $2, $3, $4) "
                "ON CONFLICT (subject, space) DO UPDATE SET v = excluded.v, until = excluded.until",
                (subject, space, version, until_ms),
            )
            await self._done(sql, subject, space)

    async def superseded(self, now_ms: int, limit: int) -> list[tuple[int, int]]:
        async with self._begun() as sql:
            found = await sql.rows(
                "SELECT subject, v FROM superseded WHERE space = 'record' AND until <= $1 "
                "ORDER BY subject LIMIT $2",
                (now_ms, limit),
            )
        return [(subject, v) for subject, v in found]

    async def retire(self, subject: int, version: int, space: str = "record") -> None:
        async with self._begun() as sql:
            await sql.run(
                "DELETE FROM dek WHERE subject = $1 AND space = $2 AND v < $3",
                (subject, space, version),
            )
            await sql.run(
                "DELETE FROM superseded WHERE subject = $1 AND space = $2 AND v <= $3",
                (subject, space, version),
            )
        await self._forget(subject, space)

    async def give_up(self, subject: int, space: str = "record") -> None:
        async with self._begun() as sql:
            await self._done(sql, subject, space)

    async def _done(self, sql: Sql, subject: int, space: str) -> None:
        await sql.run("DELETE FROM renewal WHERE subject = $1 AND space = $2", (subject, space))


async def learn_keks(sql: Sql, wraps: Wraps) -> None:
    """Learn the KEKs another process made: inside the transaction that uses the newest one. Raises
    SealBroken when ROOT was rotated meanwhile.
    """
    for v, wrapped in await sql.rows("SELECT v, wrapped FROM kek", ()):
        wraps.learn_kek(v, wrapped)
