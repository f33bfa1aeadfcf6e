"""A removed computer erases its copy by a signed order, says so, and proves it (S8, D8). Real server, real files."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import Distrusted, Refused, Unreachable
from dossier.sealing.profile import Cost
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.profile import ProfileFolder
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import InlineMainThread
from practitioner_app.services import first_start
from practitioner_app.services.first_start import FirstStart
from practitioner_app.services.session import Lock
from practitioner_app.surroundings import Surroundings
from practitioner_app.workstation import Installation, Workstation
from server.services.accounts import Person
from sync.transport import RequestsTransport
from tests.fakes.authenticator import Authenticator
from tests.fakes.memory_keychain import MemoryKeychain
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess, operator
from tests.fakes.server_room import DOCTOR, PASSWORD, SteppingClock

CHEAP = Cost(8, 1, 1)
PHRASE = "loutre velours quatorze brise moulin"


class HeardChanges(Changes):
    """Tells a waiting test that the order came."""

    def __init__(self, main_thread: InlineMainThread) -> None:
        super().__init__(main_thread)
        self.ordered = threading.Event()

    def announce(self, change: ChangeSet) -> None:
        super().announce(change)
        if change.about(Topic.PURGE):
            self.ordered.set()


class Computer:
    """One profile on a computer, over a real server in its own process."""

    def __init__(self, folder: Path) -> None:
        self.server = folder / "server"
        with served(self.server, clock=SteppingClock(SystemClock().now())) as room:
            unit = room.unit()
            person = Person(login="martin", display_name="Dr Martin", practitioner="pra-martin")
            account = room.account(person)
            room.run(room.members.add(account, unit, DOCTOR))
            room.patient(unit)
        self.process = ServerProcess(self.server, folder / "log").start()
        self.keychain, self.errors = MemoryKeychain(), []
        self.lanes = ThreadLanes(InlineMainThread(), self.errors.append)
        self.folder = ProfileFolder(folder / "profile")
        self.folder.hold()
        self.authenticator = Authenticator(SystemClock())
        changes = HeardChanges(InlineMainThread())
        self.ordered = changes.ordered
        clock = SystemClock()
        around = Surroundings(
            clock=clock,
            entropy=SystemEntropy(),
            lanes=self.lanes,
            changes=changes,
            terms=Terminology.load(),
            transport=lambda url, _vouching=None: RequestsTransport(url, clock),
        )
        self.station = Workstation(self.folder, around, self.ring, floor=CHEAP)
        self.installation = Installation(self.folder, self.station, around, self.ring, cost=CHEAP)

    def ring(self) -> MemoryKeychain:
        return self.keychain

    def enrol(self) -> str:
        """The six steps; the copy is whole when it returns. Returns the device."""
        state = first_start.with_address(FirstStart(), self.process.url)
        state = first_start.answered(state, self.installation.capabilities(state))
        state = first_start.with_identity(state, "martin", PASSWORD, "Cabinet 2")
        state = first_start.with_proof(state, self.authenticator.code("martin"))
        state = first_start.enrolled(state, self.installation.enrol(state))
        self.installation.make_profile(first_start.with_phrase(state, PHRASE, PHRASE))
        self.installation.first_copy(state)
        return self.station.card.device

    def remove(self, device: str) -> None:
        """The operator removes this computer; the server runs again at the same address."""
        self.process.stop()
        assert operator("device", "revoke", self.server, "martin", device).code == 0
        self.process.start()

    def left(self) -> set[str]:
        """The files of the profile, but the lock."""
        found = {path for path in self.folder.path.rglob("*") if path.is_file()}
        return {str(path.relative_to(self.folder.path)) for path in found} - {"in-use"}

    def close(self) -> None:
        self.station.lock(Lock.ASKED)
        self.lanes.close()
        self.folder.release()
        self.process.__exit__()


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path)
    yield computer
    computer.close()
    assert computer.errors == []


def test_s8_an_open_computer_that_is_removed_erases_everything_and_its_proof_is_taken(
    computer: Computer,
) -> None:
    device = computer.enrol()
    assert device in computer.keychain.secrets
    computer.remove(device)
    session = computer.station.session
    assert session is not None
    session.context.sync.now()
    assert computer.ordered.wait(60)
    computer.station.erase()
    assert computer.left() == {"purged.json"}
    assert computer.keychain.secrets == {}
    assert not computer.folder.is_enrolled
    assert computer.station.session is None
    computer.station.pay_receipt()
    assert computer.left() == set()


def test_s8_a_locked_computer_that_is_removed_erases_at_its_next_unlock_after_the_lease(
    computer: Computer,
) -> None:
    device = computer.enrol()
    computer.station.lock(Lock.ASKED)
    computer.remove(device)
    computer.station.unlock(PHRASE)
    assert computer.ordered.wait(60)
    computer.station.lock(Lock.IDLE)
    assert computer.left() == {"purged.json"}


def test_a_proof_that_cannot_be_given_waits_for_the_next_start(computer: Computer) -> None:
    device = computer.enrol()
    computer.remove(device)
    session = computer.station.session
    assert session is not None
    session.context.sync.now()
    assert computer.ordered.wait(60)
    computer.process.stop()
    computer.station.erase()
    with pytest.raises(Unreachable):
        computer.station.pay_receipt()
    owed = computer.folder.owed_receipt()
    assert owed is not None
    assert owed.said.device == device
    computer.process.start()
    computer.station.pay_receipt()
    assert computer.folder.owed_receipt() is None


def test_a_server_whose_identity_differs_at_enrolment_is_refused(computer: Computer) -> None:
    state = first_start.with_address(FirstStart(), computer.process.url)
    state = first_start.answered(state, computer.installation.capabilities(state))
    assert state.capabilities is not None
    other = structs.replace(state.capabilities, identity="A" * 43)
    state = structs.replace(state, capabilities=other)
    state = first_start.with_identity(state, "martin", PASSWORD, "Cabinet 2")
    state = first_start.with_proof(state, computer.authenticator.code("martin"))
    with pytest.raises(Distrusted, match="keys_forged"):
        computer.installation.enrol(state)
    assert computer.left() == set()


def test_an_erased_profile_can_be_enrolled_anew(computer: Computer) -> None:
    device = computer.enrol()
    computer.remove(device)
    session = computer.station.session
    assert session is not None
    session.context.sync.now()
    assert computer.ordered.wait(60)
    computer.station.erase()
    computer.station.pay_receipt()
    assert computer.enrol() != device
    with pytest.raises(Refused):
        computer.station.choose_phrase("x")
