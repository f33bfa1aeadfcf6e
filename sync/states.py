"""Where the synchronisation stands, as values with listed transitions; what the screens are told.

Everything here is frozen. `SyncState` is the one thing the engine publishes; it carries no patient byte.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Trouble(StrEnum):
    """Why an exchange failed, as the screens say it (catalogue keys `sync.trouble.<value>`)."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    TLS_HOST = "tls_host"
    TLS_EXPIRED = "tls_expired"
    TLS_CLOCK = "tls_clock"
    TLS_UNKNOWN = "tls_unknown"
    TLS_KEY = "tls_key"
    TLS_PROTOCOL = "tls_protocol"
    NOT_COLLOQUE = "not_colloque"
    SERVER_TOO_OLD = "server_too_old"
    BAD_ANSWER = "bad_answer"
    BUSY = "busy"
    REFUSED = "refused"
    OLD_RESTORE = "old_restore"
    DISK_FULL = "disk_full"
    VOLUME_BLOCKED = "volume_blocked"
    """Too many records were displayed within an hour: the server serves none, and takes what was written."""


class Starting(Struct, frozen=True):
    """No exchange was tried yet."""


class SigningIn(Struct, frozen=True):
    """The device proves itself."""


class Idle(Struct, frozen=True):
    """Connected, nothing to send and nothing to fetch."""


class Pushing(Struct, frozen=True):
    """Operations are on their way."""

    ops: int


class Pulling(Struct, frozen=True):
    """Compartments are being fetched."""


class Offline(Struct, frozen=True):
    """The server cannot be reached; tried again at `retry_at`."""

    reason: Trouble
    retry_at: datetime


class Backoff(Struct, frozen=True):
    """The server answers, but not usefully; tried again at `until`."""

    reason: Trouble
    until: datetime


class NeedsSignIn(Struct, frozen=True):
    """The device is known no more or the situation ended: a person must act. `code` is the server's."""

    code: str


class Revoked(Struct, frozen=True):
    """The device was revoked: nothing is asked any more. `order` is the signed order to erase the copy;
    without one of ours the copy stays closed to the server and ends with its lease.
    """

    order: str = ""


class Distrusted(Struct, frozen=True):
    """The server could not prove that it is ours, or that its past is whole: nothing is exchanged, nothing
    held is touched. `reason` is that of dossier.errors.Distrusted.
    """

    reason: str


class TooOld(Struct, frozen=True):
    """The program must be upgraded; the copy stays readable and the outbox is kept."""


State = (
    Starting
    | SigningIn
    | Idle
    | Pushing
    | Pulling
    | Offline
    | Backoff
    | NeedsSignIn
    | Revoked
    | Distrusted
    | TooOld
)

_RUNNING: frozenset[type] = frozenset({Idle, Pushing, Pulling})
_TROUBLED: frozenset[type] = frozenset({Offline, Backoff, NeedsSignIn, Revoked, Distrusted, TooOld})

LEGAL: Mapping[type, frozenset[type]] = {
    Starting: frozenset({SigningIn}) | _TROUBLED,
    SigningIn: _RUNNING | _TROUBLED,
    Idle: _RUNNING | _TROUBLED | {SigningIn},
    Pushing: _RUNNING | _TROUBLED | {SigningIn},
    Pulling: _RUNNING | _TROUBLED | {SigningIn},
    Offline: _RUNNING | _TROUBLED | {SigningIn},
    Backoff: _RUNNING | _TROUBLED | {SigningIn},
    NeedsSignIn: frozenset({SigningIn, Offline, Backoff, Revoked, Distrusted, TooOld}),
    Distrusted: frozenset({SigningIn, Offline, Backoff, NeedsSignIn, Revoked, TooOld}),
    TooOld: frozenset({SigningIn, Offline, Backoff, Revoked, Distrusted}),
    Revoked: frozenset(),
}
"""To which states each may go; every state may also stay what it is."""


def move(old: State, new: State) -> State:
    """Return `new`; a transition that is not listed is a programming error (ValueError)."""
    if type(new) is not type(old) and type(new) not in LEGAL[type(old)]:
        raise ValueError(f"{type(old).__name__} may not become {type(new).__name__}")
    return new


class ClassProgress(Struct, frozen=True):
    """One class of first copy (0 today, 1 unread, 2 recent, 3 the rest)."""

    rank: int
    patients_complete: int
    patients: int
    rows: int
    rows_wanted: int


class Progress(Struct, frozen=True, kw_only=True):
    """Exact figures of the copy; `seconds_left` is None while nothing is fetched or not yet known.

    A compartment counts as complete only when its cursor is the wanted one. Between two `heads` nothing
    complete becomes incomplete, and when everything is fetched each pair is equal.
    """

    patients_complete: int = 0
    patients: int = 0
    compartments_complete: int = 0
    compartments: int = 0
    rows: int = 0
    rows_wanted: int = 0
    size: int = 0
    size_wanted: int = 0
    seconds_left: float | None = None
    by_rank: tuple[ClassProgress, ...] = ()

    @property
    def complete(self) -> bool:
        """Everything wanted is here."""
        return self.compartments_complete == self.compartments


class SyncState(Struct, frozen=True, kw_only=True):
    """Everything the screens are told.

    `skew_s` is the server's clock minus ours: a fact, never a refusal; `clock_wrong` beyond 5 minutes.
    `push_trouble` and `pull_trouble` name a lane that waits while the other goes on. `restored` is true
    once a later restore number was met in this session; `situation_ended` once the server said so and
    the copy was purged (operations may still leave); `retaken` counts compartments whose digest
    disagreed; `set_aside` the ops and compartments that are tried more rarely after repeated failures.
    """

    state: State = Starting()
    progress: Progress = Progress()
    last_contact: datetime | None = None
    lease_until: datetime | None = None
    skew_s: float = 0.0
    clock_wrong: bool = False
    server_name: str = ""
    pages: str = ""
    """The origin of its pages for browsers, as it says; "" for none."""
    demonstration: bool = False
    push_trouble: Trouble | None = None
    pull_trouble: Trouble | None = None
    restored: bool = False
    situation_ended: bool = False
    retaken: int = 0
    set_aside: int = 0


class Did(StrEnum):
    """What one step did."""

    WAITED = "waited"
    SIGNED_IN = "signed_in"
    PUSHED = "pushed"
    ASKED = "asked"
    PULLED = "pulled"
    CHECKED = "checked"
    RESTORED = "restored"
    FAILED = "failed"


class Next(Struct, frozen=True, kw_only=True):
    """The answer of a step: call again in `wait_s` seconds, sooner on a hint or a new op if `wake`.

    `touched`: owners whose rows changed, with their types; an empty set means everything of the owner.
    """

    did: Did
    wait_s: float
    wake: bool = True
    touched: Mapping[int, frozenset[str]] = {}
