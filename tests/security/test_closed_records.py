"""Closed, archived, destroyed: by two persons or by time, never by one alone and never by a wrong clock."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dossier.clock import to_ms
from dossier.entropy import SeededEntropy
from dossier.errors import Refused, Unavailable
from dossier.sealing.recovery_key import recovery_public
from dossier.wire import messages as wire
from server.ports import OwnerTx
from server.ports.closures import ARCHIVED, CLOSED, DESTROYED, ENDING, OPEN, ClosureRow, Line
from server.services.closing import Closing
from server.services.closure_steps import KEPT_MS, LISTED_MS, OFFERED_MS
from server.services.due_closures import ClosedDue, DueClosures
from server.services.sequencer import open_sequencer
from server.store.keystore import SqliteKeyStore
from tests.fakes.fixed_root import FixedRoot
from tests.fakes.server_room import MONDAY, ServerRoom, SteppingClock, an_allergy

PRIVATE = bytes(range(32))
ALICE, BOB = 71, 72
"""Two persons who may decide; who they are was proved before."""
DAY = timedelta(days=1)


class Office:
    """A server whose records end, in the hands of two persons and of a clock."""

    def __init__(self, room: ServerRoom, *, archives: bool = True) -> None:
        self.room = room
        self.closing = Closing(room.premises, room.access)
        self._archive_key = recovery_public(PRIVATE) if archives else b""
        self.restart()

    def restart(self) -> None:
        """Another process of the same server."""
        room = self.room
        self.reviews = DueClosures(room.premises, self.closing, self._archive_key)
        self._sequencer = room.run(open_sequencer(room.premises))

    def run(self, work: Any) -> Any:
        return self.room.run(work)

    def settle(self) -> None:
        self.room.settle()
        self.run(self._sequencer.run())

    def close(self, owner: int) -> None:
        self.run(self.closing.close(owner, ALICE, "left"))

    def destroy(self, owner: int, *by: int) -> list[bool]:
        return [self.run(self.closing.ask_destruction(owner, one, "asked")) for one in by]

    def review(self) -> ClosedDue:
        self.settle()
        found: ClosedDue = self.run(self.reviews.run())
        return found

    def later(self, days: float, *, lived: bool = True) -> ClosedDue:
        """So many days pass, with somebody at work or not, and what is due is done."""
        self.room.clock.go(days=days)
        if lived:
            self.run(self.closing.note("closures_done", 0, 0, ""))
        return self.review()

    def state(self, owner: int) -> str:
        row = self.run(self.room.keys.closures.get(owner))
        return OPEN if row is None else row.state

    def is_readable(self, owner: int) -> bool:
        try:
            self.run(self.room.keys.key_at(owner, 1))
        except Unavailable:
            return False
        return True

    def is_sound(self) -> bool:
        self.settle()
        return self.run(self._sequencer.verify()) is None


@pytest.fixture
def office(engine: Any) -> Office:
    return Office(engine.room())


def with_patient(office: Office, rid: str = "pat-1") -> Any:
    """A doctor with a patient of hers."""
    room = office.room
    unit = room.run(room.members.find_unit("org-1"))
    unit = room.unit() if unit is None else unit
    doctor = room.desktop(f"dr-{rid}", unit)
    owner = room.patient(unit, rid)
    assert room.push(doctor, room.create(doctor, owner, an_allergy(rid, f"all-{rid}")))[0].code == (
        "ok"
    )
    office.settle()
    return doctor, owner


def test_r13_nobody_destroys_a_record_alone(office: Office) -> None:
    """The two-person rule (security.md §5 row 13): the same person twice is one person."""
    _, anne = with_patient(office)
    assert office.destroy(anne, ALICE) == [False]
    with pytest.raises(Refused) as no:
        office.destroy(anne, ALICE)
    assert no.value.code == "same_person"
    assert office.later(365).done == {}
    assert office.is_readable(anne)
    assert office.state(anne) == OPEN


def test_a_destruction_two_persons_agreed_on_takes_place_thirty_days_later_and_not_before(
    office: Office,
) -> None:
    doctor, anne = with_patient(office)
    _, paul = with_patient(office, "pat-2")
    assert office.destroy(anne, ALICE, BOB) == [False, True]
    assert office.room.pull(doctor, anne) == {}, "nobody reads it from now on"
    (listed,) = office.run(office.reviews.pending())
    assert listed.row.subject == anne
    assert listed.step.due_ms == to_ms(MONDAY) + LISTED_MS
    assert office.later(29.9).done == {}
    assert office.is_readable(anne)
    assert office.later(0.2).done == {"destroy": 1}
    assert office.state(anne) == DESTROYED
    assert not office.is_readable(anne)
    assert office.run(office.room.records.whole(anne)) == []
    assert len(office.run(office.room.records.whole(paul))) == 3
    assert office.run(office.reviews.pending()) == []
    assert office.is_sound()


def test_on_the_list_it_may_be_withdrawn_and_the_record_reopened(office: Office) -> None:
    doctor, anne = with_patient(office)
    before = office.room.pull(doctor, anne)
    office.destroy(anne, ALICE, BOB)
    with pytest.raises(Refused) as no:
        office.run(office.closing.reopen(anne, ALICE, "a mistake"))
    assert no.value.code == "destruction_agreed"
    office.later(20)
    office.run(office.closing.withdraw(anne, ALICE, "a mistake"))
    office.run(office.closing.reopen(anne, ALICE, "a mistake"))
    office.settle()
    assert office.room.pull(doctor, anne) == before
    assert office.later(400).done == {}
    assert office.is_readable(anne)


def test_a_held_record_outlives_everything_until_two_persons_release_it(office: Office) -> None:
    _, anne = with_patient(office)
    office.destroy(anne, ALICE, BOB)
    office.run(office.closing.hold(anne, ALICE, "a court"))
    assert office.later(4_000).done == {}
    assert office.is_readable(anne)
    with pytest.raises(Refused):
        office.destroy(anne, ALICE)
    assert office.run(office.closing.release(anne, ALICE, "over")) is False
    with pytest.raises(Refused) as no:
        office.run(office.closing.release(anne, ALICE, "over"))
    assert no.value.code == "same_person"
    assert office.later(40).done == {}
    assert office.run(office.closing.release(anne, BOB, "over")) is True
    office.review()
    assert office.state(anne) != DESTROYED, "it stands on the list again first"
    office.later(31)
    office.review()
    assert office.state(anne) == DESTROYED


def test_a_closed_record_is_archived_after_thirty_days_and_opened_by_the_offline_key_alone(
    office: Office,
) -> None:
    doctor, anne = with_patient(office)
    before = office.room.pull(doctor, anne)
    office.close(anne)
    office.settle()
    assert office.room.pull(doctor, anne) == {}
    assert office.later(29).done == {}
    assert office.later(2).done == {"archive": 1}
    assert office.state(anne) == ARCHIVED
    assert not office.is_readable(anne)
    with pytest.raises(Refused):
        office.run(office.closing.reopen(anne, ALICE, "back"))
    office.run(office.closing.bring_back(anne, ALICE, PRIVATE, "back"))
    office.run(office.closing.reopen(anne, ALICE, "back"))
    office.settle()
    assert office.room.pull(doctor, anne) == before
    assert office.is_sound()


def test_an_archived_record_is_found_by_its_id_and_no_more_by_the_person(office: Office) -> None:
    _, anne = with_patient(office)
    room = office.room
    someone = {
        "name": [{"family": "Durand pat-1", "given": ["Anne"]}],
        "birthDate": "1960-05-02",
        "gender": "female",
    }
    assert room.run(room.patients.same_traits(someone)) == [anne]
    office.close(anne)
    office.later(31)
    assert room.run(room.patients.same_traits(someone)) == []
    assert room.run(room.patients.located("Patient", "pat-1")) == anne


def test_without_an_archive_key_a_closed_record_waits_ten_years(engine: Any) -> None:
    office = Office(engine.room(), archives=False)
    _, anne = with_patient(office)
    office.close(anne)
    assert office.later(3_000).done == {}
    assert office.is_readable(anne)


def test_a_clock_that_leaps_and_comes_back_destroys_nothing(
    office: Office,
) -> None:
    _, anne = with_patient(office)
    office.close(anne)
    office.settle()
    wrong = timedelta(days=365 * 11)
    office.room.clock.wrong_by = wrong
    leapt = office.review()
    assert (leapt.done, leapt.doubted) == ({}, True)
    office.room.clock.go(hours=1)
    assert office.review().done == {"archive": 1}, "a clock that stays wrong is the clock"
    assert office.review().done == {"list": 1}
    assert office.review().done == {}
    assert office.state(anne) == ARCHIVED
    office.room.clock.wrong_by = timedelta()
    assert office.review().done == {}
    assert office.later(3_700).doubted, "the server's time stays ahead until it is taken back"
    assert office.state(anne) == ARCHIVED


def test_a_row_whose_line_is_not_in_the_log_is_never_acted_upon(office: Office) -> None:
    """Whoever writes to the key store's rows, or a fault there, cannot make a record be destroyed."""
    _, anne = with_patient(office)
    _, paul = with_patient(office, "pat-2")
    office.close(paul)
    office.settle()
    now_ms = to_ms(office.room.clock.now())
    line = office.run(office.room.keys.closures.get(paul)).closed
    long_ago = now_ms - KEPT_MS - LISTED_MS
    for number, forged in enumerate(
        (
            Line(long_ago, 201511, 1),
            Line(long_ago, line.month, line.n),
            line,
        )
    ):
        before = office.run(office.room.keys.closures.get(anne))
        row = ClosureRow(anne, CLOSED, forged, agreed=Line(long_ago, *forged[1:]), listed_ms=1)
        assert office.run(office.room.keys.closures.change(before, row)), number
        office.review()
        assert office.is_readable(anne), number


