"""Several server processes on one PostgreSQL: one journal log, wake-ups across processes, settling in turns."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import StoreError
from server.app import House
from server.folder import ServerFile, init
from server.ports import LogLeaf
from server.services.accounts import Person
from server.services.sequencer import Sequencer
from server.store.postgres.connection import _SETTINGS
from server.store.postgres.listening import PostgresHintBoard, _payloads
from server.store.postgres.maintenance import _SETTLING
from server.store.tables import across
from tests.fakes.engines import PostgresEngine
from tests.fakes.postgres import Cluster
from tests.fakes.served_house import CHEAP
from tests.fakes.server_room import ServerRoom, SteppingClock, an_allergy


@pytest.fixture
def lent(postgres: Cluster) -> Iterator[PostgresEngine]:
    engine = PostgresEngine(postgres)
    yield engine
    engine.close()


@pytest.fixture
def room(lent: PostgresEngine) -> ServerRoom:
    return lent.room()


def sequencers(room: ServerRoom) -> tuple[Sequencer, Sequencer]:
    key = room.run(room.keys.secret("log"))
    return Sequencer(room.premises, key), Sequencer(room.premises, key)


def written(room: ServerRoom, name: str) -> None:
    """A patient with two acts in its journal."""
    org = room.unit(f"org-{name}")
    desk = room.desktop(name, org)
    anne = room.patient(org, f"pat-{name}", consent=f"org-{name}")
    for n in range(2):
        room.push(desk, room.create(desk, anne, an_allergy(f"pat-{name}", f"{name}-{n}")))


def test_two_sequencers_make_one_log(room: ServerRoom) -> None:
    one, other = sequencers(room)
    for name in "abc":
        written(room, name)
        room.run(one.run())
        written(room, f"{name}{name}")
        assert room.run(other.run()) > 0
    assert room.run(one.run()) == 0
    assert room.run(one.verify()) is None
    assert room.run(other.verify()) is None


def test_sequencers_that_append_at_the_same_moment_keep_the_log_whole(room: ServerRoom) -> None:
    """Without taking turns: one of them is refused at the place both wanted, and goes on later."""
    one, other = sequencers(room)
    for name in "abcdef":
        written(room, name)

        async def both() -> list[Any]:
            return await asyncio.gather(one.run(), other.run(), return_exceptions=True)

        for found in room.run(both()):
            assert isinstance(found, int | StoreError)
        room.run(one.run())
    assert room.run(other.run()) == 0
    assert room.run(one.verify()) is None


def test_a_process_that_died_between_the_log_and_the_journal_is_made_good(room: ServerRoom) -> None:
    one, other = sequencers(room)
    written(room, "a")
    assert room.run(one.run()) > 0
    written(room, "b")
    maintenance = room.store.maintenance

    async def half() -> None:
        size = await maintenance.log_size()
        (owner, *_) = await maintenance.owners_unplaced(9)
        rows = await room.store.read(owner, lambda tx: tx.journal.unplaced(99))
        leaves = [LogLeaf(size + n, owner, r.month, r.n, r.leaf) for n, r in enumerate(rows)]
        await maintenance._alone(0, lambda sql: across.log_extend(sql, leaves))

    room.run(half())
    room.run(other.run())
    assert room.run(other.verify()) is None
    assert room.run(one.run()) == 0
    assert room.run(one.verify()) is None


def test_a_wake_up_reaches_the_other_process_and_comes_back_after_a_cut(
    postgres: Cluster, lent: PostgresEngine
) -> None:
    dsn = postgres.database("")
    many = [f"m:{2**62 + n}:10" for n in range(900)]

    async def scene() -> None:
        here, there = PostgresHintBoard(dsn), PostgresHintBoard(dsn)
        await asyncio.gather(here.open(), there.open())
        last, other = there.listen([many[-1]]), there.listen(["a:1"])
        here.wake(many)
        assert await last.wait(10)
        assert not await other.wait(0)
        admin = await asyncpg.connect(dsn)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await admin.close()
        heard = False
        async with asyncio.timeout(20):
            while not heard:
                here.wake(["a:1"])
                heard = await other.wait(0.2)
        await asyncio.gather(here.end(), there.end())

    lent.run(scene())


def test_a_notice_is_never_longer_than_postgres_takes() -> None:
    readers = [f"m:{2**62 + n}:10" for n in range(2000)]
    notices = _payloads(readers)
    assert "\n".join(notices).split("\n") == readers
    assert max(map(len, notices)) < 8000


def test_settling_takes_turns(lent: PostgresEngine) -> None:
    room = lent.room()
    maintenance = room.store.maintenance
    order: list[str] = []

    async def settle(name: str) -> None:
        async with maintenance.settling():
            order.append(name)
            await maintenance.log_size()
            order.append(name)

    async def together() -> None:
        await asyncio.gather(settle("a"), settle("b"))

    room.run(together())
    assert order in (["a", "a", "b", "b"], ["b", "b", "a", "a"])


def test_settling_goes_on_when_whoever_has_the_turn_hangs(
    lent: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_SETTINGS, "lock_timeout", "100ms")
    room = lent.room()
    maintenance = room.store.maintenance

    async def scene() -> int:
        holder = await asyncpg.connect(maintenance._pools[0].dsn)
        await holder.fetch("SELECT pg_advisory_lock($1)", _SETTLING)
        async with maintenance.settling():
            size = await maintenance.log_size()
        await holder.close()
        return size

    assert room.run(scene()) == 0


def test_two_houses_share_everything(lent: PostgresEngine, tmp_path: Path) -> None:
    """Opened by two processes: what one commits the other reads at once; both settle; one log."""
    databases = lent.databases()
    clock, entropy = SteppingClock(), SeededEntropy(3)
    said = ServerFile(name="x", databases=databases.rows, key_database=databases.keys)

    async def scene() -> None:
        folder = tmp_path / "server"
        await init(folder, clock, entropy, said)
        houses = [
            await House.open(folder, clock, SeededEntropy(seed), cost=CHEAP) for seed in (4, 5)
        ]
        one, other = houses
        account = await one.accounts.create(Person(login="m", display_name="m"))
        assert await other.accounts.find("m") == account
        unit = (await other.members.create_unit(b'{"resourceType":"Organization","id":"o"}')).unit
        assert await one.members.find_unit("o") == unit
        await asyncio.gather(*(house.settle() for house in houses * 4))
        assert [await house.sequencer.verify() for house in houses] == [None, None]
        for name in ("server", "another"):
            with pytest.raises(StoreError, match="already"):
                await init(tmp_path / name, clock, entropy, said)
        await asyncio.gather(*(house.close() for house in houses))

    lent.run(scene())
