"""Organisations and memberships (T3): one row in the account's shard, effective at the next request.

A membership is a situation: the organisation, the profession, the role. The roster of a team is derived
and opens nothing.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from dossier.clock import from_ms, to_ms, to_wire
from dossier.errors import Refused, Unavailable
from dossier.ids import new_owner, uuid7
from dossier.wire.sessions import Situation
from server.ports import GrantRow, MemberRow, OwnerTx
from server.services import bodies, narrowing
from server.services.directory import Directory
from server.services.journal import entry
from server.services.premises import Premises
from server.services.unit import OwnerUnit, Put

SETTINGS = "settings"
WARNED_DAYS: Final = 30
"""So long before its end a membership is listed, and its person told."""
_LONGEST: Final = timedelta(days=366)
ORGANISATION = "Organization"


class Unit(NamedTuple):
    """An organisation as an owner; `id` is its Organization resource in the directory."""

    unit: int
    id: str


class Members:
    """Creates organisations and keeps who works there."""

    def __init__(self, premises: Premises, directory: Directory) -> None:
        self._premises, self._directory = premises, directory

    async def create_unit(self, organisation: bytes) -> Unit:
        """A new organisation from its FHIR Organization, which is published in the directory as well.

        Raises Refused("unit_taken") when another one has this id.
        """
        value = msgspec.json.decode(organisation)
        rid = str(value["id"])
        unit = await self._reserve(rid)

        async def make(tx: OwnerTx) -> None:
            premises = self._premises
            if await tx.owner.lock(1) is not None:
                raise Refused("unit_taken")
            await tx.owner.create("practice", premises.pack.version, premises.first_number)
            row = await tx.owner.lock(1)
            assert row is not None
            book = OwnerUnit(premises, tx, row, 1)
            body = bodies.Body(0, unit, "", organisation)
            await book.put([Put(ORGANISATION, rid, book.tag(SETTINGS), 0, None, body)])
            await book.close()

        await self._premises.store.write(unit, make)
        await self._directory.publish([(ORGANISATION, rid, organisation)], unit=unit)
        return Unit(unit, rid)

    async def find_unit(self, organisation: str) -> int | None:
        """The owner of the organisation whose Organization resource has this id."""

        async def holder(tx: OwnerTx) -> int | None:
            found = await tx.reservations.holder("unit")
            return found[0][0] if found else None

        name = self._premises.blind.locator(f"{ORGANISATION}/{organisation}")
        return await self._premises.store.read(name, holder)

    async def add(
        self,
        account: int,
        unit: int,
        profession: str,
        role: str = "",
        until_ms: int | None = None,
    ) -> str:
        """A membership; returns its situation. Raises Unavailable for an unknown account or unit."""
        await self._open_settings(unit, f"m:{unit}:{profession}")
        situation = uuid7(self._premises.clock, self._premises.entropy)

        async def join(tx: OwnerTx) -> int:
            row = await tx.owner.lock(1)
            if row is None or await tx.people.account() is None:
                raise Unavailable
            member = MemberRow(situation, unit, profession, role, row.n, until_ms)
            await tx.people.put_member(member)
            return row.n

        since_v = await self._premises.store.write(account, join)

        async def enter(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.projections.put_roster(account, since_v)

        await self._premises.store.write(unit, enter)
        return situation

    def last_day(self, day: date | None) -> int:
        """When a membership ends that lasts to the end of this day (UTC), or a year where none is named.
        Raises Refused: `until_past`, `until_too_far`.
        """
        now = self._premises.clock.now()
        if day is None:
            return to_ms(now + timedelta(days=365))
        end = datetime.combine(day, time(), UTC) + timedelta(days=1)
        if end <= now:
            raise Refused("until_past")
        if end > now + _LONGEST:
            raise Refused("until_too_far")
        return to_ms(end)

    async def renew(self, account: int, situation: str, until_ms: int) -> None:
        """A live membership goes on until then, under the same right. Raises Refused("membership_over") for an
        ended one, whose person is added again; Unavailable for an unknown one.
        """
        now_ms = self._premises.now_ms

        async def go_on(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            row = next((m for m in await tx.people.members() if m.situation == situation), None)
            if row is None:
                raise Unavailable
            if row.is_over(now_ms):
                raise Refused("membership_over")
            await tx.people.put_member(row._replace(until_ms=until_ms))

        await self._premises.store.write(account, go_on)

    async def ending(self, unit: int, days: int = WARNED_DAYS) -> list[tuple[int, MemberRow]]:
        """The live memberships of an organisation that end within so many days, the first one first."""
        now_ms = self._premises.now_ms
        limit_ms = now_ms + days * 86_400_000

        async def roster(tx: OwnerTx) -> list[int]:
            return await tx.projections.roster()

        found = [
            (account, row)
            for account in await self._premises.store.read(unit, roster)
            for row in await self.of_account(account)
            if row.unit == unit
            and not row.is_over(now_ms)
            and row.until_ms is not None
            and row.until_ms <= limit_ms
        ]
        return sorted(found, key=lambda one: (one[1].until_ms or 0, one[1].situation))

    async def end(self, account: int, situation: str) -> None:
        """End a membership now. Raises Unavailable for an unknown one."""
        now_ms = self._premises.now_ms

        async def leave(tx: OwnerTx) -> int | None:
            locked = await tx.owner.lock(1)
            members = await tx.people.members()
            for row in members:
                if locked is not None and row.situation == situation:
                    said = entry(self._premises, None, "membership_ended", id=situation)
                    await narrowing.record(self._premises, tx, locked.n, said)
                    until_ms = min(now_ms, now_ms if row.until_ms is None else row.until_ms)
                    await tx.people.put_member(row._replace(until_ms=until_ms, ended=1))
                    others = [m for m in members if m.unit == row.unit and m is not row]
                    return row.unit if all(m.is_over(now_ms) for m in others) else None
            raise Unavailable

        left = await self._premises.store.write(account, leave)
        if left is not None:

            async def strike(tx: OwnerTx) -> None:
                await tx.owner.lock(1)
                await tx.projections.drop_roster(account)

            await self._premises.store.write(left, strike)

    async def of_account(self, account: int) -> list[MemberRow]:
        """Every membership, ended ones too."""

        async def rows(tx: OwnerTx) -> list[MemberRow]:
            return await tx.people.members()

        return await self._premises.store.read(account, rows)

    async def situations(self, account: int) -> tuple[Situation, ...]:
        """The live memberships as the desktop shows them."""
        now_ms = self._premises.now_ms
        return tuple(
            [
                Situation(
                    id=row.situation,
                    organisation=row.unit,
                    organisation_name=await self.unit_name(row.unit),
                    profession=row.profession,
                    role=row.role,
                    until=None if row.until_ms is None else to_wire(from_ms(row.until_ms)),
                )
                for row in await self.of_account(account)
                if not row.is_over(now_ms)
            ]
        )

    async def unit_name(self, unit: int) -> str:
        """The name of an organisation, empty when it has none."""
        return str((await self._settings(unit)).get("name", ""))

    async def organisation(self, unit: int) -> dict[str, Any]:
        """The Organization of a unit as the directory has it now; empty for an unknown one."""
        kept = await self._settings(unit)
        body = await self._directory.get(ORGANISATION, str(kept.get("id", "")))
        return kept if body is None else dict(msgspec.json.decode(body))

    async def _settings(self, unit: int) -> dict[str, Any]:
        tag = self._premises.tags.tag(unit, SETTINGS)

        async def read(tx: OwnerTx) -> bytes | None:
            for row in await tx.resources.of_facets([tag]):
                if row.rtype == ORGANISATION:
                    place = bodies.place_of(unit, row)
                    plain = await self._premises.sealer.open(place, row.cell)
                    return bodies.unpack(plain).resource
            return None

        body = await self._premises.store.read(unit, read)
        return {} if body is None else dict(msgspec.json.decode(body))

    async def _open_settings(self, unit: int, team: str) -> None:
        async def write(tx: OwnerTx) -> None:
            row = await tx.owner.lock(1)
            if row is None or row.kind != "practice":
                raise Unavailable
            book = OwnerUnit(self._premises, tx, row, 1)
            tag = book.tag(SETTINGS)
            if all(grant.principal != team for grant in await tx.access.grants(tag)):
                since_v = book.rights_changed()
                await tx.access.put_grants([GrantRow(tag, team, "r", "team", since_v, None)])
                book.tell(gained=[(tag, team)])
            await book.close()

        await self._premises.store.write(unit, write)

    async def _reserve(self, organisation: str) -> int:
        unit = new_owner(self._premises.entropy)

        async def reserve(tx: OwnerTx) -> int:
            if await tx.reservations.reserve("unit", unit, b"", unique=True):
                return unit
            return (await tx.reservations.holder("unit"))[0][0]

        name = self._premises.blind.locator(f"{ORGANISATION}/{organisation}")
        return await self._premises.store.write(name, reserve)
