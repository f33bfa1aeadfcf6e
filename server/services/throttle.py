"""How much somebody may ask: buckets that fill again with time, in the memory of one process.

Tries to prove who one is are counted in the database (server.services.attempts). Time is the injected clock's.
"""

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Final

from dossier.clock import Clock
from dossier.errors import Busy

_NAMES: Final = 10_000


class Throttle:
    """One bucket of `tries` a name. The fullest are forgotten first: a flood of other names gives nobody a
    try.
    """

    def __init__(self, clock: Clock, tries: int, seconds_a_try: float) -> None:
        self._clock, self._most, self._seconds = clock, float(tries), seconds_a_try
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, name: Hashable) -> None:
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

    def knows(self, name: Hashable) -> bool:
        """Whether this name spent a try that is not forgotten yet."""
        return name in self._buckets

    def look(self, name: Hashable) -> None:
        """Raises Busy when no try is left; spends nothing."""
        if name in self._buckets and (left := self._left(name, self._clock.monotonic())) < 1:
            raise Busy((1 - left) * self._seconds)

    def spend(self, name: Hashable) -> None:
        """A try that was made, whether or not one was left."""
        with suppress(Busy):
            self.take(name)

    def _forget(self, now: float) -> None:
        """Make room: a full bucket says nothing, so those go; else the fullest one."""
        kept = {name: self._left(name, now) for name in self._buckets}
        full = [name for name, tries in kept.items() if tries >= self._most]
        for name in full or [max(kept, key=kept.__getitem__)]:
            del self._buckets[name]

    def _left(self, name: Hashable, now: float) -> float:
        tries, since = self._buckets[name]
        return min(self._most, tries + (now - since) / self._seconds)

    def give_back(self, name: Hashable) -> None:
        """A success costs nothing."""
        if name in self._buckets:
            tries, since = self._buckets[name]
            self._buckets[name] = (tries + 1, since)


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the 64 bits a single customer is given."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped is not None else f"{int(found) >> 64:x}/64"
    return str(found)
