"""Transcripts of version 1: what a desktop sent and what a server answered, recorded once and kept for ever.

    python -m tests.transcripts tests/vectors/transcripts_v1.json

records them anew, from a house of one seed. It is run when a door is added, and then only new doors are taken
from it: what was recorded once is never changed, since old programs go on sending and answering it.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from httpx2 import Response

from dossier.entropy import SeededEntropy
from dossier.sealing import devices, totp
from dossier.sealing.text import base64url
from dossier.wire import codec, limits
from dossier.wire import messages as wire
from dossier.wire.sessions import (
    ActivateRequest,
    ActivationReply,
    ActivationRequest,
    ChallengeRequest,
    DevicesReply,
    OwnDeviceRequest,
    ProveReply,
    ProveRequest,
    PurgedRequest,
    TokenReply,
    TokenRequest,
)
from server.services.accounts import Person
from server.services.erasures import purged_message
from tests.fakes.served_house import Listening, ServedHouse, served
from tests.fakes.server_room import PASSWORD, Desktop, an_allergy

SEED = 1
Told = Callable[[str, Any, Response], None]
"""Is given the door, what was sent (the query, or the body), and the answer."""
_BY_TOKEN = (limits.PROVE_PATH, limits.SIGN_OUT_PATH, limits.REVOKE_PATH)
LOGIN, PATIENT = "fontaine", "pat-1"
OP_ID = "0193f0a0-0000-7000-8000-000000000001"


class Spoken(msgspec.Struct, frozen=True):
    """One exchange. `body` and `answer` are the bytes that crossed the line; `media` is the answer's."""

    door: str
    query: dict[str, str]
    body: bytes
    status: int
    media: str
    digest: str
    answer: bytes


