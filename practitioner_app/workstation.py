"""The way in and the way out of a profile: `ui.context.Gate` and `ui.context.Installer`.

Everything here blocks and runs on the write lane, except `facts` and `progress`, which answer from memory.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from dossier.clock import from_wire, to_wire
from dossier.errors import (
    BadAnswer,
    Busy,
    Distrusted,
    DossierError,
    KeychainError,
    Refused,
    SignInNeeded,
    Unreachable,
)
from dossier.sealing import devices
from dossier.sealing.profile import Cost, new_recovery_code
from dossier.sealing.text import base64url
from dossier.wire import codec
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import (
    ActivateRequest,
    ActivationReply,
    ActivationRequest,
    EnrolReply,
    EnrolRequest,
)
from local_store.pins import LocalPins
from local_store.store import LocalStore
from practitioner_app.loopback import LoopbackListener
from practitioner_app.ports import Keychain
from practitioner_app.profile import Card, ProfileFolder, Secrets
from practitioner_app.services import session as rules
from practitioner_app.services.browser_sign_in import ENROL, BrowserSignIn
from practitioner_app.services.first_start import FirstStart, own_words
from practitioner_app.services.session import (
    Attempts,
    LeaseState,
    Lock,
    LockFacts,
    clock_went_back,
)
from practitioner_app.surroundings import DEVICE_KEY, Surroundings, identity_of
from sync.meeting import Met, meet
from sync.ports import Pins
from sync.proofs import enrol
from sync.vouching import pinned

if TYPE_CHECKING:
    from practitioner_app.open_session import OpenSession
    from practitioner_app.services.sync_centre import CopyRow, Status
    from sync.transport import RequestsTransport

_log = logging.getLogger("colloque.desktop")
LAST_SEEN = "clock.last_seen"
PINNED_CARD = "card"
_NO_KEYRING = ("absent", "insecure")


class Workstation:
    """One profile on this computer, locked or open. Gate of the lock page."""

    def __init__(
        self,
        folder: ProfileFolder,
        around: Surroundings,
        keychain: Callable[[], Keychain],
        *,
        floor: Cost | None = None,
    ) -> None:
        self._folder, self._around, self._keychain = folder, around, keychain
        self._floor = floor
        self._attempts = Attempts(around.clock)
        self._session: OpenSession | None = None
        self._recovered: Secrets | None = None
        self._facts = LockFacts(reason=Lock.START, person="", device_name="")

    @property
    def session(self) -> "OpenSession | None":
        return self._session

    @property
    def card(self) -> Card:
        return self._folder.card()

    def begin(self) -> None:
        """Read the card for the first lock page."""
        self._remember(Lock.START, None)

    # --- Gate ----------------------------------------------------------------------------------------

    def facts(self) -> LockFacts:
        return structs.replace(self._facts, wait_s=self._attempts.wait_s())

    def unlock(self, phrase: str) -> None:
        """Raises SealBroken, KeychainError, Busy (too many tries), Refused (clock, lease), StoreError kin."""
        self._tried(lambda: self._folder.open(phrase, self._keychain_if_used(), self._floor))

    def unlock_in_continuity(self, phrase: str) -> None:
        """The phrase again after the lease: what the practice wrote is shown, reading only (HZ-19)."""
        self._tried(
            lambda: self._folder.open(phrase, self._keychain_if_used(), self._floor),
            continuity=True,
        )

    def unlock_with_code(self, code: str) -> None:
        """By the recovery code, which needs neither phrase nor keyring; a new phrase is asked next."""
        self._recovered = self._found(lambda: self._folder.open_with_code(code))

    def own_words(self) -> frozenset[str]:
        """What others know of this person and place."""
        card = self._folder.card()
        return own_words((card.person, card.device_name, card.practice))

    def choose_phrase(self, phrase: str) -> None:
        """A new phrase after the recovery code; a lost half of the key is replaced in the keyring."""
        secrets = self._recovered_or_refuse()
        self._folder.choose_phrase(
            secrets,
            phrase,
            keychain=self._keychain_if_used(),
            entropy=self._around.entropy,
            cost=self._floor,
        )
        self.keep_phrase()

    def keep_phrase(self) -> None:
        """Open what the recovery code unsealed; with the lease over, continuity mode asks for the phrase."""
        secrets = self._recovered_or_refuse()
        if self._session is None:
            self.open_session(self._folder.card(), secrets)
        self._recovered = None

    def forget(self) -> None:
        """Nobody goes on after the recovery code."""
        self._recovered = None

    def lock(self, reason: Lock) -> None:
        """Close the session; what the lock page may say is taken first."""
        self._recovered = None
        session, self._session = self._session, None
        if session is None:
            return
        try:
            self._seen(session)
            self._remember(reason, session.centre.status())
        finally:
            self._leave(session)

    def erase(self) -> None:
        """Obey the purge order of the open session: nothing of the copy is left; the receipt is owed."""
        session, self._session = self._session, None
        if session is not None:
            self._leave(session)

    def _leave(self, session: "OpenSession") -> None:
        """Close; and erase, if the server ordered it."""
        owed = session.purge_owed()
        session.close()
        if owed is not None:
            self._folder.erase(self._keychain_if_used(), owed)

    def pay_receipt(self) -> None:
        """Give the server the proof of a purge; kept for the next time when it cannot be reached."""
        owed = self._folder.owed_receipt()
        if owed is None:
            return
        has_list = bool(owed.key_list)
        known = pinned(identity_of(owed.identity), owed.key_list.encode()) if has_list else None
        try:
            self._around.transport(owed.server, known).purged(owed.said)
        except SignInNeeded:
            _log.warning("purge receipt refused")
        self._folder.drop_receipt()

    def lease(self) -> LeaseState | None:
        """The lease of the open session; read lane."""
        return self._session.centre.status().lease if self._session else None

    def seen(self) -> None:
        """Note the present instant, so that a clock set back is noticed after a restart."""
        if self._session is not None:
            self._seen(self._session)

    # --- opening -------------------------------------------------------------------------------------

    def open_session(
        self,
        card: Card,
        secrets: Secrets,
        *,
        device_key: bytes | None = None,
        key_list: bytes = b"",
        continuity: bool = False,
    ) -> None:
        """Open the store and the services; a first time brings the device key and the server's key list."""
        store = LocalStore.open(
            self._folder.store, secrets.key, self._around.clock, self._around.entropy
        )
        try:
            if device_key is not None:
                store.vault.put(DEVICE_KEY, device_key)
                identity = identity_of(card.identity)
                LocalPins(store.vault, identity).pin(Pins(identity, key_list))
            _refuse_altered(card, store)
            self._refuse_clock(card, store)
            session = _session_over(
                card,
                store,
                self._around,
                without_keyring=self._folder.without_keyring,
                continuity=continuity,
            )
        except BaseException:
            store.close()
            raise
        session.start()
        try:
            self._refuse_lease(session)
            session.read_lease()
        except BaseException:
            self._leave(session)
            raise
        self._session = session

    def _tried(self, opened: Callable[[], Secrets], *, continuity: bool = False) -> None:
        secrets = self._found(opened)
        if self._session is None:
            self.open_session(self._folder.card(), secrets, continuity=continuity)

    def _found(self, opened: Callable[[], Secrets]) -> Secrets:
        self._folder.hold()
        wait_s = self._attempts.wait_s()
        if wait_s > 0:
            raise Busy(wait_s)
        try:
            secrets = opened()
        except KeychainError:
            raise
        except DossierError:
            self._attempts.failed()
            raise
        self._attempts.succeeded()
        return secrets

    def _recovered_or_refuse(self) -> Secrets:
        if self._recovered is None:
            raise Refused("locked")
        return self._recovered

    def _keychain_if_used(self) -> Keychain | None:
        return None if self._folder.without_keyring else self._keychain()

    def _refuse_clock(self, card: Card, store: LocalStore) -> None:
        """A clock before what this device lived is believed only if the server agrees with it (D8)."""
        now, kept = self._around.clock.now(), store.settings.get(LAST_SEEN)
        if clock_went_back(now, from_wire(kept) if kept else None):
            if not self._server_agrees(card, store, now):
                raise Refused("clock_went_back")
            store.settings.put(LAST_SEEN, to_wire(now))

    def _server_agrees(self, card: Card, store: LocalStore, now: datetime) -> bool:
        try:
            known = None
            if card.identity:
                identity = identity_of(card.identity)
                known = pinned(identity, LocalPins(store.vault, identity).pins().key_list)
            theirs = from_wire(self._around.transport(card.server, known).capabilities().now)
        except (Unreachable, Refused, BadAnswer, Distrusted, ValueError):
            return False
        return abs(theirs - now) < timedelta(minutes=10)

    def _refuse_lease(self, session: "OpenSession") -> None:
        """After the lease nothing opens before a contact, but what the practice wrote by continuity mode,
        which the person asks for (HZ-19).
        """
        lease = session.centre.status().lease
        if lease.whole or (lease.narrowed and session.continuity):
            return
        try:
            session.wait_met()
        except DossierError as error:
            self._remember(Lock.LEASE, session.centre.status())
            if lease.narrowed:
                raise Refused("lease_over") from error
            raise
        if not session.centre.status().lease.whole:
            self._remember(Lock.LEASE, session.centre.status())
            raise Refused("lease_over")

    def _seen(self, session: "OpenSession") -> None:
        session.context.settings.put(LAST_SEEN, to_wire(self._around.clock.now()))

    def _remember(self, reason: Lock, status: "Status | None") -> None:
        card = self._folder.card()
        self._facts = LockFacts(
            reason=reason,
            person=card.person,
            device_name=card.device_name,
            practice=card.practice,
            pending=status.pending if status else 0,
            refused=status.refused if status else 0,
            conflicts=status.conflicts if status else 0,
            connection=status.connection if status else rules.Connection(),
            lease_until=status.lease.until if status else None,
            lease=status.lease if status and not status.lease.whole else None,
            demonstration=card.demonstration,
            without_keyring=self._folder.without_keyring,
        )


