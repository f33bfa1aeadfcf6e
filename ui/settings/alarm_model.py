"""The quiet line about an alarm on one's own account, until the person has looked at their computers."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from dossier.clock import Clock, from_wire
from dossier.errors import DossierError
from dossier.wire.sessions import AlarmLine
from practitioner_app.runtime.lanes import Lanes
from practitioner_app.services.computers import ComputerService
from ui.speaking import Speaking
from ui.sync_status.view_model import StatusModel

EVERY_S: Final = 600.0
"""How often the server is asked at most; and each time it comes within reach."""
AGAIN_S: Final = 60.0
"""After a question that was not answered."""


class AlarmModel(QObject):
    """`sentence` is empty while there is nothing to look at. Intent: looked."""

    changed = Signal()

    def __init__(
        self,
        *,
        computers: ComputerService,
        status: StatusModel,
        lanes: Lanes,
        clock: Clock,
        speak: Callable[[], Speaking],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._computers, self._status, self._lanes = computers, status, lanes
        self._clock, self._speak = clock, speak
        self._asked_s: float | None = None
        self.sentence = ""
        status.changed.connect(self._moved)

    @Slot()
    def _moved(self) -> None:
        """Ask while the server is in reach, not at every move."""
        if self._status.offline:
            self._asked_s = None
            return
        now_s = self._clock.monotonic()
        if self._asked_s is None or now_s - self._asked_s >= EVERY_S:
            self._asked_s = now_s
            self._lanes.blobs(self._computers.alarm, self._told, self._failed, key="alarm")

    @Slot(AlarmLine)
    def looked(self, alarm: AlarmLine) -> None:
        """The person was shown it in full."""
        self._lanes.write(partial(self._computers.looked_at, alarm))
        self._say("")

    def _told(self, alarm: AlarmLine | None) -> None:
        if alarm is None:
            self._say("")
            return
        speaking = self._speak()
        moment = speaking.formats.moment(from_wire(alarm.at))
        self._say(
            speaking.texts.tr(
                "Something unusual was noticed on your account on {moment}.", moment=moment
            )
        )

    def _failed(self, _error: DossierError) -> None:
        """What is shown stays; the server is asked again a minute later."""
        self._asked_s = self._clock.monotonic() - EVERY_S + AGAIN_S

    def _say(self, sentence: str) -> None:
        if sentence != self.sentence:
            self.sentence = sentence
            self.changed.emit()
