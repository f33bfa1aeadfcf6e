"""The wake-up line: server-sent events. Losing it costs only latency, so nothing here is ever an error."""

import threading
from collections.abc import Callable
from typing import Protocol

from dossier.errors import DossierError
from dossier.wire import codec
from dossier.wire.messages import Hint

BEAT_S = 60.0
"""Longer than the server's silence."""
PAUSE_S = 15.0
"""Before another try after a line that could not be opened or broke."""
_LONGEST = 8 * 1024


class ByteLine(Protocol):
    """An open stream of bytes."""

    def read(self, timeout_s: float) -> bytes: ...
    def close(self) -> None: ...


class EventLine:
    """`HintStream` over server-sent events. `wait` belongs to one thread, `close` to any."""

    def __init__(self, connect: Callable[[str, float], ByteLine]) -> None:
        self._connect = connect
        self._line: ByteLine | None = None
        self._token = ""
        self._rest = b""
        self._missed = False
        self._closed = threading.Event()

    def wait(self, token: str, timeout_s: float) -> bool:
        """True on a hint, and when a line that broke is heard again: what moved meanwhile was told to
        nobody. False when the time is over or the line broke (after a pause).
        """
        if self._closed.is_set():
            return False
        try:
            return self._next(token, timeout_s)
        except DossierError:
            self._hang_up()
            self._closed.wait(min(timeout_s, PAUSE_S))
            return False

    def close(self) -> None:
        """End for good; a `wait` under way returns."""
        self._closed.set()
        self._hang_up()

    def _next(self, token: str, timeout_s: float) -> bool:
        if self._line is None or token != self._token:
            self._hang_up()
            self._line, self._token = self._connect(token, BEAT_S), token
        while not self._closed.is_set():
            event, found, self._rest = self._rest.partition(b"\n\n")
            if found:
                missed, self._missed = self._missed, False
                if is_hint(event) or missed:
                    return True
                continue
            self._rest = event
            more = self._line.read(timeout_s)
            if not more or len(self._rest) > _LONGEST:
                self._hang_up()
                return False
            self._rest += more.replace(b"\r\n", b"\n")
        return False

    def _hang_up(self) -> None:
        line, self._line, self._rest = self._line, None, b""
        if line is not None:
            self._missed = True
            line.close()


def is_hint(event: bytes) -> bool:
    """True when one server-sent event carries a hint; comments keep the line alive."""
    told = [line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")]
    if not told:
        return False
    codec.decode(b"\n".join(told), Hint)
    return True
