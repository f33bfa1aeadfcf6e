"""Reviews: somebody's duty to read a result and sign that it was read. Task (R4 §12.3).

One Task a report: `focus` is the DiagnosticReport or Observation, `owner` the one person who must read it
(HZ-08: a result always has one), `status` where that stands: `requested`, `accepted` once its alert value
was acknowledged (HZ-10), `completed` once it was signed as read. Handing it over changes the owner and
says why. What somebody signs who was not asked names, in an extension of our own, who was: both stay written.
Its code is `approve` of the FHIR task codes.
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
SIGNED_FOR: Final = "urn:colloque:fhir:signed-for"


class Standing(StrEnum):
    """Where a review stands; every other status of a Task is OTHER and asks nothing of anybody."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    OTHER = ""


class HandOver(Struct, frozen=True, kw_only=True, gc=False):
    """Who gave it to the present owner, when (as claimed) and why."""

    by: str = ""
    by_name: str = ""
    at: str = ""
    reason: str = ""


class Review(Struct, frozen=True, kw_only=True, gc=False):
    """`focus`: literal reference of what is to be read. `end`: when it was signed, as claimed. `handed`: the
    last time it changed hands. `signed_for`: who was asked, where somebody else signed.
    """

    id: str
    focus: str = ""
    standing: Standing = Standing.OTHER
    owner: str = ""
    owner_name: str = ""
    asked: str = ""
    end: str = ""
    handed: HandOver | None = None
    signed_for: str = ""
    signed_for_name: str = ""

    @property
    def open(self) -> bool:
        return self.standing in (Standing.REQUESTED, Standing.ACCEPTED) and bool(self.focus)


class _Extension(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    url: str = ""
    value_reference: Reference | None = None


class _Task(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    code: Concept | None = None
    focus: Reference | None = None
    owner: Reference | None = None
    authored_on: str = ""
    execution_period: Period | None = None
    note: tuple[Annotation, ...] = ()
    extension: tuple[_Extension, ...] = ()


_decoder = msgspec.json.Decoder(_Task)


def decode(body: bytes) -> Review | None:
    """None for a Task that is no review. Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    if code_in(raw.code, TASK_CODE) != APPROVE:
        return None
    asked = next((one.value_reference for one in raw.extension if one.url == SIGNED_FOR), None)
    return Review(
        id=raw.id,
        focus=raw.focus.reference if raw.focus else "",
        standing=member(Standing, raw.status),
        owner=raw.owner.reference if raw.owner else "",
        owner_name=raw.owner.display if raw.owner else "",
        asked=raw.authored_on,
        end=raw.execution_period.end if raw.execution_period else "",
        handed=_handed(raw.note[-1]) if raw.note else None,
        signed_for=asked.reference if asked else "",
        signed_for_name=asked.display if asked else "",
    )


def _handed(note: Annotation) -> HandOver:
    by = note.author_reference
    return HandOver(
        by=by.reference if by else "",
        by_name=(by.display if by else "") or note.author_string,
        at=note.time,
        reason=note.text,
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
    """Read and signed by the author of `signature`, whoever it was asked of; if it was somebody else, both
    are named.
    """
    period = {**body.get("executionPeriod", {}), "end": signature.at}
    asked, said = body.get("owner", {}), body.get("extension", [])
    key = "reference" if asked.get("reference") and signature.author.get("reference") else "display"
    if asked.get(key) and asked.get(key) != signature.author.get(key):
        kept = [one for one in said if one.get("url") != SIGNED_FOR]
        said = [*kept, {"url": SIGNED_FOR, "valueReference": asked}]
    return {
        **body,
        **({"extension": said} if said else {}),
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
