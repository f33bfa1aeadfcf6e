"""A server's time never goes back: what ended stays ended, whoever sets the machine's clock."""

from datetime import date, timedelta

import pytest

from dossier.clock import to_ms
from dossier.errors import Refused, SignInNeeded
from dossier.wire.sessions import ActivationRequest
from server.services.access import TEAM
from server.services.issuing import TOKEN_S
from server.services.steady import SteadyClock
from server.store.keystore import MemoryKeyStore
from tests.fakes.server_room import MONDAY, PASSWORD, Desktop, ServerRoom, SteppingClock

YEAR = timedelta(days=365)


def after_a_crash(room: ServerRoom, *, set_back: timedelta) -> ServerRoom:
    """Another process over the same rows and keys, on a machine whose clock stands behind."""
    again = ServerRoom(store=room.store, keys=room.keys)
    again.clock.instant = room.clock.instant
    again.clock.wrong_by = -set_back
    assert again.clock.now() < room.clock.now()
    return again


@pytest.fixture
def room() -> ServerRoom:
    return ServerRoom()


@pytest.fixture
def doctor(room: ServerRoom) -> Desktop:
    return room.desktop("dr", room.unit())


def keep(room: ServerRoom) -> None:
    room.run(room.premises.clock.keep(room.keys, at_once=True))


def sign_in(room: ServerRoom, doctor: Desktop) -> None:
    room.run(room.sessions.resolve(room.token(doctor.device, doctor.private, doctor.situation)))


# --- the clock itself ---------------------------------------------------------------------------------------


def test_it_is_the_machines_clock_while_that_goes_on() -> None:
    wall = SteppingClock()
    steady = SteadyClock(wall)
    wall.go(hours=3)
    assert steady.now() == wall.now()
    wall.wrong_by = YEAR
    assert steady.now() == wall.now()
    assert not steady.ahead


def test_set_back_it_goes_on_a_little_slower_until_the_machine_has_caught_up() -> None:
    wall = SteppingClock()
    steady = SteadyClock(wall)
    before = steady.now()
    wall.wrong_by = -timedelta(minutes=10)
    assert steady.now() == before
    for minute in range(1, 51):
        wall.go(minutes=1)
        assert steady.now() == before + timedelta(minutes=minute * 0.9)
    assert steady.ahead == timedelta(minutes=5)
    for _ in range(50):
        wall.go(minutes=1)
        assert steady.now() > wall.now() or not steady.ahead
    assert steady.now() == wall.now()
    assert not steady.ahead


def test_no_reading_is_before_another_however_the_clock_is_set() -> None:
    wall = SteppingClock()
    steady, last = SteadyClock(wall), MONDAY
    for n, days in enumerate((0, 40, -400, -1, 3, -7000, 7000, 12, -12)):
        wall.wrong_by = timedelta(days=days)
        for _ in range(5):
            wall.go(milliseconds=0.3 * n)
            assert steady.now() >= last
            last = steady.now()


def test_another_process_learns_how_far_time_came() -> None:
    keys = MemoryKeyStore(ServerRoom().entropy)
    one, other = SteppingClock(), SteppingClock()
    other.wrong_by = -YEAR
    ahead, behind = SteadyClock(one), SteadyClock(other)
    keep_both = (ahead.keep(keys), behind.keep(keys))
    for call in keep_both:
        with pytest.raises(StopIteration):
            call.send(None)
    assert behind.now() == ahead.now() == MONDAY


def test_it_is_kept_every_ten_seconds_and_at_the_end(room: ServerRoom) -> None:
    keys, clock = room.keys, room.clock
    keep(room)
    clock.go(seconds=9)
    room.run(room.premises.clock.keep(keys))
    assert room.run(keys.time.reach(0)) == to_ms(clock.now() - timedelta(seconds=9))
    clock.go(seconds=1)
    room.run(room.premises.clock.keep(keys))
    assert room.run(keys.time.reach(0)) == to_ms(clock.now())


def test_an_operator_who_was_a_year_ahead_by_mistake_takes_time_back(room: ServerRoom) -> None:
    room.clock.wrong_by = YEAR
    keep(room)
    room.clock.wrong_by = timedelta()
    assert room.premises.clock.ahead == YEAR
    room.run(room.keys.time.take_back(to_ms(room.clock.now())))
    assert not ServerRoom(store=room.store, keys=room.keys).premises.clock.ahead


# --- what ends by an act ------------------------------------------------------------------------------------


