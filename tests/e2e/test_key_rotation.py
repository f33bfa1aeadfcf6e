"""The operator replaces keys of a server that runs, is killed while doing so, and goes on."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import Busy, Unreachable
from dossier.wire.messages import Want
from server.app import House
from server.services.accounts import Person
from sync.proofs import begin
from tests.fakes.device_process import Device
from tests.fakes.postgres import IN_ITS_FOLDER, Databases
from tests.fakes.served_house import inside, served
from tests.fakes.server_process import ROOT, ServerProcess, operator
from tests.fakes.server_room import DOCTOR, SteppingClock, an_allergy

PATIENTS = 40
KILLS = 4


def a_practice(folder: Path, databases: Databases = IN_ITS_FOLDER) -> list[int]:
    """A server with a doctor and patients; their records."""
    owners = []
    clock = SteppingClock(SystemClock().now())
    with served(folder, clock=clock, databases=databases) as room:
        org = room.unit()
        doctor = room.desktop("martin", org)
        reader = Person(login="diallo", display_name="Dr Diallo", practitioner="pra-diallo")
        room.run(room.members.add(room.account(reader), org, DOCTOR))
        for n in range(PATIENTS):
            owners.append(room.patient(org, f"pat-{n}"))
            room.push(doctor, room.create(doctor, owners[-1], an_allergy(f"pat-{n}", f"all-{n}")))
        room.settle()
    return owners


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    a_practice(folder)
    return folder


@pytest.fixture
def process(folder: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(folder, tmp_path / "log") as process:
        yield process


def everything(folder: Path) -> tuple[list[str], list[str], Any]:
    """Ids of every readable resource, versions of data keys, the fault of the log."""

    async def read(house: House) -> tuple[list[str], list[str], Any]:
        await house.settle()
        ids, versions, after = [], [], -1
        while owners := await house.store.maintenance.owners("patient", after, 100):
            for owner in owners:
                ids += [row.id for row in await house.records.whole(owner)]
                versions.append(str((await house.keys.key(owner))[0]))
            after = owners[-1]
        return sorted(ids), versions, await house.sequencer.verify()

    return inside(folder, read)


def test_the_kek_is_replaced_while_the_server_runs(folder: Path, process: ServerProcess) -> None:
    first: Any = operator("keys", "rotate", "kek", folder).value
    assert first["rewrapped"] > PATIENTS
    assert first["destroyed"] == 0, "a copy of the keys of the last 35 days may lie under it"
    again: Any = operator("keys", "rotate", "kek", folder, "--now").value
    assert again["destroyed"] == 2
    process.stop()
    ids, _, fault = everything(folder)
    assert (len(ids), fault) == (3 * PATIENTS, None)
    process.start()


def test_data_keys_are_replaced_by_the_running_server(folder: Path, process: ServerProcess) -> None:
    process.stop()
    subjects = len(keyed(folder))
    assert subjects > PATIENTS
    process.start()
    assert operator("keys", "rotate", "data", folder, "--patient", "pat-3").value == {"asked": 1}
    unknown = operator("keys", "rotate", "data", folder, "--patient", "nobody")
    assert (unknown.code, "error.unavailable" in unknown.err) == (2, True)
    assert operator("keys", "rotate", "data", folder, "--all").value == {"asked": subjects}
    process.stop()
    ids, versions, fault = everything(folder)
    assert (len(ids), fault) == (3 * PATIENTS, None)
    assert set(versions) <= {"2", "3"}, "pat-3 may have been done twice"
    process.start()


def test_data_keys_of_a_stopped_server_are_replaced_at_once(folder: Path) -> None:
    assert operator("keys", "rotate", "data", folder, "--patient", "pat-3").value == {"replaced": 1}
    ids, versions, fault = everything(folder)
    assert (len(ids), fault) == (3 * PATIENTS, None)
    assert sorted(versions) == ["1"] * (PATIENTS - 1) + ["2"]


def test_killed_at_any_moment_a_rotation_goes_on_and_nothing_is_unreadable(folder: Path) -> None:
    before, _, _ = everything(folder)
    killed = 0
    for kind, more in (("kek", "--now"), ("data", "--all")):
        for wait_s in (0.35, 0.5, 0.6, 0.7, 0.8, 0.9):
            command = [sys.executable, "-m", "server", "keys", "rotate", kind, str(folder), more]
            done = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
            try:
                done.wait(wait_s)
            except subprocess.TimeoutExpired:
                done.send_signal(signal.SIGKILL)
                killed += 1
                done.wait(10)
        assert operator("keys", "rotate", kind, folder, more).code == 0
        ids, _, fault = everything(folder)
        assert (ids, fault) == (before, None)
    assert killed


def test_root_is_replaced_and_the_old_one_opens_nothing(folder: Path, tmp_path: Path) -> None:
    before, _, _ = everything(folder)
    old = (folder / "root.key").read_bytes()
    said = operator("keys", "rotate", "root", folder)
    assert said.code == 0, said.err
    new = (folder / "root.key").read_bytes()
    assert new != old
    assert not (folder / "root.key.new").exists()
    assert everything(folder)[0] == before
    _put(folder / "root.key", old)
    refused = operator("serve", folder, "--port", "0", timeout=20)
    assert "root.key does not open" in refused.err


@pytest.mark.parametrize("moved", [False, True])
def test_a_rotation_of_root_cut_off_before_or_after_the_keys_moved_goes_on(
    folder: Path, moved: bool
) -> None:
    before, _, _ = everything(folder)
    old = (folder / "root.key").read_bytes()
    if moved:
        assert operator("keys", "rotate", "root", folder).code == 0
        (folder / "root.key").rename(folder / "root.key.new")
        _put(folder / "root.key", old)
    else:
        _put(folder / "root.key.new", bytes(range(32)).hex().encode())
    said = operator("keys", "rotate", "root", folder)
    assert said.code == 0, said.err
    assert (folder / "root.key").read_bytes() != old
    assert everything(folder)[0] == before


def test_root_is_not_replaced_under_a_running_server(folder: Path, process: ServerProcess) -> None:
    said = operator("keys", "rotate", "root", folder)
    assert (said.code, "Stop it first" in said.err) == (2, True)
    assert operator("keys", "rotate", "kek", folder).code == 0


def _put(path: Path, raw: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(raw)
    path.chmod(0o400)


class Reader:
    """A desktop's line on which a few records are read whole, from zero, again and again."""

    def __init__(self, device: Device, owners: list[int]) -> None:
        self._device, self._owners = device, set(owners)
        situation = device.situation
        self._token = begin(device.transport, device.key, situation, SystemEntropy()).token
        self.counted = 0
        self.first = self.read()
        self.other: list[dict[int, int]] = []

    def read(self) -> dict[int, int]:
        """How many rows each record has."""
        transport, found = self._device.transport, Counter[int]()
        told = transport.heads(self._token, "")
        assert told is not None
        for head in told.heads:
            since, more = "", head.owner in self._owners and not head.gone
            while more:
                want = Want(owner=head.owner, facet=head.facet, term=head.term, since=since)
                (page,) = transport.changes(self._token, [want], 1 << 20).pages
                found[head.owner] += len(page.rows)
                since, more = page.to, page.more
        return dict(found)

    def work(self, stop: threading.Event, up: threading.Event) -> None:
        while not stop.is_set():
            try:
                seen = self.read()
            except (Unreachable, Busy):
                up.wait(30)
                continue
            self.counted += 1
            if seen != self.first:
                self.other.append(seen)


