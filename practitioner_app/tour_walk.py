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
from ui.tour_host import TourHost, TourReport

LATE_MS = 15 * 60_000
"""A tour that has not begun by then never will."""
IS_SHORT = 4
"""Exit code of a tour in which a screen was late or missing; dev.py knows it."""
_log = logging.getLogger("colloque.tour")


class TourWalk(QObject):
    """`ended` gets the exit code: 0, IS_SHORT when a screen was late or missing, 3 when it never began.
    `tell` gets the report, a sentence at a time.
    """

    def __init__(
        self,
        workstation: Workstation,
        window: MainWindow,
        host: Callable[[OpenSession], TourHost],
        folder: Path,
        ended: Callable[[int], None],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._workstation, self._window, self._host = workstation, window, host
        self._folder, self._ended, self._tell = folder, ended, tell
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

    @Slot(object)
    def _finished(self, report: TourReport) -> None:
        for sentence in report.sentences():
            self._tell(sentence)
        self._ended(0 if report.is_whole else IS_SHORT)

    @Slot()
    def _late(self) -> None:
        if self._tour is None:
            _log.error("the copy never became complete")
            self._ended(3)
