"""Screenings and examinations done, never done, or put aside: Procedure (R4 §9.3) under the code of a rule.

A recommendation that somebody puts aside is an act that was not done, with its reason (`status` not-done,
`statusReason`): a vaccination as an Immunization, the rest as a Procedure. Docs/decisions says why.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from dossier.fhir.elements import Coding, Json, Signature, concept

OUTCOME: Final = "urn:colloque:prevention-outcome"
CALENDAR: Final = "urn:colloque:vaccination-calendar"


class Outcome(StrEnum):
    """What is noted of a screening or an examination."""

    DONE = "done"
    NEVER = "never"
    """Asked, and it was never done."""
    DISMISSED = "dismissed"


class NewPrevention(Struct, frozen=True, kw_only=True):
    """`system` and `code` are those of the rule; `reason` is wanted of what is dismissed."""

    system: str
    code: str
    label: str
    at: str
    outcome: Outcome
    reason: str = ""


def build(said: NewPrevention, *, rid: str, patient: str, signature: Signature) -> Json:
    """A Procedure, done or not."""
    body: Json = {
        "resourceType": "Procedure",
        "id": rid,
        "status": "completed" if said.outcome is Outcome.DONE else "not-done",
        "code": concept(said.label, Coding(system=said.system, code=said.code)),
        "subject": {"reference": patient},
        "performedDateTime": said.at,
        "recorder": signature.author,
    }
    if said.outcome is not Outcome.DONE:
        coding = Coding(system=OUTCOME, code=said.outcome)
        body["statusReason"] = concept(said.reason, coding)
    return body
