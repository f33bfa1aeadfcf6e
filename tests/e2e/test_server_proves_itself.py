"""A real server that is replaced, rolled back, re-keyed or that revokes: what a real desktop believes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.sealing.orders import purged_message
from dossier.sealing.text import base64url
from dossier.wire.sessions import PurgedRequest
from practitioner_app.ports import ItemState
from server.app import House
from server.services import journal
from server.services.accounts import Person
from server.services.facets import JOURNAL_FACETS
from sync import states
from sync.states import State
from tests.fakes.authenticator import Authenticator
from tests.fakes.device_process import Device, opened
from tests.fakes.served_house import inside, served
from tests.fakes.server_process import ServerProcess, operator
from tests.fakes.server_room import DOCTOR, SteppingClock

DATABASES = ("data.db", "data.db-wal", "keys.db", "keys.db-wal")


class Place:
    """A server folder, its process, and one enrolled profile."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.profile = folder / "server", folder / "martin"
        self._authenticator = Authenticator(SystemClock())
        with served(self.folder, clock=SteppingClock(SystemClock().now())) as room:
            unit = room.unit()
            person = Person(login="martin", display_name="martin", practitioner="pra-martin")
            account = room.account(person)
            room.run(room.members.add(account, unit, DOCTOR))
            self.anne = room.patient(unit)
        self.process = ServerProcess(self.folder, folder / "log")

    def enrol(self) -> None:
        url = self.process.url
        Device.enrol(self.profile, url, "martin", self._authenticator).close()

    def meet(self, *ids: str) -> State:
        """A new session of the desktop, with these allergies written; returns the state that ends it."""
        with opened(self.profile, self.process.url) as martin:
            for rid in ids:
                martin.write_allergy(self.anne, "pat-1", rid)
            martin.sync()
            return martin.engine.state.state

    def shows(self) -> dict[str, str]:
        with opened(self.profile, self.process.url) as martin:
            return martin.allergies(self.anne)

    def stopped(self) -> None:
        """Everything due is settled and in the log."""
        self.process.stop()

    def copy(self, target: Path, names: tuple[str, ...] = DATABASES) -> Path:
        """The files as they lie while the server is stopped."""
        target.mkdir(exist_ok=True)
        for name in names:
            if (self.folder / name).exists():
                shutil.copy2(self.folder / name, target / name)
        return target

    def put_back(self, source: Path, names: tuple[str, ...] = DATABASES) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
            if (source / name).exists():
                shutil.copy2(source / name, self.folder / name)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    with place.process:
        place.enrol()
        yield place


def test_s4_a_server_rolled_back_is_refused_and_nothing_held_is_touched(
    place: Place, tmp_path: Path
) -> None:
    assert place.meet("all-1") == states.Idle()
    place.stopped()
    yesterday = place.copy(tmp_path / "yesterday")
    place.process.start()
    assert place.meet("all-2") == states.Idle()
    place.stopped()
    held = place.shows()
    assert set(held) == {"all-1", "all-2"}
    place.process.start()
    assert place.meet() == states.Idle()
    place.stopped()
    place.put_back(yesterday)
    place.process.start()
    assert place.meet("all-3") == states.Distrusted("log_rolled_back"), "at the first meeting"
    assert place.meet() == states.Distrusted("log_rolled_back")
    assert place.shows() == held | {"all-3": ItemState.PENDING}


def test_a_true_server_that_comes_back_is_believed_again(place: Place, tmp_path: Path) -> None:
    assert place.meet("all-1") == states.Idle()
    place.stopped()
    yesterday = place.copy(tmp_path / "yesterday")
    place.process.start()
    assert place.meet("all-2") == states.Idle()
    place.stopped()
    place.process.start()
    assert place.meet() == states.Idle()
    place.stopped()
    today = place.copy(tmp_path / "today")
    place.put_back(yesterday)
    place.process.start()
    assert isinstance(place.meet("all-3"), states.Distrusted)
    assert isinstance(place.meet(), states.Distrusted)
    place.stopped()
    place.put_back(today)
    place.process.start()
    assert place.meet() == states.Idle(), (
        "nobody has to show who they are: the session was never begun elsewhere"
    )
    assert place.shows()["all-3"] == ItemState.CONFIRMED


def test_another_server_at_the_same_address_is_refused(place: Place, tmp_path: Path) -> None:
    assert place.meet("all-1") == states.Idle()
    held = place.shows()
    place.stopped()
    other = tmp_path / "other"
    assert operator("init", other, "--demonstration").code == 0
    names = (*DATABASES, "root.key", "identity.key", "keys.txt", "server.json")
    for name in names:
        (place.folder / name).unlink(missing_ok=True)
        if (other / name).exists():
            shutil.copy2(other / name, place.folder / name)
    place.process.start()
    assert place.meet() == states.Distrusted("other_server")
    assert place.shows() == held


def test_every_online_key_is_replaced_without_touching_the_desktop(place: Place) -> None:
    assert place.meet("all-1") == states.Idle()
    place.stopped()
    words = ("identity", "sign", place.folder, "--replace", "log", "--replace", "order")
    assert operator(*words).code == 0
    place.process.start()
    assert place.meet("all-2") == states.Idle()
    place.stopped()
    place.process.start()
    assert place.meet() == states.Idle()
    assert place.shows() == dict.fromkeys(("all-1", "all-2"), ItemState.CONFIRMED)


def erased_lines(place: Place) -> int:
    async def look(house: House) -> int:
        await house.settle()
        tags = [house.premises.tags.tag(place.anne, name) for name in JOURNAL_FACETS]
        rows = await house.store.read(place.anne, lambda tx: tx.journal.of_facets(tags, 100))
        read = [await journal.read_row(house.premises, place.anne, row) for row in rows]
        return sum(line.action == "erased" for line in read)

    return inside(place.folder, look)


def test_s8_a_revoked_desktop_gets_a_signed_order_and_its_receipt_is_taken(place: Place) -> None:
    assert place.meet("all-1") == states.Idle()
    place.stopped()
    with opened(place.profile, place.process.url) as martin:
        device = martin.device
    assert operator("device", "revoke", place.folder, "martin", device).code == 0
    place.process.start()
    with opened(place.profile, place.process.url) as martin:
        martin.sync()
        state = martin.engine.state.state
        assert isinstance(state, states.Revoked)
        assert f"device {device}\n" in state.order
        signature = martin.key.sign(purged_message(device, state.order))
        martin.transport.purged(
            PurgedRequest(device=device, order=state.order, signature=base64url(signature))
        )
    place.stopped()
    assert erased_lines(place) >= 1
    place.process.start()
