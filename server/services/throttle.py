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
    """One bucket a name. The fullest are forgotten first: a flood of other names gives nobody a try."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()

    def take(self, name: int) -> None:
        """Spend one try. Raises Busy with the seconds until the next one."""
        now = self._clock.monotonic()
        tries, since = self._buckets.pop(name, (float(TRIES), now))
        tries = min(float(TRIES), tries + (now - since) / SECONDS_A_TRY)
        if tries < 1:
            self._buckets[name] = (tries, now)
            raise Busy((1 - tries) * SECONDS_A_TRY)
        self._buckets[name] = (tries - 1, now)
        if len(self._buckets) > _NAMES:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Make room: a full bucket says nothing, so those go; else the fullest one."""
        kept = {name: self._left(name, now) for name in self._buckets}
        full = [name for name, tries in kept.items() if tries >= TRIES]
        for name in full or [max(kept, key=kept.__getitem__)]:
            del self._buckets[name]

    def _left(self, name: int, now: float) -> float:
        tries, since = self._buckets[name]
        return min(float(TRIES), tries + (now - since) / SECONDS_A_TRY)

    def forgive(self, name: int) -> None:
        """A success gives every try back."""
        self._buckets.pop(name, None)
