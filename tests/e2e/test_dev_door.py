"""dev.py, the one door: what it wants, what it finds again, and one small tour from nothing."""

import importlib.util
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

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


def test_the_tests_want_more_system_packages_than_the_program(door: ModuleType) -> None:
    run, develop = door.wanted_packages(tests=False), door.wanted_packages(tests=True)
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


def test_what_is_wrong_is_one_sentence_and_an_exit_code() -> None:
    command = [sys.executable, "dev.py"]
    for words, code in (([], 2), (["unknown"], 2), (["demo", "--patients", "many"], 2)):
        said = subprocess.run(
            [*command, *words], cwd=ROOT, capture_output=True, check=False, timeout=60
        )
        assert said.returncode == code
        assert b"Traceback" not in said.stderr


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
    assert "fontaine" in said
    shown = {path.name for path in (build / "tour").glob("*.png")}
    for screen in ("record", "find_a_patient", "sending", "settings", "add_allergies"):
        assert {f"{look}_{screen}.png" for look in ("fr_light", "fr_dark", "en_light")} <= shown
    assert {"fr_light_lock.png", "fr_light_first_start.png"} <= shown
    for trouble in ("two_versions", "record_offline", "lease_over", "continuity", "new_phrase"):
        assert {f"{look}_{trouble}.png" for look in ("fr_light", "fr_dark", "en_light")} <= shown
    (folder,) = (build / "demo").iterdir()
    port = int((folder / "port").read_text())
    assert loaded().is_free(port), "the server of the demonstration was left running"
