"""Begins the tour once the whole copy is here, and ends the program when it is over."""

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from practitioner_app.open_session import OpenSession
from practitioner_app.ports import ChangeSet
from practitioner_app.runtime.changes import Changes
from practitioner_app.workstation import Workstation
from ui.main_window import MainWindow
from ui.tour import Tour, run_tour
from ui.tour_host import TourHost

LATE_MS = 15 * 60_000
"""A tour that has not begun by then never will."""
_log = logging.getLogger("colloque.tour")


class TourWalk(QObject):
    """`ended` gets the exit code: 0, 1 without a picture, 3 when it never began."""

    def __init__(
        self,
        workstation: Workstation,
        window: MainWindow,
        host: Callable[[OpenSession], TourHost],
        folder: Path,
        ended: Callable[[int], None],
    ) -> None:
        super().__init__(window)
        self._workstation, self._window, self._host = workstation, window, host
        self._folder, self._ended = folder, ended
        self._tour: Tour | None = None

    def await_copy(self, changes: Changes) -> None:
        """Returns at once; the tour begins at the first change that leaves nothing to come."""
        QTimer.singleShot(LATE_MS, self, self._late)
        self._changes = changes
        changes.published.connect(self._if_copied)

    def give_up(self) -> None:
        """The profile could not be opened."""
        self._ended(3)

    @Slot(object)
    def _if_copied(self, _change: ChangeSet) -> None:
        session = self._workstation.session
        if session is None or not session.is_complete or self._window.session is None:
            return
        self._changes.published.disconnect(self._if_copied)
        self._tour = run_tour(self._host(session), self._folder)
        self._tour.finished.connect(self._finished)

    @Slot(int)
    def _finished(self, pictures: int) -> None:
        _log.info("tour %d pictures in %s", pictures, self._folder)
        self._ended(0 if pictures else 1)

    @Slot()
    def _late(self) -> None:
        if self._tour is None:
            _log.error("the copy never became complete")
            self._ended(3)
