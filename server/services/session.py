"""Who asks, from which device, acting in which situation: read from the rows at every request.

A token names its account and a secret, never a right (server.services.tokens). The account's shard answers in one
read: the token's hash, the device (not revoked), the membership (live, or ended less than 14 days ago for what was
begun under it).
"""

from typing import NamedTuple

from dossier.access import grants
from dossier.errors import Refused, SignInNeeded
from server.ports import DeviceRow, MemberRow, OwnerTx, SessionRow
from server.services import tokens
from server.services.premises import Premises

SIGNS_IN = frozenset(("active", "blocked"))
"""States of an account whose devices may sign in."""


class Session(NamedTuple):
    """One request's person. `member_v` is the membership's since_v; `ended` leaves `deposit` only."""

    account: int
    device: str
    situation: str
    unit: int
    profession: str
    role: str
    member_v: int
    until_ms: int | None
    ended: bool = False
    blocked: bool = False
    """It displayed too many records within an hour: nothing is read, what it wrote is taken."""
    expires_ms: int = 0
    """When its token ends."""
    token_hash: bytes = b""
    proven_ms: int = 0
    """Until when its person counts as having just shown password and authenticator."""
    family: str = ""
    """The session its token belongs to (server.services.families)."""

    @property
    def person(self) -> str:
        """The principal (account, unit), which needs the live membership."""
        return grants.person(self.account, self.unit)

    @property
    def team(self) -> str:
        """The principal of the membership; also the reader of `granted`."""
        return grants.member(self.unit, self.profession)

    @property
    def reader(self) -> str:
        """The reader of the account's own projection."""
        return f"a:{self.account}"


class Sessions:
    """Resolves tokens."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def resolve(self, token: str) -> Session:
        """The session of a token, as the rows are now.

        Raises SignInNeeded for an unknown, ended or foreign token, a revoked device or account, and
        Refused: `situation_ended` when only the membership is over, `volume_blocked` when this account
        displayed too many records within an hour.
        """
        session = await self.resolve_ended(token)
        if session.ended:
            raise Refused("situation_ended")
        if session.blocked:
            raise Refused("volume_blocked")
        return session

    async def resolve_proven(self, token: str) -> Session:
        """The same as `resolve`; raises Refused("proof_needed") unless the person proved themselves lately."""
        session = await self.resolve(token)
        if session.proven_ms <= self._premises.now_ms:
            raise Refused("proof_needed")
        return session

    async def resolve_ended(self, token: str) -> Session:
        """The same, but an ended membership still answers for 14 days, marked `ended`, and an account that
        displayed too much answers, marked `blocked`: for ops only.
        """
        account, digest = tokens.read(self._premises, tokens.ACCESS, token)
        now_ms = self._premises.now_ms
        grace_ms = self._premises.grace_ms

        async def look_up(tx: OwnerTx) -> Session:
            held = await tx.people.account()
            session = await tx.people.session(digest)
            if held is None or held.state not in SIGNS_IN or session is None:
                raise SignInNeeded
            devices = await tx.people.devices()
            members = await tx.people.members()
            found = _session(account, session, devices, members, now_ms, grace_ms)
            return found._replace(blocked=True) if held.state == "blocked" else found

        return await self._premises.store.read(account, look_up)


def _session(
    account: int,
    token: SessionRow,
    devices: list[DeviceRow],
    members: list[MemberRow],
    now_ms: int,
    grace_ms: int,
) -> Session:
    device = next((row for row in devices if row.device == token.device), None)
    if device is None or device.revoked_ms is not None or token.expires_ms <= now_ms:
        raise SignInNeeded
    member = next((row for row in members if row.situation == token.situation), None)
    if member is None:
        raise SignInNeeded
    ended = member.is_over(now_ms)
    if ended and member.is_over(now_ms, grace_ms):
        raise Refused("situation_ended")
    return Session(
        account,
        token.device,
        member.situation,
        member.unit,
        member.profession,
        member.role,
        member.since_v,
        member.until_ms,
        ended,
        expires_ms=token.expires_ms,
        token_hash=token.token_hash,
        proven_ms=token.proven_ms or 0,
        family=token.family or "",
    )
