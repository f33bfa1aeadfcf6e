"""Import for an operator: the directory's part first, then one transaction for each patient.

Ids are kept. An id that another record reserved is refused; what the record holds already, equal but for
`meta`, is a duplicate, so that an import may be repeated or go on after a crash. A Bundle is taken whole or
not at all: one invalid resource refuses every patient's part of it. Who registers, attends or may read is
taken from a file only for the record it begins; a record already here opens only to the unit imported for.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dossier.access.home import LABELS, Home
from dossier.access.tables import ATTENDING
from dossier.errors import Invalid, Refused
from server.ports import OwnerTx
from server.services import bodies
from server.services.access import REGISTERING
from server.services.accounts import Accounts
from server.services.bundles import Contents, Item, Refusal, contents
from server.services.consenting import Parties, reached
from server.services.consents import CONSENT, gaps
from server.services.deciding import Tools
from server.services.directory import IMPORT, PUBLIC, Directory, is_same
from server.services.facets import ACCESS
from server.services.homing import home_of
from server.services.journal import entry
from server.services.members import Members
from server.services.patients import Patients
from server.services.session import Session
from server.services.unit import OwnerUnit, Put

_PATIENT = re.compile(r"(?:^|/)Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]+)?$")
_NUMBERS = 16


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


class _Part(NamedTuple):
    """One patient's part of a file. `patient` is its Patient resource when the file holds it."""

    owner: int
    patient: Item | None
    items: list[tuple[Item, str]]


class _Placed(NamedTuple):
    item: Item
    home: Home


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

    async def take(
        self, raw: bytes, *, for_unit: int | None = None, by: Session | None = None
    ) -> Report:
        """One resource or one Bundle. Never raises for what is in it: the report says."""
        try:
            held = contents(raw)
        except Invalid as wrong:
            return Report(refused=(Refusal("", "unreadable", wrong.issues),))
        placed, refused = self._place(held, for_unit or 0)
        report = Report(refused=(*held.refused, *refused))
        report = report.plus(await self._publish(placed, for_unit or 0))
        theirs = [one for one in placed if one.home.kind == "patient"]
        if held.whole and report.refused:
            whole = (Refusal(one.item.name, "bundle_refused") for one in theirs)
            return report._replace(refused=(*report.refused, *whole))
        parts, lost = await self._parts(theirs)
        report = report.plus(Report(refused=tuple(lost)))
        for part in parts:
            report = report.plus(await self._admit(part, for_unit, by))
        return report

    def _place(self, held: Contents, unit: int) -> tuple[list[_Placed], list[Refusal]]:
        placed: dict[str, _Placed] = {}
        refused: list[Refusal] = []
        for item in held.items:
            try:
                issues = tuple(self._tools.validate(item.rtype, item.value))
                if issues:
                    refused.append(Refusal(item.name, "invalid", issues))
                    continue
                body = bodies.Body(0, unit, "", item.body)
                home = home_of(self._premises, item.value, body, labels_in(item), root=None)
            except Invalid as wrong:
                refused.append(Refusal(item.name, "invalid", wrong.issues))
                continue
            if home.kind not in {"patient", "directory"}:
                refused.append(Refusal(item.name, f"needs_{home.kind}"))
            elif item.name in placed:
                if not is_same(placed[item.name].item.body, item.body):
                    refused.append(Refusal(item.name, "id_twice"))
            else:
                placed[item.name] = _Placed(item, home)
        return list(placed.values()), refused

    async def _publish(self, placed: Iterable[_Placed], unit: int) -> Report:
        report = Report()
        for facet in (PUBLIC, IMPORT):
            found = [
                (one.item.rtype, one.item.id, one.item.body)
                for one in placed
                if one.home.kind == "directory" and one.home.facet == facet
            ]
            published = await self._directory.publish(found, facet=facet, unit=unit)
            report = report.plus(Report(published.accepted, published.duplicate))
        return report

    async def _parts(self, placed: Sequence[_Placed]) -> tuple[list[_Part], list[Refusal]]:
        owners: dict[str, int] = {}
        lost: dict[str, str] = {}
        parts: dict[int, _Part] = {}
        refused: list[Refusal] = []
        for one in placed:
            if one.item.rtype == "Patient":
                try:
                    owner = await self._patients.claim(one.item.value)
                except Refused as no:
                    lost[one.item.id] = no.code
                    continue
                owners[one.item.id] = owner
                parts[owner] = _Part(owner, one.item, [])
        for one in placed:
            found = await self._owner_of(one.home, owners)
            named = _patient_named(one.home)
            if named in lost:
                refused.append(Refusal(one.item.name, lost[named]))
            elif found is None:
                refused.append(Refusal(one.item.name, "unknown_patient"))
            else:
                part = parts.setdefault(found, _Part(found, None, []))
                part.items.append((one.item, one.home.facet))
        return list(parts.values()), refused

    async def _owner_of(self, home: Home, owners: dict[str, int]) -> int | None:
        rid = _patient_named(home)
        if not rid:
            return None
        if rid not in owners and _is_absolute(home):
            return None  # another server's patient of that number is not ours (HZ-01)
        if rid not in owners:
            owner = await self._patients.located("Patient", rid)
            if owner is None:
                return None
            owners[rid] = owner
        return owners[rid]

    async def _admit(self, part: _Part, for_unit: int | None, by: Session | None) -> Report:
        refused = await self._reserved_elsewhere(part)
        theirs = {refusal.resource for refusal in refused}
        items = [pair for pair in part.items if pair[0].name not in theirs]
        unit = await self._unit_of(part.patient, for_unit)
        attending = await self._attending(part.patient)
        parties = await self._tools.consenting.parties(
            item.value for item, _ in items if item.rtype == CONSENT
        )

        async def write(tx: OwnerTx) -> Report:
            row = await tx.owner.lock(_NUMBERS)
            fresh = row is None
            if row is None:
                premises = self._premises
                await tx.owner.create("patient", premises.pack.version, premises.first_number)
                row = await tx.owner.lock(_NUMBERS)
            assert row is not None
            book = OwnerUnit(self._premises, tx, row, _NUMBERS)
            await self._tools.access.bring(book)
            foreign = [] if fresh else _foreign(items, parties, for_unit)
            names = {one.resource for one in foreign}
            ours = [pair for pair in items if pair[0].name not in names]
            puts, report = await self._puts(book, ours, for_unit or 0, fresh=fresh)
            if unit is not None and (fresh or for_unit is not None):
                await self._tools.access.put_relation(book, unit, REGISTERING, None, "import")
            for account in attending if fresh else ():
                await self._tools.access.put_relation(book, account, ATTENDING, None, "import")
            await self._consents(book, puts, ours, parties)
            if puts:
                await book.put(puts)
                said = entry(self._premises, by, "imported", count=len(puts))
                await book.log(ACCESS, said)
            await self._tools.access.recompute(book)
            await book.close()
            return report.plus(Report(refused=tuple(foreign)))

        report = await self._premises.store.write(part.owner, write)
        return report.plus(Report(refused=tuple(refused), owners=(part.owner,)))

    async def _consents(
        self,
        book: OwnerUnit,
        puts: Iterable[Put],
        items: Iterable[tuple[Item, str]],
        parties: Parties,
    ) -> None:
        new = {put.id for put in puts if put.rtype == CONSENT}
        for item, _ in items:
            if item.rtype == CONSENT and item.id in new and not gaps(item.value):
                await self._tools.consenting.record(book, item.id, item.value, parties)

    async def _puts(
        self, book: OwnerUnit, items: Iterable[tuple[Item, str]], unit: int, *, fresh: bool
    ) -> tuple[list[Put], Report]:
        puts: list[Put] = []
        refused: list[Refusal] = []
        duplicate = 0
        resources = book.tx.resources
        for item, facet in items:
            row = None if fresh else await resources.get(item.rtype, item.id)
            if row is not None:
                place = bodies.place_of(book.owner, row)
                plain = await self._premises.sealer.open(place, row.cell)
                if is_same(bodies.unpack(plain).resource, item.body):
                    duplicate += 1
                else:
                    refused.append(Refusal(item.name, "differs_from_record"))
            elif not fresh and await resources.tombstone_of(item.rtype, item.id) is not None:
                refused.append(Refusal(item.name, "unavailable"))
            else:
                body = bodies.Body(0, unit, "", item.body)
                tag = book.tag(facet)
                puts.append(Put(item.rtype, item.id, tag, book.subject, None, body))
        return puts, Report(len(puts), duplicate, tuple(refused))

    async def _reserved_elsewhere(self, part: _Part) -> list[Refusal]:
        names = [item.name for item, _ in part.items if item.rtype != "Patient"]
        locators = [self._premises.blind.locator(name) for name in names]
        maintenance = self._premises.store.maintenance
        ours = await maintenance.reserve_all("locator", locators, part.owner)
        return [
            Refusal(name, "id_of_another_record")
            for name, is_ours in zip(names, ours, strict=True)
            if not is_ours
        ]

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


