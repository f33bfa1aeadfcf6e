"""Refresh tokens copied, replayed, raced, kept over restarts; sessions that must end (security.md S11, rows 37-44)."""

from typing import Any

import pytest

from dossier.errors import Refused, SignInNeeded
from dossier.wire.limits import TOKEN_PATH
from dossier.wire.sessions import ActivateRequest, TokenReply, TokenRequest
from server.services import tokens
from server.services.recognised import FIRST, Recognised
from tests.fakes.server_room import HERE, PASSWORD, Desktop, ServerRoom


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


@pytest.fixture
def desk(room: ServerRoom) -> Desktop:
    return room.desktop("fontaine", room.unit("org-sessions"))


def begin(room: ServerRoom, desk: Desktop, **asked: str) -> TokenReply:
    return room.signed_in(desk.device, desk.private, desk.situation, **asked)


def go_on(room: ServerRoom, desk: Desktop, refresh: str, ask: str) -> TokenReply:
    return begin(room, desk, refresh=refresh, ask=ask)


def by_person(room: ServerRoom, desk: Desktop) -> TokenReply:
    return begin(room, desk, password=PASSWORD, proof=room.authenticator.code("fontaine"))


def restarted(room: ServerRoom) -> ServerRoom:
    """The same databases behind services that were just made: a restart, or another process."""
    twin = ServerRoom(seed=7, store=room.store, keys=room.keys, run=room.run)
    twin.clock.instant = room.clock.instant
    twin.authenticator = room.authenticator
    return twin


def alarms(room: ServerRoom, desk: Desktop) -> list[str]:
    return [row.kind for row in room.run(room.indexer.volume.alarms(desk.account))]


def resolves(room: ServerRoom, token: str) -> bool:
    try:
        room.run(room.sessions.resolve(token))
    except SignInNeeded:
        return False
    return True


def test_s11_tokens_are_named_256_bits_and_kept_as_hashes(room: ServerRoom, desk: Desktop) -> None:
    told = begin(room, desk)
    assert told.token.startswith("clq_a_")
    assert told.refresh.startswith("clq_r_")
    read = tokens.read(room.premises, tokens.REFRESH, told.refresh)
    assert read.account == desk.account
    kept = room.run(room.store.read(desk.account, lambda tx: tx.families.refresh(read.token_hash)))
    assert kept is not None
    assert told.refresh.encode()[6:] not in kept.token_hash
    with pytest.raises(SignInNeeded):
        room.run(room.sessions.resolve(told.refresh))
    with pytest.raises(SignInNeeded):
        go_on(room, desk, told.token, "a")


