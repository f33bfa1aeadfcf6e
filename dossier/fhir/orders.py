"""Orders: ServiceRequest (R4 §13.11). One a line of the paper: one examination, one course of care.

`category` codes the kind by the type of its document, `requisition` joins the lines of one paper,
`occurrencePeriod.end` is the day by which an answer is expected; an order without one is never awaited.
Being chased, done elsewhere or given up is said by a note and a status, never by removing anything.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    LOINC,
    Annotation,
    Coding,
    Concept,
    Identifier,
    Json,
    Period,
    Reference,
    Signature,
    annotation,
    code_in,
    concept,
    first_code,
    member,
    read,
    words,
)

REQUISITION: Final = "urn:colloque:requisition"


class Ordered(StrEnum):
    """Where an order stands; every other status reads OTHER."""

    ACTIVE = "active"
    COMPLETED = "completed"
    REVOKED = "revoked"
    ERRONEOUS = "entered-in-error"
    OTHER = ""


class Order(Struct, frozen=True, kw_only=True, gc=False):
    """`kind`: code of its document's type. `loinc`: what a result must carry to answer it, "" when free.
    `authored` and `expected` are FHIR dates; `notes` oldest first.
    """

    id: str
    label: str
    kind: str = ""
    loinc: str = ""
    status: Ordered = Ordered.OTHER
    authored: str = ""
    expected: str = ""
    reason: str = ""
    requester: str = ""
    requester_name: str = ""
    requisition: str = ""
    notes: tuple[str, ...] = ()

    @property
    def awaited(self) -> bool:
        """Somebody expects an answer by a day."""
        return self.status is Ordered.ACTIVE and bool(self.expected)


class _ServiceRequest(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    category: tuple[Concept, ...] = ()
    code: Concept | None = None
    authored_on: str = ""
    occurrence_period: Period | None = None
    requester: Reference | None = None
    requisition: Identifier | None = None
    reason_code: tuple[Concept, ...] = ()
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_ServiceRequest)


def decode(body: bytes) -> Order:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    return Order(
        id=raw.id,
        label=words(raw.code),
        kind=first_code(raw.category[0])[1] if raw.category else "",
        loinc=code_in(raw.code, LOINC),
        status=member(Ordered, raw.status),
        authored=raw.authored_on,
        expected=raw.occurrence_period.end if raw.occurrence_period else "",
        reason=words(raw.reason_code[0]) if raw.reason_code else "",
        requester=raw.requester.reference if raw.requester else "",
        requester_name=raw.requester.display if raw.requester else "",
        requisition=raw.requisition.value if raw.requisition else "",
        notes=tuple(one.text for one in raw.note if one.text),
    )


class NewOrder(Struct, frozen=True, kw_only=True):
    """What a person orders on one line. `kind` is the coding of its document's type; `code` where the line
    is a known examination; `expected` a day, "" when nothing comes back.
    """

    label: str
    kind: Coding
    code: Coding | None = None
    reason: str = ""
    expected: str = ""
    urgent: bool = False
    requisition: str = ""


def build(said: NewOrder, *, rid: str, patient: str, signature: Signature) -> Json:
    """An active order, signed by its requester."""
    body: Json = {
        "resourceType": "ServiceRequest",
        "id": rid,
        "status": str(Ordered.ACTIVE),
        "intent": "order",
        "category": [concept(said.kind.display, said.kind)],
        "priority": "urgent" if said.urgent else "routine",
        "code": concept(said.label, *((said.code,) if said.code else ())),
        "subject": {"reference": patient},
        "authoredOn": signature.at,
        "requester": signature.author,
    }
    if said.expected:
        body["occurrencePeriod"] = {"start": signature.at[:10], "end": said.expected}
    if said.reason:
        body["reasonCode"] = [{"text": said.reason}]
    if said.requisition:
        body["requisition"] = {"system": REQUISITION, "value": said.requisition}
    return body


def chased(body: Json, *, expected: str, note: str, signature: Signature) -> Json:
    """Asked for again; an answer is now expected by another day."""
    period = {**body.get("occurrencePeriod", {}), "end": expected}
    return _noted({**body, "occurrencePeriod": period}, note, signature)


def ended(body: Json, status: Ordered, *, note: str, signature: Signature) -> Json:
    """Nothing is awaited any more, and why."""
    return _noted({**body, "status": str(status)}, note, signature)


def _noted(body: Json, note: str, signature: Signature) -> Json:
    return {**body, "note": [*body.get("note", []), annotation(note, signature)]}


class Answer(Struct, frozen=True, kw_only=True, gc=False):
    """What a result says of the orders it may answer. `counts` False: cancelled or entered in error."""

    based_on: tuple[str, ...] = ()
    loinc: str = ""
    at: str = ""
    counts: bool = True


class _Answer(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    status: str = ""
    based_on: tuple[Reference, ...] = ()
    code: Concept | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    issued: str = ""


_answers = msgspec.json.Decoder(_Answer)
_NONE: Final = frozenset({"cancelled", "entered-in-error", "registered"})


def decode_answer(body: bytes) -> Answer:
    """Of an Observation or a DiagnosticReport. Raises Invalid(`unreadable`)."""
    raw = read(_answers, body)
    period = raw.effective_period
    at = raw.effective_date_time or (period.start if period else "") or raw.issued
    return Answer(
        based_on=tuple(one.reference for one in raw.based_on),
        loinc=code_in(raw.code, LOINC),
        at=at,
        counts=raw.status not in _NONE,
    )


def answers(answer: Answer, order: Order) -> bool:
    """By name (`basedOn`), or the same analyte sampled on or after the day of the order (HZ-09)."""
    if not answer.counts:
        return False
    if f"ServiceRequest/{order.id}" in answer.based_on:
        return True
    same = bool(order.loinc) and answer.loinc == order.loinc
    return same and bool(answer.at) and answer.at[:10] >= order.authored[:10]
