"""D3, D7: the process gives up core dumps and being traced, and an unexpected error quotes no value."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")


def ran(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from practitioner_app.hardening import harden; harden()\n" + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_d3_no_core_dump_and_not_dumpable():
    done = ran(
        "import resource, ctypes\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert done.stdout.split() == ["(0,", "0)", "0"]


def crashed(first: str, folder: Path) -> bool:
    """Did a process that crashed leave its memory behind? It may: the limit is raised before `first`."""
    code = (
        "import os, resource, signal\n"
        "most = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (most, most))\n"
        f"{first}\nos.chdir({str(folder)!r})\nos.kill(os.getpid(), signal.SIGSEGV)"
    )
    words = [sys.executable, "-c", code]
    pid = os.posix_spawn(sys.executable, words, os.environ | {"PYTHONPATH": str(ROOT)})
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGSEGV
    return os.WCOREDUMP(status) or any(folder.iterdir())


def test_d7_a_desktop_that_crashes_leaves_no_core_file(tmp_path: Path) -> None:
    (there := tmp_path / "there").mkdir()
    (here := tmp_path / "here").mkdir()
    if not crashed("", there):
        pytest.skip("this machine keeps no core file of any process")
    assert not crashed("from practitioner_app.hardening import harden; harden()", here)


def test_d7_an_unexpected_error_is_one_line_without_values():
    done = ran("patient = 'MARTINEAU-4711'\nraise KeyError(patient)")
    assert done.returncode == 1
    assert "KeyError at <string>" in done.stderr
    assert "MARTINEAU" not in done.stderr + done.stdout


def test_an_unexpected_error_of_a_thread_is_one_line_without_values():
    done = ran(
        "import threading\n"
        "t = threading.Thread(target=lambda: {}['MARTINEAU-4711']); t.start(); t.join()"
    )
    assert "KeyError at" in done.stderr
    assert "MARTINEAU" not in done.stderr + done.stdout
