"""The services cannot tell the stores apart, and never leave an owner's unit of work.

One seeded scenario on the memory store and on the embedded one under OwnerGuard: every verdict, page
and count is the same.
"""

from pathlib import Path
from typing import Any

from dossier.entropy import SeededEntropy
from server.store.keystore import MemoryKeyStore, SqliteKeyStore
from server.store.memory import MemoryStore
from tests.fakes.fixed_root import FixedRoot
from tests.fakes.now_store import NowStore
from tests.fakes.server_room import ServerRoom, SteppingClock, a_document, an_allergy


def story(room: ServerRoom) -> list[Any]:
    """Two doctors and a nurse share a patient: writes, a resend, a conflict, pulls, the indexer."""
    seen: list[Any] = []
    unit = room.unit()
    martin, diallo = room.desktop("martin", unit), room.desktop("diallo", unit)
    nurse = room.desktop("nurse", unit, "60")
    anne = room.patient(unit, "pat-1")
    paul = room.patient(unit, "pat-2", consent="")
    room.settle()
    ops = [room.create(martin, anne, an_allergy("pat-1", f"all-{i}")) for i in range(5)]
    ops.append(room.create(diallo, anne, a_document("pat-1", "doc-1")))
    ops.append(room.create(nurse, paul, an_allergy("pat-2", "all-9")))
    for desktop, group in (
        (martin, ops[:5]),
        (martin, ops[:5]),
        (diallo, ops[5:6]),
        (nurse, ops[6:]),
    ):
        seen.append(room.push(desktop, *group))
        room.settle()
        room.clock.go(minutes=11)
    for desktop in (martin, diallo, nurse):
        for owner in (anne, paul):
            seen += [room.pull(desktop, owner), room.pages(desktop, owner)]
    return seen


def counts(room: ServerRoom) -> dict[str, int]:
    return room.run(room.store.maintenance.counts())


def test_a_story_is_the_same_on_both_stores(tmp_path: Path) -> None:
    real = NowStore(tmp_path / "data.db", SteppingClock())
    rooms = [ServerRoom(seed=4, store=MemoryStore()), ServerRoom(seed=4, store=real)]
    told, again = (story(room) for room in rooms)
    assert told == again
    assert counts(rooms[0]) == counts(rooms[1])
    assert counts(rooms[1])["resource"] >= 8
    assert any(verdict.code == "ok" for verdict in told[0])
    assert any(isinstance(part, dict) and part for part in told)
    rooms[1].run(real.close())


def test_units_of_work_ask_the_real_key_store_for_keys(tmp_path: Path) -> None:
    """On the writer's own thread, inside an open transaction."""
    real = NowStore(tmp_path / "data.db", SteppingClock())
    keys = SqliteKeyStore.open(
        tmp_path / "keystore.db", FixedRoot(), clock=SteppingClock(), entropy=SeededEntropy(1004)
    )
    told = story(ServerRoom(seed=4, store=real, keys=keys))
    memory = story(ServerRoom(seed=4, keys=MemoryKeyStore(SeededEntropy(1004))))
    assert [type(part) for part in told] == [type(part) for part in memory]
    assert told[0] == memory[0]
    keys.close_now()
