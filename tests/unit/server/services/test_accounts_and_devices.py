"""Sign-in: named persons, enrolled devices, tokens without rights."""

from typing import Any

import pytest

from dossier.errors import Busy, Refused, SignInNeeded
from dossier.wire.limits import ENROL_PATH
from dossier.wire.sessions import EnrolReply
from server.services.accounts import Person
from server.services.attempts import FREE_TRIES
from tests.fakes.server_room import HERE, ServerRoom


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


def enrol(room: ServerRoom, login: str, *, address: str = HERE, **more: str) -> EnrolReply:
    return room.enrol(login, address=address, **more)


def test_an_enrolled_device_signs_in_to_its_situation(room: ServerRoom) -> None:
    org = room.unit()
    desk = room.desktop("martin", org)
    session = desk.session
    assert (session.account, session.unit, session.profession) == (desk.account, org, "10")
    (situation,) = room.run(room.members.situations(desk.account))
    assert (situation.id, situation.organisation_name) == (desk.situation, "Cabinet du Parc")


def test_a_sign_in_name_is_one_whatever_its_case(room: ServerRoom) -> None:
    room.desktop("martin", room.unit())
    assert enrol(room, " MARTIN ").display_name == "Dr martin"
    with pytest.raises(Refused, match="login_taken"):
        room.run(room.accounts.create(Person(login="Martin", display_name="x")))


def test_a_name_reserved_by_a_creation_that_died_is_taken_over(room: ServerRoom) -> None:
    name = room.premises.blind.login("martin")
    room.run(
        room.store.write(name, lambda tx: tx.reservations.reserve("login", 5, b"", unique=True))
    )
    person = Person(login="martin", display_name="Dr Martin")
    assert room.run(room.accounts.create(person)) == 5


def test_an_unknown_name_and_a_wrong_password_are_one_answer_after_the_same_work(
    room: ServerRoom,
) -> None:
    room.desktop("martin", room.unit())
    with pytest.raises(SignInNeeded):
        enrol(room, "martin", password="wrong password")
    assert room.passwords.blank_checks == 0
    with pytest.raises(SignInNeeded):
        enrol(room, "nobody", password="wrong password")
    assert room.passwords.blank_checks == 1


def test_s10_tries_from_one_address_wait_twice_as_long_each_and_never_for_ever(
    room: ServerRoom,
) -> None:
    room.desktop("martin", room.unit())
    waits: list[float] = []
    for count in range(1, FREE_TRIES + 11):
        with pytest.raises(SignInNeeded):
            enrol(room, "martin", password="wrong password", proof="000000")
        if count >= FREE_TRIES:
            with pytest.raises(Busy) as busy:
                enrol(room, "martin", password="wrong password", proof="000000")
            waits.append(busy.value.retry_after_s)
            room.clock.go(seconds=busy.value.retry_after_s)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert enrol(room, "martin").account


def test_a_malformed_device_key_is_refused(room: ServerRoom) -> None:
    room.desktop("martin", room.unit())
    with pytest.raises(Refused, match="device_key"):
        asked, shown = room.enrolment("martin", "="), room.presented("", bytes(32), ENROL_PATH)
        room.run(room.devices.enrol(asked, HERE, shown))


def test_a_token_dies_with_its_time_its_device_and_its_account(room: ServerRoom) -> None:
    org = room.unit()
    desk = room.desktop("martin", org)

    def resolve(token: str) -> None:
        room.run(room.sessions.resolve(token))

    token = room.token(desk.device, desk.private, desk.situation)
    resolve(token)
    room.clock.go(minutes=16)
    with pytest.raises(SignInNeeded):
        resolve(token)
    token = room.token(desk.device, desk.private, desk.situation)
    room.run(room.devices.revoke(desk.account, desk.device))
    with pytest.raises(SignInNeeded):
        resolve(token)
    with pytest.raises(Refused, match="device_revoked"):
        room.token(desk.device, desk.private, desk.situation)
    other = room.desktop("diallo", org)
    token = room.token(other.device, other.private, other.situation)
    room.run(room.accounts.close(other.account))
    with pytest.raises(SignInNeeded):
        resolve(token)
    with pytest.raises(SignInNeeded):
        enrol(room, "diallo")


@pytest.mark.parametrize(
    "token", ["", "x", "AAAA", "é", "A" * 54, "clq_a_" + "A" * 54, "clq_r_" + "A" * 54]
)
def test_a_token_that_was_never_ours_is_refused(room: ServerRoom, token: str) -> None:
    with pytest.raises(SignInNeeded):
        room.run(room.sessions.resolve(token))


def test_devices_are_listed_with_their_names(room: ServerRoom) -> None:
    desk = room.desktop("martin", room.unit())
    ((row, name),) = room.run(room.devices.of_account(desk.account))
    assert (row.device, name, row.revoked_ms) == (desk.device, "poste 1", None)


def test_an_organisation_is_made_once(room: ServerRoom) -> None:
    unit = room.unit("org-1")
    assert room.run(room.members.find_unit("org-1")) == unit
    with pytest.raises(Refused, match="unit_taken"):
        room.unit("org-1")
