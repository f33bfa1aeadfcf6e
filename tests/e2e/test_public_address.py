"""A server process behind something that passes requests on: a proof by a device's key names the address its operator
configured, whatever the request says of itself (S11, RFC 9449 §4.3).
"""

from pathlib import Path

import requests

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.wire import codec, limits
from dossier.wire.sessions import ChallengeReply, ChallengeRequest, TokenRequest
from server.services.accounts import Person
from sync.proofs import Prover
from tests.fakes.device_process import Device
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess
from tests.fakes.server_room import DOCTOR, SteppingClock

PUBLIC = "https://colloque.example"
_JSON = {"Content-Type": "application/json"}


def passed_on(url: str, device: Device, signed_for: str, host: str) -> tuple[int, str]:
    """What a desktop is told that reaches `signed_for`, by who passes its request on and writes `Host`."""
    asked = codec.encode(ChallengeRequest(device=device.key.device))
    told = requests.post(f"{url}/session/v1/challenge", asked, headers=_JSON, timeout=30)
    given = codec.decode(told.content, ChallengeReply)
    proof = Prover(device.key, signed_for, SystemEntropy()).posting(limits.TOKEN_PATH, given)
    message = TokenRequest(device=device.key.device, situation=device.situation)
    headers = {**_JSON, limits.PROOF_HEADER: proof, "Host": host}
    answer = requests.post(
        url + limits.TOKEN_PATH, codec.encode(message), headers=headers, timeout=30
    )
    return answer.status_code, str(answer.json().get("code", ""))


def test_s11_a_proof_names_the_configured_address_and_never_what_the_request_says(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "server"
    with served(folder, clock=SteppingClock(SystemClock().now())) as room:
        account = room.account(Person(login="martin", display_name="Dr Martin"))
        room.run(room.members.add(account, room.unit(), DOCTOR))
    with ServerProcess(folder, tmp_path / "log", more=("--public", PUBLIC)) as server:
        device = Device.enrol(tmp_path / "martin", server.url, "martin")
        here = server.url.removeprefix("http://")
        try:
            assert passed_on(server.url, device, PUBLIC, here) == (200, "")
            assert passed_on(server.url, device, PUBLIC, "colloque.example") == (200, "")
            assert passed_on(server.url, device, server.url, "colloque.example") == (200, "")
            for elsewhere in ("https://evil.example", f"{PUBLIC}:8443", "http://colloque.example"):
                host = elsewhere.partition("//")[2]
                refused = passed_on(server.url, device, elsewhere, host)
                assert refused == (403, "unknown_address"), elsewhere
        finally:
            device.close()
