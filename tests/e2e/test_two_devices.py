"""Two desktops without windows and one real server process: offline and back, revoked, killed at numbered steps."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dossier.clock import SystemClock
from practitioner_app.ports import ItemState
from server.app import House
from server.ports import OwnerTx
from server.services.accounts import Person
from sync import states
from sync.states import Did
from tests.fakes.device_process import Device, opened
from tests.fakes.served_house import inside, served
from tests.fakes.server_process import ROOT, ServerProcess, operator
from tests.fakes.server_room import DOCTOR, PASSWORD, SteppingClock

CHILD_STEPS = (1, 2, 3, 5, 8, 13, 21, 34)


class Site:
    """A server folder, its process, and what the operator does between two runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with served(folder / "server", clock=SteppingClock(SystemClock().now())) as room:
            unit = room.unit()
            for login in ("martin", "diallo"):
                person = Person(login=login, display_name=login, practitioner=f"pra-{login}")
                account = room.account(person)
                room.run(room.members.add(account, unit, DOCTOR))
            self.anne = room.patient(unit)
        self.process = ServerProcess(folder / "server", folder / "log")

    def closed(self, work: Callable[[House], Any]) -> Any:
        """Stop the server, do something in its house, start it again."""
        self.process.stop()
        found = self.inside(work)
        self.process.start()
        return found

    def inside(self, work: Callable[[House], Any]) -> Any:
        """Open the house of a server that does not run."""

        async def settled(house: House) -> Any:
            found = await work(house)
            await house.settle()
            return found

        return inside(self.folder / "server", settled)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    with site.process:
        yield site


