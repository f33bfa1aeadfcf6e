"""The one bridge from the lanes to the Qt main thread.

A QObject born on the main thread: `post` appends to a deque and emits one queued signal when none is
under way; the slot drains for at most one slice, then yields to events and goes on. Order is kept. After
`close`, posts are dropped: nothing may touch a screen that is going away.
"""

from collections import deque
from collections.abc import Callable
from threading import Lock
from time import perf_counter
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

SLICE_S = 0.008

Call = Callable[[], None]


class MainThread(Protocol):
    """Where results are handed to view-models."""

    def post(self, call: Call) -> None:
        """Run `call` on the main thread, later, in order. From any thread; never blocks."""
        ...


class QtMainThread(QObject):
    """MainThread over a queued signal. Create it on the main thread, after the QApplication."""

    _woken = Signal()

    def __init__(
        self, on_error: Callable[[BaseException], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._calls: deque[Call] = deque()
        self._lock = Lock()
        self._armed = False
        self._closed = False
        self._on_error = on_error
        self._woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Call) -> None:
        with self._lock:
            if self._closed:
                return
            self._calls.append(call)
            if self._armed:
                return
            self._armed = True
        self._woken.emit()

    def close(self) -> None:
        """Drop what waits and everything posted from now on."""
        with self._lock:
            self._closed = True
            self._calls.clear()

    @Slot()
    def _drain(self) -> None:
        deadline = perf_counter() + SLICE_S
        while True:
            with self._lock:
                if not self._calls:
                    self._armed = False
                    return
                if perf_counter() >= deadline:
                    break
                call = self._calls.popleft()
            try:
                call()
            except Exception as error:  # noqa: BLE001 - one bad callback must not stop the others
                self._on_error(error)
        self._woken.emit()


class InlineMainThread:
    """MainThread for tests: runs at once, on the caller's thread."""

    def post(self, call: Call) -> None:
        call()
