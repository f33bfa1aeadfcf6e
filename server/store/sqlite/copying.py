"""A file's rows as they are at one moment, while another process writes to it; and a new file made of rows.

A reading transaction holds the moment: the write-ahead log lets the writer go on meanwhile (sqlite.org/isolation.html).
"""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dossier.clock import Clock
from dossier.errors import StoreCorrupt, StoreError
from server.store.layout import Rows, Table
from server.store.migrations import Migration
from server.store.sqlite.connection import (
    WRITER_CACHE_KIB,
    Connection,
    connect,
    create_private,
)
from server.store.sqlite.schema import migrate, version_of
from server.store.tables.sql import Row

_CACHE_KIB = 16_384
_AT_ONCE = 1_000


class SqliteSnapshot:
    """The Snapshot port on one file; the moment is that of its making."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.schema = version_of(connection)

    async def rows(self, table: Table) -> AsyncIterator[Sequence[Row]]:
        for piece in self._connection.pieces(table.in_order, _AT_ONCE):
            yield piece


@contextmanager
def snapshot(path: Path, application_id: int) -> Iterator[SqliteSnapshot]:
    """Raises StoreCorrupt when the file is another program's or a page of it is damaged, StoreError."""
    if not path.exists():
        raise StoreError(f"{path.name} is not there")
    connection = connect(path, application_id=application_id, cache_kib=_CACHE_KIB)
    try:
        connection.rows("PRAGMA query_only = ON")
        connection.run("BEGIN")
        if [row[0] for row in connection.rows("PRAGMA quick_check")] != ["ok"]:
            raise StoreCorrupt("a page of the store is damaged")
        yield SqliteSnapshot(connection)
    finally:
        connection.close()


class SqliteLoad:
    """The Load port on a new file."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, rows: Rows) -> None:
        places = ", ".join(f"?{n}" for n in range(1, len(rows.columns) + 1))
        self._connection.run_each(
            f"INSERT INTO {rows.table} ({', '.join(rows.columns)}) VALUES ({places})",  # noqa: S608 - names of ours
            rows.rows,
        )


@contextmanager
def load(
    path: Path, application_id: int, steps: tuple[Migration, ...], clock: Clock
) -> Iterator[SqliteLoad]:
    """A new file at the schema of `steps`, durable when the block ends; what a block that failed leaves is
    no store. Raises StoreError kin.
    """
    create_private(path)
    connection = connect(path, application_id=application_id, cache_kib=WRITER_CACHE_KIB)
    try:
        connection.rows("PRAGMA journal_mode = MEMORY")
        connection.rows("PRAGMA synchronous = OFF")
        migrate(connection, steps, clock)
        connection.run("BEGIN IMMEDIATE")
        yield SqliteLoad(connection)
        connection.run("COMMIT")
    finally:
        connection.close()
    _flush(path)


def _flush(path: Path) -> None:
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path.name} cannot be written: {error.strerror}") from error
