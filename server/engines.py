"""Which databases a server lies in: two files of its folder, or PostgreSQL by their addresses.

A secret never stands in an address: PostgreSQL's own password file, service file or environment gives it
(libpq, "The Password File", "The Connection Service File").
"""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import Refused, StoreError, TooNew
from server.ports import KeyProvider, KeyStore, Store
from server.store.hints import LoopHintBoard
from server.store.keystore import PostgresKeyStore, SqliteKeyStore
from server.store.keystore.sealed import APPLICATION_ID as KEYS_ID
from server.store.layout import Load, Snapshot
from server.store.migrations import Migration, all_migrations
from server.store.postgres import PostgresStore
from server.store.postgres import copying as postgres_copying
from server.store.postgres.listening import PostgresHintBoard
from server.store.postgres.schema import has_rows, is_empty
from server.store.postgres.waiting import Waits
from server.store.sqlite import SqliteStore
from server.store.sqlite import copying as sqlite_copying
from server.store.sqlite.store import APPLICATION_ID as DATA_ID

_KEYS = "server.store.keystore"
_CHECKED_MODES = {"verify-full", "verify-ca"}


def record_steps(schema: int | None = None) -> tuple[Migration, ...]:
    """The migrations of the records, up to this schema. Raises TooNew."""
    return _up_to(all_migrations(), schema)


def key_steps(schema: int | None = None) -> tuple[Migration, ...]:
    """The migrations of the key store, up to this schema. Raises TooNew."""
    return _up_to(all_migrations(_KEYS), schema)


def _up_to(steps: tuple[Migration, ...], schema: int | None) -> tuple[Migration, ...]:
    if schema is not None and not 0 < schema <= len(steps):
        raise TooNew(f"schema {schema}, this program knows {len(steps)}")
    return steps[:schema]


class Engine(Protocol):
    """Opens the databases of one server. Everything raises the StoreError family; the keys also
    KeychainError and SealBroken.
    """

    async def empty(self) -> dict[str, bool]:
        """Each database by name: was nothing of ours ever made there?"""
        ...

    async def is_taken(self) -> bool:
        """Does a server lie there already?"""
        ...

    async def open_keys(
        self, provider: KeyProvider, clock: Clock, entropy: Entropy
    ) -> KeyStore: ...
    async def open_keys_beside(
        self, provider: KeyProvider, clock: Clock, entropy: Entropy
    ) -> KeyStore:
        """While a server has them open: to replace the KEK, or to ask for other data keys."""
        ...

    async def open_store(self, clock: Clock, restore: int) -> Store: ...
    def hint_board(self) -> LoopHintBoard: ...
    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """One moment of the records, whether or not a server has them open."""
        ...

    def key_snapshot(self) -> AbstractAsyncContextManager[Snapshot]: ...
    def load(self, schema: int, clock: Clock) -> AbstractAsyncContextManager[Load]:
        """Fill databases where nothing is; durable when the block ends. Raises TooNew."""
        ...

    def load_keys(self, schema: int, clock: Clock) -> AbstractAsyncContextManager[Load]: ...


