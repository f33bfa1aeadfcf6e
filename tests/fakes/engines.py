"""What a test of the server stands on: memory and files by default, PostgreSQL with `pytest --engine postgres`.

On PostgreSQL every server is spread over two databases, odd owners in one and even ones in the other, with
OwnerGuard on: whatever crosses two owners fails at once (SCALE §4).
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from server.ports import JournalRow
from server.store.keystore import MemoryKeyStore
from server.store.migrations import all_migrations
from server.store.postgres import PostgresStore
from server.store.postgres.schema import migrate
from tests.fakes.postgres import IN_ITS_FOLDER, Cluster, Databases, delete_all
from tests.fakes.server_room import ServerRoom, SteppingClock

Room = TypeVar("Room")


class FileEngine:
    """Rooms in memory, servers on files of their folder."""

    def room(self, kind: Callable[..., Room] = ServerRoom, **more: Any) -> Room:
        return kind(**more)

    def run(self, work: Any) -> Any:
        """Finish a coroutine that needs an event loop."""
        return asyncio.run(work)

    def databases(self) -> Databases:
        """Where a server's databases lie: in its folder."""
        return IN_ITS_FOLDER

    def close(self) -> None:
        """Nothing is held."""


class PostgresEngine:
    """Rooms and servers on databases of a cluster, lent for one test."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stack = ExitStack()
        self._runner = self._stack.enter_context(asyncio.Runner())

    def room(self, kind: Callable[..., Room] = ServerRoom, **more: Any) -> Room:
        """A room over PostgreSQL; one that brings its own store keeps it."""
        if "store" in more:
            return kind(**more)
        lent = self.databases()
        store = self._runner.run(
            PostgresStore.open(lent.rows, clock=SteppingClock(), guard=True, connections=4)
        )
        self._stack.callback(lambda: self._runner.run(store.close()))
        keys = more.pop("keys", None) or MemoryKeyStore(SeededEntropy(more.get("seed", 1) + 1000))
        return kind(store=store, keys=keys, run=self._runner.run, **more)

    def run(self, work: Any) -> Any:
        """Finish a coroutine on the loop of the rooms."""
        return self._runner.run(work)

    def databases(self) -> Databases:
        """Two empty databases for rows and one for keys, given back at the end of the test."""
        lent = self._cluster.lend()
        self._stack.callback(self._cluster.take_back, lent)
        return lent

    def close(self) -> None:
        """Close every store and empty what was lent."""
        self._stack.close()


class CitusEngine(PostgresEngine):
    """The same on one Citus database, distributed by owner; its keys lie in the cluster."""

    def __init__(self, cluster: Cluster, dsn: str) -> None:
        super().__init__(cluster)
        self._dsn = dsn

    def databases(self) -> Databases:
        """The Citus database, emptied, and one for keys."""
        keys = super().databases().keys
        self._runner.run(emptied_citus(self._dsn))
        return Databases((self._dsn,), keys)


async def emptied_citus(dsn: str) -> None:
    """Distributed once, then emptied for each test: making 128 shards of each table takes long."""
    await migrate(dsn, all_migrations(), SystemClock(), "dek")
    await delete_all(dsn, all_migrations())


async def take_away(store: Any, owner: int, row: JournalRow) -> None:
    """Take a journal row out of a store, as nobody can through its port."""
    if isinstance(store, PostgresStore):
        async with store._database(owner).connection() as connection:
            await connection.execute(
                "DELETE FROM journal WHERE owner = $1 AND month = $2 AND n = $3",
                *(owner, row.month, row.n),
            )
    else:
        del store._owners[owner].journal[row.month, row.n]
