"""A person displayed a record: written once in ten minutes, offline too (DATA-MODEL §4, law 2).

In continuity mode each opening is written, and says that it happened there.
"""

from collections.abc import Callable

from dossier.clock import Clock
from dossier.wire import limits
from practitioner_app.services.writing import Writer

CONTINUITY = "continuity"
"""The reason of an opening in continuity mode, as the journal keeps it."""


class JournalService:
    """Write lane. The window is kept in memory: after a restart one line too many is harmless."""

    def __init__(self, writer: Writer, clock: Clock, continuity: Callable[[], bool]) -> None:
        self._writer = writer
        self._clock = clock
        self._continuity = continuity
        self._last: dict[int, float] = {}

    def opened(self, owner: int) -> bool:
        """Queue an `opened` op unless one was queued in the window; says whether it did."""
        if self._continuity():
            self._writer.opened(owner, reason=CONTINUITY)
            return True
        now = self._clock.monotonic()
        last = self._last.get(owner)
        if last is not None and now - last < limits.OPENED_EVERY_S:
            return False
        self._writer.opened(owner)
        self._last[owner] = now
        return True