def _refuse_altered(card: Card, store: LocalStore) -> None:
    """The card lies in clear: whom to call and who acts are believed only as they were at enrolment.

    A demonstration moves from port to port; its people are fictional.
    """
    said = structs.replace(card, language="", theme="", lock_minutes=0)
    if card.demonstration:
        said = structs.replace(said, server="")
    pinned = store.vault.get(PINNED_CARD)
    if pinned is None:
        store.vault.put(PINNED_CARD, codec.encode(said))
    elif codec.decode(pinned, Card) != said:
        raise Refused("card_altered")


def _session_over(
    card: Card, store: LocalStore, around: Surroundings, *, without_keyring: bool, continuity: bool
) -> "OpenSession":
    """Its services are read from the disk after the lock page is shown."""
    from practitioner_app.open_session import OpenSession  # noqa: PLC0415 - see above

    return OpenSession(card, store, around, without_keyring=without_keyring, continuity=continuity)


class Installation:
    """Installer of the first start: the effects of its steps, in their order."""

    def __init__(
        self,
        folder: ProfileFolder,
        workstation: Workstation,
        around: Surroundings,
        keychain: Callable[[], Keychain],
        *,
        cost: Cost | None = None,
    ) -> None:
        self._folder, self._workstation, self._around = folder, workstation, around
        self._keychain, self._cost = keychain, cost
        self._device_key = b""
        self._browser = BrowserSignIn(lambda: LoopbackListener(around.clock), around.entropy)
        self._met: Met | None = None

    def capabilities(self, state: FirstStart) -> Capabilities:
        """Who answers; everything after goes over a line that this server's own key list vouches for."""
        self._met = meet(partial(self._around.transport, state.address))
        return self._met.capabilities

    def _server(self, state: FirstStart) -> "RequestsTransport":
        if self._met is None:
            raise Refused("not_met")
        return self._around.transport(state.address, self._met.vouching)

    def ask_activation(self, state: FirstStart) -> ActivationReply:
        """How the account of this code begins."""
        return self._server(state).activation(
            ActivationRequest(login=state.login, code=state.activation_code)
        )

    def activate(self, state: FirstStart) -> None:
        """Password and authenticator; the code is used up."""
        self._server(state).activate(
            ActivateRequest(
                login=state.login,
                code=state.activation_code,
                password=state.password,
                proof=state.proof,
            )
        )

    def enrol(self, state: FirstStart) -> EnrolReply:
        """The private key stays in memory until the profile is made."""
        self._device_key = devices.new_private_key(self._around.entropy)
        said = {"login": state.login, "password": state.password, "proof": state.proof}
        return self._enrolled(state, said)

    def ask_page(self, state: FirstStart) -> str:
        """The page of this server that the browser opens, for the key of this computer."""
        self._device_key = devices.new_private_key(self._around.entropy)
        pages = state.capabilities.pages if state.capabilities else ""
        public = devices.public_key(self._device_key)
        return self._browser.begin(ENROL, state.address, pages, public)

    def enrol_by_browser(self, state: FirstStart) -> EnrolReply:
        """Waits until the person signed in there. Raises Refused: `browser_late`, `browser_given_up`."""
        found = self._browser.wait()
        return self._enrolled(state, {"code": found.code, "verifier": found.verifier})

    def give_up_browser(self) -> None:
        """From any thread."""
        self._browser.give_up()

    def _enrolled(self, state: FirstStart, who: Mapping[str, str]) -> EnrolReply:
        asked = EnrolRequest(
            device_name=state.device_name,
            public_key=base64url(devices.public_key(self._device_key)),
            **who,
        )
        reply = enrol(self._server(state), asked, self._device_key, self._around.entropy)
        said = state.capabilities.identity if state.capabilities else ""
        if reply.identity != said or not identity_of(said):
            raise Distrusted("keys_forged")
        return reply

    def make_profile(self, state: FirstStart) -> str:
        """Seal the key, open the store, put the device key into it. Returns the recovery code."""
        self._folder.hold()
        card = card_of(state)
        code = new_recovery_code(self._around.entropy)
        secrets = self._folder.create(
            card,
            phrase=state.phrase,
            recovery_code=code,
            keychain=self._keychain_or_none(demonstration=card.demonstration),
            entropy=self._around.entropy,
            clock=self._around.clock,
            cost=self._cost,
        )
        key_list = self._met.key_list if self._met is not None else b""
        self._workstation.open_session(
            card, secrets, device_key=self._device_key, key_list=key_list
        )
        self._device_key = b""
        self._workstation.begin()
        return code

    def first_copy(self, _state: FirstStart) -> None:
        """Returns once the computer is usable."""
        session = self._workstation.session
        if session is None:
            raise Refused("locked")
        session.wait_usable()

    def progress(self) -> "CopyRow | None":
        session = self._workstation.session
        return session.copy if session is not None else None

    def _keychain_or_none(self, *, demonstration: bool) -> Keychain | None:
        """The demonstration, and only it, may do without a keyring; the banner says so."""
        try:
            return self._keychain()
        except KeychainError as error:
            if demonstration and error.reason in _NO_KEYRING:
                return None
            raise


def card_of(state: FirstStart) -> Card:
    """What is kept in clear of an enrolment: no patient."""
    reply, situation = state.reply, state.situation
    if reply is None or situation is None:
        raise Refused("not_enrolled")
    return Card(
        server=state.address,
        device=reply.device,
        device_name=state.device_name,
        account=reply.account,
        person=reply.display_name,
        practitioner=reply.practitioner,
        situation=situation.id,
        organisation=situation.organisation,
        practice=situation.organisation_name,
        profession=situation.profession,
        lock_minutes=state.lock_minutes,
        demonstration=bool(state.capabilities and state.capabilities.demonstration),
        identity=reply.identity,
    )
