"""The synchronisation of one device in one situation: synchronous, step by step, deterministic.

One step is at most one exchange: `begin` decides what to ask without I/O, somebody performs it, `settle`
draws the consequence. `step` does the three with the engine's own transport. No Qt, no SQL, no threads:
time, randomness, storage and transport are passed in, so a scheduler can drive many engines at once.

Rules: sign in by the device's key; heads before anything else of a session, then the terms of what
is held, so that a lost right is honoured before new rows arrive; then operations and pages take turns,
neither waits for the other. Everything that must survive lies in the store; a new engine over the same
store simply goes on. Raises StoreError kin from the store (but DiskFull, which is a state).
"""

from collections.abc import Callable

from msgspec import structs

from dossier.clock import Clock
from dossier.entropy import Entropy
from dossier.errors import (
    BadAnswer,
    Busy,
    DiskFull,
    Distrusted,
    DossierError,
    NotColloque,
    Refused,
    SignInNeeded,
    TooOld,
    Unreachable,
)
from dossier.wire.messages import DigestsReply, Heads, OpsReply, Pages, TermsReply
from dossier.wire.sessions import TokenReply
from sync import states
from sync.exchanges import (
    AskCapabilities,
    AskChallenge,
    AskChanges,
    AskDigests,
    AskHeads,
    AskKeys,
    AskLog,
    AskTerms,
    AskToken,
    Exchange,
    Reply,
    SendOps,
    perform,
    restore_of,
)
from sync.incoming import Incoming, Touched
from sync.lane import Lane
from sync.outgoing import Outgoing
from sync.pauses import SERVER_TOO_OLD, Pauses
from sync.policy import Policy
from sync.ports import DeviceKey, SyncStore, Transport
from sync.reporting import Reporter
from sync.sign_in import Shown, SignIn
from sync.states import Did, Next, State, SyncState
from sync.trust import Trust, Unproven

REVOKED = "device_revoked"
"""After this code the device asks nothing any more."""
ENDED = "situation_ended"
"""After this code everything held under the situation is purged; operations may still leave."""

_Signing = AskCapabilities | AskChallenge | AskToken


def _ignore(_state: SyncState) -> None:
    """Nobody listens."""


