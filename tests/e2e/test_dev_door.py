"""dev.py, the one door: what it wants, what it finds again, and one small tour from nothing."""

import errno
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

import dev_ready
from tests.fakes.desktop_process import House, display

ROOT = Path(__file__).resolve().parents[2]


def loaded(root: Path = ROOT) -> ModuleType:
    """dev.py as a module of its own, working under `root`."""
    spec = importlib.util.spec_from_file_location("dev_door", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.BUILD = root / "build"
    return module


@pytest.fixture
def door(tmp_path: Path) -> ModuleType:
    return loaded(tmp_path)


def test_the_tests_want_more_system_packages_than_the_program() -> None:
    run, develop = dev_ready.wanted_packages(tests=False), dev_ready.wanted_packages(tests=True)
    assert set(run) < set(develop)
    assert {"python3-venv", "xvfb"} <= set(develop)
    assert not [name for name in develop if not name.replace("-", "").replace(".", "").isalnum()]


@pytest.mark.parametrize(
    ("today", "monday"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 29), date(2026, 11, 23)),
        (date(2027, 1, 1), date(2026, 12, 28)),
    ],
)
def test_the_story_is_told_on_the_monday_of_the_week(
    door: ModuleType, today: date, monday: date
) -> None:
    assert door.demonstration_day(today) == monday


