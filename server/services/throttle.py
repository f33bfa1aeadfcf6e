"""How often somebody may try: buckets of tries that fill again with time, and waits that double.

Held in memory: a restart forgives, and nobody is ever locked out for good. Time is the injected clock's.
"""

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Final

from dossier.clock import Clock
from dossier.errors import Busy

FREE_TRIES: Final = 5
LONGEST_WAIT_S: Final = 300.0
ADDRESS_TRIES: Final = 40
SECONDS_AN_ADDRESS_TRY: Final = 2.0
STRANGER_TRIES: Final = 100
SECONDS_A_STRANGER_TRY: Final = 5.0
_NAMES: Final = 10_000
_FORGOTTEN_S: Final = 3_600.0


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


class Attempts:
    """Tries to prove who one is, counted by name and by address (security.md S10).

    One name from one address: five are free, then each waits twice as long, five minutes at most. One address:
    forty, then one every two seconds. One name from every address it never signed in from: a hundred, then one every
    five seconds; so an outsider costs a person nothing where they usually work, and seconds elsewhere. A name that is
    nobody's is counted alike.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses = Throttle(clock, ADDRESS_TRIES, SECONDS_AN_ADDRESS_TRY)
        self._strangers = Throttle(clock, STRANGER_TRIES, SECONDS_A_STRANGER_TRY)
        self._wrong: OrderedDict[tuple[int, str], tuple[int, float]] = OrderedDict()
        self._usual: OrderedDict[tuple[int, str], None] = OrderedDict()

    def take(self, name: int, address: str) -> None:
        """Before each try, which counts as wrong until `succeeded`. Raises Busy with the seconds to wait."""
        address, now = network_of(address), self._clock.monotonic()
        pair = (name, address)
        wrong, until = self._wrong.get(pair, (0, now))
        if now < until:
            raise Busy(until - now)
        self._addresses.take(address)
        if pair not in self._usual:
            self._strangers.take(name)
        wrong = 1 if now - until > _FORGOTTEN_S else wrong + 1
        wait_s = min(2.0 ** (wrong - FREE_TRIES), LONGEST_WAIT_S) if wrong >= FREE_TRIES else 0.0
        self._wrong[pair] = (wrong, now + wait_s)
        if len(self._wrong) > _NAMES:
            del self._wrong[min(self._wrong, key=lambda one: self._wrong[one])]

    def succeeded(self, name: int, address: str) -> None:
        """The last try was right: it cost nothing, and this address is a usual one of this name."""
        address = network_of(address)
        pair = (name, address)
        self._wrong.pop(pair, None)
        self._addresses.give_back(address)
        if pair not in self._usual:
            self._strangers.give_back(name)
        self._usual[pair] = None
        self._usual.move_to_end(pair)
        if len(self._usual) > _NAMES:
            self._usual.popitem(last=False)


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
