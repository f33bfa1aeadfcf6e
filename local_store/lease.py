"""What a row of a patient must be to be shown now, by the last contact with the server (design §4).

    WHOLE    anything: the lease runs, or this device never had a copy to protect
    OWN      written by the practice itself: the lease is over (continuity mode)
    NOTHING  continuity is over too, or the membership does not live any more

The instants are facts of work.db; readers ask `least` at each statement, so the hiding needs no event, and a
contact ends it at once.
"""

import threading
from datetime import datetime, timedelta
from typing import Final

from dossier.clock import Clock, from_wire, to_ms, to_wire
from dossier.wire import limits
from local_store.compartments import fact, put_fact
from local_store.connections import Connection

WHOLE: Final = 0
OWN: Final = 1
NOTHING: Final = 2
_NARROW, _CLOSE, _MEMBER = "narrow_ms", "close_ms", "member_ms"


class LeaseGate:
    """One per store. `contact` and `membership` run inside a transaction of work.db; `least` anywhere."""

    def __init__(self, work: Connection, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._instants: tuple[int | None, int | None, int | None] = (None, None, None)
        self.read(work)

    def read(self, work: Connection) -> None:
        """The facts as they are durable now."""
        found = [fact(work, name) for name in (_NARROW, _CLOSE, _MEMBER)]
        narrow, close, member = (None if one is None else int(one) for one in found)
        with self._lock:
            self._instants = (narrow, close, member)

    def contact(self, work: Connection, at: datetime, lease_until: datetime | None) -> None:
        """The server was met; `lease_until` None keeps the lease there was."""
        put_fact(work, "last_contact", to_wire(at))
        if lease_until is not None:
            put_fact(work, "lease_until", to_wire(lease_until))
        kept = fact(work, "lease_until")
        until = from_wire(kept) if kept else at + timedelta(days=limits.LEASE_DAYS)
        closes = max(until, at + timedelta(days=limits.CONTINUITY_DAYS))
        put_fact(work, _NARROW, str(to_ms(until)))
        put_fact(work, _CLOSE, str(to_ms(closes)))

    def membership(self, work: Connection, until: datetime | None) -> None:
        """Until when the membership lives; None without an end."""
        if until is None:
            work.execute("DELETE FROM fact WHERE name = ?", (_MEMBER,))
        else:
            put_fact(work, _MEMBER, str(to_ms(until)))

    def least(self) -> int:
        """WHOLE, OWN or NOTHING, now."""
        with self._lock:
            narrow, close, member = self._instants
        now = to_ms(self._clock.now())
        if narrow is None or now < narrow:
            return WHOLE
        over = now >= (close or 0) or (member is not None and now >= member)
        return NOTHING if over else OWN
