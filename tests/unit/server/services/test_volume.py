"""S7: sixty patients displayed in an hour make an account prove itself, two hundred end its reading."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from dossier.clock import to_wire
from dossier.errors import Refused, SignInNeeded, Unavailable
from dossier.wire import messages as wire
from server.ports import AlarmRow
from server.services.volume import BLOCKED, HOUR_MS, STEP_UP, most_in_an_hour
from tests.fakes.server_room import MONDAY, Desktop, ServerRoom, an_allergy
from tests.logfail import LogFail


@pytest.fixture(autouse=True)
def alarms_are_logged(logfail: LogFail) -> Iterator[None]:
    with logfail.expecting("volume_step_up", "volume_blocked"):
        yield


class Practice(ServerRoom):
    """One doctor, and patients in whose place stand displays that their records owed."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.org = self.unit()
        self.martin = self.desktop("martin", self.org)
        self.volume = self.indexer.volume

    def told(self, patient: int, at: Any = None, who: Desktop | None = None) -> wire.Op:
        who = who or self.martin
        return wire.Op(
            op_id=self.op_id(),
            owner=patient,
            kind="opened",
            acting=who.situation,
            at=to_wire(at or self.clock.now()),
        )

    def display(self, patients: Sequence[int], at: Any = None) -> None:
        for patient in patients:
            assert self.push(self.martin, self.told(patient, at))[0].code == "ok"
        self.settle()

    def people(self, count: int, first: int = 0) -> list[int]:
        return [self.patient(self.org, f"pat-{n}") for n in range(first, first + count)]

    def alarms(self) -> list[AlarmRow]:
        return self.run(self.volume.alarms(self.martin.account))

    def kinds(self) -> list[tuple[str, int]]:
        return [(alarm.kind, alarm.patients) for alarm in self.alarms()]

    def fresh(self, who: Desktop) -> str:
        return self.token(who.device, who.private, who.situation)


def test_s7_at_sixty_patients_in_an_hour_the_account_shows_again_who_it_is(engine: Any) -> None:
    room = engine.room(Practice)
    room.clock.go(minutes=10)
    token = room.fresh(room.martin)
    people = room.people(STEP_UP)
    room.display(people[:-1])
    assert room.kinds() == []
    assert room.run(room.sessions.resolve(token)).account == room.martin.account
    room.display(people[-1:])
    assert room.kinds() == [("step_up", STEP_UP)]
    with pytest.raises(SignInNeeded):
        room.run(room.sessions.resolve(token))
    martin = room.martin
    with pytest.raises(Refused, match="proof_needed"):
        room.signed_in(martin.device, martin.private, martin.situation)
    assert [alarm.ended_ms for alarm in room.alarms()] == [None]
    again = room.run(room.sessions.resolve(room.fresh(martin)))
    assert not again.blocked
    assert [alarm.ended_ms for alarm in room.alarms()] == [room.premises.now_ms]
    assert [line.action for line in room.lines(room.martin.account)] == ["volume_step_up"]
    assert room.volume.raised == {"step_up": 1}


def test_s7_who_showed_who_they_are_within_ten_minutes_is_not_asked_again() -> None:
    room = Practice()
    room.clock.go(minutes=9)
    token = room.fresh(room.martin)
    room.display(room.people(STEP_UP))
    assert room.kinds() == [("step_up", STEP_UP)]
    assert room.run(room.sessions.resolve(token)).account == room.martin.account


def test_s7_at_two_hundred_reading_ends_and_what_was_written_is_still_taken() -> None:
    room = Practice()
    people = room.people(BLOCKED)
    room.display(people)
    assert room.kinds() == [("step_up", STEP_UP), ("blocked", BLOCKED)]
    token = room.fresh(room.martin)
    with pytest.raises(Refused) as refused:
        room.run(room.sessions.resolve(token))
    assert refused.value.code == "volume_blocked"
    session = room.run(room.sessions.resolve_ended(token))
    assert session.blocked
    op = room.create(room.martin, people[0], an_allergy("pat-0", "all-1"))
    reply = room.run(room.changes.push(session, wire.OpsRequest(ops=(op,))))
    assert [verdict.code for verdict in reply.verdicts] == ["ok"]
    (alert,) = room.lines(room.org)
    assert (alert.action, alert.account, alert.count) == (
        "volume_blocked",
        room.martin.account,
        BLOCKED,
    )


