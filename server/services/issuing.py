"""The tokens a session is given, inside the account's unit of work: they begin, follow each other, are kept as hashes."""

import hashlib
import hmac
from typing import Final, NamedTuple

from dossier.errors import Refused, SignInNeeded
from dossier.ids import uuid7
from dossier.sealing.encoding import tup
from dossier.wire.sessions import TokenRequest
from server.ports import (
    AlarmRow,
    DeviceRow,
    FamilyRow,
    MemberRow,
    OwnerTx,
    RefreshRow,
    SessionRow,
)
from server.services import tokens
from server.services.endings import REPLACED, end_sessions, is_live
from server.services.facets import ACCESS
from server.services.journal import entry
from server.services.premises import Premises
from server.services.recognised import NOT_CONFIRMED, Recognised, is_open
from server.services.unit import OwnerUnit

TOKEN_S: Final = 900
PROOF_NEEDED: Final = "proof_needed"
_HOUR_MS: Final = 3_600_000


def _why(earlier: list[FamilyRow]) -> str:
    """Why a device without a session needs its person, by how the last one ended."""
    last_ms = max((one.ended_ms or 0 for one in earlier), default=0)
    is_replaced = any(one.ended_ms == last_ms and one.reason == REPLACED for one in earlier)
    return REPLACED if is_replaced else PROOF_NEEDED


class Asking(NamedTuple):
    """Who asks, once the device's key was checked: its row with this proof spent, and its membership."""

    device: DeviceRow
    member: MemberRow
    book: OwnerUnit
    who: Recognised | None
    """The person, where they just showed who they are."""


class Issuing:
    """Gives tokens. Every method runs under the account's lock."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def begin(self, tx: OwnerTx, asking: Asking) -> tuple[str, FamilyRow]:
        """A session, and its first refresh token. Raises Refused: `proof_needed`, `password_replaced`,
        `situation_not_confirmed`.
        """
        now_ms, row = self._premises.now_ms, asking.device
        earlier = [one for one in await tx.families.every() if one.device == row.device]
        live = [one for one in earlier if is_live(self._premises, one)]
        if asking.who is not None:
            row = asking.who.proved(row, now_ms)
            await tx.people.drop_sessions(device=row.device)
            await self.end_alarms(tx)
        elif any(one.refreshed_ms is not None for one in live):
            raise Refused(PROOF_NEEDED)
        ends_ms = self.ends_ms(row.proved_ms)
        if ends_ms <= now_ms:
            raise Refused(_why(earlier))
        if not is_open(row, asking.member.situation):
            raise Refused(NOT_CONFIRMED)
        for one in live:
            await tx.families.put(one._replace(ended_ms=now_ms, reason="superseded"))
        await tx.people.put_device(row)
        family = FamilyRow(
            uuid7(self._premises.clock, self._premises.entropy),
            row.device,
            asking.member.situation,
            self._premises.restore,
            now_ms,
            ends_ms,
        )
        await tx.families.put(family)
        secret = self._premises.entropy.bytes(tokens.SECRET_BYTES)
        token = tokens.written(tokens.REFRESH, tx.id, secret)
        digest = tokens.read(self._premises, tokens.REFRESH, token).token_hash
        await tx.families.put_refresh(RefreshRow(digest, family.family, now_ms))
        return token, family

    async def go_on(
        self, tx: OwnerTx, asked: TokenRequest, asking: Asking
    ) -> tuple[str, FamilyRow] | Refused:
        """The next refresh token. The one that follows is computed from the one shown and from `ask`: the same
        exchange gives the same token, and nothing of it is kept but its hash. Raises SignInNeeded; what is returned
        in place of a token is durable, and refuses.
        """
        now_ms = self._premises.now_ms
        named = tokens.read(self._premises, tokens.REFRESH, asked.refresh)
        found = await tx.families.refresh(named.token_hash) if named.account == tx.id else None
        families = {one.family: one for one in await tx.families.every()}
        family = families.get(found.family) if found is not None else None
        if found is None or family is None or not asked.ask:
            raise SignInNeeded
        if (family.device, family.situation) != (asked.device, asked.situation):
            raise SignInNeeded
        ask = hashlib.sha256(asked.ask.encode()).digest()
        is_repeat = found.ask is not None and hmac.compare_digest(found.ask, ask)
        if found.used_ms is not None and not is_repeat and is_live(self._premises, family):
            return await self._reused(tx, asking)
        if not is_live(self._premises, family):
            raise SignInNeeded
        key = await self._premises.keys.secret("refresh")
        text = tup("colloque/v1/refresh", self._premises.restore, asked.refresh, asked.ask)
        token = tokens.written(tokens.REFRESH, tx.id, hmac.digest(key, text, hashlib.sha256))
        digest = tokens.read(self._premises, tokens.REFRESH, token).token_hash
        following = await tx.families.refresh(digest)
        if following is not None and following.used_ms is not None:
            raise SignInNeeded  # a late copy: the desktop is further on
        await tx.people.put_device(asking.device)
        if following is None:
            used = found._replace(used_ms=now_ms, ask=ask, follows=digest)
            await tx.families.put_refresh(used)
            await tx.families.put_refresh(RefreshRow(digest, family.family, now_ms))
            family = family._replace(refreshed_ms=now_ms)
            await tx.families.put(family)
        return token, family

    async def _reused(self, tx: OwnerTx, asking: Asking) -> Refused:
        """A refresh token came twice: somebody holds a copy. Every session of the device ends."""
        now_ms, device = self._premises.now_ms, asking.device.device
        await tx.people.put_device(asking.device)
        await end_sessions(self._premises, tx, "reused", device=device)
        alarm = AlarmRow(
            asking.book.number(), "refresh_reused", now_ms, now_ms, 0, asking.member.unit, None
        )
        await tx.volumes.put_alarm(alarm)
        said = entry(
            self._premises,
            None,
            "refresh_reused",
            other=tx.id,
            id=device,
            unit=asking.member.unit,
        )
        await asking.book.log(ACCESS, said)
        return SignInNeeded()

    async def access(self, tx: OwnerTx, family: FamilyRow, proven_ms: int | None = None) -> str:
        """An access token of a family, kept as its hash."""
        secret = self._premises.entropy.bytes(tokens.SECRET_BYTES)
        token = tokens.written(tokens.ACCESS, tx.id, secret)
        digest = tokens.read(self._premises, tokens.ACCESS, token).token_hash
        expires_ms = self._premises.now_ms + self.token_s(family) * 1000
        row = SessionRow(
            digest, family.device, family.situation, expires_ms, proven_ms, family.family
        )
        await tx.people.put_session(row)
        return token

    async def end_alarms(self, tx: OwnerTx) -> None:
        """The person showed who they are: what asked for it is over."""
        for alarm in await tx.volumes.alarms():
            if alarm.kind == "step_up" and alarm.ended_ms is None:
                await tx.volumes.put_alarm(alarm._replace(ended_ms=self._premises.now_ms))

    def token_s(self, family: FamilyRow) -> int:
        """How long an access token of this family lives if it is given now."""
        return max(0, min(TOKEN_S, (family.ends_ms - self._premises.now_ms) // 1000))

    def ends_ms(self, proved_ms: int | None) -> int:
        """When a session ends whose person showed who they are at `proved_ms`."""
        hours_ms = self._premises.policy.session_hours * _HOUR_MS
        return 0 if proved_ms is None else proved_ms + hours_ms