@pytest.fixture
def devices(site: Site, tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    with ExitStack() as stack:
        both = []
        for name in ("martin", "diallo"):
            both.append(Device.enrol(tmp_path / name, site.process.url, name))
            stack.callback(both[-1].close)
        yield both[0], both[1]


def rested(device: Device) -> None:
    done = device.sync()
    assert done.did is Did.WAITED, device.engine.state
    assert isinstance(device.engine.state.state, states.Idle), device.engine.state


def reads(device: Device, owner: int, wanted: dict[str, str]) -> bool:
    """Asks until this is what the screens show; what was written reaches other readers a moment later."""
    ends_s = device.clock.monotonic() + 10
    while device.clock.monotonic() < ends_s:
        rested(device)
        if device.allergies(owner) == wanted:
            return True
    return False


def test_what_one_writes_offline_the_other_reads_once_both_are_online(
    site: Site, devices: tuple[Device, Device]
) -> None:
    martin, diallo = devices
    rested(martin)
    rested(diallo)
    assert [line.owner for line in martin.store.records.patients("durand", 9)] == [site.anne]
    site.process.stop()
    martin.write_allergy(site.anne, "pat-1", "all-1")
    assert martin.allergies(site.anne) == {"all-1": ItemState.PENDING}
    assert martin.sync().did is Did.FAILED
    assert isinstance(martin.engine.state.state, states.Offline)
    assert martin.allergies(site.anne)["all-1"] in (ItemState.PENDING, ItemState.SENT)
    site.process.start()
    rested(martin)
    assert reads(diallo, site.anne, {"all-1": ItemState.CONFIRMED})
    assert reads(martin, site.anne, {"all-1": ItemState.CONFIRMED})
    assert martin.store.records.copy_facts().pending == 0


def owed(house: House, login: str) -> Any:
    """Copies of this person's device: erased ones and open ones."""

    async def look() -> tuple[int, int]:
        account = await house.accounts.find(login)
        assert account is not None
        (row, _), *_rest = await house.devices.of_account(account)
        owners = await house.store.maintenance.owners(None, -1, 1_000)

        async def copies(tx: OwnerTx) -> list[Any]:
            (member,) = await tx.people.members()
            return [
                copy
                for target in owners
                for copy in await tx.people.copies(row.device, member.unit, target)
            ]

        rows = await house.store.read(account, copies)
        done = sum(row.receipt_ms is not None for row in rows)
        return done, len(rows) - done

    return look()


def test_acc_06_a_blocked_doctor_loses_the_copy_and_says_that_it_is_erased(
    site: Site, devices: tuple[Device, Device]
) -> None:
    martin, diallo = devices
    rested(martin)
    martin.write_allergy(site.anne, "pat-1", "all-1")
    rested(martin)
    rested(diallo)
    assert diallo.allergies(site.anne)
    site.process.stop()
    assert operator("grant", "block", site.folder / "server", "pat-1", "diallo").code == 0
    site.process.start()
    rested(diallo)
    assert diallo.allergies(site.anne) == {}
    assert diallo.store.records.patients("durand", 9) == []
    rested(diallo)
    erased, _open = site.closed(lambda house: owed(house, "diallo"))
    assert erased >= 2
    rested(martin)
    assert martin.allergies(site.anne) == {"all-1": ItemState.CONFIRMED}


def test_an_ended_membership_empties_the_copy_and_every_erasure_is_receipted(
    site: Site, devices: tuple[Device, Device]
) -> None:
    _, diallo = devices
    for device in devices:
        rested(device)
    site.process.stop()
    folder = site.folder / "server"
    listed = operator("member", "list", folder, "diallo").value
    assert isinstance(listed, list)
    assert operator("member", "end", folder, "diallo", listed[0]["id"]).code == 0
    site.process.start()
    diallo.sync()
    assert diallo.store.records.patients("durand", 9) == []
    assert diallo.store.records.copy_facts().rows == 0
    diallo.sync()
    erased, still_open = site.closed(lambda house: owed(house, "diallo"))
    assert erased >= 2
    assert still_open == 0


def what_the_server_holds(site: Site) -> Any:
    """Allergies by id, how many pasts each has, faults of the engine and of the journal."""

    async def look(house: House) -> Any:
        rows = await house.records.whole(site.anne)
        ids = Counter(row.id for row in rows if row.rtype == "AllergyIntolerance")

        async def pasts(tx: OwnerTx) -> dict[str, int]:
            return {rid: len(await tx.resources.history("AllergyIntolerance", rid)) for rid in ids}

        past = await house.store.read(site.anne, pasts)
        faults = await house.store.maintenance.check()
        broken = await house.sequencer.verify()
        return ids, past, faults, broken

    return site.inside(look)


def test_killing_a_desktop_at_numbered_steps_loses_nothing_that_was_said_to_be_durable(
    site: Site, devices: tuple[Device, Device], tmp_path: Path
) -> None:
    martin, diallo = devices
    rested(martin)
    rested(diallo)
    martin.close()
    promised: set[str] = set()
    killed = 0
    for step in CHILD_STEPS:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.fakes.device_process",
                str(tmp_path / "martin"),
                site.process.url,
                str(step),
                f"k{step}",
            ],
            cwd=ROOT,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode in (0, -9), done.stderr.decode()
        killed += done.returncode == -9
        promised |= set(done.stdout.decode().split())
    assert killed >= len(CHILD_STEPS) - 2
    assert len(promised) >= 3
    with opened(tmp_path / "martin", site.process.url) as again:
        rested(again)
        rested(again)
        held = again.allergies(site.anne)
        assert promised <= set(held)
        assert set(held.values()) == {ItemState.CONFIRMED}
    rested(diallo)
    assert diallo.allergies(site.anne) == held
    site.process.stop()
    ids, past, faults, broken = what_the_server_holds(site)
    assert (set(ids), set(ids.values())) == (set(held), {1})
    assert len(set(past.values())) == 1
    assert (faults, broken) == ([], None)
    site.process.start()


def test_the_server_leaves_no_word_about_anybody_in_its_log(
    site: Site, devices: tuple[Device, Device]
) -> None:
    for device in devices:
        device.write_allergy(site.anne, "pat-1", f"canari-{device.device[:8]}")
        rested(device)
    site.process.kill()
    said = (site.folder / "log").read_bytes()
    site.process.start()
    for word in (b"canari", b"Durand", b"nicilline", b"martin", PASSWORD.encode()):
        assert word not in said
    assert msgspec.json.encode(site.anne) not in said
