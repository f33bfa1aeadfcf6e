"""Passkeys: made, shown, copied, replayed, foreign, removed (security.md §5 rows 34 to 37, S10, S11)."""

import argparse
from typing import Any

import msgspec
import pytest

from dossier.errors import Refused, SignInNeeded, Unavailable
from server.cli.accounts import passkeys as listed
from server.services import journal
from server.services.accounts import account_row
from server.services.authenticators import Site
from server.services.narrowing import read as read_narrowing
from server.services.passkeys import MOST
from tests.fakes.passkey_device import PasskeyDevice
from tests.fakes.server_room import ServerRoom

HERE = Site("http://localhost", "localhost", "test server")


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()  # type: ignore[no-any-return]


@pytest.fixture
def device() -> PasskeyDevice:
    return PasskeyDevice()


def opened(raw: msgspec.Raw) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found


def person(room: ServerRoom, login: str = "martin") -> int:
    return room.desktop(login, room.unit(f"org-{login}")).account


def add(room: ServerRoom, account: int, device: PasskeyDevice, name: str = "my phone") -> None:
    asked = room.run(room.passkeys.ask_new(HERE, account))
    answer = device.create(opened(asked.options))
    room.run(room.passkeys.add(HERE, account, asked.challenge, answer, name))


def show(room: ServerRoom, device: PasskeyDevice, credential: bytes | None = None) -> int:
    asked = room.passkeys.ask(HERE)
    answer = device.get(opened(asked.options), credential)
    return room.run(room.passkeys.check(HERE, asked.challenge, answer)).account


def test_row34_a_passkey_checked_just_before_a_factor_reset_gets_no_page(
    room: ServerRoom,
) -> None:
    """The reset commits between the check of the passkey and the slip it was worth."""
    martin, phone = person(room), PasskeyDevice()
    add(room, martin, phone)
    asked = room.passkeys.ask(HERE)
    answer = phone.get(opened(asked.options))
    who = room.run(room.passkeys.check(HERE, asked.challenge, answer))
    room.run(room.credentials.invite(martin, reset_factor=True))
    with pytest.raises(SignInNeeded):
        room.run(room.slips.give(who, "page", b"", 600_000))


def test_row34_a_page_shown_just_before_a_factor_reset_gets_no_code_and_a_code_no_computer(
    room: ServerRoom,
) -> None:
    martin, phone = person(room), PasskeyDevice()
    add(room, martin, phone)
    asked = room.passkeys.ask(HERE)
    who = room.run(room.passkeys.check(HERE, asked.challenge, phone.get(opened(asked.options))))
    page = room.run(room.slips.give(who, "page", b"", 600_000))
    shown = room.run(room.slips.read("page", page))
    code = room.run(room.slips.give(who, "code", b"", 60_000))
    taken = room.run(room.slips.take("code", code))
    room.run(room.credentials.invite(martin, reset_factor=True))
    with pytest.raises(SignInNeeded):
        room.run(room.slips.exchange(shown, "code", b"", 60_000))
    assert not taken.who.still(room.run(room.store.read(martin, account_row)))


def test_row34_a_passkey_removed_while_it_signs_in_gets_no_page(room: ServerRoom) -> None:
    martin, phone = person(room), PasskeyDevice()
    add(room, martin, phone)
    asked = room.passkeys.ask(HERE)
    who = room.run(room.passkeys.check(HERE, asked.challenge, phone.get(opened(asked.options))))
    (line,) = room.run(room.passkeys.of_account(martin))
    room.run(room.passkeys.remove(martin, line.id))
    with pytest.raises(SignInNeeded):
        room.run(room.slips.give(who, "page", b"", 600_000))


def test_row34_a_passkey_signs_in_the_person_it_was_made_for(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin, diallo = person(room), person(room, "diallo")
    add(room, martin, device)
    other = PasskeyDevice()
    add(room, diallo, other, "a key")
    assert show(room, device) == show(room, device) == martin
    assert show(room, other) == diallo
    line = room.run(room.passkeys.of_account(martin))[0]
    assert (line.name, line.used_ms) == ("my phone", room.premises.now_ms)


def test_s11_an_answer_is_good_once_and_a_challenge_five_minutes(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin = person(room)
    add(room, martin, device)
    asked = room.passkeys.ask(HERE)
    answer = device.get(opened(asked.options))
    assert room.run(room.passkeys.check(HERE, asked.challenge, answer)).account == martin
    device.counts = False
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.check(HERE, asked.challenge, answer))
    late = room.passkeys.ask(HERE)
    device.counts = True
    answer = device.get(opened(late.options))
    room.clock.go(minutes=5)
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.check(HERE, late.challenge, answer))


def test_s11_a_device_that_never_counts_cannot_show_one_answer_twice(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    """Synchronised passkeys count nothing: the challenge alone makes an answer single."""
    device.counts = False
    martin = person(room)
    add(room, martin, device)
    asked = room.passkeys.ask(HERE)
    answer = device.get(opened(asked.options))
    assert room.run(room.passkeys.check(HERE, asked.challenge, answer)).account == martin
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.check(HERE, asked.challenge, answer))
    assert show(room, device) == martin


