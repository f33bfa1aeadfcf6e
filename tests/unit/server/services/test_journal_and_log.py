"""The journal: every act has its row, the log proves that none was altered, taken away or added."""

from collections.abc import Callable
from typing import Any

import pytest

from dossier.errors import SealBroken
from dossier.sealing.checkpoints import Checkpoint, verify_checkpoint
from dossier.sealing.merkle import EMPTY_ROOT
from server.operations.fitness import Fitness
from server.ports import JournalRow, OwnerTx
from server.services import journal, sequencer
from server.services.auditing import ORIGIN, Finding
from server.services.facets import JOURNAL_FACETS
from server.services.sequencer import Sequencer, open_sequencer
from tests.fakes.engines import take_away
from tests.fakes.server_room import ServerRoom, an_allergy


class Logged(ServerRoom):
    """A patient with a few acts, all sequenced."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.org = self.unit()
        self.martin = self.desktop("martin", self.org)
        self.anne = self.patient(self.org)
        for n in range(3):
            op = self.create(self.martin, self.anne, an_allergy("pat-1", f"all-{n}"))
            self.push(self.martin, op)
        self.log: Sequencer = self.run(open_sequencer(self.premises))
        self.placed = self.run(self.log.run())

    def rows(self) -> list[JournalRow]:
        tags = [self.premises.tags.tag(self.anne, name) for name in JOURNAL_FACETS]
        return sorted(
            self.run(self.store.read(self.anne, lambda tx: tx.journal.of_facets(tags, 99))),
            key=lambda row: row.n,
        )

    def forge(self, row: JournalRow) -> None:
        async def write(tx: OwnerTx) -> None:
            await tx.journal.put([row])

        self.run(self.store.write(self.anne, write))

    def entries(self) -> list[journal.Entry]:
        return [self.run(journal.read_row(self.premises, self.anne, row)) for row in self.rows()]


def test_every_act_has_its_row_with_who_what_and_when(engine: Any) -> None:
    room = engine.room(Logged)
    said = [(entry.action, entry.rtype, entry.id, entry.account) for entry in room.entries()]
    assert said == [
        ("imported", "", "", 0),
        *(("acted", "AllergyIntolerance", f"all-{n}", room.martin.account) for n in range(3)),
    ]
    assert all(entry.unit == room.org for entry in room.entries()[1:])


def test_a_row_does_not_open_in_another_place(engine: Any) -> None:
    room = engine.room(Logged)
    row = room.rows()[0]
    with pytest.raises(SealBroken):
        room.run(journal.read_row(room.premises, room.anne, row._replace(n=row.n + 1)))


def test_everything_is_placed_signed_and_sound(engine: Any) -> None:
    room = engine.room(Logged)
    kept = room.run(room.store.maintenance.checkpoint())
    assert kept is not None
    assert verify_checkpoint(room.log.public_key, kept[1]).size == room.placed == 4
    assert room.run(room.log.verify()) is None
    assert room.run(room.log.run()) == 0


def test_a_sequencer_that_starts_again_goes_on_where_the_log_ends(engine: Any) -> None:
    room = engine.room(Logged)
    op = room.create(room.martin, room.anne, an_allergy("pat-1", "late"))
    room.push(room.martin, op)
    fresh = room.run(open_sequencer(room.premises))
    assert room.run(fresh.run()) == 1
    assert room.run(fresh.verify()) is None


def altered_cell(room: Logged) -> None:
    row = room.rows()[1]
    room.forge(row._replace(cell=row.cell[:-1] + bytes([row.cell[-1] ^ 1])))


def altered_leaf(room: Logged) -> None:
    room.forge(room.rows()[1]._replace(leaf=bytes(32)))


def swapped(room: Logged) -> None:
    one, other = room.rows()[1:3]
    room.forge(one._replace(log_index=other.log_index))
    room.forge(other._replace(log_index=one.log_index))


def deleted(room: Logged) -> None:
    row = room.rows()[1]
    room.run(take_away(room.store, room.anne, row))


def inserted(room: Logged) -> None:
    row = room.rows()[1]
    room.forge(row._replace(n=999))


def unsequenced(room: Logged) -> None:
    room.push(room.martin, room.create(room.martin, room.anne, an_allergy("pat-1", "late")))


def forged_root(room: Logged) -> None:
    text = room.run(room.store.maintenance.checkpoint())[1]
    room.run(room.store.maintenance.put_checkpoint(4, text.replace(b"\n4\n", b"\n3\n")))


@pytest.mark.parametrize(
    ("harm", "fault", "place"),
    [
        (altered_cell, "altered", 1),
        (altered_leaf, "altered", 1),
        (swapped, "inserted", 1),
        (deleted, "missing", 1),
        (inserted, "inserted", 1),
        (unsequenced, "unsequenced", -1),
        (forged_root, "root", 4),
    ],
)
def test_s5_the_first_bad_entry_is_named(
    engine: Any, harm: Callable[[Any], None], fault: str, place: int
) -> None:
    room = engine.room(Logged)
    harm(room)
    found = room.run(room.log.verify())
    assert found is not None
    assert (found.fault, found.place) == (fault, place)


def kept(room: Logged) -> Checkpoint:
    text = room.run(room.store.maintenance.checkpoint())[1]
    return verify_checkpoint(room.log.public_key, text)


def test_s5_the_log_is_held_against_a_checkpoint_somebody_kept(engine: Any) -> None:
    room = engine.room(Logged)
    earlier = kept(room)
    unsequenced(room)
    room.run(room.log.run())
    assert room.run(room.log.verify(earlier)) is None
    assert room.run(room.log.verify(kept(room))) is None
    assert room.run(room.log.verify(Checkpoint(ORIGIN, 0, EMPTY_ROOT))) is None


@pytest.mark.parametrize(
    ("size", "found"), [(4, Finding(4, 0, "forked")), (9, Finding(9, 0, "shortened"))]
)
def test_s5_a_log_that_did_not_grow_from_it_is_forked_or_shortened(
    engine: Any, size: int, found: Finding
) -> None:
    room = engine.room(Logged)
    assert room.run(room.log.verify(Checkpoint(ORIGIN, size, bytes(32)))) == found


def test_s5_of_several_bad_entries_the_first_in_the_log_is_named(engine: Any) -> None:
    room = engine.room(Logged)
    rows = room.rows()
    for row in (rows[3], rows[2]):
        room.forge(row._replace(cell=row.cell[:-1] + bytes([row.cell[-1] ^ 1])))
    assert room.run(room.log.verify()) == Finding(2, room.anne, "altered")


def test_s5_a_row_in_no_facet_of_the_journal_is_found_as_well(engine: Any) -> None:
    room = engine.room(Logged)
    row = room.rows()[1]
    room.forge(row._replace(n=999, facet="0" * 32, log_index=None))
    assert room.run(room.log.verify()) == Finding(-1, room.anne, "unsequenced")


def test_a_destroyed_record_leaves_the_log_whole_and_blind(engine: Any) -> None:
    room = engine.room(Logged)
    room.run(room.keys.destroy(room.anne))
    assert room.run(room.log.verify()) is None


def test_rows_that_wait_for_more_than_a_minute_make_the_server_unfit(engine: Any) -> None:
    room = engine.room(Logged)
    fitness = Fitness(room.store, room.keys, room.clock, lambda: 1 << 40)
    fitness.watch_log(room.log.is_late)
    room.clock.go(minutes=5)
    assert engine.run(fitness.causes()) == ()
    room.push(room.martin, room.create(room.martin, room.anne, an_allergy("pat-1", "late")))
    room.clock.go(minutes=5)
    assert engine.run(fitness.causes()) == ("log_late",)
    room.run(room.log.run())
    room.clock.go(seconds=2)
    assert engine.run(fitness.causes()) == ()
    assert (room.log.size, room.log.signed_ago_s) == (5, 2.0)


def test_a_long_log_is_read_in_pieces_and_others_work_between_them(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that starts with a large log keeps nobody waiting while it reads it."""
    room = engine.room()
    unit = room.unit()
    for n in range(8):
        room.patient(unit, f"pat-{n}")
    first = room.run(open_sequencer(room.premises))
    room.run(first.run())
    paused: list[int] = []
    monkeypatch.setattr(sequencer, "_LEAVES", 3)

    async def pause() -> None:
        paused.append(again.size)

    again = Sequencer(room.premises, room.run(room.keys.secret("log")), (), pause)
    text, proof = room.run(again.proof(first.size))
    assert proof == ()
    assert again.size == first.size > 6
    assert len(paused) == first.size // 3
    assert set(paused) == {0}, "nobody is answered from a tree half read"
    assert text == room.run(first.proof(0))[0]
    assert room.run(again.verify()) is None
