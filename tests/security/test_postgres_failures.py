"""What PostgreSQL may do to us: die in the middle, refuse, cut connections, answer late. Nothing acknowledged is lost."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from dossier.clock import SystemClock
from dossier.errors import StoreAway, StoreError
from server.ports import CompartmentRow, GrantRow, OpRow, OwnerTx
from server.store.postgres import PostgresStore
from tests.contracts.server_store_contract import FACET, a_resource
from tests.fakes.postgres import Cluster, programs, running

OWNERS, WRITERS, OPS, KILLS = 4, 8, 60, 3
ANNE = 7


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Any], Any]:
    return runner.run


@pytest.fixture
def dsn(postgres: Cluster) -> str:
    return postgres.database()


async def opened(*dsns: str, guard: bool = True) -> PostgresStore:
    return await PostgresStore.open(dsns, clock=SystemClock(), guard=guard, connections=8)


def an_op(op_id: str) -> Callable[[OwnerTx], Any]:
    """One op as T1 does it: known already, or counted once in its owner's compartment."""

    async def work(tx: OwnerTx) -> None:
        row = await tx.owner.lock(1)
        assert row is not None
        if await tx.ops.get(op_id) is not None:
            return
        head = await tx.compartments.get(FACET) or CompartmentRow(FACET, 0, 0, 0, 0, bytes(32))
        await tx.resources.put([a_resource(op_id, row.n)])
        await tx.compartments.put(head._replace(head=row.n, rows=head.rows + 1))
        await tx.ops.put(OpRow(op_id, 1, "d", "s", b"digest", b"verdict", 0))

    return work


