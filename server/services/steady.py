"""Time that never goes back, whatever somebody does to the machine's clock.

Every right, lease, code and token that ends by itself ends at an instant of this clock: had the machine's own
been set back, what ended would live again. The latest instant is kept beside the keys (`KeyStore.time`), so that
a restart, another process and a restore begin no earlier. While it stands ahead of the machine's clock it goes
at nine tenths of the pace, so that small corrections are absorbed.

Only the digits of an authenticator are judged by the machine's clock itself: they come from a person's own device,
and serve once because the last step used is stored.
"""

from datetime import datetime, timedelta
from typing import Final

from dossier.clock import Clock, from_ms, to_ms
from server.ports import KeyStore

KEEP_S: Final = 10.0
"""The latest instant is made durable this often: after a crash and a clock set back, time starts at most this much
before what was last told.
"""
_PACE: Final = 0.9
_TICK = timedelta(milliseconds=1)


class SteadyClock:
    """`dossier.clock.Clock` over the machine's `wall`; `reached_ms`: the latest instant known when it starts."""

    def __init__(self, wall: Clock, reached_ms: int = 0) -> None:
        self._wall = wall
        self._last, self._last_s = from_ms(reached_ms), wall.monotonic()
        self._kept_s: float | None = None

    def now(self) -> datetime:
        """The machine's clock, aware, in UTC; while that stands before the last instant, that instant and the
        time gone by since.
        """
        wall, now_s = self._wall.now(), self._wall.monotonic()
        if wall >= self._last:
            self._last, self._last_s = wall, now_s
            return wall
        instant = self._last + timedelta(seconds=(now_s - self._last_s) * _PACE)
        if instant - self._last >= _TICK:
            self._last, self._last_s = instant, now_s
        return instant

    def monotonic(self) -> float:
        return self._wall.monotonic()

    @property
    def ahead(self) -> timedelta:
        """How far the machine's clock stands behind; zero when it does not."""
        return max(timedelta(0), self.now() - self._wall.now())

    async def keep(self, keys: KeyStore, *, at_once: bool = False) -> None:
        """Make the latest instant durable when it is time to, and learn that of other processes. Raises the
        StoreError family.
        """
        now_s = self._wall.monotonic()
        if not at_once and self._kept_s is not None and now_s - self._kept_s < KEEP_S:
            return
        self._kept_s = now_s
        reached = from_ms(await keys.time.reach(to_ms(self.now())))
        if reached > self._last:
            self._last, self._last_s = reached, self._wall.monotonic()