def test_n2_a_membership_somebody_ended_stays_ended_when_the_clock_is_set_back(
    room: ServerRoom, doctor: Desktop
) -> None:
    token = room.token(doctor.device, doctor.private, doctor.situation)
    room.run(room.members.end(doctor.account, doctor.situation))
    for back in (timedelta(seconds=90), timedelta(days=1), YEAR):
        room.clock.wrong_by = -back
        with pytest.raises(Refused, match="situation_ended"):
            room.run(room.sessions.resolve(token))
        assert room.run(room.members.situations(doctor.account)) == ()
        with pytest.raises(Refused, match="membership_over"):
            room.run(room.members.renew(doctor.account, doctor.situation, 1 << 50))


def test_it_stays_ended_after_a_crash_before_the_time_was_kept_and_a_clock_set_back(
    room: ServerRoom, doctor: Desktop
) -> None:
    room.clock.go(seconds=5)
    room.run(room.members.end(doctor.account, doctor.situation))
    again = after_a_crash(room, set_back=YEAR)
    assert again.premises.now_ms < room.premises.now_ms
    (row,) = again.run(again.members.of_account(doctor.account))
    assert row.is_over(again.premises.now_ms)
    again.run(again.keys.time.take_back(to_ms(again.clock.now())))
    with pytest.raises(Refused, match="situation_ended"):
        sign_in(again, doctor)


def test_a_membership_ended_after_its_own_end_keeps_that_end(
    room: ServerRoom, doctor: Desktop
) -> None:
    until_ms = room.premises.now_ms + 60_000
    room.run(room.members.renew(doctor.account, doctor.situation, until_ms))
    room.clock.go(days=1)
    room.run(room.members.end(doctor.account, doctor.situation))
    (row,) = room.run(room.members.of_account(doctor.account))
    assert (row.until_ms, row.ended) == (until_ms, 1)


def test_digits_that_served_do_not_serve_again_after_the_clock_is_set_back(
    room: ServerRoom, doctor: Desktop
) -> None:
    digits = room.authenticator.code("dr")
    check = room.credentials.check
    assert room.run(check("dr", PASSWORD, digits, "192.0.2.9")).account == doctor.account
    room.clock.go(seconds=600)
    room.clock.wrong_by = -timedelta(seconds=600)
    with pytest.raises(SignInNeeded):
        room.run(check("dr", PASSWORD, digits, "192.0.2.9"))


def test_digits_are_those_of_the_machines_clock_however_far_the_servers_time_stands_ahead(
    room: ServerRoom, doctor: Desktop
) -> None:
    room.clock.wrong_by = YEAR
    assert room.premises.clock.now() == room.clock.now()
    room.clock.wrong_by = timedelta()
    room.clock.go(seconds=60)
    digits = room.authenticator.code("dr")
    assert (
        room.run(room.credentials.check("dr", PASSWORD, digits, "192.0.2.9")).account
        == doctor.account
    )


# --- what ends by itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_membership_that_ended_by_itself_does_not_live_again(
    room: ServerRoom, doctor: Desktop, is_restarted: bool
) -> None:
    last = room.members.last_day(date(2026, 12, 24))
    room.run(room.members.renew(doctor.account, doctor.situation, last))
    room.clock.go(days=60)
    keep(room)
    if is_restarted:
        room = after_a_crash(room, set_back=timedelta(days=50))
    else:
        room.clock.wrong_by = -timedelta(days=50)
    with pytest.raises(Refused, match="situation_ended"):
        sign_in(room, doctor)


def test_a_consent_of_a_day_does_not_open_a_record_again(room: ServerRoom) -> None:
    unit = room.unit()
    there = room.desktop("far", room.unit("org-2", "Maison du Quai"))
    owner = room.patient(unit)
    until_ms = room.premises.now_ms + 86_400_000
    room.run(room.access.relate(owner, there.session.unit, TEAM, until_ms=until_ms))
    room.settle()
    assert room.pull(there, owner)
    room.clock.go(days=2)
    assert room.premises.now_ms > until_ms
    room.clock.wrong_by = -timedelta(days=40)
    assert not room.pull(there, owner)


def test_a_token_and_a_nonce_do_not_live_again(room: ServerRoom, doctor: Desktop) -> None:
    token = room.token(doctor.device, doctor.private, doctor.situation)
    room.clock.go(seconds=TOKEN_S + 1)
    assert room.premises.now_ms
    room.clock.wrong_by = -timedelta(hours=2)
    with pytest.raises(SignInNeeded):
        room.run(room.sessions.resolve(token))


def test_an_activation_code_of_yesterday_stays_dead(room: ServerRoom, doctor: Desktop) -> None:
    made = room.run(room.credentials.invite(doctor.account))
    room.clock.go(days=2)
    assert room.premises.now_ms
    room.clock.wrong_by = -timedelta(days=2)
    with pytest.raises(SignInNeeded):
        room.run(room.credentials.offer(ActivationRequest(login="dr", code=made.code), "192.0.2.9"))
