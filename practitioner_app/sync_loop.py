"""Drives the engine on its lane: step, tell, wait until something moves.

The engine belongs to this lane alone; other threads only set flags here. A new op, a hint or F5 ends a
wait, but not one that only time or a person may end (`Next.wake`). What the steps touched is announced, so
that screens ask again.
"""

from collections.abc import Callable
from threading import Event, Lock
from typing import Final, Protocol

from dossier.clock import Clock
from practitioner_app.ports import Announce, BrowserCode, ChangeSet, Outbox, Topic
from practitioner_app.services.session import Connection, Link
from sync import states
from sync.engine import Engine
from sync.ports import HintStream
from sync.sign_in import Shown
from sync.states import Did, Next, SyncState, Trouble

WHOLE: Final = frozenset({"*"})
_NO_TOKEN_S: Final = 2.0

_TROUBLES: Final = {
    Trouble.UNREACHABLE: Link.OFFLINE,
    **{one: Link.TLS for one in Trouble if one.value.partition("_")[0] == "tls"},
    Trouble.NOT_COLLOQUE: Link.NOT_COLLOQUE,
    Trouble.SERVER_TOO_OLD: Link.NOT_COLLOQUE,
    Trouble.BUSY: Link.BUSY,
    Trouble.BAD_ANSWER: Link.BAD_ANSWER,
    Trouble.REFUSED: Link.BAD_ANSWER,
    Trouble.OLD_RESTORE: Link.BUSY,
    Trouble.DISK_FULL: Link.STORE,
    Trouble.VOLUME_BLOCKED: Link.BLOCKED,
}


_OF_THE_PERSON: Final = frozenset({"proof_needed", "password_replaced", "wrong_proof"})
_LINKS: Final[dict[type, tuple[Link, str]]] = {
    states.Revoked: (Link.SIGN_IN, "device_revoked"),
    states.TooOld: (Link.TOO_OLD, ""),
    states.Starting: (Link.STARTING, ""),
    states.SigningIn: (Link.STARTING, ""),
    states.Pushing: (Link.SYNCING, ""),
    states.Pulling: (Link.SYNCING, ""),
    states.Idle: (Link.ONLINE, ""),
}


class Listener(Protocol):
    """What the sync centre wants to be told."""

    def connected(self, connection: Connection) -> None: ...
    def noted(self, key: str, **figures: int) -> None: ...


def link_of(state: SyncState) -> tuple[Link, str]:
    """The chip's word and its detail for a state of the engine."""
    match state.state:
        case states.Offline(reason=reason) | states.Backoff(reason=reason):
            return _TROUBLES[reason], str(reason)
        case states.NeedsSignIn(code=code):
            return (Link.PROOF if code in _OF_THE_PERSON else Link.SIGN_IN), code
        case states.Distrusted(reason=reason):
            return Link.DISTRUSTED, reason
        case _ if state.pull_trouble is Trouble.VOLUME_BLOCKED:
            return Link.BLOCKED, Trouble.VOLUME_BLOCKED.value
        case states.Idle() if state.clock_wrong:
            return Link.CLOCK_WRONG, ""
        case _:
            return _LINKS[type(state.state)]