def test_a_port_is_free_until_somebody_listens_on_it(door: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert not door.is_free(port)
    assert door.is_free(port)


def test_a_practice_made_once_is_found_again_without_a_server(
    door: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "practice"
    folder.mkdir()
    (folder / "accounts.json").write_text('{"phrase": "un deux", "accounts": []}')
    found = door.demonstration_practice(folder, 5, date(2026, 11, 23))
    assert found == {"phrase": "un deux", "accounts": []}


def test_the_second_preparation_is_quick_and_silent() -> None:
    door = loaded()
    if not door.PYTHON.exists() or sys.platform != "linux":
        pytest.skip("there is no .venv to find again")
    said = "import dev, time; t = time.monotonic(); dev.prepare(develop=True); "
    said += "import sys; sys.stderr.write(str(time.monotonic() - t))"
    command = [sys.executable, "-c", said]
    first = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=300)
    assert first.returncode == 0, first.stdout.decode()
    second = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert (second.returncode, second.stdout) == (0, b"")
    assert float(second.stderr) < 3.0


@pytest.mark.skipif(
    not shutil.which("dpkg-query") or (os.geteuid() != 0 and bool(shutil.which("sudo"))),
    reason="Debian and its kin, and an account that is surely without sudo",
)
def test_without_root_what_is_missing_is_one_command_to_run() -> None:
    """As an account that may nothing; packages nobody has."""
    nobody = "os.setgroups([]), os.setgid(65534), os.setuid(65534)"
    script = (
        "import os, pathlib, dev_ready\ndev_ready.PYTHON = pathlib.Path('/bin/true')\n"
        f"os.geteuid() or ({nobody})\n"
        "try: dev_ready.system_packages(['libgone1', 'libaway2'])\n"
        "except dev_ready.Stop as stop: print(stop, stop.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    command = "sudo apt-get update && sudo apt-get install -y --no-install-recommends"
    assert said.count(command) == 1
    assert f"    {command} libgone1 libaway2\n" in said
    assert said.strip().endswith(" 2")


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_the_system_s_own_packages_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """Nothing is asked of a package manager, and a window needs no virtual screen."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", system)
    dev_ready.system_packages(["libgone1"])
    assert dev_ready.has_screen()
    with dev_ready.screen() as env:
        assert "QT_QPA_PLATFORM" not in {name for name in env if name not in os.environ}


def test_what_is_wrong_is_one_sentence_and_an_exit_code() -> None:
    command = [sys.executable, "dev.py"]
    for words in ([], ["unknown"]):
        said = subprocess.run(
            [*command, *words], cwd=ROOT, capture_output=True, check=False, timeout=60
        )
        assert said.returncode == 2
        assert b"Traceback" not in said.stderr
    for wrong in ("many", "0", "-3", "2.5", "100000", ""):
        said = subprocess.run(
            [*command, "demo", f"--patients={wrong}"],
            cwd=ROOT,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert said.returncode == 2
        sentence = said.stderr.decode().splitlines()[-1]
        assert sentence.endswith(f"a whole number from 1 to 10,000 is wanted, not {wrong!r}")


def test_a_disk_without_room_is_said_before_anything_is_made(
    door: ModuleType, tmp_path: Path
) -> None:
    free = shutil.disk_usage(tmp_path).free
    door.need_room(tmp_path / "not" / "there", 0)
    with pytest.raises(door.Stop, match=r"MB are needed on this disk and .* MB are free"):
        door.need_room(tmp_path / "not" / "there", 2 * free)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk is full (somewhere). Make room and start again."),
        (errno.EROFS, "This folder may not be written (somewhere). "),
        (errno.EACCES, "This folder may not be written (somewhere). "),
        (errno.EIO, "This could not be done (somewhere): "),
    ],
)
def test_what_a_disk_refuses_is_one_sentence(door: ModuleType, number: int, sentence: str) -> None:
    said = door.why_not(OSError(number, os.strerror(number), "somewhere"))
    assert said.startswith(sentence)
    assert "\n" not in said


def test_a_second_demonstration_in_the_same_folder_is_refused(
    door: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "demo" / "monday"
    with door.alone(folder):
        with pytest.raises(door.Stop, match="is running already"), door.alone(folder):
            pytest.fail("two demonstrations share one folder")
        with door.alone(tmp_path / "demo" / "other"):
            pass
    with door.alone(folder):
        pass


def test_the_end_of_a_log_is_told_in_plain_words(door: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(
        "an old line\n"
        '{"time":"2026-11-22T22:03:55.760+00:00","level":"info","logger":"x","event":"serving"}\n'
        "This folder is in use by another server.\n"
        "42\n"
    )
    assert door.last_words(log, 3).splitlines() == [
        "    22:03:55 info: serving, logger x",
        "    This folder is in use by another server.",
        "    42",
        f"The whole log: {log}",
    ]


def test_a_server_that_does_not_start_says_why(door: ModuleType, tmp_path: Path) -> None:
    if not door.PYTHON.exists():
        pytest.skip("a server needs the .venv that dev.py makes")
    (tmp_path / "server").mkdir()
    with pytest.raises(door.Stop) as stopped, door.serving(tmp_path):
        pytest.fail("an empty folder is no server")
    told = str(stopped.value).splitlines()
    assert told[0] == "The server did not start."
    assert "no server lies in this folder" in told[1]
    assert told[-1] == f"The whole log: {tmp_path / 'server.log'}"


def test_a_demonstration_of_five_patients_walks_its_tour_and_ends(tmp_path: Path) -> None:
    """Practice, server, enrolment, every screen, the end: in a folder of its own, then found again."""
    if not loaded().PYTHON.exists():
        pytest.skip("the tour needs the .venv that dev.py makes")
    build = tmp_path / "build"
    script = (
        f"import dev, pathlib, sys; dev.BUILD = pathlib.Path({str(build)!r}); sys.exit(dev.main())"
    )
    with display() as name:
        env = House(tmp_path, name).environment("demo")
        done = subprocess.run(
            [sys.executable, "-c", script, "demo", "--once", "--patients", "5"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            check=False,
            timeout=300,
        )
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    assert "Unlock" in said
    assert "Late:" not in said
    assert not [line for line in (said + done.stderr.decode()).splitlines() if line[:1] == "{"]
    assert "fontaine" in said
    shown = {path.name for path in (build / "tour").glob("*.png")}
    for screen in ("record", "find_a_patient", "sending", "settings", "add_allergies"):
        assert {f"{look}_{screen}.png" for look in ("fr_light", "fr_dark", "en_light")} <= shown
    assert {"fr_light_lock.png", "fr_light_first_start.png"} <= shown
    for trouble in ("two_versions", "record_offline", "lease_over", "continuity", "new_phrase"):
        assert {f"{look}_{trouble}.png" for look in ("fr_light", "fr_dark", "en_light")} <= shown
    (folder,) = (path for path in (build / "demo").iterdir() if path.is_dir())
    port = int((folder / "port").read_text())
    assert loaded().is_free(port), "the server of the demonstration was left running"
