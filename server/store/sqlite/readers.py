"""Reading inline: one connection per thread, each unit of work on one snapshot."""

import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from dossier.errors import StoreError
from server.store.sqlite.connection import (
    READER_CACHE_KIB,
    Connection,
    NotWritable,
    SqliteSql,
    connect,
    native,
)
from server.store.tables.sql import Row, Sql
from server.store.units import NestedUnit, ReadOnlyUnit, drive

T = TypeVar("T")


class ReadingSql(SqliteSql):
    """The driver of a reading unit of work: writing through it is a programming error."""

    async def rows(self, sql: str, args: Sequence[object]) -> list[Row]:
        if self._ended:
            raise ReadOnlyUnit("this unit of work has ended")
        try:
            return self._connection.rows(native(sql), args)
        except NotWritable as error:
            raise ReadOnlyUnit("this unit of work may not write") from error

    async def run(self, sql: str, args: Sequence[object]) -> int:
        await self.rows(sql, args)
        return 0


class Readers:
    """Read-only connections, opened when a thread first reads, closed together."""

    def __init__(self, path: Path, application_id: int) -> None:
        self._path, self._application_id = path, application_id
        self._here = threading.local()
        self._all: list[Connection] = []
        self._closed = False

    def read(self, work: Callable[[Sql], Awaitable[T]]) -> T:
        """Run `work` on a snapshot of what is committed; a write inside raises ReadOnlyUnit."""
        if self._closed:
            raise StoreError("the store is closed")
        if self.is_here:
            raise NestedUnit("a unit of work is open already")
        connection = self._connection()
        connection.run("BEGIN")
        sql = ReadingSql(connection)
        try:
            return drive(work(sql))
        finally:
            sql.end()
            with suppress(StoreError):
                connection.run("ROLLBACK")

    @property
    def is_here(self) -> bool:
        """True inside a reading unit of work of this thread."""
        found: Connection | None = getattr(self._here, "connection", None)
        return found is not None and not self._closed and found.in_transaction

    def close(self) -> None:
        self._closed = True
        for connection in self._all:
            connection.close()
        self._all.clear()

    def _connection(self) -> Connection:
        found: Connection | None = getattr(self._here, "connection", None)
        if found is None:
            found = connect(
                self._path, application_id=self._application_id, cache_kib=READER_CACHE_KIB
            )
            found.rows("PRAGMA query_only = ON")
            self._here.connection = found
            self._all.append(found)
        return found
