"""Opening one SQLCipher file, or the pair for reading: the order and the refusals of the threat model.

Every connection: raw 256-bit key, non-empty `cipher_version`, `cipher_memory_security` off, `temp_store`
in memory, `secure_delete`, WAL. An authorizer denies ATTACH, DETACH and `load_extension`; a reader is
allowed exactly one ATTACH, of work.db with the key, made here before anybody else can use it.
Foreign exceptions become StoreError kin in `translated`; no message carries a value.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from dossier.errors import DiskFull, StoreCorrupt, StoreError, StoreLocked, WrongKey

Connection = Any
"""sqlcipher3 ships no types."""

PAGE_BYTES: Final = 8_192
"""Page size of cache.db, chosen by benchmarks/bench_cache.py; work.db keeps SQLCipher's own 4,096."""
WRITER_CACHE_KIB: Final = 32 * 1024
READER_CACHE_KIB: Final = 16 * 1024
_WAL_PAGES: Final = 2_000
_KEY_BYTES: Final = 32
_PLAIN_HEAD: Final = b"SQLite format 3\0"
_DENIED_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer", "sqlcipher_export"})

_BROKEN: Final = ("not a database", "malformed", "disk i/o error", "corrupt", "vtable", "fts5")
_PLAINLY_BROKEN: Final = (dbapi2.DatabaseError, dbapi2.IntegrityError)
"""Exactly these classes: what SQLite has no milder class for, and a constraint only damage can break."""


def as_store_error(error: dbapi2.Error) -> StoreError:
    """The StoreError kin that says what a SQLCipher exception means, without its values."""
    said = str(error).lower()
    kind: type[StoreError] = StoreError
    if "disk is full" in said:
        kind = DiskFull
    elif "is locked" in said:
        kind = StoreLocked
    elif type(error) in _PLAINLY_BROKEN or any(word in said for word in _BROKEN):
        kind = StoreCorrupt
    return kind(type(error).__name__)


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLCipher exceptions into StoreError kin, chained."""
    try:
        yield
    except dbapi2.Error as error:
        raise as_store_error(error) from error


def key_text(key: bytes) -> str:
    """The raw-key form of SQLCipher; refuses anything that is not 256 bits."""
    if len(key) != _KEY_BYTES:
        raise WrongKey("length")
    return f"x'{key.hex()}'"


def is_plain(path: Path) -> bool:
    """Whether a file is an ordinary, unencrypted SQLite database."""
    with path.open("rb") as file:
        return file.read(len(_PLAIN_HEAD)) == _PLAIN_HEAD


def open_writer(path: Path, key: bytes, *, page_bytes: int | None, synchronous: str) -> Connection:
    """The writing connection of one existing file. Raises WrongKey, StoreCorrupt, StoreError.

    `page_bytes` None keeps SQLCipher's own page size.
    """
    connection = _connect(path, "rw", key, page_bytes)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.set_authorizer(Gate(None))
    except dbapi2.Error as error:
        connection.close()
        raise as_store_error(error) from error
    return connection


def open_reader(
    cache: Path,
    work: Path,
    key: bytes,
    functions: Mapping[str, Callable[[], int]],
    projection: str,
) -> Connection:
    """A read-only connection over both files (`main` is the cache), with the TEMP views of `projection`
    over these `functions`, each the same throughout a statement.
    """
    connection = _connect(cache, "ro", key, PAGE_BYTES)
    try:
        gate = Gate(_address(work, "ro"))
        connection.set_authorizer(gate)
        connection.execute(
            f"ATTACH DATABASE '{gate.allowed}' AS work KEY ?",
            (key_text(key),),
        )
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
        connection.execute("PRAGMA work.cache_size = -1024")
        connection.execute("PRAGMA busy_timeout = 10000")
        for name, answer in functions.items():
            connection.create_function(name, 0, answer, deterministic=True)
        for statement in projection.split(";"):
            if statement.strip():
                connection.execute(statement)
    except dbapi2.Error as error:
        connection.close()
        raise as_store_error(error) from error
    return connection


class Gate:
    """The authorizer: no ATTACH but the one allowed, once; no DETACH; no extension."""

    def __init__(self, allowed: str | None) -> None:
        self.allowed = allowed
        self._spent = allowed is None

    def __call__(
        self, action: int, first: str | None, second: str | None, _db: str | None, _by: str | None
    ) -> int:
        if action == dbapi2.SQLITE_ATTACH:
            if self._spent or first != self.allowed:
                return int(dbapi2.SQLITE_DENY)
            self._spent = True
        elif action == dbapi2.SQLITE_DETACH or (
            action == dbapi2.SQLITE_FUNCTION and second in _DENIED_FUNCTIONS
        ):
            return int(dbapi2.SQLITE_DENY)
        return int(dbapi2.SQLITE_OK)


def damage(connection: Connection) -> bool:
    """Whether the seals of the pages or the structure of a file are broken (cipher and quick checks).

    The seals are read from the file itself: a page torn while the log was folded in, by a kill or a power cut, still
    lies whole in the log. So the log is folded in again before a broken seal is believed.
    """
    sealed = "PRAGMA cipher_integrity_check"
    try:
        if connection.execute(sealed).fetchone() is not None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if connection.execute(sealed).fetchone() is not None:
                return True
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except dbapi2.DatabaseError:
        return True


def _address(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}".replace("'", "%27")


def _connect(path: Path, mode: str, key: bytes, page_bytes: int | None) -> Connection:
    try:
        connection = dbapi2.connect(
            _address(path, mode),
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except dbapi2.Error as error:
        raise as_store_error(error) from error
    try:
        connection.execute(f'PRAGMA key = "{key_text(key)}"')
        _refuse_without_cipher(connection)
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute("PRAGMA cipher_memory_security = OFF")
        if page_bytes is not None:
            connection.execute(f"PRAGMA cipher_page_size = {page_bytes}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi2.Error as error:
        connection.close()
        if "not a database" in str(error):
            raise WrongKey(path.name) from error
        raise as_store_error(error) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _refuse_without_cipher(connection: Connection) -> None:
    """A library that ignores the key would write clear text."""
    version = connection.execute("PRAGMA cipher_version").fetchone()
    if version is None or not version[0]:
        raise StoreError("no_cipher")
