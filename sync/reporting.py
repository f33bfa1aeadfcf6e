"""What the screens are told: one frozen `SyncState`, published when it differs from the last one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from dossier.clock import Clock, from_wire
from dossier.errors import BadAnswer
from dossier.wire.messages import Capabilities, Heads
from dossier.wire.sessions import Situation
from sync import states
from sync.lane import Lane
from sync.ledger import Ledger
from sync.policy import Policy, TimeLeft
from sync.ports import SyncStore
from sync.states import State, SyncState

_LONGEST_LEASE = timedelta(days=31)
"""Whatever a server says: a copy is not kept readable longer without meeting it."""

_SET_S = 60.0
"""A clock that went on by so much more or less than time did was set by somebody."""


class Reporter:
    """Keeps the facts of a session: state, progress, clock skew, contact and lease."""

    def __init__(
        self,
        store: SyncStore,
        clock: Clock,
        policy: Policy,
        publish: Callable[[SyncState], None],
    ) -> None:
        self._store, self._clock, self._policy, self._publish = store, clock, policy, publish
        self.signed_only = False
        """Only signed leases count: what an answer merely says of one is ignored."""
        self._time_left = TimeLeft()
        self._contact_due_s = 0.0
        self._met: tuple[datetime, float] | None = None
        self._lease: timedelta | None = None
        self._told_lease: timedelta | None = None
        self.told = SyncState()

    @property
    def state(self) -> State:
        """Where the machine stands."""
        return self.told.state

    def show(self, state: State, *, keep_trouble: bool = False) -> None:
        """Move the machine; with `keep_trouble` a trouble stays said until it is really over."""
        if keep_trouble and isinstance(self.state, states.Offline | states.Backoff):
            return
        self.tell(state=states.move(self.state, state))

    def tell(self, **changes: object) -> None:
        """Change facts; nobody is called when nothing changed."""
        changed = msgspec.structs.replace(self.told, **changes)
        if changed != self.told:
            self.told = changed
            self._publish(changed)

    def instant(self, in_s: float) -> datetime:
        """Our clock's instant in `in_s` seconds."""
        return self._clock.now() + timedelta(seconds=in_s)

    def learn(self, known: Capabilities) -> None:
        """The server said who it is."""
        self.tell(server_name=known.name, demonstration=known.demonstration, pages=known.pages)
        self.learn_clock(known.now)

    def learn_clock(self, server_now: str) -> None:
        """The server said what time it is: a fact, never a refusal. Raises BadAnswer."""
        if server_now:
            self._tell_skew((_parsed(server_now) - self._clock.now()).total_seconds())

    def _tell_skew(self, skew_s: float) -> None:
        self.tell(skew_s=skew_s, clock_wrong=abs(skew_s) > self._policy.skew_s)

    def contact(self, reply: object, now_s: float) -> None:
        """The server was met under our token: no trouble any more, and the lease goes on.

        The store is told once a minute, and at once when the lease has another length or somebody set our clock: a
        contact written down late only locks earlier, and each is a durable commit that a fetch would wait for.

        The lease is an instant of the server; it is kept as a length and counted from our own clock, so
        that a wrong clock neither shortens nor lengthens it.
        """
        if isinstance(self.state, states.Offline | states.Backoff):
            self.show(states.Idle())
        now = self._clock.now()
        was_set = self._was_set(now, now_s)
        if isinstance(reply, Heads):
            self.learn_clock(reply.now)
        if isinstance(reply, Heads) and reply.lease_until and not self.signed_only:
            said = _parsed(reply.now) if reply.now else now
            self._lease = min(max(timedelta(0), _parsed(reply.lease_until) - said), _LONGEST_LEASE)
        until = None if self._lease is None else now + self._lease
        if was_set or now_s >= self._contact_due_s or self._lease != self._told_lease:
            self._contact_due_s = now_s + self._policy.contact_s
            self._told_lease = self._lease
            self._store.contact(now, until)
        elif not isinstance(reply, Heads):
            return
        self.tell(last_contact=now, lease_until=until)

    def _was_set(self, now: datetime, now_s: float) -> bool:
        """Whether somebody set our clock since the last contact: the server's is apart by that much more."""
        before, self._met = self._met, (now, now_s)
        if before is None:
            return False
        by_s = (now - before[0]).total_seconds() - (now_s - before[1])
        if abs(by_s) < _SET_S:
            return False
        self._tell_skew(self.told.skew_s - by_s)
        return True

    def renew(self, lease: timedelta | None) -> None:
        """A signed lease came; None when what came was none of ours, and the old one runs on."""
        if lease is not None:
            self._lease = min(max(timedelta(0), lease), _LONGEST_LEASE)

    def membership(self, live: Situation | None) -> None:
        """The server named our membership among the live ones, or it is over. Its end is an instant of the
        server's clock, kept as one of ours: a clock that is years off ends no membership. Raises BadAnswer.
        """
        if live is None:
            self._store.membership(self._clock.now())
        elif live.until is None:
            self._store.membership(None)
        else:
            ours = _parsed(live.until) - timedelta(seconds=self.told.skew_s)
            self._store.membership(ours)

    def progress(self, ledger: Ledger, now_s: float) -> None:
        """Exact figures, with the time left while something is fetched."""
        progress = ledger.progress(None)
        if not isinstance(self.state, states.Pulling):
            self._time_left.clear()
        else:
            left = progress.size_wanted - progress.size
            seconds = self._time_left.observe(now_s, progress.size, left)
            progress = msgspec.structs.replace(progress, seconds_left=seconds)
        self.tell(progress=progress)

    def lanes(self, up: Lane, down: Lane, *, aside: int, retaken: int) -> None:
        """Which lane waits, and what is tried more rarely."""
        self.tell(
            push_trouble=up.trouble, pull_trouble=down.trouble, set_aside=aside, retaken=retaken
        )

    def rest(self, up: Lane, down: Lane, now_s: float) -> bool:
        """Nothing is to be asked now: Idle, or Backoff while a lane waits. True when all is well."""
        closed = next((lane for lane in (down, up) if lane.trouble is not None), None)
        if closed is None or closed.trouble is None:
            self.show(states.Idle())
            return True
        self.show(states.Backoff(closed.trouble, self.instant(closed.wait_s(now_s))))
        return False


def _parsed(text: str) -> datetime:
    try:
        return from_wire(text)
    except ValueError as error:
        raise BadAnswer("instant") from error