def test_a_desktop_that_was_off_all_the_while_erases_its_copy_and_proves_it(
    office: Office,
) -> None:
    room = office.room
    doctor, anne = with_patient(office)
    heads = room.run(room.feed.heads(doctor.session, ""))
    held = [head for head in heads.heads if head.owner == anne]
    room.pull(doctor, anne)
    office.settle()
    office.destroy(anne, ALICE, BOB)
    office.settle()
    office.later(31)
    office.review()
    assert office.state(anne) == DESTROYED
    asked = tuple(wire.CompartmentRef(owner=anne, facet=head.facet) for head in held)
    terms = room.run(room.feed.terms(doctor.session, wire.TermsRequest(items=asked)))
    assert {head.gone for head in terms.heads} == {True}
    receipts = [
        wire.Op(
            op_id=room.op_id(),
            owner=anne,
            kind="receipt",
            acting=doctor.situation,
            at="2026-11-23T08:00:00.000Z",
            facet=head.facet,
            term=head.term,
        )
        for head in held
    ]
    late = room.create(doctor, anne, an_allergy("pat-1", "late"))
    assert {v.code for v in room.push(doctor, *receipts)} == {"ok"}
    assert {v.code for v in room.push(doctor, *receipts)} == {"ok"}
    assert room.push(doctor, late)[0].code == "unavailable"
    assert room.run(room.copies.still_open(doctor.session)) == []
    assert office.is_sound()


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_destruction_that_is_cut_off_anywhere_is_finished_by_the_next_review(
    engine: Any, cut: int
) -> None:
    office = Office(engine.room())
    _, anne = with_patient(office)
    office.destroy(anne, ALICE, BOB)
    office.settle()
    office.room.clock.go(days=31)
    office.run(office.closing.note("closures_done", 0, 0, ""))
    office.settle()
    for _ in range(2):
        office.run(_cut_off(office, cut))
        office.restart()
    office.review()
    office.review()
    assert office.state(anne) == DESTROYED
    assert not office.is_readable(anne)
    assert office.is_sound()


