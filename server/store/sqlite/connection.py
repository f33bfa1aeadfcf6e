"""Opening a sealed SQLite file, and turning the engine's errors into ours.

One SQLCipher file under a raw 256-bit key: every page is encrypted and authenticated, so a flipped
byte of a grant or a counter is noticed, not believed (docs/decisions/011).
"""

import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import sqlcipher3

from dossier.errors import DiskFull, StoreCorrupt, StoreError, StoreLocked, WrongKey
from server.store.tables.sql import Row
from server.store.units import ReadOnlyUnit

PAGE_BYTES = 8192
WRITER_CACHE_KIB = 32768
READER_CACHE_KIB = 16384
_PLAIN_HEADER = b"SQLite format 3\0"


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
    26: (StoreCorrupt, "a page of the store is damaged"),
}
"""By primary result code of SQLite (sqlite.org/rescode.html)."""


def translate(error: sqlcipher3.Error) -> StoreError:
    """Our error for the engine's; its text names tables and columns only, never a value."""
    code = (getattr(error, "sqlite_errorcode", None) or 1) & 0xFF
    kind, text = _ERRORS.get(code, (StoreError, f"{type(error).__name__}: {error}"))
    return kind(text)


class Connection:
    """One connection: runs native SQL, raises only our errors. Used by one thread at a time."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[Row]:
        try:
            found: list[Row] = self._raw.execute(sql, args).fetchall()
        except sqlcipher3.Error as error:
            raise translate(error) from error
        return found

    def run(self, sql: str, args: Sequence[object] = ()) -> int:
        try:
            return int(self._raw.execute(sql, args).rowcount)
        except sqlcipher3.Error as error:
            raise translate(error) from error

    @property
    def in_transaction(self) -> bool:
        return bool(self._raw.in_transaction)

    def close(self) -> None:
        try:
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


def connect(path: Path, key: bytes | None, *, cache_kib: int) -> Connection:
    """Open `path` under `key` (None: not encrypted), ready to be used by any one thread at a time.

    Raises WrongKey when the key does not open the first page (or that page is damaged), StoreCorrupt
    for a plain SQLite file where a sealed one is expected, StoreError when it cannot be opened.
    """
    if key is not None and _starts_plain(path):
        raise StoreCorrupt("a plain SQLite file lies where the sealed store should be")
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
        _prepare(connection, key, cache_kib)
    except StoreCorrupt as error:
        connection.close()
        if key is None:
            raise
        raise WrongKey("the key does not open the store, or its first page is damaged") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: Connection, key: bytes | None, cache_kib: int) -> None:
    if key is not None:
        connection.rows("PRAGMA cipher_log_level = NONE")
        connection.rows(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.rows(f"PRAGMA cipher_page_size = {PAGE_BYTES}")
        connection.rows("PRAGMA cipher_memory_security = OFF")
        if not connection.rows("PRAGMA cipher_version"):
            raise StoreError("this SQLite cannot encrypt")
    connection.rows("SELECT count(*) FROM sqlite_schema")
    connection.rows("PRAGMA temp_store = MEMORY")
    connection.rows(f"PRAGMA cache_size = -{cache_kib}")
    connection.rows("PRAGMA trusted_schema = OFF")
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


def _starts_plain(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16) == _PLAIN_HEADER
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"the store cannot be read: {error.strerror}") from error


class ProcessLock:
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
