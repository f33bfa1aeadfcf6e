"""SqliteKeyStore: data keys in a database file of their own, everything in it wrapped under ROOT.

The file itself is not encrypted: it holds wraps and numbers only, and an erased wrap can so be shown
to be gone from its bytes. Deleted content is overwritten (secure_delete) and the log truncated.
"""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

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
from server.store.sqlite.connection import (
    Connection,
    FileLock,
    SqliteSql,
    connect,
    create_private,
    in_transaction,
    to_wal,
)
from server.store.sqlite.schema import migrate
from server.store.tables.sql import Row
from server.store.units import drive

APPLICATION_ID = 0x434C514B
"""`CLQK` in the header of the file."""
_CACHE_KIB = 4096


class SqliteKeyStore:
    """The KeyStore port on one file. Every method may be called from any thread and never suspends,
    so that a unit of work may ask for keys. What it makes is durable before it is returned.
    """

    def __init__(
        self,
        connection: Connection,
        lock: FileLock | None,
        wraps: Wraps,
        cache: KeyCache,
        clock: Clock,
    ) -> None:
        self._connection, self._process_lock = connection, lock
        self._wraps, self._cache, self._clock = wraps, cache, clock
        self._mutex = threading.Lock()
        self._secrets: dict[str, bytes] = {}
        self._closed = False
        self.rotation = SqlRotation(self._begun, wraps, clock, self._forget)
        self.time = SqlReachedTime(self._begun)
        self.closures = SqlClosures(self._begun, wraps, clock, self._forget)

    @classmethod
    def open(
        cls,
        path: Path,
        provider: KeyProvider,
        *,
        clock: Clock,
        entropy: Entropy,
        cache: KeyCache | None = None,
        beside: bool = False,
    ) -> "SqliteKeyStore":
        """Open or create the key store at `path` under the provider's ROOT. `beside` a server that has it
        open: what is done then must be a rotation of KEKs, or ask for one of data keys.

        Raises SealBroken when another ROOT wrapped it, KeychainError, StoreLocked, StoreCorrupt,
        TooNew, DiskFull, StoreError.
        """
        wraps = Wraps(provider.root(), entropy)
        create_private(path)
        lock = None if beside else FileLock(path)
        try:
            connection = connect(path, application_id=APPLICATION_ID, cache_kib=_CACHE_KIB)
            try:
                connection.rows("PRAGMA secure_delete = ON")
                to_wal(connection)
                migrate(connection, all_migrations(__package__ or ""), clock)
                _learn(connection, wraps)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        held = cache if cache is not None else KeyCache(clock, entries=ENTRIES, ttl_s=TTL_S)
        return cls(connection, lock, wraps, held, clock)

    async def key(self, subject: int, space: str = "record") -> tuple[int, bytes]:
        """(version, data key), made on first use; Unavailable once destroyed."""
        with self._mutex:
            name = DekName(subject, space, NEWEST)
            found = self._cache.get(name) or self._read(name)
            if found is None:
                self._make([subject], space)
                found = self._cache.get(name) or self._read(name)
            if found is None:
                raise Unavailable("no such data key")
            return found

    async def prepare(self, subjects: Sequence[int], space: str = "record") -> None:
        """Make the missing keys of an import in one commit."""
        with self._mutex:
            self._make([s for s in dict.fromkeys(subjects) if not self._is_held(s, space)], space)

    async def key_at(self, subject: int, version: int, space: str = "record") -> bytes:
        """The data key of an older cell; Unavailable when there is none (any more)."""
        with self._mutex:
            name = DekName(subject, space, version)
            found = None
            if version != NEWEST:
                found = self._cache.get(name) or self._read(name)
            if found is None:
                raise Unavailable("no such data key")
            return found[1]

    async def destroy(self, subject: int, space: str = "record") -> None:
        """Erase every version from the file, its log and memory; repeating is harmless."""
        with self._mutex:
            self._cache.forget(subject, space)
            connection, now_ms = self._open(), to_ms(self._clock.now())
            in_transaction(connection, lambda: _erase(connection, subject, space, now_ms))
            busy = self._open().rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
            if busy:
                raise StoreError("the erased key could not be overwritten yet: try again")

    async def secret(self, name: str) -> bytes:
        """A named secret of the server, made on first use."""
        with self._mutex:
            if name not in self._secrets:
                self._secrets[name] = self._secret(name)
            return self._secrets[name]

    async def restore_number(self) -> int:
        with self._mutex:
            return self._number()

    async def begin_restore(self) -> int:
        with self._mutex:
            number = self._number() + 1
            self._put_number(number)
            return number

    async def narrow(self, owner: int, op_id: str, n: int, cell: bytes) -> None:
        with self._mutex:
            self._open().run(
                "INSERT INTO narrow (owner, op_id, n, cell) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (owner, op_id) DO UPDATE SET n = excluded.n, cell = excluded.cell",
                (owner, op_id, n, cell),
            )

    async def narrowed(self, owner: int) -> list[NarrowRow]:
        with self._mutex:
            found = self._open().rows(
                "SELECT op_id, n, cell FROM narrow WHERE owner = ?1 ORDER BY n", (owner,)
            )
            return [NarrowRow(*row) for row in found]

    async def narrowing_owners(self, after: int, limit: int) -> list[int]:
        with self._mutex:
            found = self._open().rows(
                "SELECT DISTINCT owner FROM narrow WHERE owner > ?1 ORDER BY owner LIMIT ?2",
                (after, limit),
            )
            return [row[0] for row in found]

    async def close(self) -> None:
        self.close_now()

    def close_now(self) -> None:
        """`close` for callers without an event loop."""
        with self._mutex:
            if not self._closed:
                self._closed = True
                self._cache.clear()
                self._secrets.clear()
                self._connection.close()
                if self._process_lock is not None:
                    self._process_lock.release()

    def check(self) -> list[str]:
        """The engine's integrity check; empty when sound."""
        with self._mutex:
            found = [row[0] for row in self._open().rows("PRAGMA integrity_check")]
            return [] if found == ["ok"] else found

    def _open(self) -> Connection:
        if self._closed:
            raise StoreError("the key store is closed")
        return self._connection

    def _read(self, name: DekName) -> tuple[int, bytes] | None:
        found = _newest(self._open(), name)
        if not found:
            return None
        v, kek_v, wrapped = found[0]
        if not self._wraps.knows_kek(kek_v):
            drive(learn_keks(SqliteSql(self._open()), self._wraps))
        key = self._wraps.open_dek(DekName(name.subject, name.space, v), kek_v, wrapped)
        self._cache.put(name, v, key)
        return v, key

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[SqliteSql]:
        with self._mutex:
            connection = self._open()
            connection.run("BEGIN IMMEDIATE")
            try:
                yield SqliteSql(connection)
                connection.run("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.run("ROLLBACK")
                raise
            connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _forget(self, subject: int, space: str) -> None:
        with self._mutex:
            self._cache.forget(subject, space)

    def _is_held(self, subject: int, space: str) -> bool:
        return self._cache.get(DekName(subject, space, NEWEST)) is not None or bool(
            self._open().rows(
                "SELECT 1 FROM dek WHERE subject = ?1 AND space = ?2 LIMIT 1", (subject, space)
            )
        )

    def _make(self, subjects: Sequence[int], space: str) -> None:
        """New first versions, in one commit; a destroyed key is never made again."""
        connection = self._open()
        made: list[tuple[DekName, bytes]] = []

        def work() -> None:
            drive(learn_keks(SqliteSql(connection), self._wraps))
            for subject in subjects:
                if connection.rows(
                    "SELECT 1 FROM destroyed WHERE subject = ?1 AND space = ?2", (subject, space)
                ):
                    continue
                name, key = DekName(subject, space, 1), self._wraps.fresh()
                connection.run(
                    "INSERT INTO dek (subject, space, v, kek, wrapped) VALUES (?1, ?2, ?3, ?4, ?5)",
                    (*name, self._wraps.kek_v, self._wraps.close_dek(name, key)),
                )
                made.append((name, key))

        in_transaction(connection, work)
        for name, key in made:
            self._cache.put(name._replace(v=NEWEST), name.v, key)

    def _secret(self, name: str) -> bytes:
        """Made only while ROOT is still the one of the others."""
        self._number()
        found = self._open().rows("SELECT wrapped FROM secret WHERE name = ?1", (name,))
        if found:
            return self._wraps.open_secret(name, found[0][0])
        key = self._wraps.fresh()
        self._open().run(
            "INSERT INTO secret (name, wrapped) VALUES (?1, ?2)",
            (name, self._wraps.close_secret(name, key)),
        )
        return key

    def _number(self) -> int:
        found = self._open().rows("SELECT wrapped FROM restore_number WHERE only_row = 1")
        return self._wraps.open_number(found[0][0])

    def _put_number(self, number: int) -> None:
        self._open().run(
            "UPDATE restore_number SET wrapped = ?1 WHERE only_row = 1",
            (self._wraps.close_number(number),),
        )


def _erase(connection: Connection, subject: int, space: str, now_ms: int) -> None:
    for table in ("dek", "archive"):
        connection.run(
            f"DELETE FROM {table} WHERE subject = ?1 AND space = ?2",  # noqa: S608 - names of ours
            (subject, space),
        )
    connection.run(
        "INSERT INTO destroyed (subject, space, at) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (subject, space) DO NOTHING",
        (subject, space, now_ms),
    )


def _newest(connection: Connection, name: DekName) -> list[Row]:
    """The row of this version of a data key, or of the newest one."""
    text, args = "SELECT v, kek, wrapped FROM dek WHERE subject = ?1 AND space = ?2", [*name[:2]]
    if name.v != NEWEST:
        text, args = f"{text} AND v = ?3", [*name]
    return connection.rows(f"{text} ORDER BY v DESC LIMIT 1", args)


def _learn(connection: Connection, wraps: Wraps) -> None:
    """Open every KEK and the restore number, or make the first of each: proves ROOT at once."""
    for v, wrapped in connection.rows("SELECT v, wrapped FROM kek"):
        wraps.learn_kek(v, wrapped)
    for row in connection.rows("SELECT wrapped FROM restore_number"):
        wraps.open_number(row[0])
    if wraps.kek_v:
        return

    def first() -> None:
        connection.run("INSERT INTO kek (v, wrapped) VALUES (1, ?1)", (wraps.new_kek(1),))
        connection.run(
            "INSERT INTO restore_number (only_row, wrapped) VALUES (1, ?1)",
            (wraps.close_number(0),),
        )

    in_transaction(connection, first)
