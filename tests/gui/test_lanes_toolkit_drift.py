"""The toolkit stays where it was proved: PySide6 6.11.3 up to 6.12.

6.12.0 aborts on Python 3.11 when a signal carries an object from another thread; each release is tried here
before the pin moves. References must not drift while objects cross the bridge.
"""

import sys
from pathlib import Path

import PySide6
from PySide6.QtCore import QObject, Signal

from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import QtMainThread

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


def test_singletons_do_not_lose_references_through_the_bridge(qapp, qtbot):
    """A lost reference on None, True or an enum member ends in an abort hours later."""
    errors = []
    bridge = QtMainThread(errors.append)
    changes, lanes = Changes(bridge), ThreadLanes(bridge, errors.append)
    heard = []

    class Receiver:
        def receive(self, value):
            heard.append(value)

    receiver = Receiver()
    change = ChangeSet()
    changes.published.connect(receiver.receive)
    before = [sys.getrefcount(value) for value in (None, True, change)]
    for _ in range(2_000):
        lanes.read(lambda: None, receiver.receive)
        changes.announce(change)
    qtbot.waitUntil(lambda: len(heard) == 4_000, timeout=20_000)
    lanes.close()
    bridge.close()
    heard.clear()
    after = [sys.getrefcount(value) for value in (None, True, change)]
    assert all(late > early - 1_000 for early, late in zip(before, after, strict=True))
    assert after[2] <= before[2] + 5
    assert errors == []