def test_s7_a_blocked_account_is_released_by_a_journalled_act_and_counts_anew() -> None:
    room = Practice()
    people = room.people(BLOCKED)
    room.display(people)
    room.clock.go(minutes=20)
    room.run(room.volume.release(room.martin.account, "seen with Dr Martin"))
    room.settle()
    assert room.run(room.sessions.resolve(room.fresh(room.martin))).blocked is False
    assert [alarm.ended_ms is not None for alarm in room.alarms()] == [False, True]
    line = room.lines(room.martin.account)[0]
    assert (line.action, line.reason) == ("volume_released", "seen with Dr Martin")
    assert [line.action for line in room.lines(room.org)] == ["volume_released", "volume_blocked"]
    room.display(people[:1])
    assert len(room.alarms()) == 2
    with pytest.raises(Refused, match="not_blocked"):
        room.run(room.volume.release(room.martin.account))
    with pytest.raises(Unavailable):
        room.run(room.volume.release(people[0]))


def test_s7_the_same_patients_again_and_the_same_ops_again_count_once(engine: Any) -> None:
    room = engine.room(Practice)
    people = room.people(STEP_UP - 1)
    ops = [room.told(patient) for patient in people]
    for _ in range(2):
        for op in ops:
            room.push(room.martin, op)
        room.settle()
    room.clock.go(minutes=11)
    room.display(people)
    assert room.kinds() == []


def test_s7_an_effect_done_twice_after_a_crash_counts_once(engine: Any) -> None:
    room = engine.room(Practice)
    (patient,) = room.people(1)
    room.push(room.martin, room.told(patient))
    round_ = room.run(room.store.read(patient, room.indexer._due))
    ((row, owed),) = round_.aimed
    for _ in range(2):
        room.run(room.store.write(row.target, partial(room.indexer._aim, patient, row, owed)))
    room.settle()
    shown = room.run(
        room.store.read(room.martin.account, lambda tx: tx.volumes.displays(0, 1 << 60))
    )
    assert [target for _, target in shown] == [patient]


def test_s7_displays_of_days_without_a_network_are_counted_hour_by_hour(engine: Any) -> None:
    room = engine.room(Practice)
    people = room.people(STEP_UP)
    half = STEP_UP // 2
    room.clock.go(days=2)
    room.display(people[:half], MONDAY)
    room.display(people[half:], MONDAY + timedelta(hours=5))
    assert room.kinds() == []
    again = [MONDAY + timedelta(hours=5, minutes=n) for n in range(half)]
    for patient, at in zip(people[:half], reversed(again), strict=True):
        room.display([patient], at)
    assert room.kinds() == [("step_up", STEP_UP)]


def test_s7_a_record_read_on_the_server_counts_like_one_read_on_a_desktop(engine: Any) -> None:
    room = engine.room(Practice)
    people = room.people(STEP_UP)
    for patient in people:
        room.run(room.records.read(room.martin.session, patient))
    room.settle()
    assert room.kinds() == [("step_up", STEP_UP)]


def test_the_hour_slides() -> None:
    minute = HOUR_MS // 60
    shown = [(n * minute, n) for n in range(100)]
    assert most_in_an_hour(shown, 99 * minute) == 60
    assert most_in_an_hour(shown[:50], 49 * minute) == 50
    assert most_in_an_hour([(0, 1), (1, 1), (2, 2)], 0) == 2
    assert most_in_an_hour([(0, 1), (HOUR_MS, 2)], HOUR_MS) == 1
