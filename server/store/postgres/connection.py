"""Connections to one database: a bounded pool, and the tables' driver over one of them.

Each connection commits durably (`synchronous_commit`), waits for no lock for ever, and prepares each
statement once. A connection on which an error was answered is kept; a lost one is forgotten: reconnecting
at every error would starve the healthy shards of a distributed database (SCALE §4).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg

from dossier.errors import StoreAway, StoreError
from server.store.postgres.errors import FAILURES, translate
from server.store.postgres.waiting import Waits
from server.store.tables.sql import Row
from server.store.units import ReadOnlyUnit

T = TypeVar("T")

CONNECTIONS = 20
"""Of one process to one database (SCALE §5)."""
CONNECT_S, COMMAND_S, TURN_S = 5.0, 60.0, 10.0
_STATEMENTS, _SIDE_BY_SIDE = 512, 16
_SETTINGS = {
    "application_name": "colloque",
    "synchronous_commit": "on",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
}


async def connect(dsn: str) -> Any:
    """One connection. Raises the StoreError family."""
    try:
        return await asyncpg.connect(
            dsn,
            timeout=CONNECT_S,
            command_timeout=COMMAND_S,
            statement_cache_size=_STATEMENTS,
            max_cached_statement_lifetime=0,
            server_settings=_SETTINGS,
        )
    except asyncpg.InvalidCatalogNameError as error:
        raise StoreError("there is no such database; create it first") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise StoreError("the database refused this server's name or password") from error
    except FAILURES as error:
        raise translate(error) from error
    except ValueError as error:
        raise StoreError("this is not the address of a PostgreSQL database") from error


class Pool:
    """At most `most` connections, opened when they are needed; the last one used is used first."""

    def __init__(self, dsn: str, *, most: int = CONNECTIONS) -> None:
        self.dsn, self.most = dsn, most
        self._idle: list[Any] = []
        self._turns = asyncio.Semaphore(most)
        self._closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection outside any transaction. Raises StoreAway when none is to be had in time."""
        try:
            async with asyncio.timeout(TURN_S):
                await self._turns.acquire()
        except TimeoutError as error:
            raise StoreAway("every connection to the database is in use") from error
        try:
            found = self._living() or await connect(self.dsn)
            try:
                yield found
            finally:
                self._give_back(found)
        finally:
            self._turns.release()

    async def close(self) -> None:
        """Close what is idle now and each other one when it comes back."""
        self._closed = True
        while self._idle:
            with suppress(*FAILURES):
                await self._idle.pop().close(timeout=CONNECT_S)

    def _living(self) -> Any:
        if self._closed:
            raise StoreError("the store is closed")
        while self._idle:
            found = self._idle.pop()
            if not found.is_closed():
                return found
        return None

    def _give_back(self, used: Any) -> None:
        if used.is_closed():
            return
        if self._closed or used.is_in_transaction():
            used.terminate()
        else:
            self._idle.append(used)


class PostgresSql:
    """The tables' driver over one connection, for one unit of work."""

    def __init__(self, connection: Any, waits: Waits) -> None:
        self._connection, self._waits = connection, waits
        self._ended = False

    async def rows(self, sql: str, args: Sequence[object] = ()) -> list[Row]:
        if self._ended:
            raise ReadOnlyUnit("this unit of work has ended")
        if sql.startswith("SELECT") and _holds_nul(args):
            return []
        try:
            found: list[Row] = await self._waits.on(self._connection.fetch(sql, *args))
        except FAILURES as error:
            raise translate(error) from error
        return found

    async def run(self, sql: str, args: Sequence[object] = ()) -> int:
        if self._ended:
            raise ReadOnlyUnit("this unit of work has ended")
        if _holds_nul(args):
            if sql.startswith("INSERT"):
                raise StoreError("a text the database cannot hold")
            return 0
        try:
            status: str = await self._waits.on(self._connection.execute(sql, *args))
        except FAILURES as error:
            raise translate(error) from error
        touched = status.rpartition(" ")[2]
        return int(touched) if touched.isdigit() else 0

    def end(self) -> None:
        """Refuse every later statement: the unit of work is over."""
        self._ended = True


async def side_by_side(
    work: Callable[..., Awaitable[T]], given: Sequence[tuple[Any, ...]]
) -> list[T]:
    """`work` with each of these arguments, a few at a time so that others find a connection too; the results
    in order. Raises the first failure; nothing after its group is begun.
    """
    answers: list[T] = []
    for start in range(0, len(given), _SIDE_BY_SIDE):
        group = [work(*words) for words in given[start : start + _SIDE_BY_SIDE]]
        for one in await asyncio.gather(*group, return_exceptions=True):
            if isinstance(one, BaseException):
                raise one
            answers.append(one)
    return answers


def _holds_nul(args: Sequence[object]) -> bool:
    """Text with U+0000 is in no row: PostgreSQL does not take it (manual, "Character Types")."""
    return any(type(arg) is str and "\0" in arg for arg in args)


@asynccontextmanager
async def transaction(connection: Any, begin: str) -> AsyncIterator[None]:
    """From BEGIN to COMMIT; rolled back when the block raises. A connection that cannot be is given up."""
    try:
        await connection.execute(begin)
    except FAILURES as error:
        raise translate(error) from error
    try:
        yield
    except BaseException:
        await _roll_back(connection)
        raise
    try:
        await connection.execute("COMMIT")
    except FAILURES as error:
        await _roll_back(connection)
        raise translate(error) from error
    except BaseException:
        connection.terminate()
        raise


async def _roll_back(connection: Any) -> None:
    if connection.is_closed():
        return
    try:
        await connection.execute("ROLLBACK")
    except BaseException as error:
        connection.terminate()
        if not isinstance(error, FAILURES):
            raise
