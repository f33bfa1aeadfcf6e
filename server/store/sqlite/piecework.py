"""Units of work run by the event loop they came from, the disk waited for by the writer.

Loop and writer need the one lock of the interpreter. A busy loop lets go of it at each statement it reads, and has
it back before a waiting thread is awake: a writer that ran its units beside the loop waited at each of its own
statements. So the loop runs them, a few between two of its callbacks, while the writer waits; only the commit is
made beside it.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator

PIECE = 32
"""Units the loop runs before it looks at its other callbacks."""
PATIENCE_S = 0.05
"""A loop that did not come to any unit for this long is busy or stopped: the writer runs the rest."""

Step = Callable[[], None]


class Piecework:
    """Runs every step once, in order, never two at a time; the first that raises ends it."""

    def __init__(self, steps: Iterable[Step], loop: asyncio.AbstractEventLoop | None) -> None:
        self._steps: Iterator[Step] = iter(steps)
        self._loop = loop
        self._running, self._ended = threading.Lock(), threading.Event()
        self._pieces, self._is_ours = 0, loop is None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Called by the writer: returns when all is run. Raises what a step raised."""
        if not self._is_ours:
            self._offer()
        if not self._is_ours:
            self._wait()
        while self._is_ours and not self._ended.is_set():
            self._piece()
        if self._error is not None:
            raise self._error

    def _offer(self) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._on_loop)
        except RuntimeError:  # the loop ended
            self._is_ours = True

    def _wait(self) -> None:
        seen = -1
        while not self._ended.wait(PATIENCE_S):
            with self._running:
                if self._pieces == seen:
                    self._is_ours = True
                    return
                seen = self._pieces

    def _on_loop(self) -> None:
        assert self._loop is not None
        with self._running:
            if self._is_ours:
                return
            self._piece()
            if not self._ended.is_set():
                self._loop.call_soon(self._on_loop)

    def _piece(self) -> None:
        self._pieces += 1
        try:
            for _ in range(PIECE):
                step = next(self._steps, None)
                if step is None:
                    self._ended.set()
                    return
                step()
        except BaseException as error:  # noqa: BLE001 - raised by `run`, on the writer's thread
            self._error = error
            self._ended.set()
