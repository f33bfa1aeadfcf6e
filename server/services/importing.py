"""Import for an operator: a file is planned whole, then written: the directory's part first, then one
transaction for each patient.

Ids are kept. A Bundle is taken whole or not at all: one entry that cannot be taken refuses every other, and
nothing of it is published (decision 006). What the record holds already, equal but for `meta`, is a
duplicate, so that an import may be repeated or go on after a crash at any step. Who registers, attends or
may read is taken from a file only for the record it begins; a record already here opens only to the unit
imported for.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from dossier.access.facets import parse_facet
from dossier.access.home import Home
from dossier.access.tables import ATTENDING
from dossier.errors import Invalid, Refused
from dossier.fhir.authors import author_references
from dossier.wire import codec
from server.ports import OwnerTx
from server.services import bodies
from server.services.access import REGISTERING
from server.services.accounts import Accounts
from server.services.bundles import NOTHING, Contents, Item, Refusal, contents, together
from server.services.consents import CONSENT, gaps
from server.services.deciding import Tools
from server.services.directory import IMPORT, PUBLIC, Directory
from server.services.facets import ACCESS
from server.services.journal import entry
from server.services.labels import Labels
from server.services.members import Members
from server.services.patients import Claims, Patients
from server.services.planning import Part, Placed, Plan, Planner
from server.services.reapplying import Reapplying
from server.services.session import Session
from server.services.unit import OwnerUnit, Put

_NUMBERS = 64
_SEALED_AT_ONCE = 500
"""Rows of one transaction that are sealed before they are handed to the engine: bounds the memory."""


class Report(NamedTuple):
    """What became of a file. `owners`: the patients it spoke of."""

    accepted: int = 0
    duplicate: int = 0
    refused: tuple[Refusal, ...] = ()
    owners: tuple[int, ...] = ()

    def plus(self, other: "Report") -> "Report":
        """Both together."""
        return Report(
            self.accepted + other.accepted,
            self.duplicate + other.duplicate,
            self.refused + other.refused,
            tuple(dict.fromkeys(self.owners + other.owners)),
        )


class Importer:
    """Takes files of FHIR JSON."""

    def __init__(
        self,
        tools: Tools,
        directory: Directory,
        patients: Patients,
        accounts: Accounts,
        members: Members,
    ) -> None:
        self._tools, self._premises = tools, tools.premises
        self._directory, self._patients = directory, patients
        self._accounts, self._members = accounts, members
        self._planner = Planner(tools, patients)
        self._reapplying = Reapplying(
            tools.premises, tools.access, Labels(tools.premises, tools.access)
        )
        self.authors: Mapping[str, int] = {}
        """Of which organisation the people and teams are whom rows name as their authors; the rows of
        others count as written by the organisation imported for.
        """

    async def take(
        self, raw: bytes, *, for_unit: int | None = None, by: Session | None = None
    ) -> Report:
        """One resource or one Bundle. Never raises for what is in it: the report says."""
        return await self.take_lines([raw], for_unit=for_unit, by=by)

    async def take_lines(
        self, raws: Sequence[bytes], *, for_unit: int | None = None, by: Session | None = None
    ) -> Report:
        """Some documents in their order. Resources that stand alone are taken or refused each for itself,
        those of one patient in one transaction; each Bundle by itself.
        """
        report, some = Report(), list[Contents]()
        for place, raw in enumerate(raws):
            try:
                held = contents(raw)
            except Invalid as wrong:
                no = Refusal("", "unreadable", wrong.issues, place)
                report = report.plus(Report(refused=(no,)))
                held = NOTHING
            if held.whole:
                report = report.plus(await self._write(together(some), for_unit, by))
                some = [NOTHING] * (place + 1)
                found = await self._write(held, for_unit, by)
                there = tuple(one._replace(place=place) for one in found.refused)
                report = report.plus(found._replace(refused=there))
            else:
                some.append(held)
        return report.plus(await self._write(together(some), for_unit, by))

    async def _write(self, held: Contents, for_unit: int | None, by: Session | None) -> Report:
        plan = await self._planner.plan(held, for_unit)
        if plan.refused and held.whole:
            whole = (Refusal(name, "bundle_refused") for name in plan.names)
            return Report(refused=(*plan.refused, *whole))
        report = Report(refused=plan.refused).plus(await self._publish(plan, for_unit or 0))
        for part in plan.parts:
            report = report.plus(await self._admit(part, plan.claims, for_unit, by))
        return report

    async def _publish(self, plan: Plan, unit: int) -> Report:
        report = Report()
        for facet in (PUBLIC, IMPORT):
            found = [
                (one.item.rtype, one.item.id, one.item.body)
                for one in plan.directory
                if one.home.facet == facet
            ]
            published = await self._directory.publish(found, facet=facet, unit=unit)
            report = report.plus(Report(published.accepted, published.duplicate))
        return report

    async def _admit(
        self, part: Part, claims: Claims, for_unit: int | None, by: Session | None
    ) -> Report:
        """Reserve what the plan found, then one transaction. Both may be repeated."""
        if no := await self._reserve(part, claims):
            return Report(refused=tuple(one.item.refused(no) for one in part.items))
        unit = await self._unit_of(part.patient, for_unit)
        attending = await self._attending(part.patient)

        async def write(tx: OwnerTx) -> Report:
            row = await tx.owner.lock(_NUMBERS)
            fresh = row is None
            if row is None:
                premises = self._premises
                await tx.owner.create("patient", premises.pack.version, premises.first_number)
                row = await tx.owner.lock(_NUMBERS)
            assert row is not None
            found = await self._planner.compared(tx, part, for_unit, fresh=fresh)
            if found.refused:  # the record moved since the plan: nothing of this part is written
                return Report(refused=tuple(found.refused))
            book = OwnerUnit(self._premises, tx, row, _NUMBERS)
            await self._tools.access.bring(book)
            if unit is not None and (fresh or for_unit is not None):
                await self._tools.access.put_relation(book, unit, REGISTERING, None, "import")
            for account in attending if fresh else ():
                await self._tools.access.put_relation(book, account, ATTENDING, None, "import")
            await self._store(book, found.new, for_unit or 0, part)
            await self._reapplying.arrived(book, {(p.item.rtype, p.item.id) for p in found.new})
            if found.new:
                said = entry(self._premises, by, "imported", count=len(found.new))
                await book.log(ACCESS, said)
            await self._tools.access.recompute(book)
            await book.close()
            return Report(len(found.new), found.duplicate)

        report = await self._premises.store.write(part.owner, write)
        return report._replace(owners=(part.owner,))

    async def _reserve(self, part: Part, claims: Claims) -> str | None:
        """The reason when somebody took a value of this part since it was planned."""
        try:
            await self._patients.reserve(claims, part.owner)
        except Refused as no:
            return no.code
        maintenance = self._premises.store.maintenance
        ours = await maintenance.reserve_all("locator", part.locators, part.owner)
        return None if all(ours) else "id_of_another_record"

    async def _store(self, book: OwnerUnit, new: list[Placed], unit: int, part: Part) -> None:
        """Consents take effect in the same transaction, before the rows they open."""
        fresh = {one.item.name for one in new if one.item.rtype == CONSENT}
        for consent in part.consents:
            if consent.name in fresh and not gaps(consent.value):
                parties = part.parties
                await self._tools.consenting.record(book, consent.id, consent.value, parties)
        puts = self._puts(book, new, unit)
        while some := list(islice(puts, _SEALED_AT_ONCE)):
            await book.put(some)

    def _puts(self, book: OwnerUnit, new: list[Placed], unit: int) -> Iterator[Put]:
        for item, home in new:
            body = bodies.Body(0, self._wrote(item, home, unit), "", item.body)
            yield Put(item.rtype, item.id, book.tag(home.facet), book.subject, None, body)

    def _wrote(self, item: Item, home: Home, unit: int) -> int:
        """A masked row stays its depositor's: its facet names them."""
        if not self.authors or parse_facet(home.facet).masked_by is not None:
            return unit
        named = (self.authors.get(one) for one in author_references(codec.resource(item.body)))
        return next((found for found in named if found is not None), unit)

    async def _unit_of(self, patient: Item | None, for_unit: int | None) -> int | None:
        if for_unit is not None or patient is None:
            return for_unit
        rid = _referred(patient.value.get("managingOrganization"), "Organization")
        return await self._members.find_unit(rid) if rid else None

    async def _attending(self, patient: Item | None) -> list[int]:
        named = patient.value.get("generalPractitioner") if patient is not None else None
        found = []
        for one in named if isinstance(named, list) else ():
            rid = _referred(one, "Practitioner")
            account = await self._accounts.find_practitioner(rid) if rid else None
            if account is not None and await self._tools.access.may_attend(account):
                found.append(account)
        return found


def _referred(value: object, rtype: str) -> str:
    literal = value.get("reference") if isinstance(value, dict) else None
    kind, _, rid = literal.rpartition("/") if isinstance(literal, str) else ("", "", "")
    return rid if kind.rpartition("/")[2] == rtype else ""