class FileEngine:
    """Two files of the server's folder; one process at a time."""

    def __init__(self, data: Path, keys: Path) -> None:
        self._data, self._keys = data, keys

    async def empty(self) -> dict[str, bool]:
        return {path.name: not path.exists() for path in (self._data, self._keys)}

    async def is_taken(self) -> bool:
        return not all((await self.empty()).values())

    async def open_keys(self, provider: KeyProvider, clock: Clock, entropy: Entropy) -> KeyStore:
        return SqliteKeyStore.open(self._keys, provider, clock=clock, entropy=entropy)

    async def open_keys_beside(
        self, provider: KeyProvider, clock: Clock, entropy: Entropy
    ) -> KeyStore:
        return SqliteKeyStore.open(self._keys, provider, clock=clock, entropy=entropy, beside=True)

    async def open_store(self, clock: Clock, restore: int) -> Store:
        return SqliteStore.open(self._data, clock=clock, restore=restore)

    def hint_board(self) -> LoopHintBoard:
        return LoopHintBoard()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        with sqlite_copying.snapshot(self._data, DATA_ID) as found:
            yield found

    @asynccontextmanager
    async def key_snapshot(self) -> AsyncIterator[Snapshot]:
        with sqlite_copying.snapshot(self._keys, KEYS_ID) as found:
            yield found

    @asynccontextmanager
    async def load(self, schema: int, clock: Clock) -> AsyncIterator[Load]:
        with sqlite_copying.load(self._data, DATA_ID, record_steps(schema), clock) as filled:
            yield filled

    @asynccontextmanager
    async def load_keys(self, schema: int, clock: Clock) -> AsyncIterator[Load]:
        with sqlite_copying.load(self._keys, KEYS_ID, key_steps(schema), clock) as filled:
            yield filled


class PostgresEngine:
    """The databases at these addresses; several processes may have them open."""

    def __init__(self, databases: Sequence[str], key_database: str) -> None:
        self._databases, self._key_database = databases, key_database
        self._waits = Waits()

    async def empty(self) -> dict[str, bool]:
        rows = {f"database {n}": dsn for n, dsn in enumerate(self._databases, 1)}
        every = {**rows, "the key database": self._key_database}
        return {name: await is_empty(dsn) for name, dsn in every.items()}

    async def is_taken(self) -> bool:
        rows = [await has_rows(dsn, "owner") for dsn in self._databases]
        return any(rows) or await has_rows(self._key_database, "kek")

    async def open_keys(self, provider: KeyProvider, clock: Clock, entropy: Entropy) -> KeyStore:
        return await PostgresKeyStore.open(
            self._key_database, provider, clock=clock, entropy=entropy, waits=self._waits
        )

    async def open_keys_beside(
        self, provider: KeyProvider, clock: Clock, entropy: Entropy
    ) -> KeyStore:
        return await self.open_keys(provider, clock, entropy)

    async def open_store(self, clock: Clock, restore: int) -> Store:
        return await PostgresStore.open(
            self._databases, clock=clock, restore=restore, waits=self._waits
        )

    def hint_board(self) -> LoopHintBoard:
        return PostgresHintBoard(self._databases[0])

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        return postgres_copying.snapshot(self._databases, record_steps())

    def key_snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        return postgres_copying.snapshot([self._key_database], key_steps())

    def load(self, schema: int, clock: Clock) -> AbstractAsyncContextManager[Load]:
        steps = record_steps(schema)
        return postgres_copying.load(self._databases, steps, clock, stranger="dek")

    def load_keys(self, schema: int, clock: Clock) -> AbstractAsyncContextManager[Load]:
        steps = key_steps(schema)
        return postgres_copying.load([self._key_database], steps, clock, stranger="owner")


def checked(address: str) -> str:
    """The address of a PostgreSQL database. Raises Refused when it holds a password, or names another
    machine without checking its certificate.
    """
    parts = urlsplit(address)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme not in {"postgresql", "postgres"}:
        raise Refused("database_address")
    if parts.password or "password" in options:
        raise Refused("database_password")
    host = options.get("host", parts.hostname or "")
    is_far = not ("service" in options or _is_here(host))
    if is_far and options.get("sslmode") not in _CHECKED_MODES:
        raise Refused("database_unchecked")
    return address


def _is_here(host: str) -> bool:
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def refuse_half(engine: Engine) -> None:
    """One database without the other is a loss to repair, never a reason to make an empty one. Raises
    StoreError.
    """
    empty = await engine.empty()
    if len(set(empty.values())) > 1:
        missing = next(name for name, is_missing in empty.items() if is_missing)
        raise StoreError(f"{missing} is missing; nothing was made in its place, put it back")
