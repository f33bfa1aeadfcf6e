"""Consultations: Encounter (R4 §8.11) and the notes written in them (ClinicalImpression, Composition)."""

from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    Annotation,
    Coding,
    Concept,
    Json,
    Period,
    Reference,
    first_code,
    read,
    words,
)
from dossier.fhir.elements import Signature as Signed

PERFORMER: Final = "PPRF"
ATTENDER: Final = "ATND"
"""v3-ParticipationType: who saw the patient and wrote; for whom."""


class Encounter(Struct, frozen=True, kw_only=True, gc=False):
    """`title` is the kind of contact, `reason` why, `note` what was written of it. `author` is who saw the patient,
    `responsible` the colleague for whom.
    """

    id: str
    title: str
    reason: str = ""
    at: str = ""
    until: str = ""
    status: str = ""
    kind: str = ""
    author: str = ""
    author_name: str = ""
    responsible: str = ""
    responsible_name: str = ""
    place: str = ""
    place_name: str = ""
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status not in ("entered-in-error", "cancelled")


class _Participant(Struct, frozen=True, kw_only=True, gc=False):
    type: tuple[Concept, ...] = ()
    individual: Reference | None = None

    @property
    def attends(self) -> bool:
        return any(first_code(item)[1] == ATTENDER for item in self.type)


class _Narrative(Struct, frozen=True, kw_only=True, gc=False):
    status: str = ""
    div: str = ""


class _Encounter(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    class_: Coding | None = msgspec.field(default=None, name="class")
    type: tuple[Concept, ...] = ()
    service_type: Concept | None = None
    participant: tuple[_Participant, ...] = ()
    period: Period | None = None
    reason_code: tuple[Concept, ...] = ()
    service_provider: Reference | None = None


class _Impression(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    code: Concept | None = None
    description: str = ""
    effective_date_time: str = ""
    effective_period: Period | None = None
    date: str = ""
    assessor: Reference | None = None
    encounter: Reference | None = None
    summary: str = ""
    note: tuple[Annotation, ...] = ()


class Note(Struct, frozen=True, kw_only=True, gc=False):
    """What was written in a consultation. `signed`: its status is completed."""

    id: str
    title: str
    text: str
    at: str = ""
    status: str = ""
    author: str = ""
    author_name: str = ""
    encounter: str = ""

    @property
    def signed(self) -> bool:
        return self.status == "completed"

    @property
    def counts(self) -> bool:
        return self.status != "entered-in-error"


_encounters = msgspec.json.Decoder(_Encounter)
_impressions = msgspec.json.Decoder(_Impression)


def decode(body: bytes) -> Encounter:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_encounters, body)
    seen = [item for item in raw.participant if item.individual]
    others = [item.individual for item in seen if not item.attends]
    attending = [item.individual for item in seen if item.attends]
    who = (others or attending or [None])[0]
    responsible = (attending[0] if others and attending else None) or Reference()
    place = raw.service_provider or Reference()
    return Encounter(
        id=raw.id,
        title=next((text for item in raw.type if (text := words(item))), "")
        or words(raw.service_type),
        reason=", ".join(text for item in raw.reason_code if (text := words(item))),
        at=raw.period.start if raw.period else "",
        until=raw.period.end if raw.period else "",
        status=raw.status,
        kind=raw.class_.code if raw.class_ else "",
        author=who.reference if who else "",
        author_name=who.display if who else "",
        responsible=responsible.reference,
        responsible_name=responsible.display,
        place=place.reference,
        place_name=place.display,
    )


def decode_note(body: bytes) -> Note:
    """A ClinicalImpression. Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_impressions, body)
    who = raw.assessor or Reference()
    texts = (raw.summary, *(item.text for item in raw.note))
    return Note(
        id=raw.id,
        title=raw.description or words(raw.code),
        text=" ".join(text for text in texts if text),
        at=raw.effective_date_time
        or (raw.effective_period.start if raw.effective_period else "")
        or raw.date,
        status=raw.status,
        author=who.reference,
        author_name=who.display,
        encounter=raw.encounter.reference if raw.encounter else "",
    )


def build_note(
    text: str, *, title: str, rid: str, patient: str, signature: Signed, encounter: str = ""
) -> Json:
    """A consultation note, signed by its author; `encounter` is the reference of the contact it belongs to."""
    body: Json = {
        "resourceType": "ClinicalImpression",
        "id": rid,
        "status": "completed",
        "subject": {"reference": patient},
        "effectiveDateTime": signature.at,
        "date": signature.at,
        "assessor": signature.author,
        "summary": text,
    }
    if title:
        body["description"] = title
    if encounter:
        body["encounter"] = {"reference": encounter}
    return body
