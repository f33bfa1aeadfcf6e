"""D2: the session locks when the computer does. A real session bus; skipped with a sentence without one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_LISTEN = """
import subprocess, sys
from PySide6.QtCore import QCoreApplication, QTimer
from practitioner_app.runtime.system_lock import SystemLock
application = QCoreApplication([])
lock, heard = SystemLock(), []
lock.locked.connect(lambda: (heard.append(1), application.exit(0)))
print("heard", lock.listen() >= 3)
send = ["dbus-send", "--session", "--type=signal", "/", "org.gnome.ScreenSaver.ActiveChanged"]
QTimer.singleShot(0, lambda: subprocess.run([*send, "boolean:false"], check=True))
QTimer.singleShot(200, lambda: print("after false", heard))
QTimer.singleShot(250, lambda: subprocess.run([*send, "boolean:true"], check=True))
QTimer.singleShot(8000, lambda: application.exit(1))
print("code", application.exec(), heard)
"""


def test_d2_a_screen_saver_that_starts_locks_and_one_that_ends_does_not():
    missing = [name for name in ("dbus-run-session", "dbus-send") if not shutil.which(name)]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: the system's lock was not tried")
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", _LISTEN],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines == ["heard True", "after false []", "code 0 [1]"], done.stderr[-800:]
