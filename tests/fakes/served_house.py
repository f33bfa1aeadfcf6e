"""A whole server over its real stores, asked in process through its ASGI application."""

import asyncio
import queue
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from httpx2 import Response
from starlette.testclient import TestClient

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy, SystemEntropy
from dossier.sealing import devices as device_keys
from dossier.sealing.stretching import Cost
from dossier.sealing.text import base64url
from dossier.wire import codec, limits
from dossier.wire import messages as wire
from dossier.wire.sessions import (
    ChallengeReply,
    ChallengeRequest,
    ProveReply,
    ProveRequest,
    TokenReply,
    TokenRequest,
)
from server.app import House, build_app
from server.folder import ServerFile, init
from server.services.issuing import PROOF_NEEDED
from tests.fakes.authenticator import Authenticator
from tests.fakes.postgres import IN_ITS_FOLDER, Databases
from tests.fakes.proving import proof_of
from tests.fakes.server_room import PASSWORD, Desktop, ServerRoom, SteppingClock

CHEAP = Cost(64, 1, 1)
Message = MutableMapping[str, Any]
Found = TypeVar("Found")
_SERVICES = (
    "accounts",
    "directory",
    "members",
    "credentials",
    "access",
    "consenting",
    "tools",
    "copies",
    "feed",
    "changes",
    "patients",
    "importer",
    "indexer",
    "records",
    "labels",
    "sessions",
    "proofs",
    "devices",
    "families",
    "erasures",
)


def move_in(room: ServerRoom, house: House) -> None:
    """The services of a room are those of this house from now on."""
    room.entropy = house.premises.entropy
    room.store, room.keys, room.premises = house.store, house.keys, house.premises
    for name in _SERVICES:
        setattr(room, name, getattr(house, name))


class ServedHouse(ServerRoom):
    """The house of `folder` behind its API; every helper of ServerRoom works on the real thing."""

    def __init__(self, house: House, client: TestClient, clock: SteppingClock) -> None:
        assert client.portal is not None
        portal = client.portal
        self._run = lambda work: portal.call(_wait_for, work)
        self.house, self.client, self.clock = house, client, clock
        self.authenticator = Authenticator(clock)
        move_in(self, house)

    def get(self, path: str, token: str = "", **headers: str) -> Response:
        return self.client.get(path, headers=_headers(token) | headers)

    def post(self, path: str, message: object, token: str = "", **headers: str) -> Response:
        """A message, or the bytes of one."""
        raw = message if isinstance(message, bytes) else codec.encode(message)
        said = {"Content-Type": "application/json"} | _headers(token) | headers
        return self.client.post(path, content=raw, headers=said)

    def proved(
        self,
        path: str,
        message: object,
        device: str,
        private: bytes,
        token: str = "",
        **headers: str,
    ) -> Response:
        """Post a message with a proof of this device's key."""
        asked = self.post("/session/v1/challenge", ChallengeRequest(device=device))
        given = codec.decode(asked.content, ChallengeReply)
        proof = proof_of(private, given, path, self.entropy, token)
        return self.post(path, message, token, **{limits.PROOF_HEADER: proof} | headers)

    def sign_in(self, device: str, private: bytes, situation: str, **asked: str) -> Response:
        """A session over HTTP."""
        request = TokenRequest(device=device, situation=situation, **asked)
        return self.proved(limits.TOKEN_PATH, request, device, private)

    def token_of(self, desktop: Desktop) -> str:
        """A fresh token of this desktop, over HTTP; its person shows who they are where that is asked."""
        device = (desktop.device, desktop.private, desktop.situation)
        answer = self.sign_in(*device)
        if answer.status_code == 403 and problem_in(answer).code == PROOF_NEEDED:
            login = self.run(self.accounts.person(desktop.account)).login
            code = self.authenticator.code(login)
            answer = self.sign_in(*device, password=PASSWORD, proof=code)
        return codec.decode(answer.content, TokenReply).token

    def proven(self, token: str, login: str, desktop: Desktop) -> str:
        """The token that follows a fresh proof of this person."""
        asked = ProveRequest(password=PASSWORD, proof=self.authenticator.code(login))
        answer = self.proved(limits.PROVE_PATH, asked, desktop.device, desktop.private, token)
        assert answer.status_code == 200, answer.text
        return codec.decode(answer.content, ProveReply).token

    def enrol_over_http(self, login: str, private: bytes, **more: Any) -> Response:
        public = base64url(device_keys.public_key(private))
        asked = self.enrolment(login, public, **more)
        return self.proved(limits.ENROL_PATH, asked, "", private)

    def heads(self, token: str, since: str = "") -> wire.Heads:
        answer = self.client.get("/sync/v1/heads", params={"since": since}, headers=_headers(token))
        assert answer.status_code == 200, answer.text
        return codec.decode(answer.content, wire.Heads)

    def page(self, token: str, want: wire.Want) -> wire.Page:
        answer = self.post("/sync/v1/changes", wire.ChangesRequest(items=(want,)), token)
        return pages_in(answer).pages[0]


