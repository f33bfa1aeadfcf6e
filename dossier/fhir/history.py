"""Past history that is not a Condition: Procedure (R4 §9.3), FamilyMemberHistory (§9.4), and the List (§11.8)
by which somebody says that they went through it.

R4 names no author of a family history: who wrote it stands in its note, and in the journal.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.dates import Precision, precision
from dossier.fhir.elements import (
    LOINC,
    SNOMED,
    UCUM,
    Annotation,
    Coding,
    Concept,
    Json,
    Period,
    Quantity,
    Reference,
    Signature,
    annotation,
    concept,
    first_code,
    member,
    read,
    words,
)
from dossier.fhir.problems import Chapter

_SURGICAL: Final = "387713003"
ROLE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
REVIEWED: Final = "11348-0"
"""LOINC, history of past illness: the List of a review."""


class Kin(StrEnum):
    """The relatives a doctor asks about (v3-RoleCode)."""

    FATHER = "FTH"
    MOTHER = "MTH"
    BROTHER = "BRO"
    SISTER = "SIS"
    SON = "SON"
    DAUGHTER = "DAU"
    GRANDFATHER = "GRFTH"
    GRANDMOTHER = "GRMTH"
    UNCLE = "UNCLE"
    AUNT = "AUNT"
    OTHER = ""


class Procedure(Struct, frozen=True, kw_only=True, gc=False):
    """`chapter` is set when the act belongs to the past history (an operation, a delivery)."""

    id: str
    label: str
    system: str = ""
    code: str = ""
    at: str = ""
    status: str = ""
    chapter: Chapter | None = None
    performer: str = ""
    performer_name: str = ""
    writer: str = ""
    writer_name: str = ""
    reason: str = ""
    reason_code: str = ""
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status not in ("entered-in-error", "not-done")


class FamilyLine(Struct, frozen=True, kw_only=True, gc=False):
    """One condition of one relative. `at_age` is as written (`52 a`)."""

    id: str
    relation: str
    kin: Kin = Kin.OTHER
    label: str
    at_age: str = ""
    at: str = ""
    status: str = ""
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status != "entered-in-error"


class _Actor(Struct, frozen=True, kw_only=True, gc=False):
    actor: Reference | None = None


class _Procedure(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    status_reason: Concept | None = None
    category: Concept | None = None
    code: Concept | None = None
    performed_date_time: str = ""
    performed_period: Period | None = None
    performed_string: str = ""
    performer: tuple[_Actor, ...] = ()
    recorder: Reference | None = None
    note: tuple[Annotation, ...] = ()


class _FamilyCondition(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    code: Concept | None = None
    onset_age: Quantity | None = None
    onset_string: str = ""
    note: tuple[Annotation, ...] = ()


class _Family(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    date: str = ""
    relationship: Concept | None = None
    condition: tuple[_FamilyCondition, ...] = ()
    note: tuple[Annotation, ...] = ()


_procedures = msgspec.json.Decoder(_Procedure)
_families = msgspec.json.Decoder(_Family)


def decode_procedure(body: bytes) -> Procedure:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_procedures, body)
    system, code = first_code(raw.code)
    who = next((item.actor for item in raw.performer if item.actor), None) or raw.recorder
    return Procedure(
        id=raw.id,
        label=words(raw.code),
        system=system,
        code=code,
        at=raw.performed_date_time
        or (raw.performed_period.start if raw.performed_period else "")
        or raw.performed_string,
        status=raw.status,
        chapter=_chapter(raw.category),
        performer=who.reference if who else "",
        performer_name=who.display if who else "",
        writer=raw.recorder.reference if raw.recorder else "",
        writer_name=raw.recorder.display if raw.recorder else "",
        reason=words(raw.status_reason),
        reason_code=first_code(raw.status_reason)[1],
        note=" ".join(item.text for item in raw.note if item.text),
    )


def decode_family(body: bytes) -> tuple[FamilyLine, ...]:
    """One line per condition. Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_families, body)
    note = " ".join(item.text for item in raw.note if item.text)
    conditions = raw.condition or (_FamilyCondition(),)
    return tuple(
        FamilyLine(
            id=raw.id,
            relation=words(raw.relationship),
            kin=member(Kin, first_code(raw.relationship)[1]),
            label=words(item.code) or note,
            at_age=_age(item),
            at=raw.date,
            status=raw.status,
            note=" ".join(line.text for line in (*item.note, *raw.note) if line.text),
        )
        for item in conditions
    )


