"""Reviews: somebody's duty to read a result and sign that it was read. Task (R4 §12.3).

One Task a report: `focus` is the DiagnosticReport or Observation, `owner` the one person who must read it
(HZ-08: a result always has one), `status` where that stands: `requested`, `accepted` once its alert value
was acknowledged (HZ-10), `completed` once it was signed as read. Handing it over changes the owner and
says why. Its code is `approve` of the FHIR task codes.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    Annotation,
    Concept,
    Json,
    Period,
    Reference,
    Signature,
    annotation,
    code_in,
    coded,
    member,
    read,
)

TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
APPROVE: Final = "approve"


class Standing(StrEnum):
    """Where a review stands; every other status of a Task is OTHER and asks nothing of anybody."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    OTHER = ""


class Review(Struct, frozen=True, kw_only=True, gc=False):
    """`focus`: literal reference of what is to be read. `end`: when it was signed, as claimed."""

    id: str
    focus: str = ""
    standing: Standing = Standing.OTHER
    owner: str = ""
    owner_name: str = ""
    asked: str = ""
    end: str = ""
    notes: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        return self.standing in (Standing.REQUESTED, Standing.ACCEPTED) and bool(self.focus)


class _Task(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    code: Concept | None = None
    focus: Reference | None = None
    owner: Reference | None = None
    authored_on: str = ""
    execution_period: Period | None = None
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_Task)


def decode(body: bytes) -> Review | None:
    """None for a Task that is no review. Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    if code_in(raw.code, TASK_CODE) != APPROVE:
        return None
    return Review(
        id=raw.id,
        focus=raw.focus.reference if raw.focus else "",
        standing=member(Standing, raw.status),
        owner=raw.owner.reference if raw.owner else "",
        owner_name=raw.owner.display if raw.owner else "",
        asked=raw.authored_on,
        end=raw.execution_period.end if raw.execution_period else "",
        notes=tuple(item.text for item in raw.note if item.text),
    )


def build(*, rid: str, patient: str, focus: str, owner: Json, at: str) -> Json:
    """The duty of `owner` (a Reference) to read `focus`, asked at an instant."""
    return {
        "resourceType": "Task",
        "id": rid,
        "status": Standing.REQUESTED,
        "intent": "order",
        "code": coded(TASK_CODE, APPROVE),
        "focus": {"reference": focus},
        "for": {"reference": patient},
        "authoredOn": at,
        "owner": owner,
    }


def acknowledged(body: Json, signature: Signature) -> Json:
    """The alert value was seen; the result is still to be signed."""
    return {**body, "status": Standing.ACCEPTED, "lastModified": signature.at}


def signed(body: Json, signature: Signature) -> Json:
    """Read and signed by the author of `signature`, whoever it was asked of."""
    period = {**body.get("executionPeriod", {}), "end": signature.at}
    return {
        **body,
        "status": Standing.COMPLETED,
        "owner": signature.author,
        "executionPeriod": period,
        "lastModified": signature.at,
    }


def handed_over(body: Json, *, to: Json, reason: str, signature: Signature) -> Json:
    """Somebody else's duty from now on; the reason stays with it."""
    return {
        **body,
        "status": Standing.REQUESTED,
        "owner": to,
        "note": [*body.get("note", []), annotation(reason, signature)],
        "lastModified": signature.at,
    }
