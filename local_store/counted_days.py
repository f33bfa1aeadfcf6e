"""How many days with the server the ledger has lived: what decides when an acknowledged op may be forgotten.

No clock is believed alone: ours may be set on by a month, the server's by a fortnight. Counted is what the server says
has gone by since the last verdicts, at most a day for each time that verdicts come; so an op is kept for `ACKED_KEPT_DAYS`
days on which something was decided, never fewer days of the server, and often many more.
"""

from contextlib import suppress
from typing import Final

from dossier.clock import from_wire, to_ms
from local_store.compartments import fact, put_fact
from local_store.connections import Connection

_MOST_MS: Final = 86_400_000
_LEAST_MS: Final = 60_000
"""Less is left to the next time, and costs no write."""
_COUNTED, _UP_TO = "counted_ms", "counted_up_to_ms"


def counted_ms(work: Connection) -> int:
    """Counted so far."""
    return int(fact(work, _COUNTED) or 0)


class CountedDays:
    """One per store: `tell` anywhere, `count` inside a transaction of work.db."""

    def __init__(self) -> None:
        self._told_ms: int | None = None

    def tell(self, server_now: str) -> None:
        """The server said what time it is; what is no instant says nothing."""
        with suppress(ValueError):
            self._told_ms = to_ms(from_wire(server_now))

    def count(self, work: Connection) -> int:
        """Take in what went by since the last time; returns what is counted so far, in milliseconds."""
        counted, up_to = counted_ms(work), fact(work, _UP_TO)
        if self._told_ms is None:
            return counted
        since = 0 if up_to is None else self._told_ms - int(up_to)
        if up_to is None or since < 0 or since >= _LEAST_MS:
            counted += min(max(since, 0), _MOST_MS)
            put_fact(work, _COUNTED, str(counted))
            put_fact(work, _UP_TO, str(self._told_ms))
        return counted
