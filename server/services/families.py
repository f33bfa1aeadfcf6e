"""Sessions of devices: begun by their person, going on by refresh tokens that serve once (security.md S11).

A **family** is what follows from one sign-in. Its access tokens live 15 minutes; its refresh token is exchanged for
another one in one transaction, by a proof of the device's key. The desktop keeps the id of an exchange (`ask`) before
it asks: an answer that was lost is given again under that id, as long as the token it gave was not used. A used token
with another id was copied: the family ends, and its person has to show who they are. A family ends at the latest
`session_hours` after its person last did.

A session begins by the device alone while that time runs, and only where no session of it ever went on: a copied
profile cannot quietly begin one beside.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from dossier.errors import DeviceRevoked, Refused, SignInNeeded, Unavailable
from dossier.wire.sessions import ProveReply, ProveRequest, TokenReply, TokenRequest
from server.ports import (
    DeviceRow,
    FamilyRow,
    OwnerTx,
)
from server.services.credentials import Credentials
from server.services.desktop_codes import PROVE, DesktopCodes
from server.services.devices import Devices
from server.services.endings import PROVEN_MS, end_sessions, is_live
from server.services.facets import ACCESS
from server.services.issuing import TOKEN_S, Asking, Issuing
from server.services.journal import entry
from server.services.members import Members
from server.services.orders import Orders
from server.services.premises import Premises
from server.services.proofs import Presented, Proofs, Read, spent
from server.services.recognised import NOT_CONFIRMED, Recognised
from server.services.session import SIGNS_IN, Session
from server.services.unit import OwnerUnit

_KEPT_MS: Final = 7 * 86_400_000
_ASK_CHARS: Final = 64
_NUMBERS: Final = 8


class _Given(NamedTuple):
    """What a sign-in decided: the refresh token, the family, the number of the lease."""

    refresh: str
    family: FamilyRow
    token: str
    n: int


class Families:
    """Begins, goes on with and ends sessions."""

    def __init__(
        self,
        premises: Premises,
        members: Members,
        credentials: Credentials,
        devices: Devices,
        codes: DesktopCodes,
        orders: Orders,
        proofs: Proofs,
    ) -> None:
        self._premises, self._members, self._credentials = premises, members, credentials
        self._devices, self._orders, self._proofs = devices, orders, proofs
        self._codes, self._issuing = codes, Issuing(premises)

    # -- signing in ---------------------------------------------------------------------------------

    async def token(self, asked: TokenRequest, shown: Presented) -> TokenReply:
        """The tokens of a session that begins or goes on.

        Raises SignInNeeded for an unknown device, key or refresh token; Refused: `invalid_dpop_proof`,
        `proof_needed` (the person has to show password and digits), `wrong_proof`,
        `situation_ended`, `situation_not_confirmed`; NonceStale; Busy; and, to the holder of the device's key alone, DeviceRevoked with its order.
        """
        proof = self._proofs.read(shown, asked.device)
        account = await self._devices.account_of(asked.device)
        if account is None or len(asked.ask) > _ASK_CHARS:
            raise SignInNeeded
        who = None
        if asked.password or asked.proof or asked.code:
            await self._premises.store.read(account, lambda tx: self._known(tx, asked, proof))
            who = await self._check(account, asked, asked.device, proof.public)
        given = await self._premises.store.write(
            account, lambda tx: self._decide(tx, asked, proof, who)
        )
        if isinstance(given, Refused):
            raise given
        now_ms = self._premises.now_ms
        return TokenReply(
            token=given.token,
            expires_in_s=self._issuing.token_s(given.family),
            situations=await self._members.situations(account),
            lease=self._orders.lease(account, asked.device, given.n),
            refresh=given.refresh,
            ends_in_s=max(0, given.family.ends_ms - now_ms) // 1000,
        )

    async def prove(self, session: Session, asked: ProveRequest, shown: Presented) -> ProveReply:
        """Password and authenticator again: another token in the place of the one shown, which opens what needs
        a proof for ten minutes. Raises Refused("wrong_proof"), Busy, SignInNeeded when the token ended meanwhile.
        """
        account, device = session.account, session.device
        proof = self._proofs.read(shown, device)
        who = await self._check(account, asked, device, proof.public)

        async def exchange(tx: OwnerTx) -> str:
            await tx.owner.lock(1)
            if not who.still(await tx.people.account()):
                raise Refused("wrong_proof")
            if not who.opens(session.situation):
                raise Refused(NOT_CONFIRMED)
            row = await self._proving(tx, device, proof)
            held = await tx.people.session(session.token_hash)
            if held is None:
                raise SignInNeeded
            await tx.people.put_device(who.proved(row, self._premises.now_ms))
            await self._issuing.end_alarms(tx)
            families = {one.family: one for one in await tx.families.every()}
            family = families.get(held.family or "")
            if family is None or family.ended_ms is not None:
                raise SignInNeeded
            family = family._replace(ends_ms=self._issuing.ends_ms(self._premises.now_ms))
            await tx.families.put(family)
            await tx.people.drop_session(session.token_hash)
            return await self._issuing.access(tx, family, self._premises.now_ms + PROVEN_MS)

        token = await self._premises.store.write(account, exchange)
        return ProveReply(token=token, expires_in_s=TOKEN_S, proven_s=PROVEN_MS // 1000)

    async def spend(self, session: Session, shown: Presented) -> None:
        """The device of this session proves itself for one more act. Raises as `token` does."""
        proof = self._proofs.read(shown, session.device)

        async def once(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.people.put_device(await self._proving(tx, session.device, proof))

        await self._premises.store.write(session.account, once)

    async def past(self, asked: TokenRequest, shown: Presented) -> str:
        """The last signed root of the log, for a live device whose key made this proof; "" for anybody else."""
        try:
            proof = self._proofs.read(shown, asked.device)
            account = await self._devices.account_of(asked.device)
            if account is None:
                return ""
            await self._premises.store.read(account, lambda tx: self._known(tx, asked, proof))
        except Refused:
            return ""
        kept = await self._premises.store.maintenance.checkpoint()
        return "" if kept is None else kept[1].decode()

    # -- seeing and ending --------------------------------------------------------------------------

    async def live(self, account: int) -> list[FamilyRow]:
        """The sessions of an account that are not over, the latest first."""
        rows = await self._premises.store.read(account, lambda tx: tx.families.every())
        found = [row for row in rows if is_live(self._premises, row)]
        return sorted(found, key=lambda row: row.begun_ms, reverse=True)

    async def end(self, account: int, family: str) -> None:
        """End one session at once; its device begins another only with its person. Raises Unavailable."""
        await self._end(account, lambda row: row.family == family)

    async def sign_out(self, session: Session, device: str) -> None:
        """End what is open on one of one's own computers, likewise. Raises Unavailable for any other computer, and
        where nothing is open.
        """
        await self._end(session.account, lambda row: row.device == device)

    # -- parts --------------------------------------------------------------------------------------

    async def _end(self, account: int, is_meant: Callable[[FamilyRow], bool]) -> None:
        async def work(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(_NUMBERS)
            rows = [row for row in await tx.families.every() if is_live(self._premises, row)]
            row = next((row for row in rows if is_meant(row)), None)
            if locked is None or row is None:
                raise Unavailable
            book = OwnerUnit(self._premises, tx, locked, _NUMBERS)
            await end_sessions(self._premises, tx, "person", device=row.device)
            said = entry(self._premises, None, "session_ended", other=account, id=row.device)
            await book.log(ACCESS, said)
            await book.close()

        await self._premises.store.write(account, work)

    async def _check(
        self,
        account: int,
        asked: TokenRequest | ProveRequest,
        device: str,
        public: bytes,
    ) -> Recognised:
        """The person shows who they are, here or in their browser, where the code must be of this very person, for
        this very key. Raises Refused("wrong_proof"), Busy.
        """
        if not asked.code:
            return await self._credentials.check_again(account, asked.password, asked.proof, device)
        try:
            found = await self._codes.take(PROVE, asked.code, asked.verifier, public)
        except SignInNeeded as error:
            raise Refused("wrong_proof") from error
        if found.account != account:
            raise Refused("wrong_proof")
        return found

    async def _known(self, tx: OwnerTx, asked: TokenRequest, proof: Read) -> None:
        """Raises SignInNeeded unless this device, not revoked, holds the key of the proof: a stranger may not
        try passwords here.
        """
        held = {row.device: row for row in await tx.people.devices()}.get(asked.device)
        if held is None or held.public_key != proof.public or held.revoked_ms is not None:
            raise SignInNeeded

    async def _decide(
        self, tx: OwnerTx, asked: TokenRequest, proof: Read, who: Recognised | None
    ) -> _Given | Refused:
        """Under the account's lock: who asks, then what they get. An error that is returned is durable."""
        locked = await tx.owner.lock(_NUMBERS)
        account = await tx.people.account()
        known = {row.device: row for row in await tx.people.devices()}
        row = known.get(asked.device)
        if locked is None or account is None or account.state not in SIGNS_IN or row is None:
            raise SignInNeeded
        if row.public_key != proof.public:
            raise SignInNeeded
        if row.revoked_ms is not None:
            raise DeviceRevoked(self._orders.purge(tx.id, row.device, locked.n))
        if who is not None and not who.still(account):
            raise Refused("wrong_proof")
        now_ms = self._premises.now_ms
        member = {m.situation: m for m in await tx.people.members()}.get(asked.situation)
        if member is None or member.is_over(now_ms, self._premises.grace_ms):
            raise Refused("situation_ended")
        row = spent(known.values(), row, proof, now_ms)._replace(seen_ms=now_ms)
        book = OwnerUnit(self._premises, tx, locked, _NUMBERS)
        asking = Asking(row, member, book, who)
        await tx.people.drop_sessions(before_ms=now_ms)
        await tx.families.forget(now_ms - _KEPT_MS)
        if asked.refresh and who is None:
            given = await self._issuing.go_on(tx, asked, asking)
        else:
            given = await self._issuing.begin(tx, asking)
        await book.close()
        if isinstance(given, Refused):
            return given
        refresh, family = given
        token = await self._issuing.access(tx, family)
        return _Given(refresh, family, token, locked.n)

    async def _proving(self, tx: OwnerTx, device: str, proof: Read) -> DeviceRow:
        """The live device that made this proof, with its mark."""
        known = {row.device: row for row in await tx.people.devices()}
        row = known.get(device)
        if row is None or row.revoked_ms is not None or row.public_key != proof.public:
            raise SignInNeeded
        return spent(known.values(), row, proof, self._premises.now_ms)
