"""A real server over TLS and real desktops: enrolled by a private authority, its keys replaced while they work."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.errors import TlsRefused
from practitioner_app.ports import ItemState
from server.services.accounts import Person
from sync import states
from sync.meeting import meet
from sync.states import Did, State, Trouble
from sync.transport import RequestsTransport
from tests.fakes.desktop_process import DesktopProcess, House, display
from tests.fakes.device_process import Device, opened
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess, operator
from tests.fakes.server_room import DOCTOR, SteppingClock

AUTHORITY = ("--address", "127.0.0.1")


class Place:
    """A server with a private authority for the loopback, and one doctor of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.profile = folder / "server", folder / "martin"
        with served(self.folder, clock=SteppingClock(SystemClock().now())) as room:
            unit = room.unit()
            person = Person(login="martin", display_name="martin", practitioner="pra-martin")
            account = room.account(person)
            room.run(room.members.add(account, unit, DOCTOR))
            self.anne = room.patient(unit)
        assert operator("identity", "certificate", self.folder, *AUTHORITY).code == 0
        self.process = ServerProcess(self.folder, folder / "log")

    def meet(self, *ids: str) -> State:
        """A new session of the desktop, with these allergies written; returns the state that ends it."""
        with opened(self.profile, self.process.url) as martin:
            for rid in ids:
                martin.write_allergy(self.anne, "pat-1", rid)
            martin.sync()
            return martin.engine.state.state

    def change(self, *words: str) -> None:
        """What an operator does while the socket unit holds the address: stop, sign, start."""
        self.process.stop()
        assert operator("identity", *words[:1], self.folder, *words[1:]).code == 0
        self.process.start()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    with place.process:
        assert place.process.url.startswith("https://")
        Device.enrol(place.profile, place.process.url, "martin").close()
        yield place


def test_a_desktop_is_enrolled_by_the_private_authority_and_synchronises(place: Place) -> None:
    assert place.meet("all-1") == states.Idle()
    with opened(place.profile, place.process.url) as martin:
        assert martin.allergies(place.anne)["all-1"] in (ItemState.SENT, ItemState.CONFIRMED)
        assert martin.store.outbox.pending() == []


def test_a_tls_key_is_replaced_while_a_desktop_is_online_and_another_is_away(place: Place) -> None:
    with opened(place.profile, place.process.url) as martin:
        martin.write_allergy(place.anne, "pat-1", "all-1")
        martin.sync()
        for n, words in enumerate(
            (
                ("sign", "--replace", "tls"),
                ("sign", "--replace", "tls"),
                ("certificate",),
                ("certificate", *AUTHORITY, "--address", "new.example"),
            )
        ):
            place.change(*words)
            martin.write_allergy(place.anne, "pat-1", f"more-{n}")
            assert martin.sync().did is Did.WAITED
            assert martin.engine.state.state == states.Idle()
    place.change("sign", "--replace", "tls")
    (place.folder / "authority.key").unlink()
    place.change("certificate", *AUTHORITY)
    assert place.meet("all-2") == states.Idle()
    with opened(place.profile, place.process.url) as martin:
        shown = martin.allergies(place.anne)
    assert len(shown) == 6
    assert set(shown.values()) == {ItemState.CONFIRMED}


def test_d10_another_server_with_its_own_authority_at_the_address_gets_nothing(
    place: Place, tmp_path: Path
) -> None:
    assert place.meet("all-1") == states.Idle()
    place.process.stop()
    other = tmp_path / "other"
    assert operator("init", other, "--demonstration", *AUTHORITY).code == 0
    shutil.rmtree(place.folder)
    shutil.copytree(other, place.folder)
    place.process.start()
    met = place.meet("all-2")
    assert isinstance(met, states.Offline)
    assert met.reason in (Trouble.TLS_UNKNOWN, Trouble.TLS_KEY)
    with opened(place.profile, place.process.url) as martin:
        shown = martin.allergies(place.anne)
    assert set(shown) == {"all-1", "all-2"}
    assert shown["all-2"] == ItemState.PENDING


def test_a_name_the_authority_does_not_know_is_refused_at_the_first_meeting(place: Place) -> None:
    url = f"https://localhost:{place.process.port}"
    with pytest.raises(TlsRefused) as caught:
        meet(lambda by: RequestsTransport(url, SystemClock(), vouching=by))
    assert caught.value.detail == "host"


def test_the_first_start_shows_the_fingerprint_of_a_server_only_its_identity_vouches_for(
    place: Place, tmp_path: Path
) -> None:
    identity = operator("identity", "show", place.folder).out.splitlines()[0].split(maxsplit=1)[1]
    with display() as name:
        desktop = DesktopProcess(House(tmp_path / "desk", name), "nobody").start()
        try:
            desktop.sees("Adresse du serveur", focus="Adresse")
            desktop.types(place.process.url)
            desktop.press("Return")
            desktop.sees("Est-ce votre serveur", identity)
        finally:
            desktop.stop()
