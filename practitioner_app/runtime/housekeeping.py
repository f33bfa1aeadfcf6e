"""Garbage collection on the main thread only, and the one way to stop.

A cycle that holds QObjects and is collected on a lane destroys them there: Qt then crashes or warns. So the
automatic collector is off, what exists after start is frozen, and a timer of the main thread collects by
generation: the young often, the old rarely.
"""

import gc
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS: Final = 2_000
_THRESHOLDS: Final = (700, 10, 10)


class Collector(QObject):
    """`begin` after everything is built, on the main thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.collect)

    def begin(self) -> None:
        """Automatic collection off; what lives now is never looked at again."""
        gc.disable()
        gc.collect()
        gc.freeze()
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        """One generation at most: the oldest whose count is over its threshold."""
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > _THRESHOLDS[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Back to the interpreter's own habit."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()


class Shutdown:
    """Steps in order, each tried whatever the one before did; errors go to the sink. Runs once."""

    def __init__(
        self,
        steps: Sequence[tuple[str, Callable[[], None]]],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._steps = list(steps)
        self._on_error = on_error

    def run(self) -> None:
        steps, self._steps = self._steps, []
        for _, step in steps:
            try:
                step()
            except Exception as error:  # noqa: BLE001 - the next step must still run
                self._on_error(error)