class Load:
    """Writers that send each op again until it is acknowledged, while the database is killed."""

    def __init__(self, cluster: Cluster, store: PostgresStore) -> None:
        self._cluster, self._store = cluster, store
        self.acknowledged: dict[int, set[str]] = {owner: set() for owner in range(1, OWNERS + 1)}
        self.refused = 0
        self._up = asyncio.Event()
        self._up.set()
        self._enough = asyncio.Condition()

    async def go(self) -> None:
        writers = [asyncio.create_task(self._write(me)) for me in range(WRITERS)]
        for kill in range(1, KILLS + 1):
            async with self._enough:
                await self._enough.wait_for(lambda kill=kill: self._done > kill * 80)
            self._up.clear()
            await asyncio.to_thread(self._cluster.kill)
            await asyncio.to_thread(self._cluster.start)
            self._up.set()
        await asyncio.gather(*writers)

    @property
    def _done(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    async def _write(self, me: int) -> None:
        for turn in range(OPS):
            owner, op_id = 1 + (me + turn) % OWNERS, f"op-{me}-{turn}"
            while op_id not in self.acknowledged[owner]:
                try:
                    await self._store.write(owner, an_op(op_id))
                except StoreError:
                    self.refused += 1
                    await self._up.wait()
                else:
                    async with self._enough:
                        self.acknowledged[owner].add(op_id)
                        self._enough.notify_all()


def test_postgres_killed_in_the_middle_of_the_load_loses_nothing_and_does_nothing_twice() -> None:
    binaries = programs()
    if binaries is None:
        pytest.skip("the distribution's PostgreSQL is not installed")

    async def scene(cluster: Cluster, dsns: list[str]) -> None:
        store = await opened(*dsns)
        for owner in range(1, OWNERS + 1):
            await store.write(owner, lambda tx: tx.owner.create("patient", "p", 1))
        load = Load(cluster, store)
        await load.go()
        assert load.refused, "no write met a dead database: the kills came too late"
        for owner, sent in load.acknowledged.items():
            rows = await store.read(owner, lambda tx: tx.resources.since(FACET, 0, 9999))
            assert [row.id for row in rows if row.id not in sent] == []
            assert {row.id for row in rows} == sent
            head = await store.read(owner, lambda tx: tx.compartments.get(FACET))
            assert head is not None
            assert head.rows == len(rows) == len(sent)
        assert await store.maintenance.check() == []
        await store.close()

    with running(binaries) as cluster:
        dsns = [cluster.database(), cluster.database()]
        asyncio.run(scene(cluster, dsns))


async def _pids(store: PostgresStore) -> set[int]:
    async with store._pools[0].connection() as connection:
        return {connection.get_server_pid()}


def test_a_shard_that_answers_08006_costs_its_own_writes_and_no_connection(
    dsn: str, run: Any
) -> None:
    """As a coordinator answers when one worker is away: the connection to it is healthy and kept."""

    async def scene() -> None:
        store, admin = await opened(dsn), await asyncpg.connect(dsn)
        for owner in (ANNE, 8):
            await store.write(owner, lambda tx: tx.owner.create("patient", "p", 1))
        await admin.execute(
            "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'worker' USING ERRCODE = '08006'; END$$"
        )
        await admin.execute(
            "CREATE TRIGGER away BEFORE INSERT ON op FOR EACH ROW WHEN (NEW.owner = 7) "
            "EXECUTE FUNCTION away()"
        )
        before = await _pids(store)
        for turn in range(5):
            with pytest.raises(StoreAway):
                await store.write(ANNE, an_op("lost"))
            await store.write(8, an_op(f"kept-{turn}"))
        assert await _pids(store) == before
        await admin.execute("DROP TRIGGER away ON op")
        await store.write(ANNE, an_op("lost"))
        assert (await store.read(ANNE, lambda tx: tx.ops.get("lost"))) is not None
        await asyncio.gather(store.close(), admin.close())

    run(scene())


def test_connections_cut_by_the_operator_are_made_again(dsn: str, run: Any) -> None:
    async def scene() -> None:
        store, admin = await opened(dsn), await asyncpg.connect(dsn)
        await store.write(ANNE, lambda tx: tx.owner.create("patient", "p", 1))
        await store.write_each([(ANNE, an_op(f"op-{n}")) for n in range(8)])
        rows = await admin.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert len(rows) >= 2
        cut = 0
        for n in range(12):
            try:
                await store.write(ANNE, an_op(f"op-{n}"))
            except StoreAway:
                cut += 1
        assert cut < 12
        await store.write_each([(ANNE, an_op(f"op-{n}")) for n in range(12)])
        found = await store.read(ANNE, lambda tx: tx.resources.since(FACET, 0, 99))
        assert len(found) == 12
        await asyncio.gather(store.close(), admin.close())

    run(scene())


def test_a_database_that_is_away_says_so_and_is_asked_again(dsn: str, run: Any) -> None:
    async def scene() -> None:
        nowhere = dsn.replace("host=", "host=/nowhere")
        with pytest.raises(StoreAway):
            await opened(nowhere)
        with pytest.raises(StoreError, match="no such database"):
            await opened(dsn.replace("/d", "/never", 1).replace("@/never", "@/never_"))

    run(scene())


def test_a_cancelled_unit_leaves_nothing_and_its_connection_serves_again(
    dsn: str, run: Any
) -> None:
    """A request that is given up while it waits for an owner's lock."""

    async def scene() -> None:
        store, holder = await opened(dsn), await asyncpg.connect(dsn)
        await store.write(ANNE, lambda tx: tx.owner.create("patient", "p", 1))
        held = holder.transaction()
        await held.start()
        await holder.execute("UPDATE owner SET n = n + 1 WHERE owner = $1", ANNE)
        task = asyncio.create_task(store.write(ANNE, an_op("given-up")))
        await _waiting_for_a_lock(dsn)
        task.cancel()
        assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], BaseException)
        await held.rollback()
        await store.write(ANNE, an_op("next"))
        assert await store.read(ANNE, lambda tx: tx.ops.get("given-up")) is None
        await asyncio.gather(store.close(), holder.close())

    run(scene())


