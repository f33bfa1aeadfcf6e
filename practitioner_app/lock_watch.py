"""When the desktop locks by itself: idle, clock gone back, lease over. Main thread; asked once a second."""

from datetime import datetime

from dossier.clock import Clock
from practitioner_app.services.session import (
    IDLE_DEFAULT_MINUTES,
    IdleTimer,
    Lease,
    LeaseState,
    Lock,
    Moment,
    lease_at,
    must_lock,
)


class LockWatch:
    """Follows the clock between the readings of the lease, so that its end needs no question to the store."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._idle = IdleTimer(clock)
        self._last: datetime | None = None
        self._lease: LeaseState | None = None

    def begin(self, minutes: int = IDLE_DEFAULT_MINUTES) -> None:
        """Count the time without action from now."""
        self._idle = IdleTimer(self._clock, minutes)

    def acted(self) -> None:
        """A key, a click, a wheel."""
        self._idle.acted()

    def lease_is(self, lease: LeaseState | None) -> None:
        """The lease as it was just read."""
        self._lease = lease

    @property
    def knows_lease(self) -> bool:
        """False as long as no contact was ever read: a first copy has no end yet."""
        return self._lease is not None and self._lease.until is not None

    def is_idle(self) -> bool:
        """Was there no action for the time chosen?"""
        return self._idle.due()

    def countdown_s(self) -> int | None:
        """Seconds left, in the last minute only."""
        return self._idle.countdown_s()

    def tick(self) -> None:
        """No session is open: remember the hour, so that a clock set back meanwhile is noticed."""
        self._last = self._clock.now()

    def reason(self, *, continuity: bool) -> Lock:
        """OPEN, or why the open session must be locked now. `continuity`: the person entered that mode."""
        now = self._clock.now()
        before, self._last = self._last, now
        return must_lock(
            Moment(
                now=now,
                last_seen=before,
                lease=lease_at(self._lease, now) if self._lease else Lease.FINE,
                idle_due=self._idle.due(),
                continuity=continuity,
            )
        )
