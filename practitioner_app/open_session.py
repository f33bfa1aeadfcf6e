"""One unlocked session: the open store, the services over it, the synchronisation. Closed at each lock.

Built on the write lane at unlock. Nothing of it outlives `close`: the databases are closed, the key in the
store is overwritten, decoded records are dropped.
"""

from collections.abc import Callable
from threading import Event

from msgspec import structs

from dossier.errors import (
    BadAnswer,
    Busy,
    DiskFull,
    Distrusted,
    DossierError,
    NotColloque,
    Refused,
    SealBroken,
    TlsRefused,
    TooOld,
    Unreachable,
)
from dossier.sealing.orders import purged_message
from dossier.sealing.text import base64url
from dossier.wire.sessions import PurgedRequest
from local_store.pins import LocalPins
from local_store.store import LocalStore
from practitioner_app.loopback import LoopbackListener
from practitioner_app.ports import ChangeSet, RecordReader, Topic
from practitioner_app.profile import Card, OwedReceipt
from practitioner_app.services.announcements import AnnouncingOutbox
from practitioner_app.services.browser_proof import BrowserProof
from practitioner_app.services.browser_sign_in import BrowserSignIn
from practitioner_app.services.computers import ComputerService
from practitioner_app.services.search import SearchService
from practitioner_app.services.session import Link
from practitioner_app.services.sync_centre import CopyRow, SyncCentre
from practitioner_app.services.writing import Actor, Writer
from practitioner_app.session_services import Making, services_of
from practitioner_app.surroundings import DEVICE_KEY, Surroundings, identity_of
from practitioner_app.sync_loop import SyncLoop, link_of
from sync import states
from sync.engine import Engine
from sync.hints import EventLine
from sync.proofs import HeldKey, Prover
from sync.states import SyncState
from sync.trust import Trust
from sync.vouching import Vouching
from ui.context import Services, SessionContext

_PROGRESS_S = 0.5
_TRIED_S = 1.0