def _is_absolute(home: Home) -> bool:
    return "://" in home.patients[0]


def _foreign(
    items: Iterable[tuple[Item, str]], parties: Parties, for_unit: int | None
) -> list[Refusal]:
    """Consents that would open a record already here to others than the unit this import is for."""
    return [
        Refusal(item.name, "consent_for_another")
        for item, _ in items
        if item.rtype == CONSENT and not reached(item.value, parties).units <= {for_unit}
    ]


def _patient_named(home: Home) -> str:
    """The id of the patient this belongs to; empty for a reference that is no id."""
    found = _PATIENT.search(home.patients[0])
    return "" if found is None else found[1]


def labels_in(item: Item) -> frozenset[str]:
    """The visibility labels a resource carries: `securityLabel` of a document, `meta.security` of any."""
    meta = item.value.get("meta")
    concepts = [{"coding": meta.get("security")}] if isinstance(meta, dict) else []
    labelled = item.value.get("securityLabel")
    concepts += (
        [one for one in labelled if isinstance(one, dict)] if isinstance(labelled, list) else []
    )
    codes = set()
    for concept in concepts:
        codings = concept.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                codes.add(coding["code"])
    return frozenset(codes) & LABELS


def _referred(value: object, rtype: str) -> str:
    literal = value.get("reference") if isinstance(value, dict) else None
    kind, _, rid = literal.rpartition("/") if isinstance(literal, str) else ("", "", "")
    return rid if kind.rpartition("/")[2] == rtype else ""
