"""Opening a SQLite file of ours, and turning the engine's errors into ours.

The file is not encrypted as a whole: what needs secrecy lies in sealed cells (docs/decisions/005).
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import sqlcipher3

from dossier.errors import DiskFull, StoreCorrupt, StoreError, StoreLocked
from server.store.tables.sql import Row
from server.store.units import ReadOnlyUnit

PAGE_BYTES = 8192
WRITER_CACHE_KIB = 32768
READER_CACHE_KIB = 16384


class DiskFailed(StoreError):
    """The disk refused to read or write: the store stops, it never carries on after this."""


class NotWritable(StoreError):
    """The file, its disk or this connection is read-only."""


_ERRORS: dict[int, tuple[type[StoreError], str]] = {
    3: (NotWritable, "the store may not be written here"),
    5: (StoreLocked, "another program uses the store"),
    6: (StoreLocked, "another program uses the store"),
    8: (NotWritable, "the store may not be written here"),
    10: (DiskFailed, "the disk of the store failed"),
    11: (StoreCorrupt, "a page of the store is damaged"),
    13: (DiskFull, "no room left on the disk of the store"),
    14: (StoreError, "the store cannot be opened"),
    26: (StoreCorrupt, "this is not a store of ours"),
}
"""By primary result code of SQLite (sqlite.org/rescode.html)."""


def translate(error: sqlcipher3.Error) -> StoreError:
    """Our error for the engine's; its text names tables and columns only, never a value."""
    code = (getattr(error, "sqlite_errorcode", None) or 1) & 0xFF
    kind, text = _ERRORS.get(code, (StoreError, f"{type(error).__name__}: {error}"))
    return kind(text)


class Connection:
    """One connection: runs native SQL, raises only our errors. Used by one thread at a time.

    Every statement runs on one cursor, which each time is read to its end: a new one costs as much as a small
    statement does.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._cursor = raw.cursor()
        self._execute, self._fetch = self._cursor.execute, self._cursor.fetchall

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[Row]:
        try:
            self._execute(sql, args)
            found: list[Row] = self._fetch()
        except sqlcipher3.Error as error:
            raise translate(error) from error
        return found

    def run(self, sql: str, args: Sequence[object] = ()) -> int:
        try:
            touched = int(self._execute(sql, args).rowcount)
            self._fetch()
        except sqlcipher3.Error as error:
            raise translate(error) from error
        return touched

    def run_each(self, sql: str, each: Iterable[Sequence[object]]) -> None:
        """One statement for each of these, prepared once."""
        try:
            self._raw.executemany(sql, each)
        except sqlcipher3.Error as error:
            raise translate(error) from error

    def pieces(self, sql: str, limit: int) -> Iterator[list[Row]]:
        """Every row a statement returns, up to `limit` at a time."""
        try:
            cursor = self._raw.execute(sql)
            while piece := cursor.fetchmany(limit):
                yield piece
        except sqlcipher3.Error as error:
            raise translate(error) from error

    @property
    def in_transaction(self) -> bool:
        return bool(self._raw.in_transaction)

    def close(self) -> None:
        try:
            self._cursor.close()
            self._raw.close()
        except sqlcipher3.Error as error:
            raise translate(error) from error


class SqliteSql:
    """The tables' driver over one connection, for one unit of work. Never suspends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ended = False

    async def rows(self, sql: str, args: Sequence[object]) -> list[Row]:
        if self._ended:
            raise ReadOnlyUnit("this unit of work has ended")
        return self._connection.rows(native(sql), args)

    async def run(self, sql: str, args: Sequence[object]) -> int:
        if self._ended:
            raise ReadOnlyUnit("this unit of work has ended")
        return self._connection.run(native(sql), args)

    def end(self) -> None:
        """Refuse every later statement: the unit of work is over."""
        self._ended = True


@cache
def native(sql: str) -> str:
    """`$1` is `?1` here."""
    return sql.replace("$", "?")


def connect(path: Path, *, application_id: int, cache_kib: int) -> Connection:
    """Open `path`, ready to be used by any one thread at a time; an empty file is taken as new.

    Raises StoreCorrupt when it is not a SQLite file, is damaged at its start or belongs to another
    program (`application_id`), StoreError when it cannot be opened.
    """
    try:
        raw = sqlcipher3.connect(
            str(path),
            timeout=5.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
    except sqlcipher3.Error as error:
        raise translate(error) from error
    connection = Connection(raw)
    try:
        _prepare(connection, application_id, cache_kib)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: Connection, application_id: int, cache_kib: int) -> None:
    connection.rows(f"PRAGMA page_size = {PAGE_BYTES}")
    is_empty = not connection.rows("SELECT 1 FROM sqlite_schema LIMIT 1")
    known = connection.rows("PRAGMA application_id")[0][0]
    if known != application_id:
        if known or not is_empty:
            raise StoreCorrupt("this file belongs to another program")
        connection.rows(f"PRAGMA application_id = {application_id}")
    connection.rows("PRAGMA temp_store = MEMORY")
    connection.rows(f"PRAGMA cache_size = -{cache_kib}")
    connection.rows("PRAGMA trusted_schema = OFF")
    connection.rows("PRAGMA cell_size_check = ON")
    connection.rows("PRAGMA synchronous = FULL")
    connection.rows("PRAGMA fullfsync = ON")
    connection.rows("PRAGMA checkpoint_fullfsync = ON")


def create_private(path: Path) -> None:
    """Make the file readable by its owner only, before the engine writes to it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except PermissionError:
        if not path.exists():
            raise StoreError("the folder of the store may not be written") from None
    except OSError as error:
        raise StoreError(f"the store cannot be made: {error.strerror}") from error


def to_wal(connection: Connection) -> None:
    """Write-ahead logging, of bounded size at rest."""
    mode = connection.rows("PRAGMA journal_mode = WAL")[0][0]
    if mode != "wal":
        raise StoreError("the disk of the store does not allow a write-ahead log")
    connection.rows(f"PRAGMA journal_size_limit = {64 * 1024 * 1024}")


def in_transaction(connection: Connection, work: Callable[[], None]) -> None:
    """Run `work` in one immediate transaction; nothing of it stays when it raises."""
    connection.run("BEGIN IMMEDIATE")
    try:
        work()
        connection.run("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.run("ROLLBACK")
        raise


class FileLock:
    """Held while a store is open: a second opening, here or in another process, is refused.

    It is an exclusive SQLite lock on an empty file beside the store, so that it works on every
    system and dies with its process.
    """

    def __init__(self, store: Path) -> None:
        path = store.with_name(store.name + ".lock")
        create_private(path)
        raw = sqlcipher3.connect(
            str(path), timeout=0.0, isolation_level=None, check_same_thread=False
        )
        self._connection = Connection(raw)
        try:
            self._connection.run("BEGIN EXCLUSIVE")
        except StoreError:
            self._connection.close()
            raise

    def release(self) -> None:
        self._connection.close()
