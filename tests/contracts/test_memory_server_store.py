"""MemoryStore passes the store contract, and plays crashes by snapshots."""

import asyncio

import pytest

from server.store.memory import MemoryStore
from tests.contracts.server_store_contract import (
    FACET,
    PATIENT,
    Hand,
    RestoreNumberContract,
    StoreContract,
    a_resource,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class TestMemoryStore(StoreContract):
    pass


class TestRestoredMemoryStore(RestoreNumberContract):
    @pytest.fixture
    def restored(self) -> MemoryStore:
        return MemoryStore(restore=2)


def test_a_crash_goes_back_to_what_was_committed_then(store: MemoryStore) -> None:
    hand = Hand(store)
    hand.create()
    hand.write(lambda tx: tx.resources.put([a_resource("a", 1)]))
    moment = store.snapshot()
    hand.write(lambda tx: tx.resources.put([a_resource("a", 2), a_resource("b", 3)]))
    hand.create(7)
    asyncio.run(store.close())
    for _ in range(2):
        store.restore(moment)
        assert hand.read(lambda tx: tx.resources.since(FACET, 0, 9)) == [a_resource("a", 1)]
        assert hand.maintain("owners", None, 0, 9) == [PATIENT]
        hand.write(lambda tx: tx.resources.put([a_resource("c", 9)]))
