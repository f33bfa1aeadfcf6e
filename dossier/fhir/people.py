"""Who wrote: Practitioner, PractitionerRole, Organization, RelatedPerson and Patient as authors (R4)."""

from typing import Final

import msgspec
from msgspec import Struct, structs

from dossier.fhir.elements import Concept, HumanName, Identifier, Reference, present, read, words
from dossier.identity.systems import PS_IDNAT, RPPS

_TITLES: Final = {"dr.": "Dr", "dr": "Dr", "docteur": "Dr", "pr": "Pr", "pr.": "Pr", "prof.": "Pr"}
_CIVILITIES: Final = frozenset(("m", "m.", "mr", "mr.", "mme", "mrs", "mrs.", "ms", "ms.", "mlle"))

BILLING: Final = "AM"
"""The type, in words, of the identifier under which the health insurance knows a place of practice."""


class Person(Struct, frozen=True, kw_only=True, gc=False):
    """`name` as it is shown (`Dr Claire FONTAINE`), `speciality` in the words of the directory. `address` on
    one line, `lines` as on an envelope, the `city` alone, the first `telephone`. `rpps`: eleven digits.
    `billing`: the number of the health insurance (AM). Of a role, `practitioner` and `organisation` are
    the references it joins.
    """

    id: str
    name: str
    speciality: str = ""
    address: str = ""
    telephone: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    rpps: str = ""
    billing: str = ""
    practitioner: str = ""
    organisation: str = ""


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
    def lines(self) -> tuple[str, ...]:
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        found = tuple(part for part in (*present(self.line), town) if part)
        return found or ((self.text,) if self.text else ())

    @property
    def shown(self) -> str:
        return self.text or ", ".join(self.lines)


class _Person(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str = ""
    identifier: tuple[Identifier, ...] = ()
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
    address = raw.address[0] if raw.address else _Address()
    where = Person(
        id=raw.id,
        name=raw.name if isinstance(raw.name, str) else "",
        address=address.shown,
        lines=address.lines,
        city=address.city,
        telephone=next((one.value for one in raw.telecom if one.system == "phone"), ""),
    )
    if isinstance(raw.name, str):
        return where
    shown = shown_name(raw.name[0]) if raw.name else ""
    if not shown and raw.practitioner is not None:
        shown = raw.practitioner.display
    if not shown and raw.organization is not None:
        shown = raw.organization.display
    speciality = next((text for item in raw.specialty if (text := words(item))), "")
    if not speciality:
        speciality = next((text for item in raw.qualification if (text := words(item.code))), "")
    return structs.replace(
        where,
        name=shown,
        speciality=speciality,
        rpps=_rpps(raw.identifier),
        billing=next((one.value for one in raw.identifier if words(one.type) == BILLING), ""),
        practitioner=raw.practitioner.reference if raw.practitioner else "",
        organisation=raw.organization.reference if raw.organization else "",
    )


def _rpps(identifiers: tuple[Identifier, ...]) -> str:
    """By its own system, else the national identifier that begins with 8 (FR Core 2.1.0)."""
    for one in identifiers:
        if one.system == RPPS:
            return one.value
    for one in identifiers:
        if one.system == PS_IDNAT and one.value.startswith("8"):
            return one.value[1:]
    return ""


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
