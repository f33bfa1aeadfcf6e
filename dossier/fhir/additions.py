"""What a patient added, and what a professional decided about it: Task (R4 §12.3).

The addition itself is the patient's and is never changed by anybody else. A decision is a Task of its own
whose `focus` is the addition: `completed` with an `output` when it was taken into the record, as a new
resource of the professional that names where it comes from; `rejected` with a reason when it is kept apart;
`requested` while an answer is owed.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.fhir.elements import Concept, Json, Reference, Signature, annotation, member, read

SYSTEM: Final = "urn:colloque:tasks"
RECONCILE: Final = "reconcile"
COMES_FROM: Final = "urn:colloque:fhir:comes-from"
"""Extension, valueReference: the addition that a resource takes over, where R4 has no element for it."""

_OWN: Final = frozenset(
    ("id", "meta", "text", "implicitRules", "recordedDate", "dateAsserted", "issued", "identifier")
)


class Outcome(StrEnum):
    """Where an addition stands; NONE asks for a decision."""

    ACCEPTED = "completed"
    APART = "rejected"
    ANSWER = "requested"
    NONE = ""


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """`became`: literal reference of the resource that took it over; `reason` why it is kept apart."""

    id: str
    focus: str
    outcome: Outcome
    became: str = ""
    reason: str = ""
    owner: str = ""
    owner_name: str = ""
    at: str = ""


class _Output(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    value_reference: Reference | None = None


class _Task(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    code: Concept | None = None
    status_reason: Concept | None = None
    focus: Reference | None = None
    owner: Reference | None = None
    authored_on: str = ""
    output: tuple[_Output, ...] = ()


_decoder = msgspec.json.Decoder(_Task)


def decode(body: bytes) -> Decision | None:
    """None for a Task that decides about no addition. Raises Invalid(`unreadable`)."""
    raw = read(_decoder, body)
    codings = raw.code.coding if raw.code else ()
    if not any((one.system, one.code) == (SYSTEM, RECONCILE) for one in codings):
        return None
    became = (one.value_reference.reference for one in raw.output if one.value_reference)
    return Decision(
        id=raw.id,
        focus=raw.focus.reference if raw.focus else "",
        outcome=member(Outcome, raw.status),
        became=next(became, ""),
        reason=raw.status_reason.text if raw.status_reason else "",
        owner=raw.owner.reference if raw.owner else "",
        owner_name=raw.owner.display if raw.owner else "",
        at=raw.authored_on,
    )


def taken_over(body: Json, *, rid: str, signature: Signature) -> Json:
    """The professional's own resource with the words of an addition. Raises Invalid(`not_to_be_taken_over`)
    for a type that is taken over by no act of one key.
    """
    rtype, source = body["resourceType"], f"{body['resourceType']}/{body['id']}"
    kept: Json = {name: value for name, value in body.items() if name not in _OWN}
    new: Json = {**kept, "resourceType": rtype, "id": rid}
    said: Json
    author, origin = signature.author, {"reference": source}
    if rtype == "AllergyIntolerance":
        extension = {"url": COMES_FROM, "valueReference": origin}
        own = {"recorder": author, "asserter": author, "recordedDate": signature.at}
        return {**new, **own, "extension": [*body.get("extension", ()), extension]}
    if rtype == "Observation":
        said = {"performer": [author], "issued": signature.at, "status": "final"}
        return {**new, **said, "derivedFrom": [origin]}
    if rtype == "MedicationStatement":
        said = {"informationSource": author, "dateAsserted": signature.at}
        return {**new, **said, "derivedFrom": [origin]}
    if rtype == "DocumentReference":
        said = {"author": [author], "date": signature.at}
        return {**new, **said, "relatesTo": [{"code": "transforms", "target": origin}]}
    raise Invalid((Issue("resourceType", "not_to_be_taken_over"),))


def decided(
    outcome: Outcome,
    *,
    rid: str,
    patient: str,
    focus: str,
    signature: Signature,
    became: str = "",
    words: str = "",
) -> Json:
    """The decision of the author of `signature`. `words`: why it is kept apart, or what is to be answered."""
    body: Json = {
        "resourceType": "Task",
        "id": rid,
        "status": str(outcome),
        "intent": "order",
        "code": {"coding": [{"system": SYSTEM, "code": RECONCILE}]},
        "focus": {"reference": focus},
        "for": {"reference": patient},
        "authoredOn": signature.at,
        "lastModified": signature.at,
        "owner": signature.author,
    }
    if became:
        kind = {"text": "taken into the record as"}
        body["output"] = [{"type": kind, "valueReference": {"reference": became}}]
    if words and outcome is Outcome.APART:
        body["statusReason"] = {"text": words}
    elif words:
        body["note"] = [annotation(words, signature)]
    return body
