"""Past history that is not a Condition: Procedure (R4 §9.3) and FamilyMemberHistory (§9.4)."""

from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    SNOMED,
    Annotation,
    Concept,
    Period,
    Quantity,
    Reference,
    first_code,
    read,
    words,
)
from dossier.fhir.problems import Chapter

_SURGICAL: Final = "387713003"


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
    note: str = ""

    @property
    def counts(self) -> bool:
        return self.status not in ("entered-in-error", "not-done")


class FamilyLine(Struct, frozen=True, kw_only=True, gc=False):
    """One condition of one relative. `at_age` is as written (`52 a`)."""

    id: str
    relation: str
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
            label=words(item.code) or note,
            at_age=_age(item),
            at=raw.date,
            status=raw.status,
            note=" ".join(line.text for line in item.note if line.text),
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
