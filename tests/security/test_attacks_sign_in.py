"""Floods, replays and guesses at the doors of sign-in (security.md S10, S11), each as tried."""

from typing import Any

import pytest

from dossier.errors import Busy, SignInNeeded
from dossier.sealing import devices as device_keys
from dossier.sealing.text import base64url
from dossier.wire import messages as wire
from server.services.devices import Devices, Said, token_message
from server.services.orders import Orders
from server.services.throttle import FREE_TRIES, Attempts
from tests.fakes.server_room import HERE, Desktop, ServerRoom, SteppingClock


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


def test_a_flood_of_other_names_gives_no_try_back() -> None:
    attempts = Attempts(SteppingClock())
    for _ in range(FREE_TRIES):
        attempts.take(1, HERE)
    for name in range(2, 10_100):
        attempts.take(name, f"{name}:{name}::1")
    with pytest.raises(Busy):
        attempts.take(1, HERE)


def test_s10_a_flood_of_challenges_takes_room_from_nobody(room: ServerRoom) -> None:
    """A nonce told before ten thousand strangers asked for theirs is still good."""
    fontaine = room.desktop("fontaine", room.unit("org-flood"))
    request = signed(room, fontaine)
    count, longest = flooded(room)
    assert count == 11_000
    assert longest < 250
    assert room.run(room.devices.token(request)).expires_in_s == 900


def test_s11_a_signed_nonce_is_good_once_even_at_another_process_of_the_server(
    room: ServerRoom,
) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-nonce"))
    request = signed(room, fontaine)
    room.run(room.devices.token(request))
    parts = (room.premises, room.accounts, room.members, room.credentials, room.codes)
    orders = Orders(room.premises, room.run(room.keys.secret("order")))
    other = Devices(*parts, orders, Said("the same server", bytes(32)))
    with pytest.raises(SignInNeeded):
        room.run(other.token(request))


def test_s11_a_device_that_asks_without_end_waits_and_forgets_no_nonce_that_lives(
    room: ServerRoom,
) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-many"))
    first = signed(room, fontaine)
    room.run(room.devices.token(first))
    for _ in range(62):
        room.run(room.devices.token(signed(room, fontaine)))
    with pytest.raises(Busy):
        room.run(room.devices.token(signed(room, fontaine)))
    with pytest.raises(SignInNeeded):
        room.run(room.devices.token(first))
    room.clock.go(minutes=2)
    assert room.run(room.devices.token(signed(room, fontaine)))


def signed(room: ServerRoom, desk: Desktop) -> wire.TokenRequest:
    nonce = room.devices.challenge(wire.ChallengeRequest(device=desk.device)).nonce
    signature = device_keys.sign(desk.private, token_message(desk.device, desk.situation, nonce))
    return wire.TokenRequest(
        device=desk.device,
        situation=desk.situation,
        nonce=nonce,
        signature=base64url(signature),
    )


def flooded(room: ServerRoom) -> tuple[int, int]:
    """Eleven thousand strangers ask: how many nonces, and the longest."""
    asked = wire.ChallengeRequest(device="x" * 8_000)
    told = {room.devices.challenge(asked).nonce for _ in range(11_000)}
    return len(told), max(map(len, told))
