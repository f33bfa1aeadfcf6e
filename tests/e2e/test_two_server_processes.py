"""Two real server processes on one PostgreSQL: a hint crosses them, an operator's word holds on both at once, and
the database killed under them loses nothing.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from practitioner_app.ports import ItemState
from server.services.accounts import Person
from sync import states
from sync.states import Did
from tests.fakes.device_process import Device
from tests.fakes.postgres import Cluster, programs, running
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess, operator
from tests.fakes.server_room import DOCTOR, SteppingClock

NAMES = ("martin", "diallo")
KILLED_AT = (3, 7, 11)
ROUNDS = 14


class TwoProcesses:
    """A practice of two, its databases in a cluster of its own; each doctor is answered by another process."""

    def __init__(self, folder: Path, cluster: Cluster, stack: ExitStack) -> None:
        self.cluster, self.folder = cluster, folder / "server"
        clock = SteppingClock(SystemClock().now())
        with served(self.folder, clock=clock, databases=cluster.lend()) as room:
            unit = room.unit()
            for login in NAMES:
                person = Person(login=login, display_name=login, practitioner=f"pra-{login}")
                account = room.account(person)
                room.run(room.members.add(account, unit, DOCTOR))
            self.anne = room.patient(unit)
        self.servers = [
            stack.enter_context(ServerProcess(self.folder, folder / f"log-{name}"))
            for name in NAMES
        ]
        self.martin, self.diallo = (
            Device.enrol(folder / name, server.url, name)
            for name, server in zip(NAMES, self.servers, strict=True)
        )
        stack.callback(self.martin.close)
        stack.callback(self.diallo.close)

    def killed_meanwhile(self) -> threading.Thread:
        """The database dies (SIGKILL) and comes back while the others go on."""

        def kill() -> None:
            self.cluster.kill()
            self.cluster.start()

        thread = threading.Thread(target=kill)
        thread.start()
        return thread


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TwoProcesses]:
    binaries = programs()
    if binaries is None:
        pytest.skip("the distribution's PostgreSQL is not installed")
    with running(binaries) as cluster, ExitStack() as stack:
        yield TwoProcesses(tmp_path, cluster, stack)


def rested(device: Device) -> None:
    done = device.sync()
    assert done.did is Did.WAITED, device.engine.state
    assert isinstance(device.engine.state.state, states.Idle), device.engine.state


def test_a_hint_crosses_the_processes_and_a_revocation_holds_on_both(site: TwoProcesses) -> None:
    rested(site.martin)
    rested(site.diallo)
    line = site.diallo.transport.hints(site.diallo.engine.token, 30)
    assert line.read(5) == b": colloque\n\n"
    site.martin.write_allergy(site.anne, "pat-1", "all-1")
    rested(site.martin)
    assert b"moved" in line.read(10)
    line.close()
    rested(site.diallo)
    assert site.diallo.allergies(site.anne) == {"all-1": ItemState.CONFIRMED}
    said = operator("device", "revoke", site.folder, "diallo", site.diallo.device)
    assert said.code == 0, said.err
    site.diallo.write_allergy(site.anne, "pat-1", "all-2")
    assert site.diallo.sync().did is Did.FAILED
    site.martin.write_allergy(site.anne, "pat-1", "all-3")
    rested(site.martin)
    assert site.martin.allergies(site.anne).keys() == {"all-1", "all-3"}


def test_the_database_killed_under_two_servers_loses_nothing_and_does_nothing_twice(
    site: TwoProcesses,
) -> None:
    rested(site.martin)
    rested(site.diallo)
    failed, written = 0, set()
    for turn in range(ROUNDS):
        killing = site.killed_meanwhile() if turn in KILLED_AT else None
        for device, name in ((site.martin, "m"), (site.diallo, "d")):
            device.write_allergy(site.anne, "pat-1", f"all-{name}{turn}")
            written.add(f"all-{name}{turn}")
            failed += device.sync().did is Did.FAILED
        if killing is not None:
            killing.join()
    assert failed, "no exchange met a dead database"
    for device in (site.martin, site.diallo, site.martin):
        rested(device)
    for device in (site.martin, site.diallo):
        assert device.allergies(site.anne) == dict.fromkeys(written, ItemState.CONFIRMED)
        assert device.store.records.copy_facts().pending == 0
    for server in site.servers:
        server.stop()
    checked = operator("doctor", site.folder)
    assert "ok    journal          whole" in checked.out, checked.out
    assert checked.code == 0, checked.out
    counts = dict(re.findall(r"(\w+) (\d+)", checked.out.splitlines()[-1]))
    assert "history" not in counts, "a row was written twice"
