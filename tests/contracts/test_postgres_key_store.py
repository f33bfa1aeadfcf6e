"""PostgresKeyStore passes the contract of key stores, and several processes agree on it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import SealBroken, StoreError, Unavailable
from server.ports import OwnerTx
from server.store.keystore import PostgresKeyStore
from server.store.postgres import PostgresStore
from server.store.postgres.waiting import Waits
from tests.contracts.server_key_store_contract import (
    KeyClosuresContract,
    KeyRotationContract,
    KeyStoreContract,
)
from tests.fakes.fixed_root import FixedRoot
from tests.fakes.postgres import Cluster

KEYS = "server.store.keystore"


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Any], Any]:
    return runner.run


@pytest.fixture
def dsn(postgres: Cluster) -> str:
    return postgres.database(KEYS)


async def opened(dsn: str, root: bytes = bytes(range(32)), **more: Any) -> PostgresKeyStore:
    return await PostgresKeyStore.open(
        dsn, FixedRoot(root), clock=SystemClock(), entropy=SystemEntropy(), **more
    )


@pytest.fixture
def keys(dsn: str, runner: asyncio.Runner) -> Iterator[PostgresKeyStore]:
    store = runner.run(opened(dsn))
    yield store
    runner.run(store.close())


class TestPostgresKeyStore(KeyStoreContract, KeyRotationContract, KeyClosuresContract):
    pass


def test_two_processes_agree_on_everything_made_at_once(dsn: str, run: Any) -> None:
    async def scene() -> None:
        one, other = await asyncio.gather(opened(dsn), opened(dsn))
        made = await asyncio.gather(*(keys.key(n) for n in range(20) for keys in (one, other)))
        assert made[::2] == made[1::2]
        secrets = await asyncio.gather(one.secret("blind"), other.secret("blind"))
        assert secrets[0] == secrets[1]
        numbers = await asyncio.gather(*(k.begin_restore() for k in (one, other, one, other)))
        assert sorted(numbers) == [1, 2, 3, 4]
        await asyncio.gather(one.close(), other.close())

    run(scene())


def test_a_key_destroyed_by_one_process_is_forgotten_by_the_other(dsn: str, run: Any) -> None:
    async def scene() -> None:
        one, other = await opened(dsn), await opened(dsn)
        kept = await other.key(8)
        await other.key(7)
        heard = asyncio.Event()
        other._listener._told = _then(other._listener._told, heard)
        await one.destroy(7)
        await asyncio.wait_for(heard.wait(), 10)
        with pytest.raises(Unavailable):
            await other.key(7)
        assert await other.key(8) == kept
        await asyncio.gather(one.close(), other.close())

    run(scene())


def _then(told: Callable[[str], None], heard: asyncio.Event) -> Callable[[str], None]:
    def both(payload: str) -> None:
        told(payload)
        heard.set()

    return both


def test_a_key_is_not_made_again_while_it_is_destroyed(dsn: str, run: Any) -> None:
    async def scene() -> None:
        one, other = await opened(dsn), await opened(dsn)
        for subject in range(15):
            await asyncio.gather(
                one.destroy(subject), *(other.prepare([subject]) for _ in range(4))
            )
            for keys in (one, other):
                with pytest.raises(Unavailable):
                    await keys.key(subject)
        await asyncio.gather(one.close(), other.close())

    run(scene())


def test_a_process_that_cannot_hear_keeps_no_key(dsn: str, postgres: Cluster, run: Any) -> None:
    """A destruction it might have missed is found in the database at its next question."""

    async def scene() -> None:
        one, other = await opened(dsn), await opened(dsn)
        await other.key(7)
        pid = other._listener._connection.get_server_pid()
        lost = asyncio.Event()
        other._listener._connection.add_termination_listener(lambda _c: lost.set())
        admin = await asyncpg.connect(dsn)
        await admin.execute(f"SELECT pg_terminate_backend({pid})")
        await asyncio.wait_for(lost.wait(), 10)
        await admin.execute("INSERT INTO destroyed VALUES (7, 'record', 0)")
        await admin.execute("DELETE FROM dek WHERE subject = 7")
        await admin.close()
        with pytest.raises(Unavailable):
            await other.key(7)
        await asyncio.gather(one.close(), other.close())

    run(scene())


def test_another_root_opens_nothing(dsn: str, run: Any) -> None:
    run(run_once(dsn, bytes(range(32))))
    with pytest.raises(SealBroken):
        run(run_once(dsn, bytes(32)))
    run(run_once(dsn, bytes(range(32))))


async def run_once(dsn: str, root: bytes) -> None:
    await (await opened(dsn, root)).close()


def test_keys_and_records_never_lie_in_one_database(postgres: Cluster, dsn: str, run: Any) -> None:
    with pytest.raises(StoreError, match="databases of their own"):
        run(PostgresStore.open([dsn], clock=SystemClock()))
    with pytest.raises(StoreError, match="databases of their own"):
        run(opened(postgres.database()))


def test_a_closed_key_store_refuses(keys: PostgresKeyStore, run: Any) -> None:
    run(keys.key(7))
    run(keys.close())
    for call in (keys.key(7), keys.key_at(7, 1), keys.secret("x"), keys.restore_number()):
        with pytest.raises(StoreError):
            run(call)


def test_a_unit_of_work_may_ask_for_keys_and_for_nothing_else(
    postgres: Cluster, dsn: str, run: Any
) -> None:
    rows = postgres.database()

    async def scene() -> None:
        waits = Waits()
        keys = await opened(dsn, waits=waits)
        store = await PostgresStore.open([rows], clock=SystemClock(), waits=waits)

        async def work(tx: OwnerTx) -> tuple[int, bytes]:
            await tx.owner.create("patient", "p", 1)
            await keys.narrow(5, "o1", 1, b"x")
            return await keys.key(5)

        assert await store.write(5, work) == await keys.key(5)
        await asyncio.gather(store.close(), keys.close())

    run(scene())
