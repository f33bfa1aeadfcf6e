"""What stands at the head of a printed page: this person, the house they act in. Nothing is invented.

From the directory this device holds; what it does not say is left out of the page.
"""

from contextlib import suppress

from msgspec import Struct

from dossier.errors import Invalid
from dossier.fhir import people
from dossier.fhir.people import Person
from practitioner_app.ports import RecordReader
from practitioner_app.services.writing import Actor


class Heading(Struct, frozen=True, kw_only=True):
    """The writer and the house; an empty name where the directory does not list them."""

    writer: Person
    house: Person
    billing: str = ""


NOBODY = Person(id="", name="")


class LetterheadService:
    """Read lane. Raises StoreError kin."""

    def __init__(self, reader: RecordReader, actor: Actor, place: str = "") -> None:
        self._reader, self._actor, self._place = reader, actor, place

    def mine(self) -> Heading:
        """The head of a page that this person writes now."""
        role = self._role()
        listed = self._listed(self._actor.reference)
        house = self._listed(role.organisation)
        return Heading(
            writer=listed if listed.name else Person(id="", name=self._actor.name),
            house=house if house.name else Person(id="", name=self._place),
            billing=role.billing or listed.billing,
        )

    def colleagues(self) -> tuple[str, ...]:
        """Everybody else the directory lists in a role: name, speciality, house, as one addresses a letter."""
        found = []
        for row in self._reader.everywhere("PractitionerRole"):
            role = _decoded(row.body)
            if role.practitioner and role.practitioner != self._actor.reference:
                house = self._listed(role.organisation)
                name = self._listed(role.practitioner).name or role.name
                found.append(", ".join(one for one in (name, role.speciality, house.name) if one))
        return tuple(sorted(dict.fromkeys(found)))

    def _role(self) -> Person:
        """Of the roles of this person, the one in the house of this situation; else the first."""
        mine = [
            role
            for row in self._reader.everywhere("PractitionerRole")
            if (role := _decoded(row.body)).practitioner == self._actor.reference
            and self._actor.reference
        ]
        for role in mine:
            if self._listed(role.organisation).name == self._place:
                return role
        return mine[0] if mine else NOBODY

    def _listed(self, reference: str) -> Person:
        for body in self._reader.directory([reference] if reference else []).values():
            return _decoded(body)
        return NOBODY


def _decoded(body: bytes) -> Person:
    with suppress(Invalid):
        return people.decode(body)
    return NOBODY
