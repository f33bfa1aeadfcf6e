"""Who wrote: Practitioner, PractitionerRole, Organization, RelatedPerson and Patient as authors (R4)."""

from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import Concept, HumanName, Reference, present, read, words

_TITLES: Final = {"dr.": "Dr", "dr": "Dr", "docteur": "Dr", "pr": "Pr", "pr.": "Pr", "prof.": "Pr"}
_CIVILITIES: Final = frozenset(("m", "m.", "mr", "mr.", "mme", "mrs", "mrs.", "ms", "ms.", "mlle"))


class Person(Struct, frozen=True, kw_only=True, gc=False):
    """`name` as it is shown (`Dr Claire FONTAINE`), `speciality` in the words of the directory. Of an
    organisation, its `address` on one line and its first `telephone`.
    """

    id: str
    name: str
    speciality: str = ""
    address: str = ""
    telephone: str = ""


class _Qualification(Struct, frozen=True, kw_only=True, gc=False):
    code: Concept | None = None


class _Contact(Struct, frozen=True, kw_only=True, gc=False):
    system: str = ""
    value: str = ""


class _Address(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    text: str = ""
    line: tuple[str | None, ...] = ()
    postal_code: str = ""
    city: str = ""

    @property
    def shown(self) -> str:
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        return self.text or ", ".join(part for part in (*present(self.line), town) if part)


class _Person(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str = ""
    name: tuple[HumanName, ...] | str = ()
    qualification: tuple[_Qualification, ...] = ()
    practitioner: Reference | None = None
    organization: Reference | None = None
    specialty: tuple[Concept, ...] = ()
    address: tuple[_Address, ...] = ()
    telecom: tuple[_Contact, ...] = ()


_decoder = msgspec.json.Decoder(_Person)


def decode(body: bytes) -> Person:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    if isinstance(raw.name, str):
        return Person(
            id=raw.id,
            name=raw.name,
            address=raw.address[0].shown if raw.address else "",
            telephone=next((one.value for one in raw.telecom if one.system == "phone"), ""),
        )
    shown = shown_name(raw.name[0]) if raw.name else ""
    if not shown and raw.practitioner is not None:
        shown = raw.practitioner.display
    if not shown and raw.organization is not None:
        shown = raw.organization.display
    speciality = next((text for item in raw.specialty if (text := words(item))), "")
    if not speciality:
        speciality = next((text for item in raw.qualification if (text := words(item.code))), "")
    return Person(id=raw.id, name=shown, speciality=speciality)


def shown_name(name: HumanName) -> str:
    """`Dr Claire FONTAINE`: title, given name, name in capitals; no civility for a professional."""
    if not name.family:
        return name.text
    title = ""
    for prefix in (*present(name.prefix), *present(name.suffix)):
        title = title or _TITLES.get(prefix.casefold(), "")
    given = present(name.given)
    return " ".join(
        part for part in (title, given[0] if given else "", name.family.upper()) if part
    )


def is_civility(prefix: str) -> bool:
    return prefix.casefold() in _CIVILITIES
