"""Vaccinations: Immunization (R4 §11.5)."""

import msgspec
from msgspec import Struct

from dossier.fhir.elements import Annotation, Concept, Quantity, Reference, first_code, read, words


class Immunization(Struct, frozen=True, kw_only=True, gc=False):
    """`given` False: refused or not done, with the reason in `reason`. `at` may be words (`enfance`)."""

    id: str
    vaccine: str
    system: str = ""
    code: str = ""
    at: str = ""
    status: str = ""
    given: bool = True
    lot: str = ""
    site: str = ""
    dose_number: str = ""
    reason: str = ""
    performer: str = ""
    performer_name: str = ""
    by_patient: bool = False
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status != "entered-in-error"


class _Performer(Struct, frozen=True, kw_only=True, gc=False):
    actor: Reference | None = None


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
    site: Concept | None = None
    dose_quantity: Quantity | None = None
    performer: tuple[_Performer, ...] = ()
    protocol_applied: tuple[_Protocol, ...] = ()
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_Immunization)


def decode(body: bytes) -> Immunization:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    system, code = first_code(raw.vaccine_code)
    actor = next((item.actor for item in raw.performer if item.actor), None)
    protocol = raw.protocol_applied[0] if raw.protocol_applied else _Protocol()
    dose = protocol.dose_number_string or str(protocol.dose_number_positive_int or "")
    return Immunization(
        id=raw.id,
        vaccine=words(raw.vaccine_code),
        system=system,
        code=code,
        at=raw.occurrence_date_time or raw.occurrence_string or raw.recorded,
        status=raw.status,
        given=raw.status == "completed",
        lot=raw.lot_number,
        site=words(raw.site),
        dose_number=dose,
        reason=words(raw.status_reason),
        performer=actor.reference if actor else "",
        performer_name=actor.display if actor else "",
        by_patient=first_code(raw.report_origin)[1] in ("recall", "patient"),
        note=" ".join(item.text for item in raw.note if item.text),
    )
