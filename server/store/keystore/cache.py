"""Unwrapped data keys, in memory only, few and for a short time (security.md §4.3)."""

from collections import OrderedDict

from dossier.clock import Clock
from server.store.keystore.wraps import DekName

ENTRIES = 10_000
TTL_S = 300.0

NEWEST = 0
"""The version that stands for the newest one in a name."""


class KeyCache:
    """Least recently used goes first; nothing outlives `ttl_s` since it was unwrapped."""

    def __init__(self, clock: Clock, *, entries: int = ENTRIES, ttl_s: float = TTL_S) -> None:
        self._clock, self._entries, self._ttl_s = clock, entries, ttl_s
        self._held: OrderedDict[DekName, tuple[float, int, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, name: DekName) -> tuple[int, bytes] | None:
        """(version, key) while it may be held."""
        found = self._held.get(name)
        if found is None:
            return None
        until, v, key = found
        if self._clock.monotonic() >= until:
            del self._held[name]
            return None
        self._held.move_to_end(name)
        return v, key

    def put(self, name: DekName, v: int, key: bytes) -> None:
        self._held[name] = (self._clock.monotonic() + self._ttl_s, v, key)
        self._held.move_to_end(name)
        while len(self._held) > self._entries:
            self._held.popitem(last=False)

    def forget(self, subject: int, space: str) -> None:
        """Drop every version of one key."""
        for name in [name for name in self._held if name[:2] == (subject, space)]:
            del self._held[name]

    def clear(self) -> None:
        self._held.clear()