class Listening:
    """One request to the hint line, read event by event as the client would."""

    def __init__(self, room: ServedHouse, token: str) -> None:
        self._got: queue.Queue[Message] = queue.Queue()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/sync/v1/hints",
            "raw_path": b"/sync/v1/hints",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        assert room.client.portal is not None
        self._ended = room.client.portal.start_task_soon(
            room.client.app, scope, self._receive, self._send
        )
        self.status = int(self._next()["status"])

    def event(self) -> bytes:
        """The next piece of the body; empty at the end."""
        return bytes(self._next()["body"])

    def hint(self) -> str:
        """The kind of the next hint, comments skipped; empty at the end of the line."""
        while event := self.event():
            if event.startswith(b"data: "):
                return codec.decode(event[6:], wire.Hint).kind
        return ""

    def _next(self) -> Message:
        return self._got.get(timeout=20)

    async def _send(self, message: Message) -> None:
        self._got.put(dict(message))

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


def pages_in(answer: Response) -> wire.Pages:
    """The pages of an answer, its digest checked."""
    assert answer.headers["content-type"] == limits.PAGE_MEDIA_TYPE
    return codec.decode_pages(answer.content, answer.headers[limits.DIGEST_HEADER], wire.Pages)


def problem_in(answer: Response) -> wire.Problem:
    """The Problem of a refusal."""
    assert answer.headers["content-type"] == "application/json", answer.text
    return msgspec.json.decode(answer.content, type=wire.Problem)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _wait_for(work: Any) -> Any:
    return await work


class _Opened:
    """The application of a house that is opened on the loop that answers."""

    def __init__(
        self, folder: Path, clock: SteppingClock, entropy: SeededEntropy, pages_at: str
    ) -> None:
        self._opening, self._pages_at = (folder, clock, entropy), pages_at
        self.house: House | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.house is None:
            self.house = await House.open(*self._opening, cost=CHEAP)
            self.app = build_app(self.house, pages_at=self._pages_at)
        await self.app(scope, receive, send)


def inside(folder: Path, work: Callable[[House], Awaitable[Found]]) -> Found:
    """Look into the house of a server that does not run; effects owed are settled only if `work` does it."""

    async def look() -> Found:
        house = await House.open(folder, SystemClock(), SystemEntropy())
        try:
            return await work(house)
        finally:
            await house.close()

    return asyncio.run(look())


@contextmanager
def served(
    folder: Path,
    *,
    seed: int = 1,
    clock: SteppingClock | None = None,
    databases: Databases = IN_ITS_FOLDER,
    pages_at: str = "http://localhost",
) -> Iterator[ServedHouse]:
    """Make a server in `folder`, open it, answer, close it. The databases may lie elsewhere."""
    clock = clock or SteppingClock()
    entropy = SeededEntropy(seed)
    said = ServerFile(
        name="test server",
        demonstration=True,
        databases=databases.rows,
        key_database=databases.keys,
    )
    asyncio.run(init(folder, clock, entropy, said))
    opened = _Opened(folder, clock, entropy, pages_at)
    with TestClient(opened, raise_server_exceptions=False) as client:
        assert opened.house is not None
        yield ServedHouse(opened.house, client, clock)
