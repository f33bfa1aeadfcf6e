"""One refresh token shown twice at the same instant (S11, row 44): by threads let go together, to one server process
over its files, and to two processes over one PostgreSQL.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.wire import codec, limits
from dossier.wire.sessions import ChallengeReply, ChallengeRequest, TokenReply, TokenRequest
from server.services.accounts import Person
from sync.proofs import Prover
from tests.fakes.device_process import Device
from tests.fakes.postgres import IN_ITS_FOLDER, Databases, programs, running
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess
from tests.fakes.server_room import DOCTOR, SteppingClock

HONEST, THIEVES = 12, 3
_JSON = {"Content-Type": "application/json"}


class Site(NamedTuple):
    """The processes of one server, and a device of each of its people."""

    urls: tuple[str, str]
    devices: tuple[Device, ...]


def opened(folder: Path, databases: Databases, processes: int, stack: ExitStack) -> Site:
    """A server with its people, answered by so many processes."""
    names = tuple(f"dr{number}" for number in range(THIEVES + 1))
    with served(folder, clock=SteppingClock(SystemClock().now()), databases=databases) as room:
        unit = room.unit()
        for login in names:
            account = room.account(Person(login=login, display_name=login))
            room.run(room.members.add(account, unit, DOCTOR))
    servers = [
        stack.enter_context(ServerProcess(folder, folder.parent / f"log-{number}"))
        for number in range(processes)
    ]
    devices = tuple(Device.enrol(folder.parent / name, servers[0].url, name) for name in names)
    for device in devices:
        stack.callback(device.close)
    return Site((servers[0].url, servers[-1].url), devices)


@pytest.fixture(params=["files", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        if request.param == "files":
            yield opened(tmp_path / "server", IN_ITS_FOLDER, 1, stack)
            return
        binaries = programs()
        if binaries is None:
            pytest.skip("the distribution's PostgreSQL is not installed")
        cluster = stack.enter_context(running(binaries))
        yield opened(tmp_path / "server", cluster.lend(), 2, stack)


class Knock:
    """One request for tokens, its proof made beforehand, sent when it is let go."""

    def __init__(self, url: str, device: Device, **asked: str) -> None:
        key, line = device.key, requests.Session()
        line.trust_env = False
        challenge = codec.encode(ChallengeRequest(device=key.device))
        answer = line.post(f"{url}/session/v1/challenge", challenge, headers=_JSON)
        given = codec.decode(answer.content, ChallengeReply)
        proof = Prover(key, url, SystemEntropy()).posting(limits.TOKEN_PATH, given)
        self._body = codec.encode(
            TokenRequest(device=key.device, situation=device.situation, **asked)
        )
        self._uri, self._line = url + limits.TOKEN_PATH, line
        self._headers = {**_JSON, limits.PROOF_HEADER: proof}
        self.reply: TokenReply | None = None
        self.status = 0

    def go(self, gate: threading.Barrier | None = None) -> "Knock":
        if gate is not None:
            gate.wait(10)
        answer = self._line.post(self._uri, self._body, headers=self._headers, timeout=30)
        self._line.close()
        self.status = answer.status_code
        if self.status == 200:
            self.reply = codec.decode(answer.content, TokenReply)
        return self


def together(first: Knock, second: Knock) -> tuple[Knock, Knock]:
    gate = threading.Barrier(2)
    thread = threading.Thread(target=second.go, args=(gate,))
    thread.start()
    first.go(gate)
    thread.join()
    return first, second


def refresh_of(knock: Knock) -> str:
    assert knock.reply is not None, knock.status
    return knock.reply.refresh


def test_s11_row44_two_refreshes_at_one_instant_get_one_answer_or_one_winner(site: Site) -> None:
    honest, *robbed = site.devices
    here, there = site.urls
    shown = refresh_of(Knock(here, honest).go())
    for turn in range(HONEST):
        asked = {"refresh": shown, "ask": f"exchange-{turn}"}
        both = together(Knock(here, honest, **asked), Knock(there, honest, **asked))
        answers = {refresh_of(knock) for knock in both}
        assert len(answers) == 1, "an honest repeat is given the same answer"
        shown = answers.pop()
    assert refresh_of(Knock(there, honest, refresh=shown, ask="last").go())
    for device in robbed:
        shown = refresh_of(Knock(here, device).go())
        both = together(
            Knock(here, device, refresh=shown, ask="mine"),
            Knock(there, device, refresh=shown, ask="the thief's"),
        )
        assert sorted(knock.status for knock in both) == [200, 401], "exactly one wins"
        (winner,) = (knock for knock in both if knock.status == 200)
        after = Knock(here, device, refresh=refresh_of(winner), ask="two").go()
        assert after.status == 401, "a copy ended the family"