@pytest.fixture(params=["files", "postgres"])
def databases(request: pytest.FixtureRequest) -> Databases:
    if request.param == "files":
        return IN_ITS_FOLDER
    lent: Databases = request.getfixturevalue("postgres").lend()
    return lent


def test_every_data_key_is_replaced_while_the_server_is_killed_and_readers_read(
    tmp_path: Path, databases: Databases, record_property: Callable[[str, str], None]
) -> None:
    folder, dice = tmp_path / "server", Random(5)
    owners = a_practice(folder, databases)
    before, _, _ = everything(folder)
    subjects = len(keyed(folder))
    with ServerProcess(folder, tmp_path / "log") as process:
        device = Device.enrol(tmp_path / "diallo", process.url, "diallo")
        reader = Reader(device, owners[:6])
        stop, up = threading.Event(), threading.Event()
        up.set()
        thread = threading.Thread(target=reader.work, args=(stop, up))
        thread.start()
        try:
            for _ in range(KILLS):
                asked: Any = operator("keys", "rotate", "data", folder, "--all").value
                assert max(asked.values()) == subjects
                stop.wait(dice.random() * 1.3)
                up.clear()
                process.kill()
                process.start()
                up.set()
        finally:
            stop.set()
            up.set()
            thread.join(60)
        one = operator("keys", "rotate", "data", folder, "--account", "martin")
        assert max(one.value.values()) == 1, one.err  # type: ignore[attr-defined]  # an object of JSON
        assert operator("keys", "rotate", "data", folder, "--account", "nobody").code == 2
        device.close()
    assert reader.counted > KILLS
    assert reader.other == [], "a reader missed a row, or had one twice"
    assert everything(folder)[::2] == (before, None)
    versions = keyed(folder)
    assert len(versions) == subjects
    assert min(versions.values()) >= 2
    assert operator("doctor", folder).code == 0
    record_property(
        "told",
        f"{KILLS} kills while {subjects} data keys were replaced: {reader.counted} whole readings beside, none short",
    )


def keyed(folder: Path) -> dict[int, int]:
    """The newest version of the data key of every subject, once everything that waits is done."""

    async def look(house: House) -> dict[int, int]:
        await house.settle()
        found = {}
        for owner in await house.store.maintenance.owners(None, -1, 10_000):
            row = await house.store.read(owner, lambda tx: tx.people.account())
            if row is not None:
                assert (await house.accounts.person(owner)).login
            found[owner] = (await house.keys.key(owner))[0]
        return found

    return inside(folder, look)