def _age(item: _FamilyCondition) -> str:
    if item.onset_age is None or item.onset_age.value is None:
        return item.onset_string
    return f"{item.onset_age.value.normalize():f} {item.onset_age.unit or item.onset_age.code}"


def _chapter(category: Concept | None) -> Chapter | None:
    if category is None:
        return None
    if first_code(category) == (SNOMED, _SURGICAL):
        return Chapter.SURGICAL
    text = words(category).casefold()
    if "surg" in text or "chirurg" in text:
        return Chapter.SURGICAL
    return Chapter.OBSTETRIC if "obst" in text else None


class NewProcedure(Struct, frozen=True, kw_only=True):
    """What a person says of an operation, a delivery or another act; `by` did it, where that is known.

    `at` is an R4 date, or words (`1984 et 1987`). `chapter` None: an act that is no past history.
    """

    label: str
    at: str = ""
    chapter: Chapter | None = None
    by: str = ""
    note: str = ""


class NewRelative(Struct, frozen=True, kw_only=True):
    """One illness of one relative; `age` at its beginning, in years."""

    kin: Kin
    relation: str
    label: str
    age: int | None = None
    note: str = ""


def build_procedure(said: NewProcedure, *, rid: str, patient: str, signature: Signature) -> Json:
    body: Json = {
        "resourceType": "Procedure",
        "id": rid,
        "status": "completed",
        "subject": {"reference": patient},
        "recorder": signature.author,
        **procedure_elements(said),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def procedure_elements(said: NewProcedure) -> Json:
    """The elements a person words, without the note: what a revision replaces."""
    found: Json = {"code": concept(said.label)}
    if said.at:
        known = precision(said.at) is not Precision.UNKNOWN
        found["performedDateTime" if known else "performedString"] = said.at
    if said.chapter is not None:
        found["category"] = {"text": str(said.chapter)}
    if said.by:
        found["performer"] = [{"actor": {"type": "Practitioner", "display": said.by}}]
    return found


def build_relative(said: NewRelative, *, rid: str, patient: str, signature: Signature) -> Json:
    body: Json = {
        "resourceType": "FamilyMemberHistory",
        "id": rid,
        "status": "completed",
        "patient": {"reference": patient},
        "date": signature.at,
        **relative_elements(said),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def relative_elements(said: NewRelative) -> Json:
    """The elements a person words, without the note: what a revision replaces."""
    illness: Json = {"code": concept(said.label)}
    if said.age is not None:
        illness["onsetAge"] = {"value": said.age, "unit": "ans", "system": UCUM, "code": "a"}
    codes = (Coding(system=ROLE, code=said.kin),) if said.kin else ()
    return {"relationship": concept(said.relation, *codes), "condition": [illness]}


class Review(Struct, frozen=True, kw_only=True, gc=False):
    """The past history was gone through. `of_history` False: a List of something else."""

    id: str
    at: str
    status: str = ""
    of_history: bool = False
    author: str = ""
    author_name: str = ""

    @property
    def counts(self) -> bool:
        return self.of_history and self.status != "entered-in-error"


class _List(Struct, frozen=True, kw_only=True, gc=False):
    id: str = ""
    status: str = ""
    code: Concept | None = None
    date: str = ""
    source: Reference | None = None


_lists = msgspec.json.Decoder(_List)


def decode_review(body: bytes) -> Review:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_lists, body)
    return Review(
        id=raw.id,
        at=raw.date,
        status=raw.status,
        of_history=first_code(raw.code) == (LOINC, REVIEWED),
        author=raw.source.reference if raw.source else "",
        author_name=raw.source.display if raw.source else "",
    )


def build_review(
    label: str, lines: tuple[str, ...], *, rid: str, patient: str, signature: Signature
) -> Json:
    """`lines` are the references of what was seen; none gives the reason that there is none."""
    body: Json = {
        "resourceType": "List",
        "id": rid,
        "status": "current",
        "mode": "snapshot",
        "code": concept(label, Coding(system=LOINC, code=REVIEWED)),
        "subject": {"reference": patient},
        "date": signature.at,
        "source": signature.author,
    }
    if lines:
        return {**body, "entry": [{"item": {"reference": line}} for line in lines]}
    empty = Coding(
        system="http://terminology.hl7.org/CodeSystem/list-empty-reason", code="nilknown"
    )
    return {**body, "emptyReason": concept("", empty)}
