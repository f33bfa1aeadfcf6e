"""Floods, replays, forgeries and guesses at the doors of sign-in (security.md S10, S11), each as tried."""

from typing import Any

import pytest

from dossier.errors import Busy, NonceStale, Refused, SignInNeeded
from dossier.sealing import devices as device_keys
from dossier.sealing.dpop import token_mark
from dossier.sealing.text import base64url, unbase64url
from dossier.wire.limits import PROVE_PATH, TOKEN_PATH
from dossier.wire.sessions import ChallengeRequest, ProveRequest, TokenReply, TokenRequest
from server.services.addresses import Addresses
from server.services.attempts import FREE_TRIES
from server.services.proofs import Presented, Proofs
from tests.fakes.proving import ADDRESS
from tests.fakes.server_room import HERE, PASSWORD, Desktop, ServerRoom


@pytest.fixture
def room(engine: Any) -> ServerRoom:
    return engine.room()


def test_s10_a_flood_of_other_names_gives_no_try_back(room: ServerRoom) -> None:
    for _ in range(FREE_TRIES):
        room.run(room.attempts.take(1, HERE))
    for name in range(2, 2_100):
        room.run(room.attempts.take(name, f"{name}:{name}::1"))
    with pytest.raises(Busy):
        room.run(room.attempts.take(1, HERE))


def asked(desk: Desktop) -> TokenRequest:
    return TokenRequest(device=desk.device, situation=desk.situation)


def shown(room: ServerRoom, desk: Desktop, **other: Any) -> Presented:
    return room.presented(desk.device, desk.private, TOKEN_PATH, **other)


def begin(room: ServerRoom, desk: Desktop, proof: Presented | None = None) -> TokenReply:
    return room.run(room.families.token(asked(desk), proof or shown(room, desk)))


def test_s10_a_flood_of_challenges_takes_room_from_nobody(room: ServerRoom) -> None:
    """A nonce told before ten thousand strangers asked for theirs is still good."""
    fontaine = room.desktop("fontaine", room.unit("org-flood"))
    proof = shown(room, fontaine)
    strangers = ChallengeRequest(device="x" * 8_000)
    told = {room.proofs.challenge(strangers).nonce for _ in range(11_000)}
    assert len(told) == 11_000
    assert max(map(len, told)) < 250
    assert begin(room, fontaine, proof).expires_in_s == 900


def test_s11_a_proof_is_good_once_even_at_another_process_of_the_server(room: ServerRoom) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-nonce"))
    proof = shown(room, fontaine)
    begin(room, fontaine, proof)
    other = engine_twin(room)
    with pytest.raises(Refused, match="invalid_dpop_proof"):
        other.run(other.families.token(asked(fontaine), proof))


def engine_twin(room: ServerRoom) -> ServerRoom:
    """The same databases behind services that were just made: a restart, or another process."""
    twin = ServerRoom(store=room.store, keys=room.keys, run=room.run)
    twin.clock.instant = room.clock.instant
    twin.authenticator = room.authenticator
    return twin


def test_s11_a_device_that_asks_without_end_waits_and_forgets_no_proof_that_lives(
    room: ServerRoom,
) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-many"))
    first = shown(room, fontaine)
    begin(room, fontaine, first)
    with pytest.raises(Busy):
        for _ in range(64):
            begin(room, fontaine)
    with pytest.raises(Refused, match="invalid_dpop_proof"):
        begin(room, fontaine, first)
    room.clock.go(minutes=5)
    assert begin(room, fontaine)


def test_s11_a_nonce_is_good_five_minutes_for_the_device_it_was_given_to(room: ServerRoom) -> None:
    org = room.unit("org-late")
    fontaine, diallo = room.desktop("fontaine", org), room.desktop("diallo", org)
    in_time, late = shown(room, fontaine), shown(room, fontaine)
    room.clock.go(seconds=299)
    assert begin(room, fontaine, in_time)
    room.clock.go(seconds=1)
    with pytest.raises(NonceStale) as told:
        begin(room, fontaine, late)
    assert told.value.nonce
    foreign = room.presented(diallo.device, fontaine.private, TOKEN_PATH)
    with pytest.raises(NonceStale):
        begin(room, fontaine, foreign)
    with pytest.raises(NonceStale):
        begin(room, fontaine, shown(room, fontaine, nonce="made-up"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "GET"},
        {"uri": f"{ADDRESS}/session/v1/enrol"},
        {"uri": f"https://evil.example{TOKEN_PATH}"},
        {"uri": f"{ADDRESS}{TOKEN_PATH}?x=1"},
        {"uri": f"{ADDRESS}:81{TOKEN_PATH}"},
        {"uri": f"http://user@localhost{TOKEN_PATH}"},
        {"uri": "localhost"},
        {"ath": token_mark("clq_a_x")},
        {"made_s": 0},
        {"made_s": 4_000_000_000},
        {"jti": ""},
        {"jti": "j" * 65},
    ],
    ids=lambda wrong: next(iter(wrong.items()))[0],
)
def test_s11_a_proof_for_another_request_is_refused(
    room: ServerRoom, wrong: dict[str, Any]
) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-wrong"))
    with pytest.raises(Refused, match=r"invalid_dpop_proof|unknown_address"):
        begin(room, fontaine, shown(room, fontaine, **wrong))
    assert begin(room, fontaine)


