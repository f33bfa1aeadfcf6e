"""Locked, unlocked, offline: pure rules over an injected clock.

The session locks after a time without action (2 to 15 minutes, 10 unless chosen), on the system's own lock
or suspend, on F12, when the clock goes back by more than ten minutes, and when the lease is over. A lock
closes the databases and forgets the key: the rules here only say when (security D2, D8).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from dossier.clock import Clock
from dossier.wire import limits
from practitioner_app.ports import CopyFacts

IDLE_MINUTES: Final = (2, 15)
IDLE_DEFAULT_MINUTES: Final = 10
COUNTDOWN_S: Final = 60
CLOCK_BACK: Final = timedelta(minutes=10)
LEASE: Final = timedelta(days=limits.LEASE_DAYS)
MEMBERSHIP_WARNED: Final = timedelta(days=30)
CONTINUITY: Final = timedelta(days=limits.CONTINUITY_DAYS)
_FREE_ATTEMPTS: Final = 3
_WAIT_MAX_S: Final = 300.0


class Lock(StrEnum):
    """Why the screen is locked; the lock page says it, without any clinical word."""

    OPEN = "open"
    START = "start"
    IDLE = "idle"
    ASKED = "asked"
    SYSTEM = "system"
    CLOCK = "clock"
    LEASE = "lease"


class Link(StrEnum):
    """The connection, as the chip says it. Set by the sync loop only."""

    STARTING = "starting"
    ONLINE = "online"
    SYNCING = "syncing"
    OFFLINE = "offline"
    TLS = "tls"
    NOT_COLLOQUE = "not_colloque"
    BAD_ANSWER = "bad_answer"
    SIGN_IN = "sign_in"
    PROOF = "proof"
    """The person has to show password and digits again before anything is exchanged."""
    DISTRUSTED = "distrusted"
    """The server cannot prove that it is ours, or that its past is whole."""
    TOO_OLD = "too_old"
    BUSY = "busy"
    CLOCK_WRONG = "clock_wrong"
    """This computer's clock and the server's differ by more than ten minutes."""
    BLOCKED = "blocked"
    """The server serves no record for now: too many were displayed within an hour."""
    STORE = "store"
    """The copy cannot be written (disk full, damaged)."""


class Connection(Struct, frozen=True, kw_only=True):
    """`since`: when this link began; `detail`: a catalogue key, never data."""

    link: Link = Link.STARTING
    since: datetime | None = None
    detail: str = ""

    @property
    def offline(self) -> bool:
        return self.link not in (Link.ONLINE, Link.SYNCING, Link.CLOCK_WRONG)


class Lease(StrEnum):
    FINE = "fine"
    ENDING = "ending"
    """Less than 48 hours left: the status bar says the day and the hour."""
    OVER = "over"
    """What others wrote is not shown; what the practice wrote stays readable in continuity mode."""
    CLOSED = "closed"
    """Beyond continuity, or it is barred: locked until contact."""


class Barred(StrEnum):
    """Why there is no continuity mode although its time is not over."""

    NO = "no"
    MEMBERSHIP = "membership"
    """The last contact showed no membership that still lives."""
    PURGE = "purge"
    """An order to erase is held."""


class LeaseState(Struct, frozen=True, kw_only=True):
    """`until`: what others wrote is shown until then; `closes`: what the practice wrote, until then."""

    state: Lease
    until: datetime | None
    last_contact: datetime | None
    closes: datetime | None = None
    barred: Barred = Barred.NO
    member_until: datetime | None = None
    """When the person's place in the practice ends; None without an end, or before the first contact."""

    @property
    def narrowed(self) -> bool:
        """Is only what the practice wrote to be shown?"""
        return self.state is Lease.OVER

    @property
    def whole(self) -> bool:
        """Is everything to be shown?"""
        return self.state in (Lease.FINE, Lease.ENDING)


