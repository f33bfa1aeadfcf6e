"""Several persons at one computer: the list, the change from one to the next, the start of somebody new.

Lives on the main thread; closing one person's session and reading the next one's card run on the write lane,
in this order, so that two are never open together.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot

from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.seats import Seats
from ui.main_window import MainWindow


class Sharing(QObject):
    """Listens to the window; shows the lock page or the first start of whoever comes next."""

    def __init__(
        self,
        seats: Seats,
        server: str,
        lanes: ThreadLanes,
        window: MainWindow,
        pages: tuple[Callable[[], None], Callable[[], None]],
        failed: Callable[[BaseException], None],
    ) -> None:
        super().__init__(window)
        self._seats, self._server, self._lanes, self._window = seats, server, lanes, window
        self._show_lock, self._show_start = pages
        self._failed = failed
        self._before = ""
        """Who was at the computer before somebody new is enrolled."""
        window.people_asked.connect(self._ask)
        window.person_chosen.connect(self.choose)
        window.another_asked.connect(self._start_another)
        window.people_left.connect(self._back)

    @Slot(str)
    def choose(self, key: str) -> None:
        """The earlier person's session is closed before the next one's phrase is asked."""
        before, now = self._seats.choose(key)
        if before is not now:
            self._lanes.write(before.leave)
        self._lanes.write(partial(now.sit, self._server), self._sat, self._unseated)

    @Slot()
    def _ask(self) -> None:
        self._lanes.read(self._seats.lines, self._window.show_people)

    def _sat(self, _nothing: None) -> None:
        self._show_lock()

    def _unseated(self, error: BaseException) -> None:
        """The lock page says what is wrong once the phrase is typed."""
        self._failed(error)
        self._show_lock()

    @Slot()
    def _start_another(self) -> None:
        self._before = self._seats.key
        left, now = self._seats.another()
        if left is not now:
            self._lanes.write(left.leave)
        QTimer.singleShot(0, self, self._show_start)

    @Slot()
    def _back(self) -> None:
        """Not while the page that asked is still on the stack of calls: it is destroyed."""
        if self._seats.present.folder.is_enrolled:
            QTimer.singleShot(0, self, self._show_lock)
            return
        keys = [line.key for line in self._seats.lines()]
        self.choose(self._before if self._before in keys else keys[0])