class OpenSession:
    """`start` sets the synchronisation going; `close` ends everything."""

    _line: EventLine | None

    def __init__(
        self,
        card: Card,
        store: LocalStore,
        around: Surroundings,
        *,
        without_keyring: bool,
        continuity: bool = False,
    ) -> None:
        self._card, self._store, self._around, self.continuity = card, store, around, continuity
        """The person typed the phrase again to read on after the lease."""
        self._narrowed = store.is_narrowed()
        private = store.vault.get(DEVICE_KEY)
        if private is None:
            raise SealBroken("device_key")
        self._key = HeldKey(card.device, private)
        outbox = AnnouncingOutbox(store.outbox, self._announce)
        reader, clock = store.records, around.clock
        writer = Writer(
            reader=reader,
            outbox=outbox,
            clock=clock,
            entropy=around.entropy,
            actor=actor_of(card),
            continuity=store.is_narrowed,
        )
        search = SearchService(reader, clock)
        self.centre = SyncCentre(reader=reader, outbox=outbox, search=search, clock=clock)
        self._loop = SyncLoop(
            outbox=store.outbox,
            listener=self.centre,
            announce=around.changes.announce,
            clock=clock,
            contacted=self._contacted,
        )
        self._trust, self._line = _trust_of(card, store), None
        self._token: Callable[[], str] = str
        self._moved, self._state = Event(), SyncState()
        self._copied_s = float("-inf")
        self.copy: CopyRow | None = None
        self._browser = self._browser_proof()
        services = services_of(
            Making(
                store=store,
                clock=clock,
                entropy=around.entropy,
                terms=around.terms,
                announce=around.changes.announce,
                writer=writer,
                outbox=outbox,
                search=search,
                centre=self.centre,
                computers=self._computers(),
                practice=card.practice,
            )
        )
        self.context = self._context(services, without_keyring=without_keyring)

    def _browser_proof(self) -> BrowserProof:
        """By the pages the server named in this session."""
        card, around = self._card, self._around
        sign_in = BrowserSignIn(lambda: LoopbackListener(around.clock), around.entropy)
        return BrowserProof(sign_in, card.server, self._key.public, lambda: self._state.pages)

    def _vouching(self) -> Vouching | None:
        """By the list as the synchronisation believes it; only that one learns a newer list."""
        trust = self._trust
        return None if trust is None else Vouching(lambda: trust.vouched)

    def _computers(self) -> ComputerService:
        """Asked of the server only once it proved itself to the synchronisation."""
        card, around = self._card, self._around
        return ComputerService(
            lambda: around.transport(card.server, self._vouching()),
            Prover(self._key, card.server, around.entropy),
            card.device,
            self._present_token,
            around.clock,
            self._store.settings,
        )

    def _present_token(self) -> str:
        """Of the synchronisation; "" before it was met."""
        return self._token()

    def _context(self, services: Services, *, without_keyring: bool) -> SessionContext:
        card, store, around = self._card, self._store, self._around
        return SessionContext(
            services=services,
            lanes=around.lanes,
            changes=around.changes,
            clock=around.clock,
            terms=around.terms,
            settings=store.settings,
            sync=self._loop,
            browser=self._browser,
            printing=around.printing,
            person=card.person,
            place=card.practice,
            device_name=card.device_name,
            lease=self.centre.status().lease,
            demonstration=card.demonstration,
            without_keyring=without_keyring,
        )

    @property
    def reader(self) -> RecordReader:
        """What the screens read."""
        return self._store.records

    def start(self) -> None:
        """Begin to synchronise; returns at once."""
        around, trust = self._around, self._trust
        vouching = None
        if trust is not None:
            vouching = Vouching(lambda: trust.vouched, trust.offered)
        transport = around.transport(self._card.server, vouching)
        engine = Engine(
            self._store.sync,
            transport,
            self._key,
            self._card.situation,
            around.clock,
            around.entropy,
            publish=self._loop.published,
        )
        if trust is not None:
            engine.demand(trust)
        hints = around.transport(self._card.server, self._vouching()).hints
        line = EventLine(hints, around.clock, around.entropy)
        self._line = line
        self._token = lambda: engine.token
        around.lanes.sync(lambda: self._loop.run(engine))
        around.lanes.hints(lambda: self._loop.listen(line, lambda: engine.token))

    def purge_owed(self) -> OwedReceipt | None:
        """The signed receipt, if the server ordered this device to erase its copy; taken before it does."""
        state = self._state.state
        if not isinstance(state, states.Revoked) or not state.order:
            return None
        signature = self._key.sign(purged_message(self._card.device, state.order))
        said = PurgedRequest(
            device=self._card.device, order=state.order, signature=base64url(signature)
        )
        unsent = len(self._store.outbox.pending())
        key_list = b"" if self._trust is None else self._trust.key_list
        return OwedReceipt(
            server=self._card.server,
            said=said,
            unsent=unsent,
            identity=self._card.identity,
            key_list=key_list.decode(),
        )

    def read_lease(self) -> None:
        """The screens begin with the lease as it is after a contact made while opening."""
        self.context = structs.replace(self.context, lease=self.centre.status().lease)

    def wait_usable(self) -> None:
        """Block until the first class of patients is here. Raises what keeps the server out of reach."""
        self._wait(self._usable)

    def wait_met(self) -> None:
        """Block until the server was met in this session: an old copy is no contact. Raises the same."""
        self._wait(lambda: self._state.last_contact is not None)

    def _wait(self, is_there: Callable[[], bool]) -> None:
        self._loop.now()
        while not is_there():
            self._moved.wait(_TRIED_S)
            self._moved.clear()
            error = trouble_of(self._state)
            if error is not None:
                raise error

    def close(self) -> None:
        """Stop, forget, close. A step under way meets a closed store and ends."""
        self._loop.stop()
        self._browser.give_up()
        if self._line is not None:
            self._line.close()
        self.context.services.record.forget()
        self.context.services.results.forget()
        self.context.services.reviews.forget()
        self.context.services.drugs.forget()
        self.context.services.orders.forget()
        self._store.close()

    @property
    def is_complete(self) -> bool:
        """The engine rests and every patient it knows of is whole: nothing more is on its way."""
        whole = self.copy is not None and self.copy.complete
        return whole and isinstance(self._state.state, states.Idle)

    def _usable(self) -> bool:
        return isinstance(self._state.state, states.Idle) or (
            self.copy is not None and self.copy.usable
        )

    def _announce(self, change: ChangeSet) -> None:
        self._around.changes.announce(change)
        if change.about(Topic.OUTBOX):
            self._loop.wrote()

    def _contacted(self, state: SyncState) -> None:
        """On the sync lane: keep the figures fresh without asking the store at every page."""
        self._state = state
        now_s = self._around.clock.monotonic()
        rests = not isinstance(state.state, states.Pulling | states.Pushing)
        if rests or now_s - self._copied_s >= _PROGRESS_S:
            self._copied_s = now_s
            self.copy = self.centre.view().copy
        if isinstance(state.state, states.Revoked) and state.state.order:
            self._around.changes.announce(ChangeSet(topics=frozenset({Topic.PURGE})))
        if self._narrowed and not self._store.is_narrowed():
            self._narrowed = False
            self._around.changes.announce(
                ChangeSet(topics=frozenset({Topic.LEASE, Topic.PATIENTS, Topic.COPY}))
            )
        self._moved.set()


def _trust_of(card: Card, store: LocalStore) -> Trust | None:
    """None in a profile made before servers had an identity."""
    if not card.identity:
        return None
    return Trust(LocalPins(store.vault, identity_of(card.identity)), card.device)


def actor_of(card: Card) -> Actor:
    """The author of everything written in this session."""
    return Actor(
        account=card.account,
        acting=card.situation,
        name=card.person,
        reference=f"Practitioner/{card.practitioner}" if card.practitioner else "",
    )


def trouble_of(state: SyncState) -> DossierError | None:
    """The error that keeps the copy from going on; None while it goes on."""
    link, detail = link_of(state)
    kinds: dict[Link, Callable[[], DossierError]] = {
        Link.OFFLINE: lambda: Unreachable(detail),
        Link.TLS: lambda: TlsRefused(detail.removeprefix("tls_")),
        Link.NOT_COLLOQUE: lambda: NotColloque(detail),
        Link.BAD_ANSWER: lambda: BadAnswer(detail),
        Link.SIGN_IN: lambda: Refused(detail),
        Link.PROOF: lambda: Refused(detail),
        Link.BLOCKED: lambda: Refused(detail),
        Link.DISTRUSTED: lambda: Distrusted(detail),
        Link.TOO_OLD: TooOld,
        Link.BUSY: Busy,
        Link.STORE: DiskFull,
    }
    return kinds[link]() if link in kinds else None