def lease_state(facts: CopyFacts, now: datetime) -> LeaseState:
    """The lease by the last contact; a device that never had contact has no copy to protect.

    The store hides by itself by the same facts; here it is said why.
    """
    until = facts.lease_until
    if until is None and facts.last_contact is not None:
        until = facts.last_contact + LEASE
    if until is None:
        return LeaseState(state=Lease.FINE, until=None, last_contact=None)
    closes = max(until, facts.last_contact + CONTINUITY) if facts.last_contact else until
    barred = Barred.PURGE if facts.purging else Barred.NO
    if facts.member_until is not None and facts.member_until <= now:
        barred = Barred.MEMBERSHIP
    known = LeaseState(
        state=Lease.FINE,
        until=until,
        last_contact=facts.last_contact,
        closes=closes,
        barred=barred,
        member_until=facts.member_until,
    )
    return structs.replace(known, state=lease_at(known, now))


def lease_at(known: LeaseState, now: datetime) -> Lease:
    """What a lease read some time ago has become by now, without asking the store."""
    if known.until is None or now < known.until - timedelta(hours=48):
        return Lease.FINE
    if now < known.until:
        return Lease.ENDING
    reads_on = known.closes is not None and now < known.closes and known.barred is Barred.NO
    return Lease.OVER if reads_on else Lease.CLOSED


def membership_ends(known: LeaseState, now: datetime) -> datetime | None:
    """When the membership ends, in its last thirty days; None before and after."""
    until = known.member_until
    return until if until is not None and now < until <= now + MEMBERSHIP_WARNED else None


def clock_went_back(now: datetime, last_seen: datetime | None) -> bool:
    """Whether the computer's clock is before an instant this device already lived."""
    return last_seen is not None and now < last_seen - CLOCK_BACK


class IdleTimer:
    """When the session locks for want of action. One instance for one window set; main thread."""

    def __init__(self, clock: Clock, minutes: int = IDLE_DEFAULT_MINUTES) -> None:
        self._clock = clock
        self._after_s = 60.0 * min(max(minutes, IDLE_MINUTES[0]), IDLE_MINUTES[1])
        self._last = clock.monotonic()

    def acted(self) -> None:
        """A key, a click, a wheel."""
        self._last = self._clock.monotonic()

    def remaining_s(self) -> float:
        return max(0.0, self._after_s - (self._clock.monotonic() - self._last))

    def due(self) -> bool:
        return self.remaining_s() <= 0.0

    def countdown_s(self) -> int | None:
        """Seconds left, in the last minute only."""
        left = self.remaining_s()
        return int(left) + 1 if 0.0 < left <= COUNTDOWN_S else None


class Attempts:
    """Wrong phrases: three are free, then the wait doubles up to five minutes. Nothing is ever erased."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong = 0
        self._until = 0.0

    def wait_s(self) -> float:
        """Seconds before the next try is accepted."""
        return max(0.0, self._until - self._clock.monotonic())

    def failed(self) -> None:
        self._wrong += 1
        if self._wrong > _FREE_ATTEMPTS:
            wait = min(_WAIT_MAX_S, 5.0 * 2 ** (self._wrong - _FREE_ATTEMPTS - 1))
            self._until = self._clock.monotonic() + wait

    def succeeded(self) -> None:
        self._wrong, self._until = 0, 0.0


class LockFacts(Struct, frozen=True, kw_only=True):
    """All the lock page may say: counts and dates, no name of a patient, no reason of a visit."""

    reason: Lock
    person: str
    device_name: str
    practice: str = ""
    pending: int = 0
    refused: int = 0
    conflicts: int = 0
    connection: Connection = Connection()
    lease_until: datetime | None = None
    lease: LeaseState | None = None
    """Set where the lease is over: the page then offers continuity mode, or says why not."""
    wait_s: float = 0.0
    demonstration: bool = False
    without_keyring: bool = False


class Moment(Struct, frozen=True, kw_only=True):
    """What decides at one instant whether to lock. `continuity`: the person entered that mode."""

    now: datetime
    last_seen: datetime | None
    lease: Lease
    idle_due: bool
    system_locked: bool = False
    continuity: bool = False


def must_lock(moment: Moment) -> Lock:
    """OPEN when nothing asks for a lock; else the strongest reason."""
    if clock_went_back(moment.now, moment.last_seen):
        return Lock.CLOCK
    if moment.lease is Lease.CLOSED or (moment.lease is Lease.OVER and not moment.continuity):
        return Lock.LEASE
    if moment.system_locked:
        return Lock.SYSTEM
    return Lock.IDLE if moment.idle_due else Lock.OPEN
