"""Devices: enrolled once by their person, signing in with their own key from then on.

A nonce is sealed: good once, for two minutes, for one device; nothing is kept of it before a device signs with it,
so that no flood of strangers takes room from anybody. Tokens are 15 minutes long, stored hashed, and carry no right.
"""

import hashlib
from typing import NamedTuple

from dossier.clock import from_ms, to_wire
from dossier.errors import Busy, DeviceRevoked, Refused, SealBroken, SignInNeeded, Unavailable
from dossier.ids import uuid7
from dossier.sealing import devices
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from dossier.wire import messages as wire
from server.ports import DeviceRow, OwnerTx, SessionRow
from server.services import narrowing
from server.services.accounts import Accounts
from server.services.credentials import Credentials
from server.services.desktop_codes import ENROL, PROVE, DesktopCodes
from server.services.journal import entry
from server.services.members import Members
from server.services.orders import Orders
from server.services.premises import Premises
from server.services.sealer import Place
from server.services.session import SIGNS_IN, Session, token_hash

TOKEN_S = 900
NONCE_MS = 120_000
PROVEN_MS = 600_000
"""How long a proof by password and authenticator opens what needs one (security.md §5 row 40)."""
_NONCES = 64
"""Tokens one device may ask for within two minutes: it remembers the nonce of each so long."""
_DEVICE_CHARS = 64
"""More than any device id has: a longer one is nobody's."""
_KEY_BYTES, _NONCE_BYTES = 32, 16
_LABEL = "colloque/v1/device-token"


class Said(NamedTuple):
    """What a server says of itself at enrolment: its name, its public identity key."""

    name: str
    identity: bytes