async def _cut_off(office: Office, after: int) -> None:
    """A review that ends after so many of its waits for the databases; whole when there are fewer."""
    step, keys = 0, office.room.keys

    class Dying:
        def __getattr__(self, name: str) -> Any:
            nonlocal step
            step += 1
            if step > after:
                raise ConnectionError
            return getattr(keys.closures, name)

    reviews = DueClosures(office.room.premises, office.closing, b"")
    reviews._closures = Dying()  # type: ignore[assignment]  # the process ends between two of its steps
    try:
        await reviews.run()
    except ConnectionError:
        return


STATES = ("open", "asked", "agreed", "closed", "closed lately", "held", "withdrawn", "reopened")
EACH = 125


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is some: what is looked at are bytes, not how long a disk takes."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.fixture
def keys(folder: Path) -> Iterator[SqliteKeyStore]:
    opened = SqliteKeyStore.open(
        folder / "keys.db", FixedRoot(bytes(32)), clock=SteppingClock(), entropy=SeededEntropy(5)
    )
    yield opened
    opened.close_now()


def made(room: ServerRoom, owner: int) -> None:
    async def make(tx: OwnerTx) -> None:
        await tx.owner.create("patient", room.premises.pack.version, 1)

    room.run(room.store.write(owner, make))


def put_into(office: Office, state: str, owner: int) -> None:
    closing = office.closing
    if state in {"agreed", "held", "withdrawn"}:
        office.destroy(owner, ALICE, BOB)
    elif state == "asked":
        office.destroy(owner, ALICE)
    elif state in {"closed", "reopened"}:
        office.close(owner)
    if state == "held":
        office.run(closing.hold(owner, ALICE, "court"))
    elif state == "withdrawn":
        office.run(closing.withdraw(owner, ALICE, "no"))
        office.run(closing.reopen(owner, ALICE, "no"))
    elif state == "reopened":
        office.run(closing.reopen(owner, ALICE, "no"))