class SyncLoop:
    """`run` blocks on the sync lane until `stop`; the other methods may be called from any thread."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        listener: Listener,
        announce: Announce,
        clock: Clock,
        contacted: Callable[[SyncState], None],
    ) -> None:
        self._outbox = outbox
        self._listener = listener
        self._announce = announce
        self._clock = clock
        self._contacted = contacted
        self._wake = Event()
        self._stopped = Event()
        self._lock = Lock()
        self._asked_by_person = False
        self._hinted = False
        self._shown: Shown | None = None
        self._wanted: int | None = None
        self._waiting_owners: frozenset[int] = frozenset()
        self._connection = Connection()
        self._sending = self._sent = 0
        self._rows: int | None = None
        self._rows_told = 0

    # --- from any thread ---------------------------------------------------------------------------

    def now(self) -> None:
        """A person wants it now (F5)."""
        with self._lock:
            self._asked_by_person = True
        self._wake.set()

    def wrote(self) -> None:
        """Something waits to be sent."""
        self._wake.set()

    def hinted(self) -> None:
        """The server said that something moved."""
        with self._lock:
            self._hinted = True
        self._wake.set()

    def prefer(self, owner: int) -> None:
        """A person looks at this patient: fetch it first."""
        with self._lock:
            self._wanted = owner
        self._wake.set()

    def show(self, password: str, proof: str) -> None:
        """The person shows who they are: the session begins again with that."""
        self._show(Shown(password, proof))

    def show_code(self, found: BrowserCode) -> None:
        """The same, in their browser."""
        self._show(Shown(code=found.code, verifier=found.verifier))

    def _show(self, shown: Shown) -> None:
        with self._lock:
            self._shown = shown
        self._wake.set()

    def stop(self) -> None:
        """End after the step under way."""
        self._stopped.set()
        self._wake.set()

    # --- on the sync lane ------------------------------------------------------------------------------

    def published(self, state: SyncState) -> None:
        """The engine's `publish`: keep the instant since which the link is what it is."""
        link, detail = link_of(state)
        if isinstance(state.state, states.Pushing):
            self._sending = state.state.ops
        if self._rows is None:
            self._rows_told = state.progress.rows
        self._rows = state.progress.rows
        if (link, detail) != (self._connection.link, self._connection.detail):
            self._note_link(link)
            self._connection = Connection(link=link, since=self._clock.now(), detail=detail)
            self._listener.connected(self._connection)
        self._contacted(state)
        self._announce(ChangeSet(topics=frozenset({Topic.CONNECTION, Topic.COPY})))

    def run(self, engine: Engine) -> None:
        """Until `stop`. A store that was closed under a step ends the loop quietly when it was asked to."""
        try:
            while not self._stopped.is_set():
                self._obey(engine)
                self._rest(self._tell(engine.step()))
        except Exception:
            if not self._stopped.is_set():
                raise

    def listen(self, line: HintStream, token: Callable[[], str]) -> None:
        """Keep the wake-up line open, on a lane of its own, until `stop`.

        The end of a line is asked about like a hint: a server that is gone is said at once, not at the
        next regular question.
        """
        while not self._stopped.is_set():
            present = token()
            if not present:
                self._stopped.wait(_NO_TOKEN_S)
                continue
            heard = line.wait(present)
            self.hinted()
            if not heard:
                self._stopped.wait(line.pause_s())

    def _obey(self, engine: Engine) -> None:
        with self._lock:
            asked, self._asked_by_person = self._asked_by_person, False
            hinted, self._hinted = self._hinted, False
            wanted, self._wanted = self._wanted, None
            shown, self._shown = self._shown, None
        if shown is not None:
            engine.show(shown)
        if asked:
            engine.retry()
        if hinted:
            engine.hint()
        if wanted is not None:
            engine.prefer(wanted)

    def _rest(self, following: Next) -> None:
        """Wait for time, a person, or (where it may help) a new op or a hint."""
        deadline = self._clock.monotonic() + following.wait_s
        while not self._stopped.is_set():
            left = deadline - self._clock.monotonic()
            if left <= 0 or not self._wake.wait(left):
                return
            self._wake.clear()
            if following.wake or self._asked_by_person or self._shown is not None:
                return

    def _tell(self, following: Next) -> Next:
        topics, owners = {Topic.COPY}, dict(following.touched)
        match following.did:
            case Did.WAITED | Did.SIGNED_IN | Did.FAILED if not owners:
                if following.did is Did.WAITED:
                    self._note_figures()
                return following
            case Did.PUSHED:
                topics |= {Topic.OUTBOX, Topic.CONFLICTS}
                owners |= dict.fromkeys(self._whose_ops_moved(), WHOLE)
                self._sent, self._sending = self._sent + self._sending, 0
            case Did.RESTORED:
                topics |= {Topic.PATIENTS, Topic.OUTBOX, Topic.CONFLICTS}
                self._listener.noted("exchange.restored")
        if any(not types or "Patient" in types for types in owners.values()):
            topics.add(Topic.PATIENTS)
        touched = {owner: types or WHOLE for owner, types in owners.items()}
        self._announce(ChangeSet(owners=touched, topics=frozenset(topics)))
        return following

    def _note_link(self, link: Link) -> None:
        """A line of the log when the connection is found or lost, not at each step of it."""
        was_offline = self._connection.offline
        now = Connection(link=link)
        if self._connection.since is None:
            self._listener.noted("exchange.started")
        elif was_offline and self._connection.link is not Link.STARTING and not now.offline:
            self._listener.noted("exchange.online")
        elif not was_offline and now.offline and link is not Link.STARTING:
            self._listener.noted("exchange.offline")

    def _note_figures(self) -> None:
        """One line for a burst, once it rests."""
        if self._sent:
            self._listener.noted("exchange.pushed", ops=self._sent)
        received = (self._rows or 0) - self._rows_told
        if received > 0:
            self._listener.noted("exchange.pulled", rows=received)
        self._sent, self._rows_told = 0, self._rows or 0

    def _whose_ops_moved(self) -> frozenset[int]:
        """Patients with something waiting now or at the last push: the states on their lines changed."""
        before = self._waiting_owners
        waiting = {item.owner for item in self._outbox.pending()}
        waiting |= {case.owner for case in self._outbox.conflicts()}
        self._waiting_owners = frozenset(waiting)
        return before | self._waiting_owners
