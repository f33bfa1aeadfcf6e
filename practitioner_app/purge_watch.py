"""Obeys the server's order to erase this computer's copy: the screen first, the files behind it, then the proof."""

import logging
from collections.abc import Callable

from practitioner_app.ports import ChangeSet, Topic
from practitioner_app.runtime.lanes import ThreadLanes
from practitioner_app.workstation import Workstation

_log = logging.getLogger("colloque.desktop")


class PurgeWatch:
    """Lives on the main thread; erasing and telling run on the write lane."""

    def __init__(
        self,
        workstation: Callable[[], Workstation],
        lanes: ThreadLanes,
        pages: tuple[Callable[[], None], Callable[[], None]],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._workstation, self._lanes, self._failed = workstation, lanes, failed
        self._hide, self._show_start = pages
        self._under_way = False

    def hear(self, change: ChangeSet) -> None:
        """Begin when the change says that the order came."""
        if change.about(Topic.PURGE) and not self._under_way:
            _log.info("purge ordered")
            self._under_way = True
            self._hide()
            self._lanes.write(self._workstation().erase, self._erased, self._not_all)

    def pay(self) -> None:
        """Give the proof of a purge, if one is owed: now, or at the next start."""
        self._lanes.write(self._workstation().pay_receipt, failed=self._failed)

    def _erased(self, _nothing: None) -> None:
        self._under_way = False
        self._show_start()
        self.pay()

    def _not_all(self, error: BaseException) -> None:
        """The keyring kept its half, which opens nothing any more."""
        self._failed(error)
        self._erased(None)
