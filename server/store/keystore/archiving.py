"""KeyClosures over SQL: one text for the key store on disk and on PostgreSQL."""

from collections.abc import Awaitable, Callable

from dossier.clock import Clock, to_ms
from dossier.sealing.archiving import open_archived, seal_archived
from server.ports.closures import ClosureRow, Line, SealedKey
from server.store.keystore.rotation import Begun, learn_keks
from server.store.keystore.wraps import DekName, Wraps
from server.store.tables.sql import Row, Sql

_COLUMNS = (
    "subject, state, closed, closed_month, closed_n, asked_by, agreed, agreed_month, agreed_n, "
    "listed, held, release_by"
)


class SqlClosures:
    """`erased(subject, space)` drops a key from every memory and page it may still lie in."""

    def __init__(
        self,
        begun: Begun,
        wraps: Wraps,
        clock: Clock,
        erased: Callable[[int, str], Awaitable[None]],
    ) -> None:
        self._begun, self._wraps, self._clock, self._erased = begun, wraps, clock, erased

    async def get(self, subject: int) -> ClosureRow | None:
        async with self._begun() as sql:
            return await _row(sql, subject)

    async def after(self, subject: int, limit: int) -> list[ClosureRow]:
        async with self._begun() as sql:
            found = await sql.rows(
                f"SELECT {_COLUMNS} FROM closure WHERE subject > $1 ORDER BY subject LIMIT $2",  # noqa: S608 - names of ours
                (subject, limit),
            )
        return [_read(row) for row in found]

    async def change(self, before: ClosureRow | None, after: ClosureRow) -> bool:
        async with self._begun() as sql:
            if await _row(sql, after.subject) != before:
                return False
            places = ", ".join(f"${n}" for n in range(1, 13))
            await sql.run("DELETE FROM closure WHERE subject = $1", (after.subject,))
            await sql.run(
                f"INSERT INTO closure ({_COLUMNS}) VALUES ({places})",  # noqa: S608 - names of ours
                (
                    after.subject,
                    after.state,
                    *after.closed,
                    after.asked_by,
                    *after.agreed,
                    after.listed_ms,
                    int(after.held),
                    after.release_by,
                ),
            )
        return True

    async def archive(self, subject: int, public: bytes) -> int:
        async with self._begun() as sql:
            await learn_keks(sql, self._wraps)
            found = await sql.rows(
                "SELECT space, v, kek, wrapped FROM dek WHERE subject = $1 AND space = 'record'",
                (subject,),
            )
            for space, v, kek_v, wrapped in found:
                key = self._wraps.open_dek(DekName(subject, space, v), kek_v, wrapped)
                await sql.run(
                    "INSERT INTO archive (subject, space, v, sealed) VALUES ($1, $2, $3, $4)",
                    (subject, space, v, seal_archived(public, key, subject, space, v)),
                )
            await sql.run("DELETE FROM dek WHERE subject = $1 AND space = 'record'", (subject,))
            await sql.run(
                "INSERT INTO destroyed (subject, space, at) VALUES ($1, 'record', $2) "
                "ON CONFLICT (subject, space) DO NOTHING",
                (subject, to_ms(self._clock.now())),
            )
        await self._erased(subject, "record")
        return len(found)

    async def archived(self, subject: int) -> list[SealedKey]:
        async with self._begun() as sql:
            return await _sealed(sql, subject)

    async def bring_back(self, subject: int, private: bytes) -> int:
        async with self._begun() as sql:
            await learn_keks(sql, self._wraps)
            found = await _sealed(sql, subject)
            for space, v, sealed in found:
                name = DekName(subject, space, v)
                key = open_archived(private, sealed, *name)
                await sql.run(
                    "INSERT INTO dek (subject, space, v, kek, wrapped) VALUES ($1, $2, $3, $4, $5)",
                    (*name, self._wraps.kek_v, self._wraps.close_dek(name, key)),
                )
                await sql.run(
                    "DELETE FROM destroyed WHERE subject = $1 AND space = $2", (subject, space)
                )
            await sql.run("DELETE FROM archive WHERE subject = $1", (subject,))
        return len(found)


async def _row(sql: Sql, subject: int) -> ClosureRow | None:
    found = await sql.rows(f"SELECT {_COLUMNS} FROM closure WHERE subject = $1", (subject,))  # noqa: S608 - names of ours
    return _read(found[0]) if found else None


def _read(row: Row) -> ClosureRow:
    subject, state, *rest = row
    listed, held, release_by = rest[7:]
    return ClosureRow(
        subject,
        state,
        Line(*rest[:3]),
        rest[3],
        Line(*rest[4:7]),
        listed,
        bool(held),
        release_by,
    )


async def _sealed(sql: Sql, subject: int) -> list[SealedKey]:
    found = await sql.rows(
        "SELECT space, v, sealed FROM archive WHERE subject = $1 ORDER BY space, v", (subject,)
    )
    return [SealedKey(*row) for row in found]
