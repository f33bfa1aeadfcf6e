"""PostgresStore: the Store port on one PostgreSQL database, or on several that share the owners."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from dossier.clock import Clock
from dossier.errors import Busy, StoreError
from server.ports import OwnerTx
from server.store.guard import OwnerGuard
from server.store.migrations import all_migrations
from server.store.postgres.connection import (
    CONNECTIONS,
    Pool,
    PostgresSql,
    side_by_side,
    transaction,
)
from server.store.postgres.errors import RETRY_S
from server.store.postgres.maintenance import PostgresMaintenance
from server.store.postgres.schema import migrate
from server.store.postgres.waiting import Waits, Watched
from server.store.tables.record import OWNER_ROW
from server.store.tables.sql import Row, Sql
from server.store.tables.tx import SqlTx
from server.store.units import NestedUnit

T = TypeVar("T")

_READS = 5
"""How often a reading unit is run again because the rights of its owner moved meanwhile."""
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresStore:
    """Many processes, many writers: the owner's row is the lock (SCALE §2 rules 6 and 7).

    A writing unit is one READ COMMITTED transaction on the owner's database; its first statement locks the
    owner, and each later one sees what was committed before the lock was had. A reading unit is a snapshot;
    when it read rights and they moved before it ended, it is run again, so that nobody is served by rights
    that were gone when the answer was made. A unit may wait for its databases only (WaitingUnit) and opens
    no other (NestedUnit). Owners lie in database `owner % number of databases`. All methods are called on
    the event loop the store was opened on. Raises StoreAway when a database cannot be reached: the unit may
    then be done or not, and its op tells when it is sent again.
    """

    def __init__(self, pools: Sequence[Pool], waits: Waits, *, restore: int, guard: bool) -> None:
        self._pools, self._waits = tuple(pools), waits
        self._restore, self._guard = restore, guard
        self._inside: set[asyncio.Task[Any] | None] = set()
        self._maintenance = PostgresMaintenance(self._pools, waits, self._database)
        self._closed = False

    @classmethod
    async def open(
        cls,
        dsns: Sequence[str],
        *,
        clock: Clock,
        restore: int = 0,
        guard: bool = False,
        waits: Waits | None = None,
        connections: int = CONNECTIONS,
    ) -> "PostgresStore":
        """Open the databases, each brought to the newest schema.

        `waits` is shared with the key store. Raises TooNew, StoreAway, StoreCorrupt, StoreError.
        """
        for dsn in dsns:
            await migrate(dsn, all_migrations(), clock, stranger="dek")
        pools = [Pool(dsn, most=connections) for dsn in dsns]
        return cls(pools, waits or Waits(), restore=restore, guard=guard)

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` in one durable transaction of `owner`; returns after the commit."""
        async with self._unit(owner) as connection:
            sql = PostgresSql(connection, self._waits)
            async with transaction(connection, "BEGIN"):
                try:
                    return await Watched(work(self._tx(sql, owner, writing=True)), self._waits)
                finally:
                    sql.end()

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        """Several at once: their commits share the log's flushes."""
        return await side_by_side(self.write, works)

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        """Run `work` on a snapshot of `owner` whose rights still stand when it ends."""
        async with self._unit(owner) as connection:
            for _ in range(_READS):
                sql = ReadingSql(connection, self._waits)
                async with transaction(connection, _BEGIN_READING):
                    try:
                        value = await Watched(
                            work(self._tx(sql, owner, writing=False)), self._waits
                        )
                    finally:
                        sql.end()
                if not await sql.has_moved(owner):
                    return value
        raise Busy(RETRY_S)

    @property
    def maintenance(self) -> PostgresMaintenance:
        return self._maintenance

    async def close(self) -> None:
        """Close the connections; units under way end first."""
        if not self._closed:
            self._closed = True
            for pool in self._pools:
                await pool.close()

    def _database(self, owner: int) -> Pool:
        return self._pools[owner % len(self._pools)]

    @asynccontextmanager
    async def _unit(self, owner: int) -> AsyncIterator[Any]:
        """A connection to the owner's database, for a task that has no unit open."""
        task = asyncio.current_task()
        if task in self._inside:
            raise NestedUnit("a unit of work is open already")
        if self._closed:
            raise StoreError("the store is closed")
        self._inside.add(task)
        try:
            async with self._database(owner).connection() as connection:
                yield connection
        finally:
            self._inside.discard(task)

    def _tx(self, sql: Sql, owner: int, *, writing: bool) -> SqlTx:
        guarded = OwnerGuard(sql, owner, writing=writing) if self._guard else sql
        return SqlTx(guarded, owner, self._restore)


class ReadingSql(PostgresSql):
    """The driver of a reading unit; remembers the owner's row when rights were read beside it."""

    def __init__(self, connection: Any, waits: Waits) -> None:
        super().__init__(connection, waits)
        self._owner_row: list[Row] | None = None
        self._read_rights = False

    async def rows(self, sql: str, args: Sequence[object] = ()) -> list[Row]:
        found = await super().rows(sql, args)
        if sql == OWNER_ROW:
            self._owner_row = found
        elif " FROM access_grant " in sql:
            self._read_rights = True
        return found

    async def has_moved(self, owner: int) -> bool:
        """Did the rights this unit read change before it ended? Asked after its snapshot."""
        if self._owner_row is None or not self._read_rights:
            return False
        now = await PostgresSql(self._connection, self._waits).rows(OWNER_ROW, (owner,))
        return _rights_of(now) != _rights_of(self._owner_row)


def _rights_of(found: list[Row]) -> list[tuple[Any, ...]]:
    """State, access_v, facets_v and pack: what every change of rights moves."""
    return [(row[1], row[3], row[4], row[5]) for row in found]
