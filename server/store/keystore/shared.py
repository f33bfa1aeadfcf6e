"""PostgresKeyStore: data keys in a PostgreSQL database of their own, for several server processes.

Everything in it is wrapped under ROOT. A key destroyed by one process is told to the others by NOTIFY, and a
process that cannot hear keeps no key in memory; what it reads then comes from the database.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from dossier.clock import Clock, to_ms
from dossier.entropy import Entropy
from dossier.errors import StoreError, Unavailable
from server.ports import KeyProvider, NarrowRow
from server.store.keystore.archiving import SqlClosures
from server.store.keystore.cache import ENTRIES, NEWEST, TTL_S, KeyCache
from server.store.keystore.reached import SqlReachedTime
from server.store.keystore.rotation import SqlRotation, learn_keks
from server.store.keystore.wraps import DekName, Wraps
from server.store.migrations import all_migrations
from server.store.postgres.connection import Pool, PostgresSql, transaction
from server.store.postgres.listening import Listener
from server.store.postgres.schema import migrate
from server.store.postgres.waiting import Waits, waited

_CONNECTIONS = 6
_LOCK_MAKING = "LOCK TABLE destroyed IN SHARE MODE"
"""Makes of keys go on side by side; a destruction waits for those under way, and they for it."""


class PostgresKeyStore:
    """The KeyStore port on one database. What it makes is durable before it is returned.

    A unit of work of the store may ask it: both are given the same `waits`.
    """

    def __init__(self, pool: Pool, wraps: Wraps, clock: Clock, waits: Waits) -> None:
        self._pool, self._wraps, self._clock, self._waits = pool, wraps, clock, waits
        self._cache = KeyCache(clock, entries=ENTRIES, ttl_s=TTL_S)
        self._heard = 0
        self._secrets: dict[str, bytes] = {}
        self._listener = Listener(pool.dsn, "colloque_keys", self._on_destroyed, self._forget_all)
        self._closed = False
        self.rotation = SqlRotation(self._begun_alone, wraps, clock, self._forget_everywhere)
        self.time = SqlReachedTime(self._begun)
        self.closures = SqlClosures(self._begun_alone, wraps, clock, self._erased)

    @classmethod
    async def open(
        cls,
        dsn: str,
        provider: KeyProvider,
        *,
        clock: Clock,
        entropy: Entropy,
        waits: Waits | None = None,
    ) -> "PostgresKeyStore":
        """Open the key store at `dsn` under the provider's ROOT, brought to the newest schema.

        Raises SealBroken when another ROOT wrapped it, KeychainError, TooNew, StoreAway, StoreCorrupt,
        StoreError.
        """
        wraps = Wraps(provider.root(), entropy)
        await migrate(dsn, all_migrations(__package__ or ""), clock, stranger="owner")
        store = cls(Pool(dsn, most=_CONNECTIONS), wraps, clock, waits or Waits())
        try:
            async with store._begun() as sql:
                await _learn(sql, wraps)
            await store._listener.open()
        except BaseException:
            await store.close()
            raise
        return store

    @waited
    async def key(self, subject: int, space: str = "record") -> tuple[int, bytes]:
        """(version, data key), made on first use; Unavailable once destroyed."""
        name = DekName(subject, space, NEWEST)
        found = self._held(name) or await self._read(name)
        if found is None:
            await self.prepare([subject], space)
            found = await self._read(name)
        if found is None:
            raise Unavailable("no such data key")
        return found

    @waited
    async def prepare(self, subjects: Sequence[int], space: str = "record") -> None:
        """Make the missing keys of an import in one commit."""
        wanted = sorted(
            subject
            for subject in dict.fromkeys(subjects)
            if self._held(DekName(subject, space, NEWEST)) is None
        )
        if not wanted:
            return
        async with self._begun() as sql:
            await sql.run(_LOCK_MAKING)
            await learn_keks(sql, self._wraps)
            for subject in wanted:
                await self._make(sql, DekName(subject, space, 1))

    @waited
    async def key_at(self, subject: int, version: int, space: str = "record") -> bytes:
        """The data key of an older cell; Unavailable when there is none (any more)."""
        name = DekName(subject, space, version)
        found = None
        if version != NEWEST:
            found = self._held(name) or await self._read(name)
        if found is None:
            raise Unavailable("no such data key")
        return found[1]

    @waited
    async def destroy(self, subject: int, space: str = "record") -> None:
        """Erase every version, here and in every process that hears; repeating is harmless."""
        async with self._begun() as sql:
            await sql.run(
                "INSERT INTO destroyed (subject, space, at) VALUES ($1, $2, $3) "
                "ON CONFLICT (subject, space) DO NOTHING",
                (subject, space, to_ms(self._clock.now())),
            )
            for table in ("dek", "archive"):
                await sql.run(
                    f"DELETE FROM {table} WHERE subject = $1 AND space = $2",  # noqa: S608 - names of ours
                    (subject, space),
                )
        await self._erased(subject, space)

    @waited
    async def secret(self, name: str) -> bytes:
        """A named secret of the server, made on first use; of two processes one makes it."""
        if name not in self._secrets:
            fresh = self._wraps.close_secret(name, self._wraps.fresh())
            async with self._begun() as sql:
                await sql.run(
                    "INSERT INTO secret (name, wrapped) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                    (name, fresh),
                )
                found = await sql.rows("SELECT wrapped FROM secret WHERE name = $1", (name,))
            self._secrets[name] = self._wraps.open_secret(name, found[0][0])
        return self._secrets[name]

    @waited
    async def restore_number(self) -> int:
        async with self._begun() as sql:
            return await self._number(sql)

    @waited
    async def begin_restore(self) -> int:
        async with self._begun() as sql:
            await sql.run("LOCK TABLE restore_number IN SHARE ROW EXCLUSIVE MODE")
            number = await self._number(sql) + 1
            await sql.run(
                "UPDATE restore_number SET wrapped = $1 WHERE only_row = 1",
                (self._wraps.close_number(number),),
            )
            return number

    @waited
    async def narrow(self, owner: int, op_id: str, n: int, cell: bytes) -> None:
        async with self._begun() as sql:
            await sql.run(
                "INSERT INTO narrow (owner, op_id, n, cell) VALUES ($1, $2, $3, $4) "
                "ON CONFLICT (owner, op_id) DO UPDATE SET n = excluded.n, cell = excluded.cell",
                (owner, op_id, n, cell),
            )

    @waited
    async def narrowed(self, owner: int) -> list[NarrowRow]:
        async with self._begun() as sql:
            found = await sql.rows(
                "SELECT op_id, n, cell FROM narrow WHERE owner = $1 ORDER BY n", (owner,)
            )
        return [NarrowRow(*row) for row in found]

    @waited
    async def narrowing_owners(self, after: int, limit: int) -> list[int]:
        async with self._begun() as sql:
            found = await sql.rows(
                "SELECT DISTINCT owner FROM narrow WHERE owner > $1 ORDER BY owner LIMIT $2",
                (after, limit),
            )
        return [row[0] for row in found]

    async def close(self) -> None:
        """Forget every key, close the connections."""
        if not self._closed:
            self._closed = True
            self._forget_all()
            self._secrets.clear()
            await self._listener.close()
            await self._pool.close()

    def _held(self, name: DekName) -> tuple[int, bytes] | None:
        if self._closed:
            raise StoreError("the key store is closed")
        return self._cache.get(name)

    async def _read(self, name: DekName) -> tuple[int, bytes] | None:
        text, args = (
            "SELECT v, kek, wrapped FROM dek WHERE subject = $1 AND space = $2",
            [*name[:2]],
        )
        if name.v != NEWEST:
            text, args = f"{text} AND v = $3", list(name)
        heard = self._heard
        async with self._begun() as sql:
            found = await sql.rows(f"{text} ORDER BY v DESC LIMIT 1", args)
            if found and not self._wraps.knows_kek(found[0][1]):
                await learn_keks(sql, self._wraps)
        if not found:
            return None
        v, kek_v, wrapped = found[0]
        key = self._wraps.open_dek(DekName(name.subject, name.space, v), kek_v, wrapped)
        if self._listener.is_listening and heard == self._heard:
            self._cache.put(name, v, key)
        return v, key

    async def _make(self, sql: PostgresSql, name: DekName) -> None:
        """A first version, unless there is one; a destroyed key is never made again."""
        if not await sql.rows(
            "SELECT 1 FROM destroyed WHERE subject = $1 AND space = $2", (name.subject, name.space)
        ):
            wrapped = self._wraps.close_dek(name, self._wraps.fresh())
            await sql.run(
                "INSERT INTO dek (subject, space, v, kek, wrapped) SELECT $1, $2, $3, $4, $5 "
                "WHERE NOT EXISTS (SELECT 1 FROM dek WHERE subject = $1 AND space = $2) "
                "ON CONFLICT (subject, space, v) DO NOTHING",
                (*name, self._wraps.kek_v, wrapped),
            )

    async def _number(self, sql: PostgresSql) -> int:
        found = await sql.rows("SELECT wrapped FROM restore_number WHERE only_row = 1")
        return self._wraps.open_number(found[0][0])

    def _on_destroyed(self, payload: str) -> None:
        subject, _, space = payload.partition(" ")
        self._heard += 1
        self._cache.forget(int(subject), space)

    async def _forget_everywhere(self, subject: int, space: str) -> None:
        self._on_destroyed(f"{subject} {space}")
        await self._listener.tell(f"{subject} {space}")

    async def _erased(self, subject: int, space: str) -> None:
        """Out of every memory that hears, and out of the pages."""
        await self._forget_everywhere(subject, space)
        async with self._pool.connection() as connection:
            await PostgresSql(connection, self._waits).run("VACUUM dek, archive")

    @asynccontextmanager
    async def _begun_alone(self) -> AsyncIterator[PostgresSql]:
        """One transaction while nobody else makes a key, of which the others are told."""
        async with self._begun() as sql:
            await sql.run("LOCK TABLE destroyed, dek, kek, closure IN SHARE ROW EXCLUSIVE MODE")
            yield sql

    def _forget_all(self) -> None:
        self._heard += 1
        self._cache.clear()

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[PostgresSql]:
        """One transaction."""
        if self._closed:
            raise StoreError("the key store is closed")
        async with self._pool.connection() as connection, transaction(connection, "BEGIN"):
            yield PostgresSql(connection, self._waits)


async def _learn(sql: PostgresSql, wraps: Wraps) -> None:
    """Open every KEK and the restore number, or make the first of each: proves ROOT at once."""
    await sql.run("LOCK TABLE kek IN SHARE ROW EXCLUSIVE MODE")
    for v, wrapped in await sql.rows("SELECT v, wrapped FROM kek"):
        wraps.learn_kek(v, wrapped)
    for row in await sql.rows("SELECT wrapped FROM restore_number"):
        wraps.open_number(row[0])
    if not wraps.kek_v:
        await sql.run("INSERT INTO kek (v, wrapped) VALUES (1, $1)", (wraps.new_kek(1),))
        await sql.run(
            "INSERT INTO restore_number (only_row, wrapped) VALUES (1, $1)",
            (wraps.close_number(0),),
        )
