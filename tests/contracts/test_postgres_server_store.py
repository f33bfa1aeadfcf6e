"""PostgresStore passes the store contract with OwnerGuard on: on one database, on two that share the owners.

And on Citus, when COLLOQUE_CITUS_DSN names a database of one that tests may empty.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dossier.clock import SystemClock
from server.store.postgres import PostgresStore
from tests.contracts.server_store_contract import RestoreNumberContract, StoreContract
from tests.fakes.engines import emptied_citus
from tests.fakes.postgres import Cluster


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Any], Any]:
    return runner.run


def opened(runner: asyncio.Runner, *dsns: str, restore: int = 0) -> PostgresStore:
    return runner.run(
        PostgresStore.open(dsns, clock=SystemClock(), restore=restore, guard=True, connections=8)
    )


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, runner: asyncio.Runner, postgres: Cluster) -> Iterator[PostgresStore]:
        lent = postgres.lend()
        store = opened(runner, lent.rows[0])
        yield store
        runner.run(store.close())
        postgres.take_back(lent)


class TestTwoDatabases(StoreContract):
    """Odd owners in one, even ones in the other: what crosses two owners fails at once (SCALE §4)."""

    @pytest.fixture
    def store(self, runner: asyncio.Runner, postgres: Cluster) -> Iterator[PostgresStore]:
        lent = postgres.lend()
        store = opened(runner, *lent.rows)
        yield store
        runner.run(store.close())
        postgres.take_back(lent)


class TestRestoredPostgresStore(RestoreNumberContract):
    @pytest.fixture
    def restored(self, runner: asyncio.Runner, postgres: Cluster) -> Iterator[PostgresStore]:
        dsn = postgres.database()
        before = opened(runner, dsn)
        runner.run(before.write(901, lambda tx: tx.projections.put("a:901", 1, "f", 1)))
        runner.run(before.close())
        store = opened(runner, dsn, restore=2)
        yield store
        runner.run(store.close())


class TestCitus(StoreContract):
    @pytest.fixture
    def store(self, runner: asyncio.Runner) -> Iterator[PostgresStore]:
        dsn = os.environ.get("COLLOQUE_CITUS_DSN", "")
        if not dsn:
            pytest.skip("COLLOQUE_CITUS_DSN does not name a Citus database")
        runner.run(emptied_citus(dsn))
        store = opened(runner, dsn)
        yield store
        runner.run(store.close())
