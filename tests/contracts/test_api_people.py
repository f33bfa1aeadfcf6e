"""People over the API: how an account begins, the proof for a sensitive act, one's own computers (rows 35, 39, 40)."""

from collections.abc import Iterator

import pytest
from httpx2 import Response

from dossier.sealing import devices as device_keys
from dossier.sealing import totp
from dossier.sealing.text import base64url
from dossier.wire import codec, limits
from dossier.wire.sessions import (
    ActivateRequest,
    ActivationReply,
    ActivationRequest,
    DeviceLine,
    DevicesReply,
    OwnDeviceRequest,
    ProveRequest,
)
from server.services import journal
from server.services.accounts import Person
from tests.fakes.authenticator import SEED
from tests.fakes.served_house import ServedHouse, problem_in, served
from tests.fakes.server_room import DOCTOR, PASSWORD, Desktop

NEW = "sept petits phares bleus"


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served(tmp_path_factory.mktemp("people") / "server") as house:
        yield house


def two_computers(room: ServedHouse) -> tuple[Desktop, Desktop]:
    """Of one doctor."""
    one = room.desktop("martin", room.unit())
    return one, room.enrolled("martin", one.account, one.situation, "")


def own(room: ServedHouse, token: str) -> list[DeviceLine]:
    answer = room.get("/session/v1/devices", token)
    return list(codec.decode(answer.content, DevicesReply).devices)


def revoke(room: ServedHouse, here: Desktop, token: str, device: str) -> Response:
    asked = OwnDeviceRequest(device=device)
    return room.proved(limits.REVOKE_PATH, asked, here.device, here.private, token)


def sign_out(room: ServedHouse, here: Desktop, token: str, device: str) -> Response:
    asked = OwnDeviceRequest(device=device)
    return room.proved(limits.SIGN_OUT_PATH, asked, here.device, here.private, token)


def prove(room: ServedHouse, asked: ProveRequest, here: Desktop, token: str) -> Response:
    return room.proved(limits.PROVE_PATH, asked, here.device, here.private, token)


def told(answer: Response) -> tuple[int, str]:
    return answer.status_code, problem_in(answer).code


def test_row35_an_account_begins_over_http_and_enrols(room: ServedHouse) -> None:
    account = room.run(room.accounts.create(Person(login="martin", display_name="Dr Martin")))
    room.run(room.members.add(account, room.unit(), DOCTOR))
    code = room.run(room.credentials.invite(account)).code
    asked = ActivationRequest(login="martin", code=code)
    answer = room.post("/session/v1/activation", asked)
    seed = totp.read_seed(codec.decode(answer.content, ActivationReply).seed)
    step = totp.step_of(room.clock.now())
    begin = ActivateRequest(login="martin", code=code, password=NEW, proof=totp.code_at(seed, step))
    assert room.post("/session/v1/activate", begin).status_code == 204
    assert told(room.post("/session/v1/activate", begin)) == (401, "sign_in_needed")
    private = device_keys.new_private_key(room.entropy)
    proof = totp.code_at(seed, step + 1)
    assert room.enrol_over_http("martin", private, password=NEW, proof=proof).status_code == 201


def test_row40_a_person_sees_their_own_computers_and_no_others(room: ServedHouse) -> None:
    here, other = two_computers(room)
    room.desktop("diallo", room.unit("org-2"))
    room.clock.go(minutes=16)
    lines = own(room, room.token_of(here))
    assert {line.device for line in lines} == {here.device, other.device}
    assert [line.device for line in lines if line.here] == [here.device]
    assert {line.device: line.sessions for line in lines} == {here.device: 1, other.device: 1}
    assert all(line.name == "poste 1" and line.seen for line in lines)


def test_row40_ending_a_computer_needs_a_proof_of_ten_minutes(room: ServedHouse) -> None:
    here, other = two_computers(room)
    token = room.token_of(here)
    assert told(revoke(room, here, token, other.device)) == (403, "proof_needed")
    room.clock.go(minutes=1)
    token = room.proven(token, "martin", here)
    room.clock.go(minutes=10)
    assert told(revoke(room, here, token, other.device)) == (403, "proof_needed")
    token = room.proven(token, "martin", here)
    assert revoke(room, here, token, other.device).status_code == 204
    answer = room.sign_in(other.device, other.private, other.situation)
    assert told(answer) == (403, "device_revoked")
    assert [line.device for line in own(room, token) if line.revoked] == [other.device]


