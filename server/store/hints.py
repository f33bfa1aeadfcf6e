"""Wake-ups after a commit: inside one process, and a repeatable one for the simulator.

A hint is never needed for correctness: readers poll heads, and a lost or late wake-up costs time only.
"""

import asyncio
from collections.abc import Sequence


class LoopHintBoard:
    """Wakes the waiters of one event loop. Every method is called on that loop's thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def wake(self, readers: Sequence[str]) -> None:
        for reader in readers:
            for event in self._waiting.get(reader, ()):
                event.set()

    async def wait(self, readers: Sequence[str], timeout_s: float) -> bool:
        """True as soon as one of `readers` is woken, False after `timeout_s` seconds."""
        event = asyncio.Event()
        for reader in readers:
            self._waiting.setdefault(reader, set()).add(event)
        try:
            async with asyncio.timeout(timeout_s):
                return await event.wait()
        except TimeoutError:
            return False
        finally:
            self._leave(readers, event)

    @property
    def waiters(self) -> int:
        """How many readers are waited for (what is left must be 0 when nobody waits)."""
        return len(self._waiting)

    def _leave(self, readers: Sequence[str], event: asyncio.Event) -> None:
        for reader in set(readers):
            events = self._waiting[reader]
            events.discard(event)
            if not events:
                del self._waiting[reader]


class RecordingHintBoard:
    """Never waits: remembers who was woken, and answers at once whether it was one of these.

    The simulator decides with it when a hint arrives, is lost or is repeated; nothing depends on time.
    """

    def __init__(self) -> None:
        self._woken: dict[str, None] = {}

    def wake(self, readers: Sequence[str]) -> None:
        self._woken.update(dict.fromkeys(readers))

    async def wait(self, readers: Sequence[str], timeout_s: float) -> bool:  # noqa: ARG002 - the port's
        """True when one of `readers` was woken since they last asked."""
        told = {reader for reader in readers if reader in self._woken}
        for reader in told:
            del self._woken[reader]
        return bool(told)

    def take(self) -> tuple[str, ...]:
        """Everyone woken and not yet told, in order; they are now."""
        told = tuple(self._woken)
        self._woken.clear()
        return told
