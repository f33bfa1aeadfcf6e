"""Instants of the server's clock, as instants of ours.

A right that ends is told by the server's clock and ended here by ours, which may be years off: what is kept is
how long the right still stands, counted from the moment it was told (design law 7).
"""

from datetime import datetime, timedelta

from msgspec import structs

from dossier.clock import Clock, from_wire, to_wire
from dossier.errors import BadAnswer
from dossier.wire.messages import Head, Heads

_ALIKE = timedelta(minutes=1)
"""Clocks that differ by less are the same one."""


class TheirClock:
    """Learns what time it is there from each answer that says so; between two it counts by the steps of our
    machine, not by its hour, which somebody may set meanwhile.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: tuple[datetime, float] | None = None
        self._counted = timedelta(0)

    def learn(self, now: str) -> None:
        """The server said what time it is; "" says nothing. Raises BadAnswer for what is no instant."""
        if now:
            self._told = (_instant(now), self._clock.monotonic())

    def has_jumped(self) -> bool:
        """Whether either clock was set since this was asked last: ends told before stand wrong on ours."""
        ahead = self._ahead()
        if abs(ahead - self._counted) < _ALIKE:
            return False
        self._counted = ahead
        return True

    def _ahead(self) -> timedelta:
        """How far their clock stands ahead of ours; zero when they are alike."""
        if self._told is None:
            return timedelta(0)
        said, at_s = self._told
        since = timedelta(seconds=self._clock.monotonic() - at_s)
        ahead = said - self._clock.now() + since
        return ahead if abs(ahead) >= _ALIKE else timedelta(0)

    def heads(self, told: Heads) -> Heads:
        """The same heads with their ends on our clock. Raises BadAnswer for what is no instant."""
        self.learn(told.now)
        return structs.replace(told, heads=tuple(self.head(one) for one in told.heads))

    def head(self, told: Head) -> Head:
        """One head with its end on our clock."""
        ahead = self._ahead()
        if told.until is None or not ahead:
            return told
        try:
            ends = _instant(told.until) - ahead
        except OverflowError as error:
            raise BadAnswer("instant") from error
        return structs.replace(told, until=to_wire(ends))


def _instant(text: str) -> datetime:
    try:
        return from_wire(text)
    except ValueError as error:
        raise BadAnswer("instant") from error
