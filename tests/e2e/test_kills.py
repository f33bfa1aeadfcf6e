"""kill -9 of the server under load and of the desktop at work: each acknowledged op exactly once, on both sides.

Ten of each in every run; `--kills 100` plays more. The figures are told at the end of the run.
"""

import os
import select
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from dossier.clock import SystemClock
from dossier.sealing import totp
from practitioner_app.ports import ItemState
from server.app import House
from server.ports import OwnerTx
from server.services.accounts import Person
from sync import states
from sync.states import Did
from tests.fakes.authenticator import SEED
from tests.fakes.device_process import Device
from tests.fakes.postgres import IN_ITS_FOLDER, Databases, programs, running
from tests.fakes.served_house import inside, served
from tests.fakes.server_process import ROOT, ServerProcess
from tests.fakes.server_room import DOCTOR, PASSWORD, SteppingClock
from tests.fakes.writing_desktop import Shown

NAMES = ("martin", "diallo", "nguyen")
PHRASE = "sept lanternes bleues au grenier"
MOMENT_S = 0.02
"""A kill comes anywhere within this time after an exchange."""
START_S = 240
"""A start unlocks at 256 MiB of Argon2id: slow on a machine that does much else."""
Told = Callable[[str, str], None]


class Practice:
    """A server with one patient and three doctors, whatever its databases lie in."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self.folder = folder / "server"
        with served(
            self.folder, clock=SteppingClock(SystemClock().now()), databases=databases
        ) as room:
            unit = room.unit()
            for login in NAMES:
                person = Person(login=login, display_name=login, practitioner=f"pra-{login}")
                room.run(room.members.add(room.account(person), unit, DOCTOR))
            self.anne = room.patient(unit)
        self.process = ServerProcess(self.folder, folder / "log")

    def truth(self) -> tuple[Counter[str], dict[str, str], set[int], list[object]]:
        """Of the server, which does not run: how often each allergy lies there, its agent, how many versions there
        are of each, and what is broken.
        """

        async def look(house: House) -> Any:
            await house.settle()
            rows = await house.records.whole(self.anne)
            bodies = {row.id: msgspec.json.decode(row.body) for row in rows if _is_allergy(row)}

            async def pasts(tx: OwnerTx) -> set[int]:
                return {
                    len(await tx.resources.history("AllergyIntolerance", rid)) for rid in bodies
                }

            faults: list[object] = [*await house.store.maintenance.check()]
            broken = await house.sequencer.verify()
            ids = Counter(row.id for row in rows if _is_allergy(row))
            agents = {rid: body["code"]["text"] for rid, body in bodies.items()}
            versions = await house.store.read(self.anne, pasts)
            return ids, agents, versions, faults + ([] if broken is None else [broken])

        found: tuple[Counter[str], dict[str, str], set[int], list[object]] = inside(
            self.folder, look
        )
        return found


def _is_allergy(row: Any) -> bool:
    return bool(row.rtype == "AllergyIntolerance")


@pytest.fixture(params=["files", "postgres"])
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Practice]:
    if request.param == "files":
        yield Practice(tmp_path, IN_ITS_FOLDER)
        return
    binaries = programs()
    if binaries is None:
        pytest.skip("the distribution's PostgreSQL is not installed")
    with running(binaries) as cluster:
        yield Practice(tmp_path, cluster.lend())


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kills"))


class Typist:
    """One doctor who writes and sends without a pause, and rests only while the server is seen to be away."""

    def __init__(self, device: Device, name: str, practice: Practice) -> None:
        self.device, self._name, self._practice = device, name, practice
        self.written: list[str] = []
        self.acknowledged: set[str] = set()
        self.failed = 0

    def work(self, stop: threading.Event, up: threading.Event, moved: threading.Condition) -> None:
        while not stop.is_set():
            rid = f"{self._name}-{len(self.written)}"
            self.device.write_allergy(self._practice.anne, "pat-1", rid)
            self.written.append(rid)
            ended = self.device.sync().did
            held = self.device.allergies(self._practice.anne)
            with moved:
                self.acknowledged |= {
                    r for r in self.written if held[r] in (ItemState.SENT, ItemState.CONFIRMED)
                }
                self.failed += ended is Did.FAILED
                moved.notify_all()
            if ended is Did.FAILED:
                up.wait(30)


def _acknowledged(typists: list[Typist]) -> int:
    return sum(len(one.acknowledged) for one in typists)


def _reached(typists: list[Typist], target: int) -> bool:
    return _acknowledged(typists) >= target


def _killed_under_load(practice: Practice, typists: list[Typist], kills: int) -> int:
    """Play it; how many ops were acknowledged before the last kill."""
    moved, stop, up, dice = threading.Condition(), threading.Event(), threading.Event(), Random(7)
    up.set()
    workers = [threading.Thread(target=one.work, args=(stop, up, moved)) for one in typists]
    for worker in workers:
        worker.start()
    done = 0
    try:
        for _ in range(kills):
            with moved:
                target = _acknowledged(typists) + dice.randint(1, 6)
                assert moved.wait_for(partial(_reached, typists, target), timeout=60)
            stop.wait(dice.random() * MOMENT_S)
            up.clear()
            practice.process.kill()
            done = _acknowledged(typists)
            practice.process.start()
            up.set()
    finally:
        stop.set()
        up.set()
        for worker in workers:
            worker.join(60)
    return done


def test_s15_the_server_killed_under_load_loses_nothing_acknowledged_and_doubles_nothing(
    practice: Practice, kills: int, tmp_path: Path, record_property: Told, request: Any
) -> None:
    with practice.process:
        url = practice.process.url
        devices = [Device.enrol(tmp_path / name, url, name) for name in NAMES]
        typists = [Typist(one, name, practice) for one, name in zip(devices, NAMES, strict=True)]
        for device in devices:
            _rested(device)
        acknowledged = _killed_under_load(practice, typists, kills)
        for device in devices:
            _rested(device)
        written = {rid for one in typists for rid in one.written}
        shown = [_at_rest(device, practice.anne, len(written)) for device in devices]
        refused = [device.store.records.copy_facts().refused for device in devices]
        for device in devices:
            device.close()
    ids, _agents, versions, broken = practice.truth()
    assert len(written) > kills
    assert {rid for one in typists for rid in one.acknowledged} <= set(ids)
    assert (set(ids), set(ids.values())) == (written, {1})
    assert len(versions) == 1, "each was written once"
    assert broken == []
    assert refused == [0, 0, 0]
    for held in shown:
        assert held == dict.fromkeys(written, ItemState.CONFIRMED)
    failed = sum(one.failed for one in typists)
    assert failed, "no exchange met a dead server: the kills came too late"
    record_property(
        "told",
        f"{kills} kills of the server ({request.node.callspec.id}): {len(written)} ops, {acknowledged} acknowledged "
        f"before the last kill, {failed} exchanges cut off; each op once on the server and on three desktops",
    )


def _rested(device: Device) -> None:
    done = device.sync()
    assert done.did is Did.WAITED, device.engine.state
    assert isinstance(device.engine.state.state, states.Idle), device.engine.state


def _at_rest(device: Device, owner: int, rows: int) -> dict[str, str]:
    """What it shows once it holds so many allergies, all confirmed; others' reach it a moment later."""
    ends_s = device.clock.monotonic() + 60
    held: dict[str, str] = {}
    while device.clock.monotonic() < ends_s:
        _rested(device)
        held = device.allergies(owner)
        if len(held) == rows and set(held.values()) == {ItemState.CONFIRMED}:
            break
    return held