class Engine:
    """One device, one situation, one store. The sync lane owns it: not thread-safe."""

    def __init__(
        self,
        store: SyncStore,
        transport: Transport,
        key: DeviceKey,
        situation: str,
        clock: Clock,
        entropy: Entropy,
        *,
        policy: Policy | None = None,
        publish: Callable[[SyncState], None] = _ignore,
    ) -> None:
        self._store, self._transport, self._clock = store, transport, clock
        policy = self._policy = policy or Policy()
        self._trust: Trust | Unproven = Unproven()
        self._report = Reporter(store, clock, self._policy, publish)
        self._sign_in = SignIn(store.board, key, situation, transport.address, entropy, policy)
        self._up = Outgoing(store, situation, self._policy)
        self._down = Incoming(store, clock, self._policy)
        self._whole, self._up_lane, self._down_lane = Lane(), Lane(), Lane()
        self._pauses = Pauses(self._whole, self._report, self._policy, entropy)
        self._session_begun, self._down_first = False, True

    def demand(self, trust: Trust) -> None:
        """The server has to prove itself from now on, and only its signed leases count."""
        self._trust, self._report.signed_only = trust, True

    @property
    def state(self) -> SyncState:
        """What the screens were told last."""
        return self._report.told

    @property
    def token(self) -> str:
        """The present access token, for the hint line; empty while there is none."""
        return self._sign_in.token

    def step(self) -> Next:
        """Do at most one exchange."""
        begun = self.begin()
        if isinstance(begun, Next):
            return begun
        outcome: Reply | DossierError
        try:
            outcome = perform(begun, self._transport, self._sign_in.token)
        except DossierError as error:
            outcome = error
        return self.settle(begun, outcome)

    def hint(self) -> None:
        """Something moved for this reader: heads are asked at the next step."""
        self._down.hint(self._clock.monotonic())

    def retry(self) -> None:
        """A person wants it now: every wait is over, what was set aside is tried again."""
        for lane in (self._whole, self._up_lane, self._down_lane):
            lane.clear()
        self._up.retry()
        self._down.retry(self._clock.monotonic())

    def show(self, shown: Shown) -> None:
        """The person shows who they are: the session begins again with that, at the next step."""
        self._whole.clear()
        self._sign_in.show(shown)

    def prefer(self, owner: int) -> None:
        """Somebody looks at this owner: fetch it first."""
        self._down.ledger.prefer(owner)

    def begin(self) -> Exchange | Next:
        """Decide what to ask now, or how long to wait."""
        now_s = self._clock.monotonic()
        if isinstance(self._report.state, states.Revoked):
            return Next(did=Did.WAITED, wait_s=self._policy.aside_s, wake=False)
        if not self._whole.is_open(now_s):
            return Next(did=Did.WAITED, wait_s=self._whole.wait_s(now_s), wake=False)
        try:
            signing = self._signing(now_s)
            if signing is not None:
                if not self._session_begun:
                    self._report.show(states.SigningIn(), keep_trouble=True)
                return signing
            return self._begin_lane(now_s)
        except DiskFull as error:
            return self._pauses.whole(error, now_s)

    def settle(self, exchange: Exchange, outcome: Reply | DossierError) -> Next:
        """Draw the consequence of one exchange: a reply, or the error it ended with."""
        now_s = self._clock.monotonic()
        try:
            if isinstance(outcome, DossierError):
                return self._failed(exchange, outcome, now_s)
            if isinstance(exchange, _Signing):
                return self._settled_sign_in(outcome, now_s)
            if isinstance(exchange, AskKeys | AskLog):
                self._trust.settle(exchange, outcome, now_s)
                return Next(did=Did.CHECKED, wait_s=0.0)
            return self._settled(exchange, outcome, now_s)
        except (BadAnswer, DiskFull, Distrusted) as error:
            return self._failed(exchange, error, now_s)

    def _signing(self, now_s: float) -> Exchange | None:
        """What proves us to the server, and the server to us, before anything else."""
        signing = self._sign_in.next(now_s)
        if isinstance(signing, AskCapabilities):
            return signing
        return self._trust.next(now_s, signed_in=signing is None) or signing

    def _begin_lane(self, now_s: float) -> Exchange | Next:
        if not self._session_begun:
            self._begin_session(now_s)
        for is_down in (self._down_first, not self._down_first):
            lane = self._down_lane if is_down else self._up_lane
            if not lane.is_open(now_s):
                continue
            asking = self._down.next(now_s) if is_down else self._up.next(now_s)
            if asking is None:
                lane.clear()
                continue
            self._down_first = not is_down
            if isinstance(asking, SendOps) and asking.request.ops:
                self._report.show(states.Pushing(len(asking.request.ops)), keep_trouble=True)
            elif isinstance(asking, AskChanges):
                self._report.show(states.Pulling(), keep_trouble=True)
            return asking
        return self._rest(now_s)

    def _begin_session(self, now_s: float) -> None:
        self._session_begun = self._down_first = True
        allowed = self._sign_in.limits
        self._up.allow(allowed.get("ops"), allowed.get("ops_bytes"))
        self._down.allow(allowed.get("items"))
        self._up.begin_session(now_s)
        self._down.begin_session(now_s, self._sign_in.server_now)

    def _rest(self, now_s: float) -> Next:
        """Nothing to ask: say so, and how long it stays so."""
        self._tell(now_s)
        down_s = self._down_lane.not_before(self._down.wait_until_s())
        up_s = self._up_lane.not_before(self._up.wait_until_s(now_s + self._policy.idle_s))
        wait_s = max(0.0, min(down_s, up_s) - now_s)
        rests = self._report.rest(self._up_lane, self._down_lane, now_s)
        return Next(did=Did.WAITED, wait_s=wait_s, wake=rests)

    def _settled(self, exchange: Exchange, reply: Reply, now_s: float) -> Next:
        self._whole.clear()
        self._sign_in.accepted()
        theirs, ours = restore_of(reply), self._store.restore()
        if theirs is not None and theirs < ours:
            return self._failed_lane(exchange, BadAnswer("old_restore"), now_s)
        if theirs is not None and theirs > ours:
            if not self._trust.declares(theirs):
                return self._failed_lane(exchange, BadAnswer("undeclared_restore"), now_s)
            return self._restored(theirs)
        did, touched = _draw(self._up, self._down, exchange, reply, now_s)
        (self._up_lane if isinstance(exchange, SendOps) else self._down_lane).clear()
        self._report.contact(reply, now_s)
        self._tell(now_s)
        return Next(did=did, wait_s=0.0, touched=touched)

    def _settled_sign_in(self, reply: Reply, now_s: float) -> Next:
        known = self._sign_in.settle(reply, now_s)
        if isinstance(reply, TokenReply):
            self._report.membership(self._sign_in.membership)
            self._report.renew(self._trust.signed_in(reply.lease))
        if known is not None:
            self._report.learn(known)
            if not self._sign_in.speaks_our_protocol():
                self._sign_in.ask_again()
                if min(known.protocols, default=0) > 1:
                    return self._stop(states.TooOld(), self._policy.upgrade_s, now_s)
                return self._pauses.whole(NotColloque(SERVER_TOO_OLD), now_s)
            self._trust.meet(known)
        return Next(did=Did.SIGNED_IN, wait_s=0.0)

    def _restored(self, restore: int) -> Next:
        """The server went back in time: drop the answer, start the new line."""
        self._store.begin_restore(restore)
        self._session_begun = False
        self._report.tell(restored=True)
        return Next(did=Did.RESTORED, wait_s=0.0)

    def _failed(self, exchange: Exchange, error: DossierError, now_s: float) -> Next:
        final = _final(error, self._trust, self._policy)
        if final is not None:
            if isinstance(final[0], states.Revoked):
                self._report.membership(None)
            return self._stop(*final, now_s)
        if isinstance(error, Unreachable | DiskFull):
            if isinstance(exchange, SendOps):
                self._up.failed(exchange, error, now_s)
            self._sign_in.failed()
            return self._pauses.whole(error, now_s)
        if isinstance(exchange, _Signing):
            return self._failed_sign_in(exchange, error, now_s)
        if isinstance(error, SignInNeeded):
            return self._sign_in_again(now_s)
        if isinstance(exchange, AskKeys | AskLog):
            return self._pauses.whole(error, now_s)
        return self._failed_lane(exchange, error, now_s)

    def _failed_sign_in(self, exchange: _Signing, error: DossierError, now_s: float) -> Next:
        self._sign_in.failed()
        if self._sign_in.begins_anew(exchange, error):
            return self._sign_in_again(now_s)
        if isinstance(error, Refused) and not isinstance(error, Busy):
            touched, told = self._ended(error, now_s), states.NeedsSignIn(error.code)
            return structs.replace(self._stop(told, self._policy.aside_s, now_s), touched=touched)
        self._sign_in.ask_again()
        return self._pauses.whole(error, now_s)

    def _sign_in_again(self, now_s: float) -> Next:
        """The token or the nonce is gone; a few fresh ones in a row, then a person is asked."""
        if self._sign_in.refused():
            return Next(did=Did.FAILED, wait_s=0.0)
        return self._stop(states.NeedsSignIn("sign_in_needed"), self._policy.aside_s, now_s)

    def _stop(self, state: State, wait_s: float, now_s: float) -> Next:
        self._sign_in.ask_again()
        self._session_begun = False
        return self._pauses.stop(state, wait_s, now_s)

    def _failed_lane(self, exchange: Exchange, error: DossierError, now_s: float) -> Next:
        """One lane waits, the other goes on."""
        touched: Touched = {}
        if isinstance(exchange, SendOps):
            self._up.failed(exchange, error, now_s)
            self._pauses.hold(self._up_lane, error, now_s)
        elif isinstance(exchange, AskHeads | AskTerms | AskChanges | AskDigests):
            touched = self._ended(error, now_s)
            self._down.failed(exchange, error, now_s)
            self._pauses.hold(self._down_lane, error, now_s)
        self._tell(now_s)
        return Next(did=Did.FAILED, wait_s=0.0, touched=touched)

    def _ended(self, error: DossierError, now_s: float) -> Touched:
        """Purge everything held, if the server said that the situation is over."""
        if not isinstance(error, Refused) or error.code != ENDED:
            return {}
        self._report.membership(None)
        self._report.tell(situation_ended=True)
        return self._down.end(now_s)

    def _tell(self, now_s: float) -> None:
        aside, retaken = self._up.set_aside + self._down.set_aside, self._down.retaken
        self._report.lanes(self._up_lane, self._down_lane, aside=aside, retaken=retaken)
        self._report.progress(self._down.ledger, now_s)