class Practice:
    """A server of one seed with one doctor, one desktop and one patient."""

    def __init__(self, house: ServedHouse) -> None:
        self.house = house
        self.unit = house.unit()
        self.desk: Desktop = house.desktop(LOGIN, self.unit)
        self.owner = house.patient(self.unit, PATIENT)
        self.token = house.token_of(self.desk)

    def play(self, told: Told) -> None:
        """Every door in turn; `told` is given the door, what was sent, and the answer."""
        house, desk = self.house, self.desk
        told("GET /sync/v1/capabilities", {}, house.get("/sync/v1/capabilities"))
        told("GET /sync/v1/keys", {}, house.get("/sync/v1/keys"))
        second = devices.new_private_key(SeededEntropy(5))
        public = base64url(devices.public_key(second))
        enrol = house.enrolment(LOGIN, public, device_name="poste 2")
        self._prove(told, limits.ENROL_PATH, enrol, "", second)
        self._post(told, "/session/v1/challenge", ChallengeRequest(device=desk.device))
        begun = codec.decode(self._sign_in(told, desk).content, TokenReply)
        further = self._sign_in(told, desk, begun.refresh)
        self.token = codec.decode(further.content, TokenReply).token
        told("GET /sync/v1/log", {"since": "0"}, self._get("/sync/v1/log", since="0"))
        create = house.create(desk, self.owner, an_allergy(PATIENT, "al-1"), op_id=OP_ID)
        self._post(told, "/sync/v1/ops", wire.OpsRequest(ops=(create,)))
        house.settle()
        acked = wire.OpsRequest(ops=(), acked=((self.owner, OP_ID),))
        self._post(told, "/sync/v1/ops", acked)
        heads = house.heads(self.token)
        told("GET /sync/v1/heads", {"since": ""}, self._get("/sync/v1/heads", since=""))
        told("GET /sync/v1/heads", {"since": heads.v}, self._get("/sync/v1/heads", since=heads.v))
        mine = [head for head in heads.heads if head.owner == self.owner]
        wants = tuple(wire.Want(owner=h.owner, facet=h.facet, term=h.term, since="") for h in mine)
        self._post(told, "/sync/v1/changes", wire.ChangesRequest(items=wants))
        refs = tuple(wire.CompartmentRef(owner=h.owner, facet=h.facet) for h in mine)
        self._post(told, "/sync/v1/terms", wire.TermsRequest(items=refs))
        self._post(told, "/sync/v1/digests", wire.TermsRequest(items=refs))
        self._hint(told)
        self._people(told)
        self._leave(told)

    def _sign_in(self, told: Told, desk: Desktop, refresh: str = "") -> Response:
        request = TokenRequest(
            device=desk.device,
            situation=desk.situation,
            refresh=refresh,
            ask="exchange-1" if refresh else "",
        )
        return self._prove(told, limits.TOKEN_PATH, request, desk.device, desk.private)

    def _hint(self, told: Told) -> None:
        line = Listening(self.house, self.token)
        while not (event := line.event()).startswith(b"data: "):
            self.house.push(self.desk, self.house.create(self.desk, self.owner, _another(event)))
            self.house.settle()
        told("GET /sync/v1/hints", {}, Response(200, content=event[6:].strip()))

    def _people(self, told: Told) -> None:
        """A person begins; the doctor proves themself, sees their computers, signs the second one out and ends it."""
        house = self.house
        new = house.run(house.accounts.create(Person(login="new", display_name="Dr New")))
        code = house.run(house.credentials.invite(new)).code
        asked = ActivationRequest(login="new", code=code)
        offer = self._post(told, "/session/v1/activation", asked)
        seed = totp.read_seed(codec.decode(offer.content, ActivationReply).seed)
        proof = totp.code_at(seed, totp.step_of(house.clock.now()))
        begun = ActivateRequest(login="new", code=code, password=PASSWORD, proof=proof)
        self._post(told, "/session/v1/activate", begun)
        house.clock.go(minutes=5)
        said = ProveRequest(password=PASSWORD, proof=house.authenticator.code(LOGIN))
        proved = self._prove(told, limits.PROVE_PATH, said, self.desk.device, self.desk.private)
        self.token = codec.decode(proved.content, ProveReply).token
        told("GET /session/v1/devices", {}, self._get("/session/v1/devices"))
        lines = self._get("/session/v1/devices")
        found = codec.decode(lines.content, DevicesReply).devices
        other = next(one.device for one in found if not one.here)
        asked = OwnDeviceRequest(device=other)
        for path in (limits.SIGN_OUT_PATH, limits.REVOKE_PATH):
            self._prove(told, path, asked, self.desk.device, self.desk.private)

    def _leave(self, told: Told) -> None:
        """The device is revoked: it is ordered to erase, and proves that it did."""
        self.house.run(self.house.devices.revoke(self.desk.account, self.desk.device))
        refused = self._sign_in(told, self.desk)
        order = str(refused.json()["order"])
        proof = devices.sign(self.desk.private, purged_message(self.desk.device, order))
        said = PurgedRequest(device=self.desk.device, order=order, signature=base64url(proof))
        self._post(told, "/session/v1/purged", said)

    def _prove(self, told: Told, path: str, message: Any, device: str, private: bytes) -> Response:
        """With a proof of the device's key, as the header `DPoP`; a transcript keeps the body."""
        raw = codec.encode(message)
        token = self.token if path in _BY_TOKEN else ""
        answer = self.house.proved(path, raw, device, private, token)
        told(f"POST {path}", raw, answer)
        return answer

    def _post(self, told: Told, path: str, message: Any) -> Response:
        raw = codec.encode(message)
        answer = self.house.post(path, raw, self.token)
        told(f"POST {path}", raw, answer)
        return answer

    def _get(self, path: str, **query: str) -> Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer: Response = self.house.client.get(path, params=query, headers=headers)
        return answer


def _another(event: bytes) -> dict[str, Any]:
    """Something to hint at, once for each event that was none."""
    return an_allergy(PATIENT, f"al-{len(event)}")


def record(folder: Path) -> list[Spoken]:
    """What is said now."""
    found: list[Spoken] = []

    def keep(door: str, sent: Any, answer: Response) -> None:
        query = sent if isinstance(sent, dict) else {}
        body = b"" if isinstance(sent, dict) else sent
        kind, digest = (
            answer.headers.get("content-type", ""),
            answer.headers.get(limits.DIGEST_HEADER, ""),
        )
        found.append(Spoken(door, query, body, answer.status_code, kind, digest, answer.content))

    with served(folder / "house", seed=SEED) as house:
        Practice(house).play(keep)
    return found


def main() -> None:
    """Write the transcripts to the file named."""
    with TemporaryDirectory() as folder:
        spoken = record(Path(folder))
    text = msgspec.json.format(msgspec.json.encode(spoken), indent=1)
    Path(sys.argv[1]).write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
