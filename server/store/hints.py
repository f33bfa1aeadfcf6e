"""Wake-ups after a commit: inside one process, and a repeatable one for the simulator.

A hint is never needed for correctness: readers poll heads, and a lost or late wake-up costs time only.
"""

import asyncio
from collections.abc import Iterable, Sequence


class LoopHintLine:
    """A listener of a LoopHintBoard."""

    def __init__(self, board: "LoopHintBoard", readers: Sequence[str]) -> None:
        self._board, self._readers = board, frozenset(readers)
        self._event = asyncio.Event()
        self._closed = False
        board.enter(self._readers, self)

    async def wait(self, timeout_s: float) -> bool:
        """True as soon as one of its readers is woken, False after `timeout_s` seconds or the end."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return not self._closed

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Leave the board; a wait under way ends."""
        if not self._closed:
            self._closed = True
            self._board.leave(self._readers, self)
            self._event.set()

    def wake(self) -> None:
        """Something moved for one of its readers."""
        self._event.set()


class LoopHintBoard:
    """Wakes the waiters of one event loop. Every method is called on that loop's thread."""

    def __init__(self) -> None:
        self._lines: dict[str, set[LoopHintLine]] = {}

    async def open(self) -> None:
        """Nothing to hear from elsewhere."""

    async def end(self) -> None:
        """Nothing was heard from elsewhere."""

    def wake(self, readers: Sequence[str]) -> None:
        for reader in readers:
            for line in self._lines.get(reader, ()):
                line.wake()

    def listen(self, readers: Sequence[str]) -> LoopHintLine:
        """Listen from now on."""
        return LoopHintLine(self, readers)

    async def wait(self, readers: Sequence[str], timeout_s: float) -> bool:
        """True as soon as one of `readers` is woken, False after `timeout_s` seconds."""
        line = self.listen(readers)
        try:
            return await line.wait(timeout_s)
        finally:
            line.close()

    def close(self) -> None:
        """End every line: the server stops."""
        for line in {line for lines in self._lines.values() for line in lines}:
            line.close()

    @property
    def waiters(self) -> int:
        """How many readers are listened for (what is left must be 0 when nobody listens)."""
        return len(self._lines)

    def enter(self, readers: Iterable[str], line: LoopHintLine) -> None:
        """A line begins."""
        for reader in readers:
            self._lines.setdefault(reader, set()).add(line)

    def leave(self, readers: Iterable[str], line: LoopHintLine) -> None:
        """A line ends; a reader nobody listens for is forgotten."""
        for reader in readers:
            lines = self._lines[reader]
            lines.discard(line)
            if not lines:
                del self._lines[reader]


class RecordedLine:
    """A listener of a RecordingHintBoard."""

    def __init__(self, board: "RecordingHintBoard", readers: Sequence[str]) -> None:
        self._board, self._readers, self._closed = board, tuple(readers), False

    async def wait(self, timeout_s: float) -> bool:
        """At once: True when one of its readers was woken and not yet told."""
        return not self._closed and await self._board.wait(self._readers, timeout_s)

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Leave the board."""
        self._closed = True


class RecordingHintBoard:
    """Never waits: remembers who was woken, and answers at once whether it was one of these.

    The simulator decides with it when a hint arrives, is lost or is repeated; nothing depends on time.
    """

    def __init__(self) -> None:
        self._woken: dict[str, None] = {}

    def wake(self, readers: Sequence[str]) -> None:
        self._woken.update(dict.fromkeys(readers))

    def listen(self, readers: Sequence[str]) -> RecordedLine:
        """Listen; what was woken before and not told counts too."""
        return RecordedLine(self, readers)

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
