"""When nothing can go on: how long to wait, and what the screens are told meanwhile."""

from dossier.entropy import Entropy
from dossier.errors import (
    BadAnswer,
    Busy,
    DiskFull,
    DossierError,
    NotColloque,
    Refused,
    TlsRefused,
    Unreachable,
)
from sync import states
from sync.lane import Lane
from sync.policy import Policy, backoff_s
from sync.reporting import Reporter
from sync.states import Did, Next, State, Trouble

SERVER_TOO_OLD = "protocol"
"""The detail of a NotColloque that is our server in an older version."""
_TROUBLES: tuple[tuple[type[DossierError], Trouble], ...] = (
    (NotColloque, Trouble.NOT_COLLOQUE),
    (Unreachable, Trouble.UNREACHABLE),
    (Busy, Trouble.BUSY),
    (DiskFull, Trouble.DISK_FULL),
    (BadAnswer, Trouble.BAD_ANSWER),
)


_TLS: dict[str, Trouble] = {
    "host": Trouble.TLS_HOST,
    "expired": Trouble.TLS_EXPIRED,
    "clock": Trouble.TLS_CLOCK,
    "unknown": Trouble.TLS_UNKNOWN,
    "key": Trouble.TLS_KEY,
    "protocol": Trouble.TLS_PROTOCOL,
}


class Pauses:
    """Holds lanes. `whole` is the lane of everything; times are monotonic seconds."""

    def __init__(self, whole: Lane, report: Reporter, policy: Policy, entropy: Entropy) -> None:
        self._whole, self._report, self._policy, self._entropy = whole, report, policy, entropy

    def stop(self, state: State, wait_s: float, now_s: float) -> Next:
        """Only a person, or long waiting, changes this."""
        self._whole.hold(now_s + wait_s, None)
        self._report.show(state)
        return Next(did=Did.FAILED, wait_s=wait_s, wake=False)

    def whole(self, error: DossierError, now_s: float) -> Next:
        """Nothing can go on: wait, longer each time."""
        wait_s = self.hold(self._whole, error, now_s)
        kind = states.Offline if isinstance(error, Unreachable) else states.Backoff
        self._report.show(kind(trouble_of(error), self._report.instant(wait_s)))
        return Next(did=Did.FAILED, wait_s=wait_s, wake=False)

    def hold(self, lane: Lane, error: DossierError, now_s: float) -> float:
        """One lane waits; returns for how long."""
        at_least_s: float = getattr(error, "retry_after_s", None) or 0.0
        wait_s = backoff_s(self._policy, lane.failures + 1, self._entropy, at_least_s)
        lane.hold(now_s + wait_s, trouble_of(error))
        return wait_s


def trouble_of(error: DossierError) -> Trouble:
    """The word for an error."""
    if isinstance(error, NotColloque) and error.detail == SERVER_TOO_OLD:
        return Trouble.SERVER_TOO_OLD
    if isinstance(error, BadAnswer) and error.detail == "old_restore":
        return Trouble.OLD_RESTORE
    if isinstance(error, Refused) and error.code == Trouble.VOLUME_BLOCKED:
        return Trouble.VOLUME_BLOCKED
    if isinstance(error, TlsRefused):
        return _TLS.get(error.detail, Trouble.TLS)
    return next((word for kind, word in _TROUBLES if isinstance(error, kind)), Trouble.REFUSED)