# --- the desktop ---------------------------------------------------------------------------------------------


class RealDesktop:
    """The program of one doctor: enrolled by its own command, started, killed."""

    def __init__(self, profile: Path, url: str) -> None:
        self._words = [str(profile), url, PHRASE]
        self._env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        said = {
            "login": NAMES[0],
            "password": PASSWORD,
            "authenticator": totp.written(SEED),
            "phrase": PHRASE,
            "device_name": "poste 1",
        }
        enrol = ["--profile", str(profile), "enrol", "--server", url, "--demonstration"]
        done = self._run(["practitioner_app", *enrol], msgspec.json.encode(said))
        assert done.returncode == 0, done.stderr.decode()

    def _run(self, module: list[str], given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=self._env,
            input=given,
            capture_output=True,
            check=False,
            timeout=120,
        )

    def killed_while_writing(self, prefix: str, after: int, moment_s: float) -> list[str]:
        """It writes; after so many allergies said to be durable it is killed. Those it said."""
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.writing_desktop", *self._words, prefix],
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert child.stdout is not None
        try:
            said = []
            for _ in range(after):
                ready, _, _ = select.select([child.stdout], [], [], START_S)
                said.append(child.stdout.readline() if ready else b"")
                assert said[-1], "the desktop ended, or stands still"
            threading.Event().wait(moment_s)
        finally:
            child.kill()
        rest = child.stdout.read().splitlines(keepends=True)
        child.stdout.close()
        assert child.wait(30) == -9
        return [line.decode().strip() for line in (*said, *rest) if line.endswith(b"\n")]

    def shows(self) -> Shown:
        """Started once more, left alone until it rests."""
        done = self._run(["tests.fakes.writing_desktop", *self._words])
        assert done.returncode == 0, done.stderr.decode()
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=Shown)


@pytest.mark.parametrize("practice", ["files"], indirect=True)
def test_d5_the_desktop_killed_while_its_doctor_writes_loses_nothing_it_said_was_kept(
    practice: Practice, kills: int, tmp_path: Path, record_property: Told
) -> None:
    dice, promised = Random(11), set[str]()
    with practice.process:
        desktop = RealDesktop(tmp_path / "profile", practice.process.url)
        for kill in range(kills):
            said = desktop.killed_while_writing(
                f"k{kill}", dice.randint(1, 12), dice.random() * 5 * MOMENT_S
            )
            promised |= set(said)
        shown = desktop.shows()
    ids, agents, versions, broken = practice.truth()
    assert len(promised) >= kills
    assert promised <= set(shown.allergies)
    assert set(shown.allergies.values()) == {ItemState.CONFIRMED}
    assert (shown.pending, shown.refused) == (0, 0)
    assert sorted(agents.values()) == sorted(shown.allergies), "each once, and nothing else"
    assert (set(ids.values()), len(versions), broken) == ({1}, 1, [])
    record_property(
        "told",
        f"{kills} kills of the desktop: {len(promised)} allergies said to be kept, {len(agents)} on the server, "
        "each once, all of them confirmed on the desktop",
    )
