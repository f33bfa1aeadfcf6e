"""Patients as owners: found by the exact INS or by the id of their Patient resource, else admitted.

Values are reserved first, the owner made after; both steps may be repeated (SCALE rule 4). Strict traits
are reserved too, but never decide alone: two persons may share them.
"""

from typing import Any

from dossier.errors import Refused, Unavailable
from dossier.identity.systems import INS_SYSTEMS
from dossier.ids import new_owner
from dossier.sealing.blind import letters
from dossier.wire import codec
from server.ports import OwnerTx
from server.services import bodies
from server.services.facets import IDENTITY
from server.services.premises import Premises

_PATIENT = "Patient"
_INS_BODY = 13
"""Characters of an INS before its key, which is derived and often missing."""


class Claims:
    """What the patients of one file will reserve, decided before anything is written."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, int], int] = {}
        self._names: dict[int, dict[tuple[str, int], None]] = {}
        self._traits: dict[int, list[int]] = {}
        self._people: dict[int, list[dict[str, Any]]] = {}

    def add(
        self, owner: int, patient: dict[str, Any], names: list[tuple[str, int]], traits: int | None
    ) -> None:
        """One more patient of the file."""
        self._holders.update(dict.fromkeys(names, owner))
        self._names.setdefault(owner, {}).update(dict.fromkeys(names))
        self._people.setdefault(owner, []).append(patient)
        if traits is not None:
            self._traits.setdefault(owner, []).append(traits)

    def holder(self, space: str, name: int) -> int | None:
        return self._holders.get((space, name))

    def names_of(self, owner: int) -> list[tuple[str, int]]:
        return list(self._names.get(owner, ()))

    def traits_of(self, owner: int) -> list[int]:
        return self._traits.get(owner, [])

    def people(self, owner: int) -> list[dict[str, Any]]:
        return self._people.get(owner, [])


class Patients:
    """Finds and admits patients. A look-up is exact, after normalisation."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def find(self, patient: dict[str, Any]) -> int | None:
        """The owner of this Patient resource: by its id, else by its INS; None when unknown."""
        by_id = await self.located(_PATIENT, str(patient.get("id", "")))
        if by_id is not None:
            return by_id
        for name in self._ins(patient):
            found = await self._holders(name, "ins")
            if found:
                return found[0]
        return None

    async def located(self, rtype: str, rid: str) -> int | None:
        """The owner that holds the imported id `Type/id`."""
        name = self._premises.blind.locator(f"{rtype}/{rid}")
        found = await self._holders(name, "locator")
        return found[0] if found else None

    async def same_traits(self, patient: dict[str, Any]) -> list[int]:
        """Owners with the same birth name, first given name, birth date and sex."""
        name = self._traits(patient)
        return [] if name is None else await self._holders(name, "traits")

    async def plan(self, patient: dict[str, Any], claims: "Claims") -> int:
        """The owner for this patient, possibly not made yet; only reads. `claims` holds what the same file
        wants for its other patients, and takes what this one wants.

        Raises Refused("ins_of_another") when the id is one patient's and the INS another's, and
        Refused("another_person") when the record found speaks of somebody else (HZ-01): sources number
        their patients alike, and a mistyped INS is somebody's.
        """
        locator = self._premises.blind.locator(f"{_PATIENT}/{patient['id']}")
        names = [("locator", locator), *(("ins", name) for name in self._ins(patient))]
        held = [await self._held(space, name, claims) for space, name in names]
        known = next((one for one in held if one is not None), None)
        if known is not None and not await self._is_of(known, patient, claims):
            raise Refused("another_person")
        owner = known or new_owner(self._premises.entropy)
        if any(one not in {None, owner} for one in held):
            raise Refused("ins_of_another")
        claims.add(owner, patient, names, self._traits(patient))
        return owner

    async def reserve(self, claims: "Claims", owner: int) -> None:
        """Reserve what `plan` found for this owner; may be repeated. Raises Refused when another owner took
        a value since.
        """
        for space, name in claims.names_of(owner):
            if await self._reserve(name, space, owner, unique=True) != owner:
                raise Refused("ins_of_another")
        for traits in claims.traits_of(owner):
            await self._reserve(traits, "traits", owner, unique=False)

    async def release(self, owner: int) -> None:
        """Nobody finds this patient by INS or by traits any more; the id of the record stays taken. Repeating
        is harmless, and without its key there is nothing left to read.
        """
        tag = self._premises.tags.tag(owner, IDENTITY)
        for row in await self._premises.store.read(owner, lambda tx: tx.resources.of_facets([tag])):
            if row.rtype != _PATIENT:
                continue
            try:
                cell = await self._premises.sealer.open(bodies.place_of(owner, row), row.cell)
            except Unavailable:
                continue
            patient = codec.resource(bodies.unpack(cell).resource)
            names = [("ins", name) for name in self._ins(patient)]
            names += [("traits", name) for name in filter(None, [self._traits(patient)])]
            for space, name in names:
                await self._release(name, space, owner)

    async def _release(self, name: int, space: str, owner: int) -> None:
        async def release(tx: OwnerTx) -> None:
            await tx.reservations.release(space, owner)

        await self._premises.store.write(name, release)

    async def _held(self, space: str, name: int, claims: "Claims") -> int | None:
        planned = claims.holder(space, name)
        if planned is not None:
            return planned
        found = await self._holders(name, space)
        return found[0] if found else None

    async def _is_of(self, owner: int, patient: dict[str, Any], claims: "Claims") -> bool:
        """Does nothing in this record's Patient resources, or in the file's, contradict this one?"""
        if any(self._contradict(other, patient) for other in claims.people(owner)):
            return False
        tag = self._premises.tags.tag(owner, IDENTITY)
        rows = await self._premises.store.read(owner, lambda tx: tx.resources.of_facets([tag]))
        for row in rows:
            if row.rtype == _PATIENT:
                cell = await self._premises.sealer.open(bodies.place_of(owner, row), row.cell)
                held = codec.resource(bodies.unpack(cell).resource)
                if self._contradict(held, patient):
                    return False
        return True

    def _contradict(self, one: dict[str, Any], other: dict[str, Any]) -> bool:
        """Two INS, two birth dates, or neither name in common; what one side lacks contradicts nothing."""
        ins = set(self._ins(one)), set(self._ins(other))
        if all(ins) and not ins[0] & ins[1]:
            return True
        if _differ(one.get("birthDate"), other.get("birthDate")):
            return True
        names = _names(one), _names(other)
        return all(names) and not names[0] & names[1]

    async def _reserve(self, name: int, space: str, owner: int, *, unique: bool) -> int:
        async def reserve(tx: OwnerTx) -> int:
            if await tx.reservations.reserve(space, owner, b"", unique=unique):
                return owner
            return (await tx.reservations.holder(space))[0][0]

        return await self._premises.store.write(name, reserve)

    async def _holders(self, name: int, space: str) -> list[int]:
        async def holder(tx: OwnerTx) -> list[int]:
            return [target for target, _ in await tx.reservations.holder(space)]

        return await self._premises.store.read(name, holder)

    def _ins(self, patient: dict[str, Any]) -> list[int]:
        identifiers = patient.get("identifier")
        return [
            self._premises.blind.ins(one["system"], "".join(value.split())[:_INS_BODY])
            for one in (identifiers if isinstance(identifiers, list) else ())
            if isinstance(one, dict)
            and one.get("system") in INS_SYSTEMS
            and isinstance(value := one.get("value"), str)
            and value.strip()
        ]

    def _traits(self, patient: dict[str, Any]) -> int | None:
        names = [n for n in _list(patient.get("name")) if isinstance(n, dict)]
        name = next((n for n in names if n.get("use") == "official"), names[0] if names else {})
        given = [g for g in _list(name.get("given")) if isinstance(g, str)]
        family, born = name.get("family"), patient.get("birthDate")
        if not isinstance(family, str) or not given or not isinstance(born, str):
            return None
        gender = patient.get("gender")
        sex = gender if isinstance(gender, str) else ""
        return self._premises.blind.traits(family, given[0], born, sex)


def _differ(one: object, other: object) -> bool:
    """Are both dates known, and neither the beginning of the other?"""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return not (one.startswith(other) or other.startswith(one))


def _names(patient: dict[str, Any]) -> set[str]:
    """Every family and given name, as compared."""
    found: set[str] = set()
    for name in _list(patient.get("name")):
        if isinstance(name, dict):
            texts = [name.get("family"), *_list(name.get("given"))]
            found |= {letters(text) for text in texts if isinstance(text, str)}
    return found - {""}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
