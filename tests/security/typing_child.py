"""Processes that type into a draft until they are killed, with the timers, the lanes and the files of the desktop.

Usage: python -m tests.security.typing_child. Each line of standard input is a folder: a process of its own
begins to type there and says its id. For each key it says how many it pressed and when (monotonic clock of
the computer). The parent ends it by its id, then gives the next folder.
"""

import os
import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from local_store.store import LocalStore
from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import QtMainThread
from practitioner_app.services.drafts import DraftService, Slot
from tests.contracts.local_store_practice import KEY
from ui.drafting import Drafting

ANNE = 11
NOTE = Slot(kind="note", owner=ANNE)
SLOWEST_MS = 220
LETTERS = "abcdefghijklmnopqrstuvwxyz éèà.,"


def key_of(number: int) -> str:
    """The n-th key of every round."""
    return LETTERS[number * 7 % len(LETTERS)]


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def quiet(_change: ChangeSet) -> None:
    """No screen listens here."""


def unexpected(error: BaseException) -> None:
    say(f"error {error!r}")


class Typist(QObject):
    """Presses a key at uneven times, faster than any pause or slower."""

    def __init__(self, drafts: DraftService, lanes: ThreadLanes, seed: str) -> None:
        super().__init__()
        self._random, self._text, self._pressed = random.Random(seed), "", 0
        self._pen = Drafting(drafts, lanes, NOTE, self._typed, self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._press)
        self._press()

    def _typed(self) -> Mapping[str, str]:
        return {"reason": self._text}

    def _press(self) -> None:
        self._pressed += 1
        self._text += key_of(self._pressed)
        self._pen.typed()
        say(f"{self._pressed} {time.monotonic()}")
        is_fast = self._random.random() < 0.9
        self._timer.start(self._random.randint(2, 30) if is_fast else SLOWEST_MS)


def type_in(folder: Path) -> None:
    application = QCoreApplication([])
    clock = SystemClock()
    store = LocalStore.open(folder, KEY, clock, SystemEntropy())
    lanes = ThreadLanes(QtMainThread(unexpected), unexpected)
    drafts = DraftService(store.drafts, store.outbox, store.settings, store.records, clock, quiet)
    typist = Typist(drafts, lanes, folder.name)
    application.exec()
    del typist


def main() -> None:
    for line in sys.stdin:
        typing = os.fork()
        if typing == 0:
            sys.stdin.close()
            type_in(Path(line.strip()))
            os._exit(1)
        say(f"pid {typing}")
        os.waitpid(typing, 0)
        say("ended")


if __name__ == "__main__":
    main()
