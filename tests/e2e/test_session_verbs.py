"""What a desktop says to a live server about its person: the account begun, computers listed, ended, signed out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import Refused, SignInNeeded
from dossier.sealing import totp
from dossier.wire.sessions import ActivateRequest, ActivationRequest, DevicesReply, ProveRequest
from practitioner_app.services.computers import ComputerService
from server.services.accounts import Person
from sync import states
from sync.proofs import Prover
from sync.transport import RequestsTransport
from tests.fakes.authenticator import Authenticator
from tests.fakes.device_process import Device
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess, operator
from tests.fakes.server_room import DOCTOR, PASSWORD, SteppingClock


class Remembered:
    """Settings of one computer."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, name: str) -> str:
        return self._kept.get(name, "")

    def put(self, name: str, value: str) -> None:
        self._kept[name] = value


class Place:
    """A server, and two computers of one doctor."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.digits = folder / "server", Authenticator(SystemClock())
        with served(self.folder, clock=SteppingClock(SystemClock().now())) as room:
            unit = room.unit()
            person = Person(login="martin", display_name="Dr Martin", practitioner="pra-martin")
            room.run(room.members.add(room.account(person), unit, DOCTOR))
            room.patient(unit)
        self.process = ServerProcess(self.folder, folder / "log")
        self.profiles = folder

    def enrolled(self, name: str) -> Device:
        device = Device.enrol(self.profiles / name, self.process.url, "martin", self.digits)
        device.sync()
        assert isinstance(device.engine.state.state, states.Idle), device.engine.state
        return device

    def computers(self, device: Device) -> ComputerService:
        """As the window asks, over the real transport."""
        return ComputerService(
            lambda: device.transport,
            Prover(device.key, device.transport.address, SystemEntropy()),
            device.device,
            lambda: device.engine.token,
            device.clock,
            Remembered(),
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    with place.process:
        yield place


def test_one_computer_signs_the_other_out_and_then_ends_it(place: Place) -> None:
    here, there = place.enrolled("here"), place.enrolled("there")
    try:
        computers = place.computers(here)
        assert _names(computers.own()) == {"here": 1, "there": 1}
        with pytest.raises(Refused, match="proof_needed"):
            computers.sign_out(there.device)
        with pytest.raises(Refused, match="wrong_proof"):
            computers.sign_out(there.device, shown("not the password", "000000"))
        told = computers.sign_out(there.device, shown(PASSWORD, place.digits.code("martin")))
        assert _names(told) == {"here": 1, "there": 0}
        asked_again(there)
        assert there.engine.state.state == states.NeedsSignIn("proof_needed")
        with pytest.raises(Refused, match="unavailable"):
            computers.sign_out(there.device)
        told = computers.end(there.device)
        assert [line.name for line in told.devices if line.revoked] == ["there"]
        asked_again(there)
        assert isinstance(there.engine.state.state, states.Revoked)
        asked_again(here)
        assert isinstance(here.engine.state.state, states.Idle)
    finally:
        here.close()
        there.close()


def test_the_code_of_an_administrator_begins_an_account_once(place: Place) -> None:
    place.process.stop()
    made = operator("account", "create", place.folder, "diallo", "--name", "Dr Diallo")
    assert made.code == 0, made.err
    code = str(made.value["code"])  # type: ignore[index]  # an object of JSON
    place.process.start()
    transport = RequestsTransport(place.process.url, SystemClock())
    with pytest.raises(SignInNeeded):
        transport.activation(ActivationRequest(login="diallo", code="AAAA-AAAA-AAAA-AAAA"))
    told = transport.activation(ActivationRequest(login="diallo", code=code))
    assert told.display_name == "Dr Diallo"
    clock = SystemClock()
    digits = totp.code_at(totp.read_seed(told.seed), totp.step_of(clock.now()))
    asked = ActivateRequest(
        login="diallo", code=code, password="a long and new password", proof=digits
    )
    transport.activate(asked)
    with pytest.raises(SignInNeeded):
        transport.activate(asked)
    with pytest.raises(SignInNeeded):
        transport.activation(ActivationRequest(login="diallo", code=code))
    transport.close()


def test_a_token_of_a_device_that_was_ended_opens_nothing(place: Place) -> None:
    here, there = place.enrolled("here"), place.enrolled("there")
    token = there.engine.token
    place.computers(here).end(there.device, shown(PASSWORD, place.digits.code("martin")))
    with pytest.raises(SignInNeeded):
        there.transport.own_devices(token)
    with pytest.raises(SignInNeeded):
        there.transport.heads(token, "")
    here.close()
    there.close()


def shown(password: str, digits: str) -> ProveRequest:
    return ProveRequest(password=password, proof=digits)


def asked_again(device: Device) -> None:
    """Something moved: it asks, and once more where its session is not known."""
    for _ in range(3):
        device.engine.hint()
        device.sync()


def _names(told: DevicesReply) -> dict[str, int]:
    return {line.name: line.sessions for line in told.devices}