def test_row40_nobody_ends_the_computer_of_another(room: ServedHouse) -> None:
    here = room.desktop("martin", room.unit())
    stranger = room.desktop("diallo", room.unit("org-2"))
    token = room.proven(room.token_of(here), "martin", here)
    assert told(revoke(room, here, token, stranger.device)) == (404, "unavailable")
    assert told(revoke(room, here, token, "no-such-device")) == (404, "unavailable")
    assert room.sign_in(stranger.device, stranger.private, stranger.situation).status_code == 200


def test_row40_a_person_ends_the_session_of_their_other_computer(room: ServedHouse) -> None:
    """It needs a proof; that computer is told nothing more, and begins again with its person alone."""
    here, other = two_computers(room)
    token, theirs = room.token_of(here), room.token_of(other)
    assert told(sign_out(room, here, token, other.device)) == (403, "proof_needed")
    assert room.get("/session/v1/devices", theirs).status_code == 200
    room.clock.go(minutes=1)
    token = room.proven(token, "martin", here)
    assert sign_out(room, here, token, other.device).status_code == 204
    assert told(room.get("/session/v1/devices", theirs)) == (401, "sign_in_needed")
    answer = room.sign_in(other.device, other.private, other.situation)
    assert told(answer) == (403, "proof_needed")
    lines = {line.device: line for line in own(room, token)}
    assert (lines[other.device].sessions, lines[other.device].revoked) == (0, None)
    assert lines[here.device].sessions == 1
    assert told(sign_out(room, here, token, other.device)) == (404, "unavailable")
    rows = room.run(room.store.read(here.account, lambda tx: tx.journal.unplaced(50)))
    said = [room.run(journal.read_row(room.premises, here.account, row)) for row in rows]
    assert [one.id for one in said if one.action == "session_ended"] == [other.device]


def test_row40_nobody_ends_the_session_of_another(room: ServedHouse) -> None:
    here = room.desktop("martin", room.unit())
    stranger = room.desktop("diallo", room.unit("org-2"))
    theirs = room.token_of(stranger)
    token = room.proven(room.token_of(here), "martin", here)
    assert told(sign_out(room, here, token, stranger.device)) == (404, "unavailable")
    assert told(sign_out(room, here, token, "no-such-device")) == (404, "unavailable")
    assert room.get("/session/v1/devices", theirs).status_code == 200


def test_row37_a_proof_gives_a_new_token_and_ends_the_one_before(room: ServedHouse) -> None:
    here = room.desktop("martin", room.unit())
    before = room.token_of(here)
    after = room.proven(before, "martin", here)
    assert after != before
    assert told(room.get("/session/v1/devices", before)) == (401, "sign_in_needed")
    assert room.get("/session/v1/devices", after).status_code == 200


def test_row36_a_wrong_or_used_proof_is_refused_and_waits_grow(room: ServedHouse) -> None:
    here = room.desktop("martin", room.unit())
    token = room.token_of(here)
    used = totp.code_at(SEED, totp.step_of(room.clock.now()) - 1)
    for password, proof in ((PASSWORD, used), ("a wrong password", "000000"), (PASSWORD, "")):
        asked = ProveRequest(password=password, proof=proof)
        assert told(prove(room, asked, here, token)) == (403, "wrong_proof")
    for _ in range(2):
        prove(room, ProveRequest(password="x", proof="1"), here, token)
    answer = prove(room, ProveRequest(password="x", proof="1"), here, token)
    assert told(answer) == (429, "busy")
    room.clock.go(minutes=1)
    assert room.proven(token, "martin", here)


def test_n3_s10_a_forwarded_address_is_not_believed(room: ServedHouse) -> None:
    """Whatever a header says, the tries of one connection's address are counted together."""
    room.desktop("martin", room.unit())
    private = device_keys.new_private_key(room.entropy)
    public = base64url(device_keys.public_key(private))
    codes = []
    for n in range(8):
        said = {"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}
        asked = room.enrolment("martin", public, proof="000000")
        answer = room.proved(limits.ENROL_PATH, asked, "", private, **said)
        codes.append(answer.status_code)
    assert codes == [401] * 5 + [429] * 3