def test_s11_a_refresh_token_serves_once_and_gives_the_next(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    second = go_on(room, desk, first.refresh, "one")
    third = go_on(room, desk, second.refresh, "two")
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert resolves(room, third.token)
    assert alarms(room, desk) == []


def test_s11_an_answer_that_was_lost_is_given_again_under_its_own_id(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    lost = go_on(room, desk, first.refresh, "one")
    after_crash = go_on(restarted(room), desk, first.refresh, "one")
    assert after_crash.refresh == lost.refresh
    assert go_on(room, desk, lost.refresh, "two")
    assert alarms(room, desk) == []


def test_s11_a_late_copy_of_an_exchange_that_is_over_gets_nothing_and_ends_nothing(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    second = go_on(room, desk, first.refresh, "one")
    third = go_on(room, desk, second.refresh, "two")
    with pytest.raises(SignInNeeded):
        go_on(room, desk, first.refresh, "one")
    assert go_on(room, desk, third.refresh, "three")
    assert alarms(room, desk) == []


@pytest.mark.parametrize("after_restart", [False, True])
def test_s11_a_copied_refresh_token_ends_the_family_after_a_restart_as_well(
    room: ServerRoom, desk: Desktop, *, after_restart: bool
) -> None:
    first = begin(room, desk)
    second = go_on(room, desk, first.refresh, "one")
    server = restarted(room) if after_restart else room
    with pytest.raises(SignInNeeded):
        go_on(server, desk, first.refresh, "the thief's")
    assert not resolves(room, second.token)
    with pytest.raises(SignInNeeded):
        go_on(server, desk, second.refresh, "two")
    with pytest.raises(Refused, match="proof_needed"):
        begin(server, desk)
    assert alarms(room, desk) == ["refresh_reused"]
    server.clock.go(minutes=1)
    room.clock.go(minutes=1)
    assert resolves(room, by_person(server, desk).token)


def test_s11_of_two_concurrent_refreshes_one_wins_and_the_other_is_a_copy(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    winner = go_on(room, desk, first.refresh, "one")
    with pytest.raises(SignInNeeded):
        go_on(room, desk, first.refresh, "other")
    with pytest.raises(SignInNeeded):
        go_on(room, desk, winner.refresh, "two")


def test_s11_a_copied_profile_begins_no_session_beside_one_that_goes_on(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    again = begin(room, desk)
    second = go_on(room, desk, again.refresh, "one")
    with pytest.raises(Refused, match="proof_needed"):
        begin(room, desk)
    with pytest.raises(SignInNeeded):
        go_on(room, desk, first.refresh, "the one before")
    assert go_on(room, desk, second.refresh, "two")


def test_s11_a_refresh_token_is_bound_to_its_device_its_situation_and_its_key(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    other = room.enrolled("fontaine", desk.account, desk.situation, desk.practitioner)
    with pytest.raises(SignInNeeded):
        go_on(room, other, first.refresh, "one")
    shown = room.presented(desk.device, other.private, TOKEN_PATH)
    asked = TokenRequest(
        device=desk.device, situation=desk.situation, refresh=first.refresh, ask="one"
    )
    with pytest.raises(SignInNeeded):
        room.run(room.families.token(asked, shown))
    assert go_on(room, desk, first.refresh, "one")


def test_s11_no_session_is_fixed_by_a_token_somebody_chose(room: ServerRoom, desk: Desktop) -> None:
    made_up = tokens.written(tokens.REFRESH, desk.account, bytes(32))
    with pytest.raises(SignInNeeded):
        go_on(room, desk, made_up, "one")
    with pytest.raises(SignInNeeded):
        go_on(room, desk, begin(room, desk).refresh, "")
    earlier = begin(room, desk).token
    assert by_person(room, desk).token != earlier
    assert not resolves(room, earlier)


def test_row38_a_session_ends_twelve_hours_after_its_person_showed_who_they_are(
    room: ServerRoom, desk: Desktop
) -> None:
    told = begin(room, desk)
    assert told.ends_in_s == 12 * 3600
    for hour in range(47):
        room.clock.go(minutes=15)
        told = go_on(room, desk, told.refresh, f"{hour}")
        assert told.ends_in_s > 0
    room.clock.go(minutes=10)
    told = go_on(room, desk, told.refresh, "the last")
    assert told.expires_in_s == 300
    room.clock.go(minutes=5)
    assert not resolves(room, told.token)
    with pytest.raises(SignInNeeded):
        go_on(room, desk, told.refresh, "too late")
    with pytest.raises(Refused, match="proof_needed"):
        begin(room, desk)
    assert by_person(room, desk).ends_in_s == 12 * 3600


def test_row39_ending_a_session_a_device_or_an_account_is_felt_at_the_next_request(
    room: ServerRoom, desk: Desktop
) -> None:
    told = begin(room, desk)
    (family,) = room.run(room.families.live(desk.account))
    room.run(room.families.end(desk.account, family.family))
    assert not resolves(room, told.token)
    with pytest.raises(SignInNeeded):
        go_on(room, desk, told.refresh, "one")
    with pytest.raises(Refused, match="proof_needed"):
        begin(restarted(room), desk)
    told = by_person(room, desk)
    room.run(room.devices.revoke(desk.account, desk.device))
    assert not resolves(room, told.token)
    with pytest.raises(Refused, match="device_revoked"):
        go_on(room, desk, told.refresh, "two")
    assert room.run(room.families.live(desk.account)) == []


def test_row39_a_closed_account_refreshes_no_more(room: ServerRoom, desk: Desktop) -> None:
    told = begin(room, desk)
    room.run(room.accounts.close(desk.account))
    assert not resolves(room, told.token)
    with pytest.raises(SignInNeeded):
        go_on(restarted(room), desk, told.refresh, "one")


def test_s8_a_leaver_refreshes_no_more_after_the_days_to_file_what_was_begun(
    room: ServerRoom, desk: Desktop
) -> None:
    told = begin(room, desk)
    room.run(room.members.end(desk.account, desk.situation))
    told = go_on(room, desk, told.refresh, "one")
    with pytest.raises(Refused, match="situation_ended"):
        room.run(room.sessions.resolve(told.token))
    room.clock.go(days=14, seconds=1)
    with pytest.raises(Refused, match="situation_ended"):
        go_on(room, desk, told.refresh, "two")


NEW = "sept petits phares bleus"


def test_row39_a_replaced_password_ends_every_session_at_the_next_request_and_says_why(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    page = room.run(room.slips.give(Recognised(desk.account, FIRST), "page", b"", 600_000))
    room.run(room.credentials.set_password(desk.account, NEW))
    assert not resolves(room, first.token)
    with pytest.raises(SignInNeeded):
        room.run(room.slips.read("page", page))
    with pytest.raises(SignInNeeded):
        go_on(room, desk, first.refresh, "one")
    for _ in range(2):
        with pytest.raises(Refused, match="password_replaced"):
            begin(restarted(room), desk)
    room.clock.go(minutes=1)
    with pytest.raises(Refused, match="wrong_proof"):
        by_person(room, desk)
    room.clock.go(minutes=1)
    told = begin(room, desk, password=NEW, proof=room.authenticator.code("fontaine"))
    assert resolves(room, told.token)
    assert alarms(room, desk) == ["password_replaced"]


def test_row39_a_new_password_by_an_activation_code_ends_every_session_too(
    room: ServerRoom, desk: Desktop
) -> None:
    first = begin(room, desk)
    room.clock.go(minutes=1)
    code = room.run(room.credentials.invite(desk.account)).code
    assert resolves(room, first.token), "a code alone changes nothing"
    asked = ActivateRequest(
        login="fontaine", code=code, password=NEW, proof=room.authenticator.code("fontaine")
    )
    room.run(room.credentials.activate(asked, HERE))
    assert not resolves(room, first.token)
    with pytest.raises(Refused, match="password_replaced"):
        begin(room, desk)


def meanwhile(room: ServerRoom, writes: int, act: Any) -> None:
    """`act` is done by another process just before this one's unit of work number `writes`."""
    write, left = room.store.write, [writes]

    async def counted(owner: int, work: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            room.store.write = write
            await act
        return await write(owner, work)

    room.store.write = counted


@pytest.mark.parametrize("act", ["password", "factor"])
def test_row39_a_password_that_was_right_just_before_it_ended_begins_no_session(
    room: ServerRoom, desk: Desktop, act: str
) -> None:
    """Units of a sign-in: the try, the digits used up, the session."""
    room.clock.go(minutes=1)
    credentials = room.credentials
    ending = (
        credentials.set_password(desk.account, NEW)
        if act == "password"
        else credentials.invite(desk.account, reset_factor=True)
    )
    meanwhile(room, 3, ending)
    with pytest.raises(Refused, match="wrong_proof"):
        by_person(room, desk)
    assert room.run(room.families.live(desk.account)) == []


def test_row39_a_password_that_was_right_just_before_it_ended_enrols_no_computer(
    room: ServerRoom, desk: Desktop
) -> None:
    """Units of an enrolment: the try, the digits used up, the device's number, the device."""
    room.clock.go(minutes=1)
    meanwhile(room, 4, room.credentials.set_password(desk.account, NEW))
    with pytest.raises(SignInNeeded):
        room.enrol("fontaine")
    assert len(room.run(room.devices.of_account(desk.account))) == 1
