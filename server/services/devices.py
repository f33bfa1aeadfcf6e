"""Devices: enrolled once with the password, signing in with their own key from then on.

A nonce is good once, for two minutes, for one device; nonces live in memory (a restart only asks the device
to begin again). Tokens are 15 minutes long, stored hashed, and carry no right.
"""

from collections import OrderedDict
from typing import NamedTuple

from dossier.errors import DeviceRevoked, Refused, SignInNeeded
from dossier.ids import uuid7
from dossier.sealing import devices
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from dossier.wire import messages as wire
from server.ports import DeviceRow, OwnerTx, SessionRow
from server.services import narrowing
from server.services.accounts import Accounts
from server.services.journal import entry
from server.services.members import Members
from server.services.orders import Orders
from server.services.premises import Premises
from server.services.sealer import Place
from server.services.session import SIGNS_IN, token_hash
from server.services.throttle import Throttle

TOKEN_S = 900
NONCE_MS = 120_000
_NONCES = 10_000
_DEVICE_CHARS = 64
"""More than any device id has: a longer one is nobody's and takes no memory."""
_KEY_BYTES = 32
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
        throttle: Throttle,
        orders: Orders,
        said: Said,
    ) -> None:
        self._premises, self._accounts, self._members = premises, accounts, members
        self._throttle, self._orders, self._said = throttle, orders, said
        self._nonces: OrderedDict[str, tuple[str, int]] = OrderedDict()

    async def enrol(self, request: wire.EnrolRequest) -> wire.EnrolReply:
        """Make a device known. Raises SignInNeeded for a wrong name or password (one answer, one time),
        Refused("device_key") for a malformed key, Busy after too many tries.
        """
        name = self._premises.blind.login(request.login)
        self._throttle.take(name)
        public = _public_key(request.public_key)
        account = await self._accounts.find(request.login)
        right = await self._accounts.is_right(account, request.password)
        if account is None or not right:
            raise SignInNeeded
        self._throttle.forgive(name)
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
        nonce = base64url(self._premises.entropy.bytes(_KEY_BYTES))
        self._nonces[nonce] = (request.device[:_DEVICE_CHARS], self._premises.now_ms + NONCE_MS)
        if len(self._nonces) > _NONCES:
            self._nonces.popitem(last=False)
        return wire.ChallengeReply(nonce=nonce)

    async def token(self, request: wire.TokenRequest) -> wire.TokenReply:
        """A token for a signed nonce. Raises SignInNeeded; or, to the holder of the device's key alone,
        DeviceRevoked with its order, or Refused("situation_ended") when the membership is over for more than
        its grace.
        """
        device, until_ms = self._nonces.pop(request.nonce, ("", 0))
        account = await self.account_of(request.device)
        if device != request.device or until_ms <= self._premises.now_ms or account is None:
            raise SignInNeeded
        raw = account.to_bytes(8, "big") + self._premises.entropy.bytes(_KEY_BYTES)
        session = SessionRow(
            token_hash(self._premises, raw),
            device,
            request.situation,
            self._premises.now_ms + TOKEN_S * 1000,
        )
        n = await self._premises.store.write(account, lambda tx: self._open(tx, request, session))
        return wire.TokenReply(
            token=base64url(raw),
            expires_in_s=TOKEN_S,
            situations=await self._members.situations(account),
            lease=self._orders.lease(account, device, n),
        )

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
        if member is None or (
            member.until_ms is not None and member.until_ms + self._premises.grace_ms <= now_ms
        ):
            raise Refused("situation_ended")
        await tx.people.drop_sessions(before_ms=now_ms)
        await tx.people.put_session(session)
        return locked.n

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
