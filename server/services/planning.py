"""What an import of one file would do, found out before anything is written.

Every resource is validated and given its home; each patient's part is held against the record it would
join: whose the ids are, what differs, what is there already. Reads only. The importer writes what stands
here, and asks `compared` once more under the owner's lock.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dossier.access.home import LABELS, Home
from dossier.errors import Invalid, Refused
from server.ports import OwnerTx
from server.services import bodies
from server.services.bundles import Contents, Item, Refusal
from server.services.consenting import Parties, reached
from server.services.consents import CONSENT
from server.services.deciding import Tools
from server.services.directory import is_same
from server.services.homing import home_of
from server.services.patients import Claims, Patients

_PATIENT = re.compile(r"(?:^|/)Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]+)?$")
_DECODED = frozenset({"Patient", CONSENT})
"""Types whose decoded value is needed later; of the others only the bytes are kept."""


class Placed(NamedTuple):
    """A valid resource and where it belongs."""

    item: Item
    home: Home


class Part(NamedTuple):
    """One patient's part of a file: one transaction. `patient` is its Patient resource when the file holds
    it; `locators` are the keyed hashes of the ids of the others.
    """

    owner: int
    patient: Item | None
    items: list[Placed]
    locators: list[int]
    parties: Parties

    @property
    def consents(self) -> list[Item]:
        return [one.item for one in self.items if one.item.rtype == CONSENT]


class Plan(NamedTuple):
    """All that would be written. `refused` holds a refusal for each resource that cannot be taken."""

    directory: tuple[Placed, ...]
    parts: tuple[Part, ...]
    claims: Claims
    refused: tuple[Refusal, ...]

    @property
    def names(self) -> list[str]:
        """Every resource that could be taken, by Type/id."""
        theirs = (one for part in self.parts for one in part.items)
        return [one.item.name for one in (*self.directory, *theirs)]


class Compared(NamedTuple):
    """A part against its record: what is new, what is held already, what is refused."""

    new: list[Placed]
    duplicate: int
    refused: list[Refusal]


class Planner:
    """Plans the import of one file."""

    def __init__(self, tools: Tools, patients: Patients) -> None:
        self._tools, self._premises, self._patients = tools, tools.premises, patients

    async def plan(self, held: Contents, for_unit: int | None) -> Plan:
        """What this file would do. Never raises for what is in it."""
        placed, refused = self._place(held, for_unit or 0)
        claims = Claims()
        theirs = [one for one in placed if one.home.kind == "patient"]
        grouped, lost = await self._grouped(theirs, claims)
        refused += lost
        parts = []
        for owner, ones in grouped.items():
            part = await self._part(owner, ones)
            no = await self._refusals(part, for_unit)
            gone = {refusal.resource for refusal in no}
            refused += no
            if left := [one for one in part.items if one.item.name not in gone]:
                parts.append(self._with(part, left))
        directory = tuple(one for one in placed if one.home.kind == "directory")
        return Plan(directory, tuple(parts), claims, (*held.refused, *refused))

    async def compared(
        self, tx: OwnerTx, part: Part, for_unit: int | None, *, fresh: bool
    ) -> Compared:
        """The part against the record as `tx` sees it. A `fresh` record holds nothing."""
        if fresh:
            return Compared(list(part.items), 0, [])
        new: list[Placed] = []
        refused: list[Refusal] = []
        duplicate = 0
        for one in part.items:
            rtype, rid = one.item.rtype, one.item.id
            row = await tx.resources.get(rtype, rid)
            if row is not None:
                plain = await self._premises.sealer.open(bodies.place_of(part.owner, row), row.cell)
                if is_same(bodies.unpack(plain).resource, one.item.body):
                    duplicate += 1
                else:
                    refused.append(one.item.refused("differs_from_record"))
            elif await tx.resources.tombstone_of(rtype, rid) is not None:
                refused.append(one.item.refused("unavailable"))
            elif rtype == CONSENT and _opens_to_others(one.item, part.parties, for_unit):
                refused.append(one.item.refused("consent_for_another"))
            else:
                new.append(one)
        return Compared(new, duplicate, refused)

    def _place(self, held: Contents, unit: int) -> tuple[list[Placed], list[Refusal]]:
        placed: dict[str, Placed] = {}
        refused: list[Refusal] = []
        for item in held.items():
            if isinstance(item, Refusal):
                refused.append(item)
                continue
            found = self._home(item, unit)
            if isinstance(found, Refusal):
                refused.append(found)
            elif item.name not in placed:
                kept = item if item.rtype in _DECODED else item._replace(value={})
                placed[item.name] = Placed(kept, found)
            elif not is_same(placed[item.name].item.body, item.body):
                refused.append(item.refused("id_twice"))
        return list(placed.values()), refused

    def _home(self, item: Item, unit: int) -> Home | Refusal:
        try:
            if issues := tuple(self._tools.validate(item.rtype, item.value)):
                return item.refused("invalid", issues)
            body = bodies.Body(0, unit, "", item.body)
            home = home_of(self._premises, item.value, body, labels_in(item), root=None)
        except Invalid as wrong:
            return item.refused("invalid", wrong.issues)
        if home.kind not in {"patient", "directory"}:
            return item.refused(f"needs_{home.kind}")
        return home

    async def _grouped(
        self, placed: Sequence[Placed], claims: Claims
    ) -> tuple[dict[int, list[Placed]], list[Refusal]]:
        owners: dict[str, int] = {}
        lost: dict[str, str] = {}
        for one in placed:
            if one.item.rtype == "Patient":
                try:
                    owners[one.item.id] = await self._patients.plan(one.item.value, claims)
                except Refused as no:
                    lost[one.item.id] = no.code
        grouped: dict[int, list[Placed]] = {}
        refused: list[Refusal] = []
        for one in placed:
            named = _patient_named(one.home)
            found = None if named in lost else await self._owner_of(one.home, owners)
            if found is None:
                refused.append(one.item.refused(lost.get(named, "unknown_patient")))
            else:
                grouped.setdefault(found, []).append(one)
        return grouped, refused

    async def _owner_of(self, home: Home, owners: dict[str, int]) -> int | None:
        rid = _patient_named(home)
        if not rid:
            return None
        if rid not in owners and "://" in home.patients[0]:
            return None  # another server's patient of that number is not ours (HZ-01)
        if rid not in owners:
            owner = await self._patients.located("Patient", rid)
            if owner is None:
                return None
            owners[rid] = owner
        return owners[rid]

    async def _part(self, owner: int, items: list[Placed]) -> Part:
        people = [one.item for one in items if one.item.rtype == "Patient"]
        consents = [one.item.value for one in items if one.item.rtype == CONSENT]
        parties = await self._tools.consenting.parties(consents)
        part = Part(owner, people[-1] if people else None, [], [], parties)
        return self._with(part, items)

    def _with(self, part: Part, items: list[Placed]) -> Part:
        if len(items) == len(part.items):
            return part
        names = (one.item.name for one in items if one.item.rtype != "Patient")
        return part._replace(items=items, locators=[self._premises.blind.locator(n) for n in names])

    async def _refusals(self, part: Part, for_unit: int | None) -> list[Refusal]:
        """Why some of this part cannot join the record: an id that is another record's comes first."""
        others = [one.item for one in part.items if one.item.rtype != "Patient"]
        holders = await self._premises.store.maintenance.holders("locator", part.locators)
        refused = [
            item.refused("id_of_another_record")
            for item, holder in zip(others, holders, strict=True)
            if holder not in {None, part.owner}
        ]
        gone = {refusal.resource for refusal in refused}
        rest = part._replace(items=[one for one in part.items if one.item.name not in gone])

        async def compare(tx: OwnerTx) -> Compared:
            fresh = await tx.owner.get() is None
            return await self.compared(tx, rest, for_unit, fresh=fresh)

        found = await self._premises.store.read(part.owner, compare)
        return refused + found.refused


def _opens_to_others(consent: Item, parties: Parties, for_unit: int | None) -> bool:
    """Would it open a record already here to others than the unit this import is for?"""
    return not reached(consent.value, parties).units <= {for_unit}


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
    return frozenset(_codes(concepts)) & LABELS


def _codes(concepts: Iterable[dict[str, object]]) -> set[str]:
    codes = set()
    for concept in concepts:
        codings = concept.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                codes.add(coding["code"])
    return codes
