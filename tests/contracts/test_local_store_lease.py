"""After the lease the store shows what the practice wrote, by itself, and the rest again after a contact."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dossier.wire.messages import Row, Version
from local_store.store import LocalStore
from tests.contracts.local_store_practice import (
    change,
    copy,
    create,
    observation,
    opened,
    patient,
)
from tests.fakes.manual_clock import ManualClock

ANNE, BOB = 11, 12
DAY_S = 86_400.0


def own(row: Row) -> Row:
    return Row(row.rtype, row.id, row.version, row.subject, row.root, row.body, own=True)


def directory_row() -> Row:
    body = b'{"resourceType":"Practitioner","id":"dr"}'
    return Row("Practitioner", "dr", Version(0, 1), 0, None, body)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[LocalStore]:
    """Anne: one row of ours, one of another's, a name another wrote. Bob: everything is another's."""
    with opened(tmp_path / "p", clock) as local:
        copy(local, ANNE, [patient(ANNE, "Martin", "Anne", "1958-07-14")], facet="tag-identity")
        rows = [own(observation("ours", "asthme")), observation("theirs", "holter")]
        copy(local, ANNE, rows)
        copy(local, BOB, [patient(BOB, "Martin", "Bob", "1950-01-02")], facet="tag-identity")
        copy(local, BOB, [observation("bob", "holter")])
        copy(local, 900, [directory_row()], facet="tag-public", kind="directory")
        local.sync.contact(clock.now(), clock.now() + timedelta(days=7))
        yield local


def names(store: LocalStore) -> list[int]:
    return [line.owner for line in store.records.patients("martin", 10)]


def ids(store: LocalStore, owner: int) -> set[str]:
    return {row.id for row in store.records.rows(owner)}


def test_until_the_lease_ends_everything_is_shown(store: LocalStore, clock: ManualClock) -> None:
    clock.advance(7 * DAY_S - 1)
    assert not store.is_narrowed()
    assert (sorted(names(store)), len(ids(store, ANNE))) == ([ANNE, BOB], 3)
    assert store.records.completeness(ANNE).complete


def test_hz_19_after_it_only_what_the_practice_wrote_is(
    store: LocalStore, clock: ManualClock
) -> None:
    clock.advance(7 * DAY_S)
    assert store.is_narrowed()
    assert (names(store), ids(store, ANNE), ids(store, BOB)) == ([ANNE], {"ours"}, set())
    assert store.records.resource(ANNE, "Observation", "theirs") is None
    line = store.records.patient(ANNE)
    assert line is not None
    assert (line.family, line.birth_date) == ("Martin", "1958-07-14")
    assert store.records.patient(BOB) is None


def test_hz_17_nothing_hidden_is_counted_found_or_read_as_absent(
    store: LocalStore, clock: ManualClock
) -> None:
    clock.advance(8 * DAY_S)
    assert store.records.search("holter", None, 10) == []
    assert [hit.id for hit in store.records.search("asthme", None, 10)] == ["ours"]
    known = store.records.completeness(ANNE)
    assert (known.complete, known.narrowed, known.readable, known.rows) == (False, True, True, 1)
    assert not store.records.completeness(BOB).readable
    facts = store.records.copy_facts()
    assert (facts.patients, facts.rows, facts.rows_wanted) == (1, 1, 1)
    assert facts.size == facts.size_wanted == len(observation("ours", "asthme").body or b"")


def test_names_of_the_directory_stay(store: LocalStore, clock: ManualClock) -> None:
    clock.advance(8 * DAY_S)
    assert set(store.records.directory(["Practitioner/dr"])) == {"Practitioner/dr"}


def test_what_waits_here_is_ours_but_not_what_it_stands_on(
    store: LocalStore, clock: ManualClock
) -> None:
    theirs = observation("theirs", "holter")
    store.outbox.put(create(1, BOB, observation("new", "toux")), shows=b'{"mine":1}')
    store.outbox.put(
        change(2, ANNE, theirs, Version(0, 1)), shows=b'{"all":1}', saw=theirs.body or b""
    )
    clock.advance(8 * DAY_S)
    assert (ids(store, BOB), ids(store, ANNE)) == ({"new"}, {"ours"})
    assert sorted(names(store)) == [ANNE, BOB]
    assert [op.body for op in store.outbox.pending()] == [b'{"mine":1}', b""]


def test_hz_19_it_ends_thirty_days_after_the_last_contact(
    store: LocalStore, clock: ManualClock
) -> None:
    clock.advance(30 * DAY_S - 1)
    assert ids(store, ANNE) == {"ours"}
    clock.advance(1)
    assert (names(store), ids(store, ANNE)) == ([], set())
    assert store.records.search("asthme", None, 10) == []


def test_d8_a_membership_that_ended_shows_nothing(store: LocalStore, clock: ManualClock) -> None:
    store.sync.membership(clock.now() + timedelta(days=8))
    clock.advance(7 * DAY_S)
    assert ids(store, ANNE) == {"ours"}
    clock.advance(DAY_S)
    assert ids(store, ANNE) == set()
    store.sync.membership(None)
    assert ids(store, ANNE) == {"ours"}


def test_a_contact_shows_the_rest_again_at_once(store: LocalStore, clock: ManualClock) -> None:
    clock.advance(8 * DAY_S)
    assert ids(store, ANNE) == {"ours"}
    store.sync.contact(clock.now(), None)
    assert ids(store, ANNE) == {"ours"}, "no new lease was given"
    store.sync.contact(clock.now(), clock.now() + timedelta(days=7))
    assert len(ids(store, ANNE)) == 3


def test_the_end_of_the_lease_survives_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    with opened(tmp_path / "p", clock) as local:
        copy(local, ANNE, [patient(ANNE, "Martin", "Anne", "1958-07-14"), observation("x", "y")])
        local.sync.contact(clock.now(), clock.now() + timedelta(hours=4))
    clock.advance(4 * 3600)
    with opened(tmp_path / "p", clock) as local:
        assert (names(local), ids(local, ANNE)) == ([], set())


def test_a_row_told_again_may_become_ours(store: LocalStore) -> None:
    store.sync.forget(ANNE, "tag-clinical")
    held = store.sync.held_one(ANNE, "tag-clinical")
    assert held is not None
    rows = [own(observation("ours", "asthme")), own(observation("theirs", "holter"))]
    copy(store, ANNE, rows, at="later")
    with store._readers.reading() as db:
        found = db.execute("SELECT id, own FROM confirmed WHERE own = 1").fetchall()
    assert sorted(found) == [("ours", 1), ("theirs", 1)]


def _steps(store: LocalStore) -> int:
    """The hundreds of steps of SQLite's machine that the figures of the copy take."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    with store._readers.reading() as db:
        db.set_progress_handler(count, 100)
    try:
        store.records.copy_facts()
    finally:
        with store._readers.reading() as db:
            db.set_progress_handler(None, 0)
    return counted[0]


def test_its_figures_cost_one_look_at_each_row_however_large_the_practice(
    store: LocalStore, clock: ManualClock
) -> None:
    """A day offline in a practice of 1,500 patients must lock at once, not after minutes."""
    grown: list[int] = []
    for start in (100, 150):
        for owner in range(start, start + 50):
            copy(
                store, owner, [patient(owner, "Le Goff", f"A{owner}", "1960-01-01")], facet="tag-i"
            )
            copy(store, owner, [own(observation(f"o{owner}-{n}", "toux")) for n in range(4)])
        store.sync.contact(clock.now(), clock.now() + timedelta(days=7))
        clock.advance(8 * DAY_S)
        assert store.is_narrowed()
        grown.append(_steps(store))
    assert grown[1] < 2.5 * grown[0]
