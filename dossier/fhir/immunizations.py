"""Vaccinations: Immunization (R4 §11.5).

Who gave the dose is the performer of function AP; who wrote it down, where that is somebody else, the one
of function EP (HL7 v2 table 0443): R4 has no recorder here. A dose that was not given keeps its reason in
`statusReason`, as a code of the R4 list where one fits, always in words.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.dates import Precision, precision
from dossier.fhir.elements import (
    Annotation,
    Coding,
    Concept,
    Json,
    Quantity,
    Reference,
    Signature,
    annotation,
    coded,
    concept,
    first_code,
    member,
    read,
    words,
)

ATC: Final = "http://www.whocc.no/atc"
ORIGIN: Final = "http://terminology.hl7.org/CodeSystem/immunization-origin"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
FUNCTION: Final = "http://terminology.hl7.org/CodeSystem/v2-0443"
_GIVING, _WRITING = "AP", "EP"


class Origin(StrEnum):
    """Where the knowledge comes from: `primarySource` and `reportOrigin`."""

    HERE = "here"
    """The author gave the dose."""
    PROFESSIONAL = "provider"
    """Another professional gave it."""
    DECLARED = "recall"
    """The patient, or a relative, says so."""
    UNKNOWN = ""


class Refusal(StrEnum):
    """Why a dose was not given (immunization-status-reason); OTHER has words only."""

    DECLINED = "PATOBJ"
    CONTRAINDICATED = "MEDPREC"
    IMMUNE = "IMMUNE"
    OUT_OF_STOCK = "OSTOCK"
    OTHER = ""


class Immunization(Struct, frozen=True, kw_only=True, gc=False):
    """`given` False: refused or not done, with the reason in `reason`. `at` may be words (`enfance`).

    `performer` gave it, `writer` wrote it down; equal where one person did both.
    """

    id: str
    vaccine: str
    system: str = ""
    code: str = ""
    at: str = ""
    recorded: str = ""
    status: str = ""
    given: bool = True
    lot: str = ""
    expires: str = ""
    site: str = ""
    route: str = ""
    dose_number: str = ""
    origin: Origin = Origin.UNKNOWN
    refusal: Refusal = Refusal.OTHER
    reason: str = ""
    performer: str = ""
    performer_name: str = ""
    writer: str = ""
    writer_name: str = ""
    by_patient: bool = False
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status != "entered-in-error"

    @property
    def atc(self) -> str:
        """The ATC code, "" where the vaccine has none."""
        return self.code if self.system == ATC else ""


class NewImmunization(Struct, frozen=True, kw_only=True):
    """What a person says of a vaccination. `by`: the name of who gave it, where that is not the author.

    `refusal` None: the dose was given. `at` is an R4 date, or words where nobody knows better.
    """

    vaccine: str
    coding: Coding | None = None
    at: str
    lot: str = ""
    expires: str = ""
    site: str = ""
    route: str = ""
    dose_number: int | None = None
    origin: Origin = Origin.HERE
    by: str = ""
    refusal: Refusal | None = None
    reason: str = ""
    note: str = ""


class _Performer(Struct, frozen=True, kw_only=True, gc=False):
    actor: Reference | None = None
    function: Concept | None = None


class _Protocol(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    dose_number_positive_int: int | None = None
    dose_number_string: str = ""


class _Immunization(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    status_reason: Concept | None = None
    vaccine_code: Concept | None = None
    occurrence_date_time: str = ""
    occurrence_string: str = ""
    recorded: str = ""
    primary_source: bool | None = None
    report_origin: Concept | None = None
    lot_number: str = ""
    expiration_date: str = ""
    site: Concept | None = None
    route: Concept | None = None
    dose_quantity: Quantity | None = None
    performer: tuple[_Performer, ...] = ()
    protocol_applied: tuple[_Protocol, ...] = ()
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_Immunization)


def decode(body: bytes) -> Immunization:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    system, code = first_code(raw.vaccine_code)
    writer = _actor(raw, _WRITING)
    giver = _actor(raw, _GIVING) or next(
        (item.actor for item in raw.performer if item.actor and item.actor is not writer), None
    )
    writer = writer or giver
    protocol = raw.protocol_applied[0] if raw.protocol_applied else _Protocol()
    dose = protocol.dose_number_string or str(protocol.dose_number_positive_int or "")
    return Immunization(
        id=raw.id,
        vaccine=words(raw.vaccine_code),
        system=system,
        code=code,
        at=raw.occurrence_date_time or raw.occurrence_string or raw.recorded,
        recorded=raw.recorded,
        status=raw.status,
        given=raw.status == "completed",
        lot=raw.lot_number,
        expires=raw.expiration_date,
        site=words(raw.site),
        route=words(raw.route),
        dose_number=dose,
        origin=_origin(raw),
        refusal=member(Refusal, first_code(raw.status_reason)[1]),
        reason=words(raw.status_reason),
        performer=giver.reference if giver else "",
        performer_name=giver.display if giver else "",
        writer=writer.reference if writer else "",
        writer_name=writer.display if writer else "",
        by_patient=writer is not None and writer.reference.startswith("Patient/"),
        note=" ".join(item.text for item in raw.note if item.text),
    )


def _actor(raw: _Immunization, function: str) -> Reference | None:
    found = (item.actor for item in raw.performer if first_code(item.function)[1] == function)
    return next((actor for actor in found if actor), None)


def _origin(raw: _Immunization) -> Origin:
    stated = first_code(raw.report_origin)[1]
    if stated in ("recall", "patient"):
        return Origin.DECLARED
    if stated or raw.primary_source is False:
        return Origin.PROFESSIONAL
    return Origin.HERE if raw.primary_source else Origin.UNKNOWN


def build(said: NewImmunization, *, rid: str, patient: str, signature: Signature) -> Json:
    """A dose given, or not given with its reason."""
    body: Json = {
        "resourceType": "Immunization",
        "id": rid,
        "patient": {"reference": patient},
        "recorded": signature.at,
        **said_elements(said, signature),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def said_elements(said: NewImmunization, signature: Signature) -> Json:
    """The elements a person words, without the note: what a revision replaces."""
    occurrence = "DateTime" if precision(said.at) is not Precision.UNKNOWN else "String"
    found: Json = {
        "status": "completed" if said.refusal is None else "not-done",
        "vaccineCode": concept(said.vaccine, *((said.coding,) if said.coding else ())),
        f"occurrence{occurrence}": said.at,
        "primarySource": said.origin is Origin.HERE,
        "performer": _performers(said, signature),
    }
    if said.origin is not Origin.HERE:
        found["reportOrigin"] = coded(ORIGIN, said.origin)
    if said.refusal is not None:
        codes = (Coding(system=ACT_REASON, code=said.refusal),) if said.refusal else ()
        found["statusReason"] = concept(said.reason, *codes)
    for element, text in (("lotNumber", said.lot), ("expirationDate", said.expires)):
        if text:
            found[element] = text
    for element, text in (("site", said.site), ("route", said.route)):
        if text:
            found[element] = {"text": text}
    if said.dose_number:
        found["protocolApplied"] = [{"doseNumberPositiveInt": said.dose_number}]
    return found


def _performers(said: NewImmunization, signature: Signature) -> list[Json]:
    if said.origin is Origin.HERE or said.refusal is not None:
        return [{"actor": signature.author}]
    found: list[Json] = [{"function": coded(FUNCTION, _WRITING), "actor": signature.author}]
    if said.by:
        other = {"type": "Practitioner", "display": said.by}
        found.insert(0, {"function": coded(FUNCTION, _GIVING), "actor": other})
    return found
