"""How often one name may try to sign in: a bucket of tries that fills again with time.

Held in memory: a restart forgives, and never locks anybody out for ever (an outsider who fills a bucket
costs its owner half a minute). Time is the injected clock's.
"""

from collections import OrderedDict

from dossier.clock import Clock
from dossier.errors import Busy

TRIES = 10
SECONDS_A_TRY = 30.0
_NAMES = 10_000


class Throttle:
    """One bucket of `tries` a name. The fullest are forgotten first: a flood of other names gives nobody a
    try.
    """

    def __init__(
        self, clock: Clock, tries: int = TRIES, seconds_a_try: float = SECONDS_A_TRY
    ) -> None:
        self._clock, self._most, self._seconds = clock, float(tries), seconds_a_try
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()

    def take(self, name: int) -> None:
        """Spend one try. Raises Busy with the seconds until the next one."""
        now = self._clock.monotonic()
        tries, since = self._buckets.pop(name, (self._most, now))
        tries = min(self._most, tries + (now - since) / self._seconds)
        if tries < 1:
            self._buckets[name] = (tries, now)
            raise Busy((1 - tries) * self._seconds)
        self._buckets[name] = (tries - 1, now)
        if len(self._buckets) > _NAMES:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Make room: a full bucket says nothing, so those go; else the fullest one."""
        kept = {name: self._left(name, now) for name in self._buckets}
        full = [name for name, tries in kept.items() if tries >= self._most]
        for name in full or [max(kept, key=kept.__getitem__)]:
            del self._buckets[name]

    def _left(self, name: int, now: float) -> float:
        tries, since = self._buckets[name]
        return min(self._most, tries + (now - since) / self._seconds)

    def forgive(self, name: int) -> None:
        """A success gives every try back."""
        self._buckets.pop(name, None)
