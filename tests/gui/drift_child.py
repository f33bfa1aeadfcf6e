"""A process of its own, where nothing else makes or frees references: prints how many the bridge lost."""

import sys

from PySide6.QtCore import QCoreApplication, QTimer

from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.changes import Changes
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.runtime.main_thread import QtMainThread

ROUNDS = 2_000


class Receiver:
    def __init__(self, done) -> None:
        self.heard, self._done = 0, done

    def receive(self, _value) -> None:
        self.heard += 1
        if self.heard == 2 * ROUNDS:
            self._done()


def main() -> None:
    application = QCoreApplication(sys.argv)
    errors: list[BaseException] = []
    bridge = QtMainThread(errors.append)
    changes, lanes = Changes(bridge), ThreadLanes(bridge, errors.append)
    receiver, change = Receiver(application.quit), ChangeSet()
    changes.published.connect(receiver.receive)
    QTimer.singleShot(30_000, application.quit)
    before = [sys.getrefcount(value) for value in (None, True, change)]
    for _ in range(ROUNDS):
        lanes.read(int, receiver.receive)
        changes.announce(change)
    application.exec()
    after = [sys.getrefcount(value) for value in (None, True, change)]
    lanes.close()
    bridge.close()
    drift = [late - early for early, late in zip(before, after, strict=True)]
    sys.stdout.write(" ".join(map(str, (receiver.heard, len(errors), *drift))))


if __name__ == "__main__":
    main()
