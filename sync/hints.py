"""The wake-up line: server-sent events. Losing it costs only latency, so nothing here is ever an error.

A line that ends says something all the same: the server may be gone. Whoever waits on it asks the server
then, and opens it again after `pause_s`, which grows while lines do not live.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import DossierError
from dossier.wire import codec
from dossier.wire.messages import Hint
from sync.policy import Policy, backoff_s

_LONGEST = 8 * 1024


class ByteLine(Protocol):
    """An open stream of bytes."""

    def read(self, timeout_s: float) -> bytes: ...
    def close(self) -> None: ...


class EventLine:
    """`HintStream` over server-sent events. `wait` belongs to one thread, `close` to any."""

    def __init__(
        self,
        connect: Callable[[str, float], ByteLine],
        clock: Clock,
        entropy: Entropy,
        policy: Policy | None = None,
    ) -> None:
        self._connect, self._clock, self._entropy = connect, clock, entropy
        self._policy = policy or Policy()
        self._line: ByteLine | None = None
        self._opened_s: float | None = None
        self._failures = 0
        self._token = ""
        self._rest = b""
        self._missed = False
        self._closed = threading.Event()

    def wait(self, token: str) -> bool:
        """True on a hint, and when a line that broke is heard again: what moved meanwhile was told to
        nobody. False when there is no line any more: refused, ended, silent for `line_silent_s`, or closed.
        """
        if self._closed.is_set():
            return False
        try:
            if self._next(token):
                return True
        except DossierError:
            pass
        self._ended()
        return False

    def pause_s(self) -> float:
        """Seconds before `wait` should open the next line; forgotten once a line lived `line_lived_s`."""
        return backoff_s(self._policy, self._failures, self._entropy) if self._failures else 0.0

    def close(self) -> None:
        """End for good; a `wait` under way returns."""
        self._closed.set()
        self._hang_up()

    def _next(self, token: str) -> bool:
        if self._line is None or token != self._token:
            self._hang_up()
            self._line = self._connect(token, self._policy.line_silent_s)
            self._token, self._opened_s = token, self._clock.monotonic()
        while not self._closed.is_set():
            event, found, self._rest = self._rest.partition(b"\n\n")
            if found:
                missed, self._missed = self._missed, False
                if is_hint(event) or missed:
                    return True
                continue
            self._rest = event
            more = self._line.read(self._policy.line_silent_s)
            if not more or len(self._rest) > _LONGEST:
                return False
            self._rest += more.replace(b"\r\n", b"\n")
        return False

    def _ended(self) -> None:
        opened_s, self._opened_s = self._opened_s, None
        if opened_s is not None:
            lived_s = self._clock.monotonic() - opened_s
            if lived_s >= self._policy.line_lived_s:
                self._failures = 0
        self._failures += 1
        self._hang_up()

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