def forged(text: str, **header: Any) -> str:
    """The same proof with another header, signed by nobody or not at all."""
    first, claims, signature = text.split(".")
    raw = unbase64url(first).decode()
    for name, value in header.items():
        raw = raw.replace({"alg": '"EdDSA"', "typ": '"dpop+jwt"', "kty": '"OKP"'}[name], value)
    return ".".join((base64url(raw.encode()), claims, signature))


@pytest.mark.parametrize("alg", ['"none"', '"HS256"', '"ES256"', '"Ed25519"', '"eddsa"', "null"])
def test_s11_no_other_algorithm_is_read(room: ServerRoom, alg: str) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-alg"))
    right = shown(room, fontaine)
    text = forged(right.text, alg=alg)
    unsigned = text.rpartition(".")[0] + "."
    for wrong in (text, unsigned, forged(right.text, typ='"jwt"'), forged(right.text, kty='"oct"')):
        with pytest.raises(Refused, match="invalid_dpop_proof"):
            begin(room, fontaine, right._replace(text=wrong))


def test_s11_a_member_twice_or_unknown_a_space_and_no_proof_at_all_are_refused(
    room: ServerRoom,
) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-twice"))
    right = shown(room, fontaine)
    for alg in ('"EdDSA","alg":"EdDSA"', '"EdDSA","crit":["x"]', ' "EdDSA"'):
        with pytest.raises(Refused, match="invalid_dpop_proof"):
            begin(room, fontaine, right._replace(text=forged(right.text, alg=alg)))
    for text in ("", ".", "..", right.text + ".", right.text + "A", "é", right.text * 9):
        with pytest.raises(Refused, match="invalid_dpop_proof"):
            begin(room, fontaine, right._replace(text=text))


def test_s11_a_key_that_is_not_the_devices_own_opens_nothing(room: ServerRoom) -> None:
    org = room.unit("org-key")
    fontaine, diallo = room.desktop("fontaine", org), room.desktop("diallo", org)
    for private in (diallo.private, device_keys.new_private_key(room.entropy)):
        with pytest.raises(SignInNeeded):
            begin(room, fontaine, room.presented(fontaine.device, private, TOKEN_PATH))


def test_s11_a_stranger_with_a_devices_name_tries_no_password(room: ServerRoom) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-guess"))
    before = room.passwords.checks
    guess = TokenRequest(
        device=fontaine.device, situation=fontaine.situation, password=PASSWORD, proof="000000"
    )
    private = device_keys.new_private_key(room.entropy)
    with pytest.raises(SignInNeeded):
        room.run(room.families.token(guess, room.presented(fontaine.device, private, TOKEN_PATH)))
    assert room.passwords.checks == before


def test_s11_a_proof_names_the_access_token_it_goes_with(room: ServerRoom) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-ath"))
    other, token = begin(room, fontaine).token, begin(room, fontaine).token
    session = room.run(room.sessions.resolve(token))
    code = room.authenticator.code("fontaine")
    said = ProveRequest(password=PASSWORD, proof=code)
    for ath in ("", token_mark(other)):
        proof = room.presented(fontaine.device, fontaine.private, PROVE_PATH, token, ath=ath)
        with pytest.raises(Refused, match="invalid_dpop_proof"):
            room.run(room.families.prove(session, said, proof))
    proof = room.presented(fontaine.device, fontaine.private, PROVE_PATH, token)
    assert room.run(room.families.prove(session, said, proof)).proven_s == 600


def test_s11_behind_what_ends_tls_a_proof_says_https_and_never_the_reverse(
    room: ServerRoom,
) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-tls"))
    public = Addresses(("https://colloque.example",))
    said = shown(room, fontaine, uri=f"https://Colloque.Example:443{TOKEN_PATH}")
    assert begin(room, fontaine, said._replace(at=public))
    for other in ("http://colloque.example", "https://colloque.example:8443", "http://localhost"):
        in_clear = shown(room, fontaine, uri=other + TOKEN_PATH)
        with pytest.raises(Refused, match="unknown_address"):
            begin(room, fontaine, in_clear._replace(at=public))


def test_s11_a_nonce_of_another_server_or_of_before_a_restore_is_stale(room: ServerRoom) -> None:
    fontaine = room.desktop("fontaine", room.unit("org-else"))
    other = ServerRoom(seed=99)
    given = Proofs(other.premises).challenge(ChallengeRequest(device=fontaine.device))
    with pytest.raises(NonceStale):
        begin(room, fontaine, shown(room, fontaine, nonce=given.nonce))
