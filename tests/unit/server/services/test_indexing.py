"""T4: projections follow what was committed, late and as often as one likes."""

from typing import Any

from server.ports import OwnerTx
from server.services.indexer import Indexer
from tests.fakes.server_room import ServerRoom, an_allergy


def a_room_with_duties(engine: Any) -> tuple[ServerRoom, int, int]:
    room = engine.room()
    org = room.unit()
    desk = room.desktop("martin", org)
    owner = room.patient(org)
    room.push(desk, room.create(desk, owner, an_allergy("pat-1", "all-1")))
    return room, org, owner


def moved(room: ServerRoom, org: int) -> int:
    return room.run(room.store.read(org, lambda tx: tx.projections.moved_v(f"m:{org}:10")))


def test_readers_of_a_moved_facet_are_woken_once_it_is_told(engine: Any) -> None:
    room, org, _ = a_room_with_duties(engine)
    room.hints.take()
    assert room.run(room.indexer.run_due()) == 1
    assert f"m:{org}:10" in room.hints.take()
    assert room.run(room.indexer.run_due()) == 0


def test_doing_an_effect_twice_changes_nothing(engine: Any) -> None:
    room, org, owner = a_room_with_duties(engine)
    now_ms = room.premises.now_ms
    waiting = room.run(room.store.read(owner, lambda tx: tx.effects.due(now_ms, 99)))
    room.settle()
    before = moved(room, org)

    async def undo(tx: OwnerTx) -> None:
        await tx.owner.lock(0)
        await tx.effects.put([row._replace(done=False) for row in waiting])

    room.run(room.store.write(owner, undo))
    assert room.run(room.indexer.drain()) > 0
    assert moved(room, org) == before


def test_a_crash_between_the_target_and_the_end_of_an_effect_is_made_good(engine: Any) -> None:
    room, org, _ = a_room_with_duties(engine)

    class Dies(Indexer):
        async def _finish(self, found: object) -> None:
            raise KeyboardInterrupt

    try:
        room.run(Dies(room.premises, room.access).drain())
    except KeyboardInterrupt:
        told = moved(room, org)
    assert room.run(room.indexer.drain()) == 1
    assert moved(room, org) == told


def test_several_effects_of_one_owner_are_told_once(engine: Any) -> None:
    room, org, owner = a_room_with_duties(engine)
    room.settle()
    desk = room.desktop("kaci", org)
    room.settle()
    before = moved(room, org)
    for n in range(3):
        room.push(desk, room.create(desk, owner, an_allergy("pat-1", f"all-{n + 2}")))
    assert room.run(room.indexer.run_due()) == 3
    assert moved(room, org) == before + 1
    assert room.run(room.indexer.run_due()) == 0


def test_an_effect_whose_key_was_destroyed_is_void(engine: Any) -> None:
    room, _, owner = a_room_with_duties(engine)
    room.run(room.keys.destroy(owner))
    assert room.run(room.indexer.drain()) == 1


def test_a_duty_of_later_waits_for_its_time(engine: Any) -> None:
    room, org, owner = a_room_with_duties(engine)
    room.settle()
    until = room.premises.now_ms + 60_000
    room.run(room.access.relate(owner, org, "team", until_ms=until))
    room.settle()
    assert room.run(room.indexer.run_due()) == 0
    room.clock.go(minutes=2)
    assert room.run(room.indexer.run_due()) == 1