def test_of_a_thousand_patients_in_all_states_eleven_years_later_exactly_the_due_ones_are_gone(
    folder: Path, keys: SqliteKeyStore
) -> None:
    office = Office(ServerRoom(keys=keys))
    office.room.run(office.closing.note("closures_done", 0, 0, ""))
    owners = {1_000 + n: STATES[n // EACH] for n in range(EACH * len(STATES))}
    assert len(owners) == 1_000
    asyncio.run(keys.prepare(list(owners)))
    wraps = wraps_of(folder / "keys.db")
    for owner, state in owners.items():
        made(office.room, owner)
        put_into(office, state, owner)
    office.later(31)
    office.later(365 * 11)
    for owner, state in owners.items():
        if state == "closed lately":
            office.close(owner)
    for _ in range(4):
        office.later(31)
    gone = {owner for owner in owners if not office.is_readable(owner)}
    ended = Counter(office.state(owner) for owner in owners)
    assert {owners[owner] for owner in gone} == {"agreed", "closed", "closed lately"}
    assert len(gone) == 3 * EACH
    assert ended[DESTROYED] == 2 * EACH
    assert ended[ARCHIVED] == EACH, "closed a few months ago: archived, not destroyed"
    assert ended[ENDING] == 0
    raw = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    for owner, wrap in wraps.items():
        assert (wrap in raw) == (owner not in gone), owners[owner]
    left = {one.subject for owner in owners for one in [office.run(_row(keys, owner))] if one}
    assert all(office.run(keys.closures.archived(o)) == [] for o in left if owners[o] == "closed")
    assert office.is_sound()


async def _row(keys: SqliteKeyStore, owner: int) -> ClosureRow | None:
    return await keys.closures.get(owner)


def wraps_of(path: Path) -> dict[int, bytes]:
    from server.store.keystore.sealed import APPLICATION_ID
    from server.store.sqlite.connection import connect

    raw = connect(path, application_id=APPLICATION_ID, cache_kib=64)
    found = dict(raw.rows("SELECT subject, wrapped FROM dek WHERE subject >= 1000"))
    raw.close()
    return {owner: wrap for owner, wrap in found.items() if owner < 2_000}


def test_the_offer_lasts_thirty_days_and_the_archive_ten_years() -> None:
    assert timedelta(days=30) / timedelta(milliseconds=1) == OFFERED_MS
    assert timedelta(milliseconds=KEPT_MS) >= timedelta(days=3_652)
