"""SqliteStore: the Store port on one SQLite file."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from dossier.clock import Clock
from dossier.errors import StoreError
from server.ports import JournalRow, LogLeaf, OwnerTx
from server.store.guard import OwnerGuard
from server.store.migrations import all_migrations
from server.store.sqlite.connection import (
    WRITER_CACHE_KIB,
    FileLock,
    connect,
    create_private,
    to_wal,
)
from server.store.sqlite.readers import Readers
from server.store.sqlite.schema import migrate
from server.store.sqlite.writer import Unit, Work, Writer
from server.store.tables import across
from server.store.tables.sql import Sql
from server.store.tables.tx import SqlTx
from server.store.units import NestedUnit

T = TypeVar("T")

APPLICATION_ID = 0x434C5144
"""`CLQD` in the header of the file: data, not keys, and not another program's."""


class SqliteStore:
    """The embedded store: exactly one process, one writer, inline reads.

    `write` may be awaited from any event loop, `write_now` called from any thread without one. A unit
    of work runs on its loop or on the writer's thread; it must not wait for anything (WaitingUnit) nor
    open another one (NestedUnit). `guard` checks each statement against its owner (OwnerGuard); tests always do.
    """

    def __init__(
        self, writer: Writer, readers: Readers, lock: FileLock, *, restore: int, guard: bool
    ) -> None:
        self._writer, self._readers, self._lock = writer, readers, lock
        self._restore, self._guard = restore, guard
        self._maintenance = SqliteMaintenance(self)
        self._closed = False

    @classmethod
    def open(
        cls, path: Path, *, clock: Clock, restore: int = 0, guard: bool = False
    ) -> "SqliteStore":
        """Open or create the store at `path`, brought to the newest schema.

        `restore` is the key store's restore number. Raises StoreLocked when another process (or
        another store of this one) has it open, StoreCorrupt, TooNew, DiskFull, StoreError.
        """
        create_private(path)
        lock = FileLock(path)
        try:
            connection = connect(path, application_id=APPLICATION_ID, cache_kib=WRITER_CACHE_KIB)
            try:
                to_wal(connection)
                migrate(connection, all_migrations(), clock)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            lock.release()
            raise
        return cls(
            Writer(connection), Readers(path, APPLICATION_ID), lock, restore=restore, guard=guard
        )

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` in one durable transaction of `owner`; returns after the commit."""
        return await self.submit(self._unit(owner, work))  # type: ignore[no-any-return]  # T

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        """All submitted at once: the writer commits them in groups."""
        waiting = [self.submit(self._unit(owner, work)) for owner, work in works]
        found = await asyncio.gather(*waiting, return_exceptions=True)
        answers: list[T] = []
        for one in found:
            if isinstance(one, BaseException):
                raise one
            answers.append(one)
        return answers

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` on a snapshot of `owner`, on this very thread."""
        return self.read_now(owner, work)

    def write_now(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """`write` for callers without an event loop: blocks this thread until the commit."""
        self._must_be_outside()
        future: Future[T] = Future()
        self._writer.submit(Unit(self._unit(owner, work), future, None))
        return future.result()

    def read_now(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """`read` for callers without an event loop."""
        return self.look(lambda sql: work(self._tx(sql, owner, writing=False)))

    @property
    def maintenance(self) -> "SqliteMaintenance":
        return self._maintenance

    async def close(self) -> None:
        """Write what was submitted, close the file, let another process open it."""
        self.close_now()

    def close_now(self) -> None:
        """`close` for callers without an event loop."""
        if not self._closed:
            self._must_be_outside()
            self._closed = True
            self._readers.close()
            self._writer.close()
            self._lock.release()

    async def submit(self, work: Work) -> Any:
        """Run any work on the writer (maintenance uses it across owners)."""
        self._must_be_outside()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._writer.submit(Unit(work, future, loop))
        return await future

    def look(self, work: Callable[[Sql], Awaitable[T]]) -> T:
        """Run any reading work on this thread's snapshot."""
        if self._writer.is_here:
            raise NestedUnit("a unit of work is open already")
        return self._readers.read(work)

    def _unit(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> Work:
        return lambda sql: work(self._tx(sql, owner, writing=True))

    def _tx(self, sql: Sql, owner: int, *, writing: bool) -> SqlTx:
        guarded = OwnerGuard(sql, owner, writing=writing) if self._guard else sql
        return SqlTx(guarded, owner, self._restore)

    def _must_be_outside(self) -> None:
        if self._writer.is_here or self._readers.is_here:
            raise NestedUnit("a unit of work is open already")
        if self._closed:
            raise StoreError("the store is closed")


class SqliteMaintenance:
    """The door across owners."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def owners(self, kind: str | None, after: int, limit: int) -> list[int]:
        return self._store.look(lambda sql: across.owners(sql, kind, after, limit))

    async def owners_with_effects(self, now_ms: int, limit: int) -> list[int]:
        return self._store.look(lambda sql: across.owners_with_effects(sql, now_ms, limit))

    async def owners_unplaced(self, limit: int) -> list[int]:
        return self._store.look(lambda sql: across.owners_unplaced(sql, limit))

    async def reserve_all(self, space: str, names: Sequence[int], target: int) -> list[bool]:
        found: list[bool] = await self._store.submit(
            lambda sql: across.reserve_all(sql, space, names, target)
        )
        return found

    async def holders(self, space: str, names: Sequence[int]) -> list[int | None]:
        return self._store.look(lambda sql: across.holders(sql, space, names))

    async def log_size(self) -> int:
        return self._store.look(across.log_size)

    async def log_append(self, leaves: Sequence[LogLeaf]) -> None:
        await self._store.submit(lambda sql: across.log_append(sql, leaves))

    async def log_repair(self, batch: int) -> None:
        """An append is one transaction here: nothing is ever half done."""

    def settling(self) -> AbstractAsyncContextManager[None]:
        """There is one process here: it is always its turn."""
        return nullcontext()

    async def log_leaves(self, start: int, limit: int) -> list[LogLeaf]:
        return self._store.look(lambda sql: across.log_leaves(sql, start, limit))

    async def log_at(self, positions: Sequence[int]) -> list[LogLeaf]:
        return self._store.look(lambda sql: across.log_at(sql, positions))

    async def journal_after(
        self, after: tuple[int, int, int], months: tuple[int, int], limit: int
    ) -> list[tuple[int, JournalRow]]:
        return self._store.look(lambda sql: across.journal_after(sql, after, months, limit))

    async def put_checkpoint(self, size: int, text: bytes) -> None:
        await self._store.submit(lambda sql: across.put_checkpoint(sql, size, text))

    async def checkpoint(self) -> tuple[int, bytes] | None:
        return self._store.look(across.checkpoint)

    async def forget_attempts(self, before_ms: int, limit: int) -> int:
        found: int = await self._store.submit(
            lambda sql: across.forget_attempts(sql, before_ms, limit)
        )
        return found

    async def counts(self) -> dict[str, int]:
        tables = [
            table
            for step in all_migrations()
            for table, kind in step.tables.items()
            if kind == "OWNED"
        ]
        return self._store.look(lambda sql: across.counts(sql, tables))

    async def check(self) -> list[str]:
        return self._store.look(_check)


async def _check(sql: Sql) -> list[str]:
    """The engine's own check; damage it stumbles over is an answer, not a failure."""
    try:
        found = [row[0] for row in await sql.rows("PRAGMA integrity_check", ())]
    except StoreError as error:
        return [error.detail]
    return [] if found == ["ok"] else found
