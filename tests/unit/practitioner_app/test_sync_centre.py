"""The sync centre: exact figures, nothing that vanishes."""

from datetime import timedelta

import pytest
from msgspec import structs

from dossier.entropy import SeededEntropy
from dossier.fhir.allergies import NewAllergy
from practitioner_app.ports import ItemState
from practitioner_app.services.allergies import AllergyService, RecordAllergy
from practitioner_app.services.search import SearchService
from practitioner_app.services.session import Connection, Lease, Link
from practitioner_app.services.sync_centre import (
    Progress,
    Rank,
    RateMeter,
    SyncCentre,
    Undone,
    percent,
)
from practitioner_app.services.writing import Writer
from tests.builders import ACTOR, OWNER, a_patient
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import COPIED, MemoryRecordStore


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def store():
    store = MemoryRecordStore()
    store.hold(OWNER, a_patient())
    return store


@pytest.fixture
def centre(store, clock):
    return SyncCentre(reader=store, outbox=store, search=SearchService(store, clock), clock=clock)


def recorded(store, clock):
    writer = Writer(reader=store, outbox=store, clock=clock, entropy=SeededEntropy(1), actor=ACTOR)
    return AllergyService(store, writer).record(
        RecordAllergy(owner=OWNER, allergy=NewAllergy(agent="iode"))
    )


def test_waiting_and_refused_items_name_their_patient_and_reason(store, centre, clock):
    first = recorded(store, clock)
    view = centre.view()
    [row] = view.pending
    assert (row.title, row.op_id) == ("iode", first.op_id)
    assert row.patient is not None
    assert row.patient.birth_date == "1958-07-14"
    assert row.size_bytes > 100
    store.judged(first.op_id, ItemState.REFUSED, reason="validation")
    view = centre.view()
    assert view.pending == ()
    assert [(item.reason, item.state) for item in view.refused] == [
        ("validation", ItemState.REFUSED)
    ]
    centre.withdraw_refused(first.op_id)
    assert centre.view().refused == ()
    assert len(store.archive) == 1


def test_a_waiting_item_can_be_undone_from_the_list(store, centre, clock):
    assert centre.undo(recorded(store, clock).op_id) is Undone.DONE
    assert centre.view().pending == ()


def test_an_item_that_stays_says_what_is_true_of_it(store, centre, clock):
    written = recorded(store, clock)
    store.judged(written.op_id, ItemState.SENT)
    assert centre.undo(written.op_id) is Undone.LEFT
    assert [item.op_id for item in centre.view().pending] == [written.op_id]
    store.confirm(written.op_id)
    assert centre.undo(written.op_id) is Undone.ANSWERED


def test_an_item_that_a_later_change_rests_on_is_undone_after_it(store, centre, clock):
    first = recorded(store, clock)
    before = next(entry for entry in store.ops if entry.op.op_id == first.op_id)
    later = structs.replace(before.op, op_id="0193f0a0-0000-7000-8000-00000000000f")
    later = structs.replace(later, depends_on=first.op_id)
    store.put(later, shows=before.shows)
    assert centre.undo(first.op_id) is Undone.NEEDED
    assert centre.undo(later.op_id) is Undone.DONE
    assert centre.undo(first.op_id) is Undone.DONE


def test_progress_is_one_ratio_and_never_a_hundred_before_it_is_true(store, centre):
    store.facts |= {
        "patients": 1500,
        "patients_complete": 236,
        "rows": 35_400,
        "rows_wanted": 225_000,
        "size": 6_400_000,
        "size_wanted": 40_500_000,
        "by_rank": (
            (0, 1500, 1500, 1500, 1500),
            (1, 0, 0, 37, 40),
            (3, 236, 1500, 33_863, 223_460),
        ),
    }
    copy = centre.view().copy
    assert (copy.patients, copy.patients_total, copy.percent) == (236, 1500, 15.7)
    assert [(row.rank, row.progress) for row in copy.ranks] == [
        (Rank.LIST, Progress.DONE),
        (Rank.NAMES, Progress.DONE),
        (Rank.RECORDS, Progress.UNDER_WAY),
    ]
    assert copy.usable
    assert not copy.complete
    assert percent(0.99999, complete=False) == 99.9


def test_time_left_is_smoothed_and_unknown_at_first(store, centre, clock):
    store.facts |= {"patients": 2, "patients_complete": 1, "size": 0, "size_wanted": 1_000}
    assert centre.view().copy.seconds_left is None
    clock.advance(4)
    store.facts["size"] = 40
    assert centre.view().copy.seconds_left is None
    clock.advance(4)
    store.facts["size"] = 80
    assert centre.view().copy.seconds_left == pytest.approx(92.0)


def test_a_rebuilt_copy_starts_its_rate_again(clock):
    meter = RateMeter(clock)
    for size in (0, 600, 10):
        meter.saw(size)
        clock.advance(6)
    assert meter.per_s() is None


def test_the_status_holds_counts_the_connection_and_the_lease(store, centre, clock):
    recorded(store, clock)
    centre.connected(Connection(link=Link.OFFLINE, since=COPIED))
    status = centre.status()
    assert (status.pending, status.refused, status.conflicts) == (1, 0, 0)
    assert status.connection.offline
    assert (status.copy_at, status.complete) == (COPIED, True)
    assert status.lease.state is Lease.FINE
    assert status.lease.until == COPIED + timedelta(days=7)


def test_exchanges_are_kept_newest_first(centre):
    centre.noted("exchange.pulled", rows=100)
    centre.noted("exchange.pushed", ops=2)
    assert [item.key for item in centre.view().exchanges] == [
        "exchange.pushed",
        "exchange.pulled",
    ]
