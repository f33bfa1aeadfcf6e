"""The operator replaces keys of a server that runs, is killed while doing so, and goes on."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dossier.clock import SystemClock
from server.app import House
from tests.fakes.served_house import inside, served
from tests.fakes.server_process import ROOT, ServerProcess, operator
from tests.fakes.server_room import SteppingClock, an_allergy

PATIENTS = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    with served(folder, clock=SteppingClock(SystemClock().now())) as room:
        org = room.unit()
        doctor = room.desktop("martin", org)
        for n in range(PATIENTS):
            owner = room.patient(org, f"pat-{n}")
            room.push(doctor, room.create(doctor, owner, an_allergy(f"pat-{n}", f"all-{n}")))
        room.settle()
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
    assert operator("keys", "rotate", "data", folder, "--patient", "pat-3").value == {"asked": 1}
    unknown = operator("keys", "rotate", "data", folder, "--patient", "nobody")
    assert (unknown.code, "error.unavailable" in unknown.err) == (2, True)
    assert operator("keys", "rotate", "data", folder, "--all").value == {"asked": PATIENTS}
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