def _final(
    error: DossierError, trust: Trust | Unproven, policy: Policy
) -> tuple[State, float] | None:
    """The state that only a person or long waiting ends, and for how long; None for a passing trouble. Raises
    Distrusted for a refusal that shows another past.
    """
    trust.refused(error)
    if isinstance(error, Refused) and error.code == REVOKED:
        return states.Revoked(trust.purge_order(error)), policy.aside_s
    if isinstance(error, TooOld):
        return states.TooOld(), policy.upgrade_s
    if isinstance(error, Distrusted):
        return states.Distrusted(error.reason), policy.aside_s
    return None


def _draw(
    up: Outgoing, down: Incoming, exchange: Exchange, reply: Reply, now_s: float
) -> tuple[Did, Touched]:
    """Give an answer to its lane. Raises BadAnswer when it answers something else."""
    match exchange, reply:
        case SendOps(), OpsReply():
            up.settle(exchange, reply, now_s)
            if any(verdict.code == "conflict" for verdict in reply.verdicts):
                down.hint(now_s)  # the other version is what a person wants to see next
            return Did.PUSHED, {}
        case AskHeads(), Heads() | None:
            return Did.ASKED, down.settle_heads(exchange, reply, now_s)
        case AskTerms(), TermsReply():
            return Did.CHECKED, down.settle_terms(exchange, reply)
        case AskChanges(), Pages():
            return Did.PULLED, down.settle_changes(exchange, reply, now_s)
        case AskDigests(), DigestsReply():
            down.settle_digests(exchange, reply)
            return Did.CHECKED, {}
    raise BadAnswer("kind")
