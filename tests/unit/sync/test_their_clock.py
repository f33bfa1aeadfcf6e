"""A clock that is years off neither ends a right early nor keeps it longer (law 7)."""

from datetime import UTC, datetime, timedelta

import pytest

from dossier.clock import to_wire
from dossier.errors import BadAnswer
from dossier.wire.messages import Head, Heads
from sync.their_clock import TheirClock
from tests.fakes.manual_clock import ManualClock

SERVER = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def told(until: datetime | None, now: datetime | None = SERVER) -> Heads:
    ends = None if until is None else to_wire(until)
    head = Head(owner=1, facet="f", kind="patient", until=ends)
    return Heads(restore=0, v="v", heads=(head,), now="" if now is None else to_wire(now))


@pytest.mark.parametrize("off", [timedelta(days=1100), timedelta(days=-400), timedelta(hours=2)])
def test_the_end_of_a_right_is_counted_from_when_it_was_told(off: timedelta) -> None:
    clock = ManualClock()
    clock.advance((SERVER + off - clock.now()).total_seconds())
    (head,) = TheirClock(clock).heads(told(SERVER + timedelta(days=30))).heads
    assert head.until == to_wire(clock.now() + timedelta(days=30))


def test_clocks_that_agree_change_nothing() -> None:
    clock = ManualClock()
    said = told(clock.now() + timedelta(days=1), now=clock.now() + timedelta(seconds=20))
    assert TheirClock(clock).heads(said) == said
    assert TheirClock(clock).heads(told(None)).heads[0].until is None


@pytest.mark.parametrize("days", [9_000, -400])
def test_our_clock_set_between_two_answers_is_noticed_and_counted(days: int) -> None:
    clock = ManualClock()
    theirs = TheirClock(clock)
    theirs.heads(told(None, now=clock.now()))
    assert not theirs.has_jumped()
    end = clock.now() + timedelta(days=30)
    clock.jump(days * 86_400.0)
    assert theirs.has_jumped()
    assert not theirs.has_jumped()
    (head,) = theirs.heads(told(end, now=None)).heads
    assert head.until == to_wire(end + timedelta(days=days))


def test_their_clock_set_between_two_answers_is_noticed() -> None:
    clock = ManualClock()
    theirs = TheirClock(clock)
    theirs.heads(told(None, now=clock.now()))
    assert not theirs.has_jumped()
    theirs.heads(told(None, now=clock.now() + timedelta(days=20)))
    assert theirs.has_jumped()


def test_what_is_no_instant_is_a_bad_answer() -> None:
    theirs = TheirClock(ManualClock())
    theirs.heads(told(None, now=datetime(1, 1, 2, tzinfo=UTC)))
    with pytest.raises(BadAnswer):
        theirs.head(Head(owner=1, facet="f", kind="patient", until="tomorrow"))
    with pytest.raises(BadAnswer):
        theirs.heads(Heads(restore=0, v="v", heads=(), now="noon"))
