"""The rows of one or several PostgreSQL databases at one moment, and databases filled with rows.

Each database is read in one REPEATABLE READ transaction. Where several share the owners, their moments are one:
for the time it takes to begin, every table is locked against writers in all of them, so that no commit that one
snapshot holds was caused by one that another lacks. What the cut finds half done between owners (an effect owed,
a leaf without its place) is what a crash may leave at any time, and is gone on with like after a crash.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from operator import itemgetter
from typing import Any

from dossier.clock import Clock
from dossier.errors import Busy, StoreError
from server.store.layout import Rows, Table, tables
from server.store.migrations import Migration
from server.store.postgres.connection import PostgresSql, connect, transaction
from server.store.postgres.errors import FAILURES, translate
from server.store.postgres.schema import PAUSE_S, TRIES, migrate, version_of
from server.store.postgres.waiting import Waits
from server.store.tables.sql import Row

_AT_ONCE = 1_000
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BY_THE_KEY = (
    "SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off; "
    "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)
"""Read along the key's index: rows begin to come at once, and no room is needed to sort them."""


class PostgresSnapshot:
    """The Snapshot port on the databases of one server."""

    def __init__(self, connections: Sequence[Any], schema: int) -> None:
        self._connections, self.schema = tuple(connections), schema

    async def rows(self, table: Table) -> AsyncIterator[Sequence[Row]]:
        if len(self._connections) == 1:
            async for piece in _pieces(self._connections[0], table):
                yield piece
            return
        place = itemgetter(*map(table.columns.index, table.key))
        held: list[Row] = []
        async for row in _merged([_each(one, table) for one in self._connections], place):
            held.append(row)
            if len(held) == _AT_ONCE:
                yield held
                held = []
        if held:
            yield held


@asynccontextmanager
async def snapshot(
    dsns: Sequence[str], steps: tuple[Migration, ...]
) -> AsyncIterator[PostgresSnapshot]:
    """One moment of all these databases. Raises Busy when writers leave no gap within the time, StoreError
    when their schemas differ or Citus spreads them, the StoreError family.
    """
    async with AsyncExitStack() as stack:
        connections = [await _opened(stack, dsn) for dsn in dsns]
        for connection in connections:
            await _refuse_spread(connection)
        async with AsyncExitStack() as locks:
            if len(dsns) > 1:
                await _stand_still(locks, dsns, steps)
            for connection in connections:
                await stack.enter_async_context(transaction(connection, _BEGIN_READING))
                await _run(connection, _BY_THE_KEY)
                await _run(connection, "SELECT 1 FROM schema_version")
        found = {await version_of(PostgresSql(one, Waits())) for one in connections}
        if len(found) != 1:
            raise StoreError("an upgrade of these databases is under way; start a server first")
        yield PostgresSnapshot(connections, found.pop())


async def _stand_still(
    locks: AsyncExitStack, dsns: Sequence[str], steps: tuple[Migration, ...]
) -> None:
    """No writer in any of them until `locks` is closed. Given up and asked for again, so that nobody
    waits long behind it.
    """
    named = ", ".join(table.name for table in tables(steps))
    for attempt in range(TRIES):
        try:
            async with AsyncExitStack() as group:
                for dsn in dsns:
                    connection = await _opened(group, dsn)
                    await group.enter_async_context(transaction(connection, "BEGIN"))
                    await _run(connection, "SET LOCAL lock_timeout = '1s'")
                    await _run(connection, f"LOCK TABLE {named} IN SHARE MODE")
                await locks.enter_async_context(group.pop_all())
        except Busy:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(PAUSE_S)
        else:
            return


async def _refuse_spread(connection: Any) -> None:
    found = await PostgresSql(connection, Waits()).rows(
        "SELECT 1 FROM pg_extension WHERE extname = 'citus'"
    )
    if found:
        raise StoreError(
            "Citus has no moment common to its nodes for readers: use citus_create_restore_point and an archive"
        )


class PostgresLoad:
    """The Load port: a row goes to database `owner % number of databases`."""

    def __init__(self, connections: Sequence[Any]) -> None:
        self._connections = tuple(connections)

    async def put(self, rows: Rows) -> None:
        count = len(self._connections)
        by: dict[int, list[Row]] = {}
        if count == 1:
            by[0] = list(rows.rows)
        else:
            place = rows.columns.index("owner")
            for row in rows.rows:
                by.setdefault(row[place] % count, []).append(row)
        for number, some in by.items():
            try:
                await self._connections[number].copy_records_to_table(
                    rows.table, records=some, columns=list(rows.columns)
                )
            except FAILURES as error:
                raise translate(error) from error


@asynccontextmanager
async def load(
    dsns: Sequence[str], steps: tuple[Migration, ...], clock: Clock, stranger: str
) -> AsyncIterator[PostgresLoad]:
    """Empty databases brought to the schema of `steps`, one transaction in each until the block ends. Raises
    the StoreError family.
    """
    for dsn in dsns:
        await migrate(dsn, steps, clock, stranger=stranger)
    async with AsyncExitStack() as stack:
        connections = [await _opened(stack, dsn) for dsn in dsns]
        for connection in connections:
            await stack.enter_async_context(transaction(connection, "BEGIN"))
            await _run(connection, "SET LOCAL idle_in_transaction_session_timeout = 0")
        yield PostgresLoad(connections)


async def _opened(stack: AsyncExitStack, dsn: str) -> Any:
    connection = await connect(dsn)
    stack.push_async_callback(_closed, connection)
    return connection


async def _closed(connection: Any) -> None:
    try:
        await connection.close(timeout=5)
    except FAILURES:
        connection.terminate()


async def _run(connection: Any, text: str) -> None:
    try:
        await connection.execute(text)
    except FAILURES as error:
        raise translate(error) from error


async def _pieces(connection: Any, table: Table) -> AsyncIterator[list[Row]]:
    try:
        cursor = await connection.cursor(table.in_order)
        while piece := await cursor.fetch(_AT_ONCE):
            yield list(map(tuple, piece))
    except FAILURES as error:
        raise translate(error) from error


async def _each(connection: Any, table: Table) -> AsyncIterator[Row]:
    async for piece in _pieces(connection, table):
        for row in piece:
            yield row


async def _merged(sources: Sequence[AsyncIterator[Row]], place: Any) -> AsyncIterator[Row]:
    """Rows of several ordered sources, in the order of all."""
    heap: list[tuple[Any, int, Row]] = []
    for number, source in enumerate(sources):
        async for row in source:
            heap.append((place(row), number, row))
            break
    heapq.heapify(heap)
    while heap:
        _, number, row = heap[0]
        yield row
        async for following in sources[number]:
            heapq.heapreplace(heap, (place(following), number, following))
            break
        else:
            heapq.heappop(heap)
