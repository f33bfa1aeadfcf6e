"""Where a professional works, and who stands in for them meanwhile. PractitionerRole (R4 §8.5).

An absence is an entry of `notAvailable`: whole days, both included, in `during`, and the one who replaces
the absent person in an extension of our own (R4 has no element for it).
"""

from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.dates import day
from dossier.fhir.elements import Concept, Json, Period, Reference, read

REPLACED_BY: Final = "urn:colloque:fhir:replaced-by"
PROFESSION: Final = frozenset(
    (
        "urn:oid:1.2.250.1.71.1.2.7",
        "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante",
    )
)
"""TRE_G15 under its OID and under its address."""
DOCTOR: Final = "10"


class Absence(Struct, frozen=True, kw_only=True, gc=False):
    """Days on which somebody else does the work; `until` None: until further notice."""

    since: date
    until: date | None = None
    by: str = ""
    by_name: str = ""

    def covers(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)


class Role(Struct, frozen=True, kw_only=True, gc=False):
    """`person` and `organisation` are literal references; `profession` is a code of TRE_G15, "" if none is said."""

    id: str
    person: str = ""
    name: str = ""
    organisation: str = ""
    profession: str = ""
    active: bool = True
    absences: tuple[Absence, ...] = ()


class _Extension(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    url: str = ""
    value_reference: Reference | None = None


class _NotAvailable(Struct, frozen=True, kw_only=True, gc=False):
    during: Period | None = None
    extension: tuple[_Extension, ...] = ()


class _Role(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    active: bool = True
    practitioner: Reference | None = None
    organization: Reference | None = None
    code: tuple[Concept, ...] = ()
    not_available: tuple[_NotAvailable, ...] = ()


_decoder = msgspec.json.Decoder(_Role)


def decode(body: bytes) -> Role:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    return Role(
        id=raw.id,
        person=raw.practitioner.reference if raw.practitioner else "",
        name=raw.practitioner.display if raw.practitioner else "",
        organisation=raw.organization.reference if raw.organization else "",
        profession=_profession(raw.code),
        active=raw.active,
        absences=tuple(found for one in raw.not_available if (found := _absence(one))),
    )


def _profession(codes: tuple[Concept, ...]) -> str:
    codings = (coding for concept in codes for coding in concept.coding)
    return next((coding.code for coding in codings if coding.system in PROFESSION), "")


def _absence(raw: _NotAvailable) -> Absence | None:
    since = day(raw.during.start) if raw.during else None
    if since is None or raw.during is None:
        return None
    by = next((one.value_reference for one in raw.extension if one.url == REPLACED_BY), None)
    return Absence(
        since=since,
        until=day(raw.during.end) if raw.during.end else None,
        by=by.reference if by else "",
        by_name=by.display if by else "",
    )


def absent(*, why: str, since: date, until: date, by: Json) -> Json:
    """An entry of `notAvailable`; `by` is the Reference of who replaces, `why` what others read of it."""
    return {
        "extension": [{"url": REPLACED_BY, "valueReference": by}],
        "description": why,
        "during": {"start": since.isoformat(), "end": until.isoformat()},
    }