async def _waiting_for_a_lock(dsn: str) -> None:
    """Return once somebody waits for a lock in this database."""
    watcher = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(10):
            while not await watcher.fetchval(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                continue
    finally:
        await watcher.close()


GRANT = GrantRow(FACET, "a:901:801", "rw", "author", 1, None)


async def _right(tx: OwnerTx) -> bool:
    """Rule 7: lock, then decide."""
    row = await tx.owner.lock(1)
    assert row is not None
    if not await tx.access.grants(FACET):
        return False
    await tx.resources.put([a_resource("late", row.n)])
    return True


async def _wrong(tx: OwnerTx) -> bool:
    """The right is read before the lock is had."""
    granted = await tx.access.grants(FACET)
    row = await tx.owner.lock(1)
    assert row is not None
    if not granted:
        return False
    await tx.resources.put([a_resource("late", row.n)])
    return True


@pytest.mark.parametrize(("work", "accepted"), [(_right, False), (_wrong, True)])
def test_a_write_that_waited_behind_a_revocation_is_refused(
    dsn: str, run: Any, work: Any, accepted: bool
) -> None:
    """And the control: with the right read before the lock it is accepted after the revocation."""

    async def scene() -> None:
        store, patient = await opened(dsn, guard=False), await asyncpg.connect(dsn)
        await store.write(ANNE, lambda tx: tx.owner.create("patient", "p", 1))
        await store.write(ANNE, lambda tx: tx.access.put_grants([GRANT]))
        revoking = patient.transaction()
        await revoking.start()
        await patient.execute("UPDATE owner SET n = n + 1 WHERE owner = $1", ANNE)
        await patient.execute("DELETE FROM access_grant WHERE owner = $1", ANNE)
        writer = asyncio.create_task(store.write(ANNE, work))
        await _waiting_for_a_lock(dsn)
        await revoking.commit()
        assert await writer is accepted
        found = await store.read(ANNE, lambda tx: tx.resources.get("Observation", "late"))
        assert (found is not None) is accepted
        await asyncio.gather(store.close(), patient.close())

    run(scene())


def test_a_reader_whose_right_ended_while_it_read_is_not_served(dsn: str, run: Any) -> None:
    """The snapshot still shows the right; the unit is run again because the owner's rights moved."""
    tries: list[bool] = []

    async def read(tx: OwnerTx) -> bool:
        await tx.owner.get()
        granted = bool(await tx.access.grants(FACET))
        tries.append(granted)
        await tx.access.denied()
        return granted

    async def scene() -> None:
        store = await opened(dsn)
        patient, holder = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        await store.write(ANNE, lambda tx: tx.owner.create("patient", "p", 1))

        async def give(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.access.put_grants([GRANT])

        await store.write(ANNE, give)
        holding = holder.transaction()
        await holding.start()
        await holder.execute("LOCK TABLE deny IN ACCESS EXCLUSIVE MODE")
        reader = asyncio.create_task(store.read(ANNE, read))
        await _waiting_for_a_lock(dsn)
        async with patient.transaction():
            await patient.execute(
                "UPDATE owner SET n = n + 1, access_v = n + 1 WHERE owner = $1", ANNE
            )
            await patient.execute("DELETE FROM access_grant WHERE owner = $1", ANNE)
        await holding.commit()
        assert await reader is False
        assert tries == [True, False]
        await asyncio.gather(store.close(), patient.close(), holder.close())

    run(scene())


def test_of_25_rivals_for_one_value_one_holds_it(dsn: str, run: Any) -> None:
    async def scene() -> None:
        store = await opened(dsn)
        name = 4242

        def rival(target: int) -> Callable[[OwnerTx], Any]:
            return lambda tx: tx.reservations.reserve("ins", target, b"d", unique=True)

        won = await store.write_each([(name, rival(target)) for target in range(1, 26)])
        assert sum(won) == 1
        held = await store.read(name, lambda tx: tx.reservations.holder("ins"))
        assert [target for target, _ in held] == [won.index(True) + 1]
        await store.close()

    run(scene())
