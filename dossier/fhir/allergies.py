"""Allergies and adverse reactions: AllergyIntolerance (R4 §9.1).

"No known allergy" is itself a coded assertion (SNOMED CT 716186003), dated and signed; the absence of
any resource says nothing. Both our bodies and foreign ones (Synthea) decode to `Allergy`.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    SNOMED,
    Annotation,
    Coding,
    Concept,
    Json,
    Period,
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

CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
NO_KNOWN_ALLERGY: Final = "716186003"
NO_KNOWN: Final = frozenset((NO_KNOWN_ALLERGY, "409137002", "428607008", "429625007"))
"""No known allergy; no known drug / environmental / food allergy."""


class Severity(StrEnum):
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"
    UNKNOWN = ""


class Criticality(StrEnum):
    LOW = "low"
    HIGH = "high"
    UNABLE = "unable-to-assess"
    UNKNOWN = ""


class Certainty(StrEnum):
    """verificationStatus; `UNKNOWN` reads `non précisée`."""

    CONFIRMED = "confirmed"
    PROBABLE = "presumed"
    UNCONFIRMED = "unconfirmed"
    REFUTED = "refuted"
    ERRONEOUS = "entered-in-error"
    UNKNOWN = ""


class Activity(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    RESOLVED = "resolved"
    UNKNOWN = ""


class Allergy(Struct, frozen=True, kw_only=True, gc=False):
    """One allergy as it is listed. `none_known`: the assertion that there is none (or none of a kind:
    `partial`). `counts`: it must be shown as a known allergy: neither refuted nor an error nor resolved.
    """

    id: str
    agent: str
    system: str = ""
    code: str = ""
    reactions: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    criticality: Criticality = Criticality.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    activity: Activity = Activity.UNKNOWN
    intolerance: bool = False
    since: str = ""
    recorded: str = ""
    verified: str = ""
    recorder: str = ""
    recorder_name: str = ""
    by_patient: bool = False
    none_known: bool = False
    partial: bool = False
    note: str = ""

    @property
    def counts(self) -> bool:
        return (
            not self.none_known
            and self.certainty not in (Certainty.REFUTED, Certainty.ERRONEOUS)
            and self.activity not in (Activity.INACTIVE, Activity.RESOLVED)
        )

    @property
    def asserts_none(self) -> bool:
        """A live assertion that there is no allergy at all."""
        return (
            self.none_known
            and not self.partial
            and self.certainty not in (Certainty.REFUTED, Certainty.ERRONEOUS)
            and self.activity not in (Activity.INACTIVE, Activity.RESOLVED)
        )


class _Reaction(Struct, frozen=True, kw_only=True, gc=False):
    substance: Concept | None = None
    manifestation: tuple[Concept, ...] = ()
    description: str = ""
    onset: str = ""
    severity: str = ""


class _AllergyIntolerance(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    type: str = ""
    criticality: str = ""
    code: Concept | None = None
    onset_date_time: str = ""
    onset_period: Period | None = None
    onset_string: str = ""
    recorded_date: str = ""
    last_occurrence: str = ""
    recorder: Reference | None = None
    asserter: Reference | None = None
    note: tuple[Annotation, ...] = ()
    reaction: tuple[_Reaction, ...] = ()


_decoder = msgspec.json.Decoder(_AllergyIntolerance)


def decode(body: bytes) -> Allergy:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    system, code = first_code(raw.code)
    author = raw.asserter or raw.recorder
    severities = {reaction.severity for reaction in raw.reaction}
    none_known = code in NO_KNOWN
    by_patient = author is not None and (
        author.reference.startswith(("Patient/", "RelatedPerson/")) or author.type == "Patient"
    )
    return Allergy(
        id=raw.id,
        agent=words(raw.code) or _substance(raw.reaction),
        system=system,
        code=code,
        reactions=_reactions(raw.reaction),
        severity=_worst(severities),
        criticality=member(Criticality, raw.criticality),
        certainty=member(Certainty, first_code(raw.verification_status)[1]),
        activity=member(Activity, first_code(raw.clinical_status)[1]),
        intolerance=raw.type == "intolerance",
        since=_since(raw),
        recorded=raw.recorded_date,
        verified=raw.note[-1].time if none_known and raw.note else raw.recorded_date,
        recorder=author.reference if author else "",
        recorder_name=author.display if author else "",
        by_patient=by_patient,
        none_known=none_known,
        partial=none_known and code != NO_KNOWN_ALLERGY,
        note=" ".join(item.text for item in raw.note if item.text),
    )


def _reactions(raw: tuple[_Reaction, ...]) -> tuple[str, ...]:
    found = []
    for reaction in raw:
        shown = " + ".join(text for item in reaction.manifestation if (text := words(item)))
        if shown or reaction.description:
            found.append(shown or reaction.description)
    return tuple(found)


def _substance(raw: tuple[_Reaction, ...]) -> str:
    return next((text for item in raw if (text := words(item.substance))), "")


def _worst(severities: set[str]) -> Severity:
    for severity in (Severity.SEVERE, Severity.MODERATE, Severity.MILD):
        if severity in severities:
            return severity
    return Severity.UNKNOWN


def _since(raw: _AllergyIntolerance) -> str:
    period = raw.onset_period.start if raw.onset_period else ""
    reaction = next((item.onset for item in raw.reaction if item.onset), "")
    return raw.onset_date_time or period or raw.onset_string or reaction or raw.last_occurrence


class NewAllergy(Struct, frozen=True, kw_only=True):
    """What a person says of an allergy. `since` is a date of any precision; `reactions` one text an event."""

    agent: str
    agent_code: Coding | None = None
    reactions: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    criticality: Criticality = Criticality.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    since: str = ""
    note: str = ""


def build(said: NewAllergy, *, rid: str, patient: str, signature: Signature) -> Json:
    """A known allergy of the patient whose literal reference is `patient`."""
    body: Json = {
        "resourceType": "AllergyIntolerance",
        "id": rid,
        "clinicalStatus": coded(CLINICAL, Activity.ACTIVE),
        "patient": {"reference": patient},
        "recordedDate": signature.at,
        "recorder": signature.author,
        "asserter": signature.author,
        **said_elements(said),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def said_elements(said: NewAllergy) -> Json:
    """The elements a person words, without the note: what a revision replaces."""
    found: Json = {"code": concept(said.agent, *((said.agent_code,) if said.agent_code else ()))}
    if said.certainty:
        found["verificationStatus"] = coded(VERIFICATION, said.certainty)
    if said.criticality:
        found["criticality"] = str(said.criticality)
    if said.since:
        found["onsetDateTime"] = said.since
    if said.reactions:
        found["reaction"] = reaction_element(said.reactions, said.severity)
    return found


def reaction_element(reactions: tuple[str, ...], severity: Severity) -> list[Json]:
    """One reaction per event; `a + b` in one text means the same event."""
    found: list[Json] = []
    for text in reactions:
        event: Json = {"manifestation": [concept(part.strip()) for part in text.split(" + ")]}
        if severity:
            event["severity"] = str(severity)
        found.append(event)
    return found


def build_none_known(*, rid: str, patient: str, signature: Signature) -> Json:
    """The explicit assertion that no allergy is known."""
    return {
        "resourceType": "AllergyIntolerance",
        "id": rid,
        "clinicalStatus": coded(CLINICAL, Activity.ACTIVE),
        "verificationStatus": coded(VERIFICATION, Certainty.CONFIRMED),
        "code": concept(
            "",
            Coding(system=SNOMED, code=NO_KNOWN_ALLERGY, display="No known allergy (situation)"),
        ),
        "patient": {"reference": patient},
        "recordedDate": signature.at,
        "recorder": signature.author,
        "asserter": signature.author,
    }


def entered_in_error(body: Json, *, reason: str, signature: Signature) -> Json:
    """The same allergy, marked as an error (ait-2: then it has no clinical status)."""
    marked = {key: value for key, value in body.items() if key != "clinicalStatus"}
    marked["verificationStatus"] = coded(VERIFICATION, Certainty.ERRONEOUS)
    marked["note"] = [*body.get("note", []), annotation(reason, signature)]
    return marked
