"""How much one caller, one address and everybody together may ask at once (security.md §7.2: overload is shed).

A caller is who shows a token. What a token asks is counted when it was answered, so nobody fills the table
with invented ones; what was answered with a refusal is counted against the address it came from, and
stops nobody there whose token was good before. Somebody over the limit, and everybody while too many requests are inside, is told when to come back, before any work
is done for them. Whether the server lives and is ready is always answered. Held in memory, by this process.
"""

from typing import Final

from starlette.types import Scope

from dossier.clock import Clock
from dossier.errors import Busy
from server.services.throttle import Throttle, network_of

CALLER_BURST: Final = 1_000
CALLER_A_SECOND: Final = 100
"""A desktop on its first copy asks some thirty times a second."""
WRONG_BURST: Final = 1_000
WRONG_A_SECOND: Final = 20
"""Refused requests of one address; the tries of a password have their own, much lower."""
AT_ONCE: Final = 256
"""Requests inside at a time. Lines that wait for hints are not counted here: they have a limit of their own."""
_SOON_S: Final = 1.0
_REFUSED: Final = 400
_FREE: Final = frozenset(("/health", "/ready", "/metrics"))
_LINES: Final = frozenset(("/sync/v1/hints",))


class Pace:
    """Asked before a request is let in, told when it was answered."""

    def __init__(self, clock: Clock, *, at_once: int = AT_ONCE) -> None:
        self._callers = Throttle(clock, CALLER_BURST, 1 / CALLER_A_SECOND)
        self._wrong = Throttle(clock, WRONG_BURST, 1 / WRONG_A_SECOND)
        self._at_once, self._inside = at_once, 0

    def enter(self, scope: Scope) -> None:
        """Raises Busy with the seconds to wait; `left` is then not told."""
        path = scope["path"]
        if path in _FREE:
            return
        token = _token(scope)
        if self._callers.knows(token):
            self._callers.look(token)
        else:
            self._wrong.look(_address(scope))
        if path in _LINES:
            return
        if self._inside >= self._at_once:
            raise Busy(_SOON_S)
        self._inside += 1

    def left(self, scope: Scope, status: int) -> None:
        """It was answered with `status`, 0 when it was not answered at all."""
        path = scope["path"]
        if path in _FREE:
            return
        if path not in _LINES:
            self._inside -= 1
        token = _token(scope)
        if status >= _REFUSED:
            self._wrong.spend(_address(scope))
        elif token:
            self._callers.spend(token)


def _token(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"authorization"), b"")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return network_of(client[0]) if client else ""
