"""Devices: enrolled once by their person, known by their own key from then on."""

from typing import NamedTuple

from dossier.clock import from_ms, to_wire
from dossier.errors import Refused, SignInNeeded, Unavailable
from dossier.ids import uuid7
from dossier.sealing.text import base64url, unbase64url
from dossier.wire.sessions import AlarmLine, DeviceLine, DevicesReply, EnrolReply, EnrolRequest
from server.ports import DeviceRow, FamilyRow, OwnerTx
from server.services import narrowing
from server.services.accounts import Accounts
from server.services.credentials import Credentials
from server.services.desktop_codes import ENROL, DesktopCodes
from server.services.endings import end_sessions, is_live
from server.services.journal import entry
from server.services.members import Members
from server.services.premises import Premises
from server.services.proofs import INVALID, Presented, Proofs, spent
from server.services.sealer import Place
from server.services.session import Session

_KEY_BYTES = 32
_SAID_MS = 30 * 86_400_000
"""How long a person is told what was noticed about their account."""


class Said(NamedTuple):
    """What a server says of itself at enrolment: its name, its public identity key."""

    name: str
    identity: bytes


class Devices:
    """Enrolment and revocation of devices."""

    def __init__(
        self,
        premises: Premises,
        accounts: Accounts,
        members: Members,
        credentials: Credentials,
        codes: DesktopCodes,
        proofs: Proofs,
        said: Said,
    ) -> None:
        self._premises, self._accounts, self._members = premises, accounts, members
        self._credentials, self._codes = credentials, codes
        self._proofs, self._said = proofs, said

    async def enrol(self, request: EnrolRequest, address: str, shown: Presented) -> EnrolReply:
        """Make a device known, which proves that it holds its key before anything else is looked at. Raises
        SignInNeeded for a wrong name, password or code (one answer, one time); Refused: `device_key` for a
        malformed key, `invalid_dpop_proof`; NonceStale; Busy after too many tries from this address.
        """
        public = _public_key(request.public_key)
        proof = self._proofs.read(shown)
        if proof.public != public:
            raise Refused(INVALID)
        if request.code:
            who = await self._codes.take(ENROL, request.code, request.verifier, public)
        else:
            who = await self._credentials.check(
                request.login, request.password, request.proof, address
            )
        account = who.account
        device = uuid7(self._premises.clock, self._premises.entropy)
        place = Place("device", account, id=device)
        label = request.device_name[:100].encode()
        cell = await self._premises.sealer.seal(place, label)
        now_ms = self._premises.now_ms
        row = who.proved(DeviceRow(device, account, public, cell, now_ms, None), now_ms)
        await self._reserve(device, account)

        async def keep(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            if not who.still(await tx.people.account()):
                raise SignInNeeded
            await tx.people.put_device(spent(await tx.people.devices(), row, proof, now_ms))

        await self._premises.store.write(account, keep)
        person = await self._accounts.person(account)
        return EnrolReply(
            account=account,
            device=device,
            display_name=person.display_name,
            situations=tuple(
                one for one in await self._members.situations(account) if who.opens(one.id)
            ),
            server_name=self._said.name,
            practitioner=person.practitioner,
            identity=base64url(self._said.identity),
        )

    async def own(self, session: Session) -> DevicesReply:
        """The computers of the person who asks, the newest first."""

        async def kept(tx: OwnerTx) -> list[FamilyRow]:
            return await tx.families.every()

        families = await self._premises.store.read(session.account, kept)
        alarms = await self._premises.store.read(session.account, lambda tx: tx.volumes.alarms())
        since_ms = self._premises.now_ms - _SAID_MS
        sessions = [row.device for row in families if is_live(self._premises, row)]
        lines = [
            DeviceLine(
                device=row.device,
                name=name,
                enrolled=to_wire(from_ms(row.enrolled_ms)),
                seen=_instant(row.seen_ms),
                revoked=_instant(row.revoked_ms),
                here=row.device == session.device,
                sessions=sessions.count(row.device),
            )
            for row, name in await self.of_account(session.account)
        ]
        return DevicesReply(
            devices=tuple(sorted(lines, key=lambda line: line.enrolled, reverse=True)),
            alarms=tuple(
                AlarmLine(kind=row.kind, at=to_wire(from_ms(row.raised_ms)), patients=row.patients)
                for row in sorted(alarms, key=lambda row: row.raised_ms, reverse=True)
                if row.raised_ms >= since_ms
            ),
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
            await end_sessions(self._premises, tx, "revoked", device=device)

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
