"""When the session locks, and what the lease says."""

from datetime import UTC, datetime, timedelta

import pytest

from practitioner_app.services import session
from practitioner_app.services.session import (
    Attempts,
    Barred,
    IdleTimer,
    Lease,
    Lock,
    Moment,
    lease_at,
    must_lock,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FINE = Moment(now=NOW, last_seen=NOW, lease=Lease.FINE, idle_due=False)


def facts(**given):
    store = MemoryRecordStore()
    store.facts |= given
    return store.copy_facts()


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (timedelta(days=4), Lease.FINE),
        (timedelta(days=5, seconds=1), Lease.ENDING),
        (timedelta(days=7), Lease.OVER),
        (timedelta(days=29), Lease.OVER),
        (timedelta(days=30), Lease.CLOSED),
    ],
)
def test_d8_hz19_the_lease_is_seven_days_then_continuity_to_thirty(after, state):
    found = session.lease_state(facts(last_contact=NOW), NOW + after)
    assert found.state is state
    assert found.until == NOW + timedelta(days=7)


def test_the_server_s_lease_is_the_one_that_counts():
    until = NOW + timedelta(hours=4)
    found = session.lease_state(
        facts(last_contact=NOW, lease_until=until), NOW + timedelta(hours=5)
    )
    assert (found.state, found.until) == (Lease.OVER, until)


def test_a_device_that_never_had_contact_has_nothing_to_protect():
    assert session.lease_state(facts(last_contact=None), NOW).state is Lease.FINE


@pytest.mark.parametrize(
    ("held", "barred"),
    [
        ({"member_until": NOW + timedelta(days=3)}, Barred.MEMBERSHIP),
        ({"member_until": NOW}, Barred.MEMBERSHIP),
        ({"purging": True}, Barred.PURGE),
    ],
)
def test_d8_continuity_is_barred_by_an_ended_membership_or_an_order_to_erase(held, barred):
    later = NOW + timedelta(days=8)
    found = session.lease_state(facts(last_contact=NOW, **held), later)
    assert (found.state, found.barred) == (Lease.CLOSED, barred)
    assert session.lease_state(facts(last_contact=NOW, **held), NOW).whole


def test_d8_a_lease_read_once_goes_on_with_the_clock():
    read = session.lease_state(facts(last_contact=NOW), NOW)
    days = {0: Lease.FINE, 6: Lease.ENDING, 7: Lease.OVER, 29: Lease.OVER, 30: Lease.CLOSED}
    assert {day: lease_at(read, NOW + timedelta(days=day)) for day in days} == days


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, Lock.OPEN),
        ({"idle_due": True}, Lock.IDLE),
        ({"system_locked": True, "idle_due": True}, Lock.SYSTEM),
        ({"lease": Lease.CLOSED}, Lock.LEASE),
        ({"lease": Lease.CLOSED, "continuity": True}, Lock.LEASE),
        ({"lease": Lease.OVER}, Lock.LEASE),
        ({"lease": Lease.OVER, "continuity": True}, Lock.OPEN),
        ({"lease": Lease.OVER, "continuity": True, "idle_due": True}, Lock.IDLE),
        ({"now": NOW - timedelta(days=30), "continuity": True}, Lock.CLOCK),
        ({"now": NOW - timedelta(days=30)}, Lock.CLOCK),
        ({"now": NOW - timedelta(minutes=9)}, Lock.OPEN),
        ({"last_seen": None, "now": NOW - timedelta(days=30)}, Lock.OPEN),
    ],
)
def test_d8_what_locks(change, reason):
    import msgspec

    assert must_lock(msgspec.structs.replace(FINE, **change)) is reason


def test_d2_the_idle_timer_counts_from_the_last_action():
    clock = ManualClock()
    timer = IdleTimer(clock, minutes=5)
    clock.advance(239)
    assert timer.countdown_s() is None
    clock.advance(2)
    assert timer.countdown_s() == 60
    timer.acted()
    assert not timer.due()
    clock.advance(300)
    assert timer.due()


def test_a_clock_set_back_does_not_prolong_the_idle_time():
    clock = ManualClock()
    timer = IdleTimer(clock, minutes=5)
    clock.advance(300)
    clock.jump(-86_400)
    assert timer.due()


@pytest.mark.parametrize(("asked", "seconds"), [(0, 120), (1000, 900)])
def test_the_idle_time_stays_between_two_and_fifteen_minutes(asked, seconds):
    assert IdleTimer(ManualClock(), minutes=asked).remaining_s() == seconds


def test_wrong_phrases_wait_longer_and_longer():
    clock = ManualClock()
    attempts = Attempts(clock)
    waits = []
    for _ in range(12):
        attempts.failed()
        waits.append(attempts.wait_s())
        clock.advance(attempts.wait_s())
    assert waits[:6] == [0, 0, 0, 5, 10, 20]
    assert max(waits) == 300
    attempts.succeeded()
    assert attempts.wait_s() == 0


@pytest.mark.parametrize(
    ("days", "is_said"), [(31, False), (30, True), (1, True), (0, False), (-1, False)]
)
def test_s8_the_end_of_a_membership_is_said_thirty_days_before(days, is_said):
    until = NOW + timedelta(days=days)
    known = session.lease_state(facts(last_contact=NOW, member_until=until), NOW)
    assert session.membership_ends(known, NOW) == (until if is_said else None)
