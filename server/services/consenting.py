"""Consents as acts: who is named is looked up before the lock, what follows is written under it.

A consent is recorded once and only ever withdrawn: another scope is another consent.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from dossier.errors import Invalid, Issue
from dossier.wire.messages import Change
from server.services import journal
from server.services.access import NAMED, TEAM, Access
from server.services.accounts import Accounts
from server.services.consents import NOBODY, gaps, permission
from server.services.members import Members
from server.services.premises import Premises
from server.services.session import Session
from server.services.unit import OwnerUnit

_YEAR_MS = 365 * 86_400_000
_FINAL = frozenset({"provision", "dateTime", "performer", "policyRule", "patient"})


class Parties(NamedTuple):
    """Organisations by id as owners; practitioners by id as (account, unit, profession)."""

    units: dict[str, int]
    people: dict[str, list[tuple[int, int, str]]]


NO_PARTIES = Parties({}, {})


class Reached(NamedTuple):
    """Whom a consent opens the record to. `units`: the organisations of all of them."""

    teams: frozenset[int]
    accounts: frozenset[int]
    units: frozenset[int]


def reached(consent: dict[str, Any], parties: Parties) -> Reached:
    """Those named who are known here."""
    named = permission(consent)
    teams = {parties.units[rid] for rid in named.organisations if rid in parties.units}
    people = [row for rid in named.practitioners for row in parties.people.get(rid, ())]
    units = teams | {unit for _, unit, _ in people}
    return Reached(frozenset(teams), frozenset(row[0] for row in people), frozenset(units))


class Consenting:
    """Records and withdraws consents inside a unit of work."""

    def __init__(
        self, premises: Premises, access: Access, accounts: Accounts, members: Members
    ) -> None:
        self._premises, self._access = premises, access
        self._accounts, self._members = accounts, members

    async def parties(self, consents: Iterable[dict[str, Any]]) -> Parties:
        """Look up whoever these consents name; call it outside any unit of work."""
        found = Parties({}, {})
        for consent in consents:
            named = permission(consent)
            for rid in named.organisations:
                unit = await self._members.find_unit(rid)
                if unit is not None:
                    found.units[rid] = unit
            for rid in named.practitioners:
                account = await self._accounts.find_practitioner(rid)
                rows = [] if account is None else await self._members.of_account(account)
                found.people[rid] = [
                    (account, row.unit, row.profession)
                    for row in rows
                    if account is not None and row.until_ms is None
                ]
        return found

    def check(self, consent: dict[str, Any], parties: Parties) -> None:
        """Refuse a consent that would open nothing though it says so. Raises Invalid."""
        issues = list(gaps(consent))
        named = permission(consent)
        unknown = [rid for rid in named.organisations if rid not in parties.units]
        unknown += [rid for rid in named.practitioners if not parties.people.get(rid)]
        if unknown:
            issues.append(Issue("Consent.provision.actor", "unknown_party"))
        if issues:
            raise Invalid(tuple(issues))

    def check_own(self, consent: dict[str, Any], parties: Parties, by: Session) -> None:
        """Refuse a consent that opens the record to others than the team or the person collecting it.
        Raises Invalid.
        """
        opens = reached(consent, parties)
        if opens.teams - {by.unit} or opens.accounts - {by.account}:
            actor = "Consent.provision.actor"
            raise Invalid((Issue(actor, "consent_for_another_without_reason"),))

    def check_change(self, changes: Sequence[Change]) -> None:
        """Only the status of a consent changes. Raises Invalid."""
        issues = [Issue(c.element, "consent_is_final") for c in changes if c.element in _FINAL]
        for change in changes:
            reopens = change.value is not None and bytes(change.value) == b'"active"'
            if change.element == "status" and reopens:
                issues.append(Issue("status", "consent_is_final"))
        if issues:
            raise Invalid(tuple(issues))

    async def record(
        self, book: OwnerUnit, rid: str, consent: dict[str, Any], parties: Parties
    ) -> None:
        """Write what an active consent opens as facts. Then `Access.recompute`."""
        named = permission(consent)
        if named == NOBODY:
            return
        for organisation in named.organisations:
            unit = parties.units.get(organisation)
            if unit is not None:
                await self._access.put_relation(book, unit, TEAM, named.until_ms, rid)
        until_ms = named.until_ms
        if until_ms is None:
            years = self._premises.policy.consent_years
            until_ms = self._premises.now_ms + years * _YEAR_MS
        for practitioner in named.practitioners:
            for account, unit, profession in parties.people.get(practitioner, ()):
                kind = f"{NAMED}:{unit}:{profession}"
                await self._access.put_relation(book, account, kind, until_ms, rid)

    async def withdraw(
        self, book: OwnerUnit, by: Session | None, rid: str, op_id: str = ""
    ) -> None:
        """End what this consent opened. Then `Access.recompute`."""
        ended = [r for r in await book.tx.access.relations() if r.cause == rid]
        for row in ended:
            await book.tx.access.drop_relation(row.account, row.kind)
        if ended:
            said = journal.entry(self._premises, by, "withdrawn", id=rid, op_id=op_id)
            await self._access.narrow(book, said)