def test_a_copied_passkey_is_refused_and_the_journal_says_so(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin = person(room)
    add(room, martin, device)
    show(room, device)
    show(room, device)
    (made,) = device.made.values()
    made.counter = 0
    with pytest.raises(SignInNeeded):
        show(room, device)
    assert "passkey_copied" in actions(room, martin)
    made.counter = 2
    assert show(room, device) == martin


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://colloque.example.invalid"},
        {"verifies": False},
        {"embedded": True},
    ],
)
def test_an_answer_from_elsewhere_or_of_nobody_recognised_is_refused(
    room: ServerRoom, device: PasskeyDevice, wrong: dict[str, Any]
) -> None:
    martin = person(room)
    for field, value in wrong.items():
        setattr(device, field, value)
    with pytest.raises(SignInNeeded):
        add(room, martin, device)
    for field in wrong:
        setattr(device, field, getattr(PasskeyDevice(), field))
    add(room, martin, device)
    for field, value in wrong.items():
        setattr(device, field, value)
    with pytest.raises(SignInNeeded):
        show(room, device)


def test_s10_what_is_asked_and_refused_tells_nobody_who_has_an_account(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin = person(room)
    before = opened(room.passkeys.ask(HERE).options)
    add(room, martin, device)
    after = opened(room.passkeys.ask(HERE).options)
    assert before.keys() == after.keys()
    assert "allowCredentials" not in {key for key, value in after.items() if value}
    stranger = PasskeyDevice()
    asked = opened(room.run(room.passkeys.ask_new(HERE, martin)).options)
    stranger.create(asked | {"user": {"id": "bm9ib2R5"}})
    with pytest.raises(SignInNeeded):
        show(room, stranger)
    stranger.create(asked)
    with pytest.raises(SignInNeeded):
        show(room, stranger)


def test_a_challenge_serves_its_own_use_and_its_own_person(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin, diallo = person(room), person(room, "diallo")
    asked = room.run(room.passkeys.ask_new(HERE, martin))
    answer = device.create(opened(asked.options))
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.add(HERE, diallo, asked.challenge, answer, "stolen"))
    room.run(room.passkeys.add(HERE, martin, asked.challenge, answer, "mine"))
    with pytest.raises(Refused, match="passkey_taken"):
        room.run(room.passkeys.add(HERE, martin, asked.challenge, answer, "again"))
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.check(HERE, asked.challenge, device.get(opened(asked.options))))


def test_a_removed_passkey_signs_nobody_in_and_a_restore_does_not_bring_it_back(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin, diallo = person(room), person(room, "diallo")
    add(room, martin, device)
    (line,) = room.run(room.passkeys.of_account(martin))
    with pytest.raises(Unavailable):
        room.run(room.passkeys.remove(diallo, line.id))
    room.run(room.passkeys.remove(martin, line.id))
    with pytest.raises(SignInNeeded):
        show(room, device)
    assert room.run(room.passkeys.of_account(martin)) == []
    (kept,) = room.run(room.keys.narrowed(martin))
    said = room.run(read_narrowing(room.premises, martin, kept))
    assert (said.action, said.id) == ("passkey_removed", line.id)


def test_a_closed_account_and_a_blocked_one_are_told_apart_as_devices_are(
    room: ServerRoom, device: PasskeyDevice
) -> None:
    martin = person(room)
    add(room, martin, device)
    room.run(room.accounts.close(martin))
    with pytest.raises(SignInNeeded):
        show(room, device)


def test_an_account_has_sixteen_passkeys_at_most(room: ServerRoom, device: PasskeyDevice) -> None:
    martin = person(room)
    for number in range(MOST):
        add(room, martin, device, f"key {number}")
    with pytest.raises(Refused, match="too_many_passkeys"):
        add(room, martin, device)
    assert len({line.id for line in room.run(room.passkeys.of_account(martin))}) == MOST


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": 7},
        {"id": "AA", "response": "x"},
        {"id": "AA", "response": {"userHandle": "!!"}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "AAAA"}},
    ],
)
def test_what_is_no_answer_of_a_browser_is_refused_alike(
    room: ServerRoom, answer: dict[str, Any]
) -> None:
    martin = person(room)
    asked = room.passkeys.ask(HERE)
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.check(HERE, asked.challenge, answer))
    new = room.run(room.passkeys.ask_new(HERE, martin))
    with pytest.raises(SignInNeeded):
        room.run(room.passkeys.add(HERE, martin, new.challenge, answer, "x"))


def actions(room: ServerRoom, account: int) -> list[str]:
    """What the journal of an account says, newest first."""
    place = room.premises.tags.tag(account, "access")

    async def rows(tx: Any) -> Any:
        return await tx.journal.of_facets([place], 99)

    held = room.run(room.store.read(account, rows))
    return [room.run(journal.read_row(room.premises, account, row)).action for row in held]


def test_passkeys_of_before_a_replaced_password_stay_and_the_operator_is_shown_which(
    room: ServerRoom,
) -> None:
    martin, phone = person(room), PasskeyDevice()
    asked = argparse.Namespace(login="martin", remove="")
    add(room, martin, phone)
    assert [one["before_password"] for one in room.run(listed(room, asked))] == [False]
    room.clock.go(minutes=1)
    room.run(room.credentials.set_password(martin, "sept petits phares bleus"))
    assert show(room, phone) == martin
    room.clock.go(minutes=1)
    add(room, martin, phone, "tablet")
    shown = {one["name"]: one["before_password"] for one in room.run(listed(room, asked))}
    assert shown == {"my phone": True, "tablet": False}
