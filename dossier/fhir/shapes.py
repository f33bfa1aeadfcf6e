"""Where each R4 type keeps its date, its main concept, its people and its words (FHIR R4 4.0.1)."""

from typing import Final, NamedTuple


class Shape(NamedTuple):
    """Where a type keeps its date and its main concept; first that is there wins."""

    at: tuple[str, ...]
    title: tuple[str, ...]


GENERAL: Final = Shape(
    (
        "effectiveDateTime",
        "effectivePeriod",
        "occurrenceDateTime",
        "occurrencePeriod",
        "performedDateTime",
        "performedPeriod",
        "period",
        "date",
        "dateTime",
        "authoredOn",
        "recordedDate",
        "created",
        "issued",
        "recorded",
        "authored",
    ),
    ("code", "type", "title", "description", "name", "category"),
)
_DRUG: Final = ("medicationCodeableConcept", "medicationReference")
SHAPES: Final[dict[str, Shape]] = {
    "AllergyIntolerance": Shape(
        ("recordedDate", "onsetDateTime", "onsetPeriod", "lastOccurrence"), ("code", "reaction")
    ),
    "Appointment": Shape(
        ("start", "requestedPeriod", "created"),
        ("description", "appointmentType", "serviceType", "reasonCode"),
    ),
    "CarePlan": Shape(("period", "created"), ("title", "description", "category")),
    "Claim": Shape(("billablePeriod", "created"), ("type",)),
    "Communication": Shape(("sent", "received"), ("topic", "category", "payload", "reasonCode")),
    "Condition": Shape(
        ("onsetDateTime", "onsetPeriod", "recordedDate", "abatementDateTime"), ("code", "category")
    ),
    "Consent": Shape(("dateTime", "provision"), ("scope", "category")),
    "DeviceUseStatement": Shape(
        ("timingDateTime", "timingPeriod", "recordedOn"), ("reasonCode", "device")
    ),
    "DiagnosticReport": Shape(
        ("effectiveDateTime", "effectivePeriod", "issued"), ("code", "category")
    ),
    "DocumentReference": Shape(("context", "date", "content"), ("description", "type", "content")),
    "Encounter": Shape(("period", "statusHistory"), ("type", "reasonCode", "serviceType", "class")),
    "ExplanationOfBenefit": Shape(("billablePeriod", "created"), ("type",)),
    "FamilyMemberHistory": Shape(("date",), ("condition", "relationship")),
    "Goal": Shape(("startDate", "statusDate"), ("description",)),
    "ImagingStudy": Shape(("started",), ("description", "procedureCode", "modality", "series")),
    "Immunization": Shape(("occurrenceDateTime", "occurrenceString", "recorded"), ("vaccineCode",)),
    "Media": Shape(
        ("createdDateTime", "createdPeriod", "issued"), ("content", "type", "modality", "view")
    ),
    "MedicationAdministration": Shape(("effectiveDateTime", "effectivePeriod"), _DRUG),
    "MedicationDispense": Shape(("whenHandedOver", "whenPrepared"), _DRUG),
    "MedicationRequest": Shape(("authoredOn",), _DRUG),
    "MedicationStatement": Shape(("effectiveDateTime", "effectivePeriod", "dateAsserted"), _DRUG),
    "NutritionOrder": Shape(("dateTime",), ("oralDiet", "supplement")),
    "Observation": Shape(
        ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued"),
        ("code", "category"),
    ),
    "Location": Shape((), ("name", "description", "type")),
    "Organization": Shape((), ("name", "type")),
    "Patient": Shape((), ()),
    "Practitioner": Shape((), ("name", "qualification")),
    "PractitionerRole": Shape((), ("code", "specialty")),
    "Procedure": Shape(("performedDateTime", "performedPeriod"), ("code", "category")),
    "Provenance": Shape(("occurredDateTime", "occurredPeriod", "recorded"), ("activity", "reason")),
    "QuestionnaireResponse": Shape(("authored",), ("questionnaire",)),
    "RelatedPerson": Shape(("period",), ("name", "relationship")),
    "RiskAssessment": Shape(("occurrenceDateTime", "occurrencePeriod"), ("code", "method")),
    "Schedule": Shape(("planningHorizon",), ("comment", "serviceType", "specialty")),
    "ServiceRequest": Shape(
        ("authoredOn", "occurrenceDateTime", "occurrencePeriod"), ("code", "category")
    ),
    "Slot": Shape(("start",), ("comment", "serviceType", "appointmentType")),
    "Specimen": Shape(("collection", "receivedTime"), ("type",)),
    "Task": Shape(("executionPeriod", "authoredOn", "lastModified"), ("description", "code")),
    "VisionPrescription": Shape(("dateWritten", "created"), ()),
}

SUBJECTS: Final = ("subject", "patient", "beneficiary", "for", "individual")
AUTHORS: Final = (
    "author",
    "recorder",
    "asserter",
    "performer",
    "requester",
    "sender",
    "informationSource",
    "participant",
    "agent",
    "provider",
    "interpreter",
    "resultsInterpreter",
    "source",
)
ACTORS: Final = ("actor", "individual", "member", "who")
HUMAN: Final = frozenset(
    (
        "display",
        "text",
        "title",
        "description",
        "comment",
        "conclusion",
        "summary",
        "name",
        "div",
        "family",
        "given",
        "valueString",
        "valueMarkdown",
        "contentString",
        "patientInstruction",
        "instructions",
        "occurrenceString",
        "onsetString",
        "abatementString",
        "performedString",
        "deceasedString",
        "bornString",
        "lotNumber",
        "city",
        "details",
        "alias",
        "purpose",
        "topic",
    )
)
UNREAD: Final = frozenset(
    (
        "meta",
        "extension",
        "modifierExtension",
        "identifier",
        "status",
        "subject",
        "patient",
        "encounter",
        "period",
        "valueQuantity",
        "adjudication",
        "total",
        "payment",
        "insurance",
        "insurer",
        "provider",
        "clinicalStatus",
        "verificationStatus",
        "billablePeriod",
        "data",
    )
)
"""Elements without words of their own; the patient's name is searched in the patient only."""