class Devices:
    """Enrolment, sign-in and revocation of devices."""

    def __init__(
        self,
        premises: Premises,
        accounts: Accounts,
        members: Members,
        credentials: Credentials,
        codes: DesktopCodes,
        orders: Orders,
        said: Said,
    ) -> None:
        self._premises, self._accounts, self._members = premises, accounts, members
        self._credentials, self._codes = credentials, codes
        self._orders, self._said = orders, said

    async def enrol(self, request: wire.EnrolRequest, address: str) -> wire.EnrolReply:
        """Make a device known. Raises SignInNeeded for a wrong name, password or code (one answer, one time),
        Refused("device_key") for a malformed key, Busy after too many tries from this address.
        """
        public = _public_key(request.public_key)
        if request.code:
            account = await self._codes.take(ENROL, request.code, request.verifier, public)
        else:
            account = await self._credentials.check(
                request.login, request.password, request.proof, address
            )
        device = uuid7(self._premises.clock, self._premises.entropy)
        place = Place("device", account, id=device)
        label = request.device_name[:100].encode()
        cell = await self._premises.sealer.seal(place, label)
        row = DeviceRow(device, account, public, cell, self._premises.now_ms, None)
        await self._reserve(device, account)

        async def keep(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.people.put_device(row)

        await self._premises.store.write(account, keep)
        person = await self._accounts.person(account)
        return wire.EnrolReply(
            account=account,
            device=device,
            display_name=person.display_name,
            situations=await self._members.situations(account),
            server_name=self._said.name,
            practitioner=person.practitioner,
            identity=base64url(self._said.identity),
        )

    def challenge(self, request: wire.ChallengeRequest) -> wire.ChallengeReply:
        """A nonce to sign; an unknown device gets one as well."""
        until_ms = self._premises.now_ms + NONCE_MS
        salt = base64url(self._premises.entropy.bytes(_NONCE_BYTES))
        device = request.device[:_DEVICE_CHARS]
        nonce = self._premises.tokens.seal("nonce", self._premises.restore, device, until_ms, salt)
        return wire.ChallengeReply(nonce=nonce)

    async def token(self, request: wire.TokenRequest) -> wire.TokenReply:
        """A token for a signed nonce. Raises SignInNeeded; or, to the holder of the device's key alone,
        DeviceRevoked with its order, or Refused("situation_ended") when the membership is over for more than
        its grace.
        """
        if self._until(request) <= self._premises.now_ms:
            raise SignInNeeded
        account = await self.account_of(request.device)
        if account is None:
            raise SignInNeeded
        raw, session = self._new_session(account, request.device, request.situation)
        n = await self._premises.store.write(account, lambda tx: self._open(tx, request, session))
        return wire.TokenReply(
            token=base64url(raw),
            expires_in_s=TOKEN_S,
            situations=await self._members.situations(account),
            lease=self._orders.lease(account, request.device, n),
        )

    async def prove(self, session: Session, request: wire.ProveRequest) -> wire.ProveReply:
        """Password and authenticator again: another token in the place of the one shown, which opens what needs
        a proof for ten minutes. Raises Refused("wrong_proof"), Busy, SignInNeeded when the token ended meanwhile.
        """
        account = session.account
        if request.code:
            await self._prove_by_browser(session, request)
        else:
            await self._credentials.check_again(
                account, request.password, request.proof, session.device
            )
        proven_ms = self._premises.now_ms + PROVEN_MS
        raw, row = self._new_session(account, session.device, session.situation, proven_ms)

        async def exchange(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            if await tx.people.session(session.token_hash) is None:
                raise SignInNeeded
            await tx.people.drop_session(session.token_hash)
            await tx.people.put_session(row)

        await self._premises.store.write(account, exchange)
        return wire.ProveReply(
            token=base64url(raw), expires_in_s=TOKEN_S, proven_s=PROVEN_MS // 1000
        )

    async def _prove_by_browser(self, session: Session, request: wire.ProveRequest) -> None:
        """The code must be of this very person, for this very device. Raises Refused("wrong_proof")."""
        rows = {row.device: row for row, _ in await self.of_account(session.account)}
        public = rows[session.device].public_key
        try:
            account = await self._codes.take(PROVE, request.code, request.verifier, public)
        except SignInNeeded as error:
            raise Refused("wrong_proof") from error
        if account != session.account:
            raise Refused("wrong_proof")

    async def own(self, session: Session) -> wire.DevicesReply:
        """The computers of the person who asks, the newest first."""

        async def live(tx: OwnerTx) -> list[SessionRow]:
            return await tx.people.sessions()

        now_ms = self._premises.now_ms
        tokens = [
            row.device
            for row in await self._premises.store.read(session.account, live)
            if row.expires_ms > now_ms
        ]
        lines = [
            wire.DeviceLine(
                device=row.device,
                name=name,
                enrolled=to_wire(from_ms(row.enrolled_ms)),
                seen=_instant(row.seen_ms),
                revoked=_instant(row.revoked_ms),
                here=row.device == session.device,
                sessions=tokens.count(row.device),
            )
            for row, name in await self.of_account(session.account)
        ]
        return wire.DevicesReply(
            devices=tuple(sorted(lines, key=lambda line: line.enrolled, reverse=True))
        )

    async def revoke_own(self, session: Session, device: str) -> None:
        """End one of one's own computers. Raises Unavailable for any other."""
        if all(row.device != device for row, _ in await self.of_account(session.account)):
            raise Unavailable
        await self.revoke(session.account, device)

    async def revoke(self, account: int, device: str) -> None:
        """End one device: its tokens die with it. Unknown is silent."""
        now_ms = self._premises.now_ms

        async def end(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(1)
            for row in await tx.people.devices():
                if locked is not None and row.device == device and row.revoked_ms is None:
                    said = entry(self._premises, None, "device_revoked", id=device)
                    await narrowing.record(self._premises, tx, locked.n, said)
                    await tx.people.put_device(row._replace(revoked_ms=now_ms))
            await tx.people.drop_sessions(device=device)

        await self._premises.store.write(account, end)

    async def of_account(self, account: int) -> list[tuple[DeviceRow, str]]:
        """Every device of an account with its name."""

        async def rows(tx: OwnerTx) -> list[DeviceRow]:
            return await tx.people.devices()

        found = await self._premises.store.read(account, rows)
        named = []
        for row in found:
            place = Place("device", account, id=row.device)
            named.append((row, (await self._premises.sealer.open(place, row.cell)).decode()))
        return named

    async def _open(self, tx: OwnerTx, request: wire.TokenRequest, session: SessionRow) -> int:
        """Keep the session; returns the number of the lease that goes with it."""
        locked = await tx.owner.lock(1)
        account = await tx.people.account()
        known = {row.device: row for row in await tx.people.devices()}
        row = known.get(request.device)
        if locked is None or account is None or account.state not in SIGNS_IN or row is None:
            raise SignInNeeded
        if not _is_signed(row.public_key, request):
            raise SignInNeeded
        if row.revoked_ms is not None:
            raise DeviceRevoked(self._orders.purge(tx.id, row.device, locked.n))
        now_ms = self._premises.now_ms
        member = {m.situation: m for m in await tx.people.members()}.get(request.situation)
        if member is None or member.is_over(now_ms, self._premises.grace_ms):
            raise Refused("situation_ended")
        nonces = _with_nonce(row.nonces or b"", request.nonce, self._until(request), now_ms)
        await tx.people.put_device(row._replace(nonces=nonces, seen_ms=now_ms))
        await tx.people.drop_sessions(before_ms=now_ms)
        await tx.people.put_session(session)
        return locked.n

    def _new_session(
        self, account: int, device: str, situation: str, proven_ms: int | None = None
    ) -> tuple[bytes, SessionRow]:
        """A token of 256 random bits, and the row that knows its hash."""
        raw = account.to_bytes(8, "big") + self._premises.entropy.bytes(_KEY_BYTES)
        expires_ms = self._premises.now_ms + TOKEN_S * 1000
        digest = token_hash(self._premises, raw)
        return raw, SessionRow(digest, device, situation, expires_ms, proven_ms)

    def _until(self, request: wire.TokenRequest) -> int:
        """Until when the nonce of this request is good for this device; 0 for any other."""
        try:
            restore, device, until_ms, _ = self._premises.tokens.open("nonce", request.nonce)
        except SealBroken:
            return 0
        ours = (restore, device) == (str(self._premises.restore), request.device)
        return int(until_ms) if ours else 0

    async def _reserve(self, device: str, account: int) -> None:
        async def reserve(tx: OwnerTx) -> None:
            await tx.reservations.reserve("device", account, b"", unique=True)

        await self._premises.store.write(self._premises.blind.device(device), reserve)

    async def account_of(self, device: str) -> int | None:
        """Whose device it is, None for an unknown one."""

        async def holder(tx: OwnerTx) -> int | None:
            found = await tx.reservations.holder("device")
            return found[0][0] if found else None

        return await self._premises.store.read(self._premises.blind.device(device), holder)


def token_message(device: str, situation: str, nonce: str) -> bytes:
    """What a device signs to get a token."""
    return tup(_LABEL, device, situation, nonce)


def _is_signed(public: bytes, request: wire.TokenRequest) -> bool:
    message = token_message(request.device, request.situation, request.nonce)
    try:
        signature = unbase64url(request.signature)
    except ValueError:
        return False
    return devices.verify(public, message, signature)


def _public_key(text: str) -> bytes:
    try:
        raw = unbase64url(text)
    except ValueError as error:
        raise Refused("device_key") from error
    if len(raw) != _KEY_BYTES:
        raise Refused("device_key")
    return raw


def _instant(ms: int | None) -> str | None:
    return None if ms is None else to_wire(from_ms(ms))


def _with_nonce(known: bytes, nonce: str, until_ms: int, now_ms: int) -> bytes:
    """The nonces a device signed with that are not over yet, and this one. Raises SignInNeeded when it is one of
    them, Busy when there are too many.
    """
    mark = hashlib.sha256(nonce.encode()).digest()[:_NONCE_BYTES]
    width = 8 + _NONCE_BYTES
    rows = [known[at : at + width] for at in range(0, len(known), width)]
    kept = [row for row in rows if int.from_bytes(row[:8], "big") > now_ms]
    if any(row[8:] == mark for row in kept):
        raise SignInNeeded
    if len(kept) >= _NONCES:
        raise Busy(NONCE_MS / 1000)
    return b"".join((*kept, until_ms.to_bytes(8, "big") + mark))
