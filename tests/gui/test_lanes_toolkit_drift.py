"""The toolkit stays where it was proved: PySide6 6.11.3 up to 6.12.

6.12.0 aborts on Python 3.11 when a signal carries an object from another thread; each release is tried here
before the pin moves. References must not drift while objects cross the bridge.
"""

import os
import subprocess
import sys
from pathlib import Path

import PySide6
from PySide6.QtCore import QObject, Signal

ROOT = Path(__file__).resolve().parents[2]


def test_the_pin_of_the_toolkit_is_what_is_installed():
    installed = tuple(int(part) for part in PySide6.__version__.split(".")[:3])
    assert (6, 11, 3) <= installed < (6, 12)
    text = (ROOT / "pyproject.toml").read_text()
    assert text.count(">=6.11.3,<6.12") == 2


class Emitter(QObject):
    carried = Signal(object)


def test_emitting_an_object_keeps_its_reference_count(qapp):
    emitter, value, seen = Emitter(), object(), []
    emitter.carried.connect(seen.append)
    emitter.carried.emit(value)
    before = sys.getrefcount(value)
    for _ in range(1_000):
        emitter.carried.emit(value)
        seen.clear()
    assert sys.getrefcount(value) <= before


def test_singletons_do_not_lose_references_through_the_bridge():
    """A lost reference on None, True or an enum member ends in an abort hours later."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.drift_child"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    heard, errors, nothing, true, change = (int(word) for word in done.stdout.split())
    assert (heard, errors) == (4_000, 0)
    assert nothing > -200
    assert true > -200
    assert change <= 5
