"""Which patients a resource belongs to: the R4 patient compartment.

`_MEMBERS` is the table of the R4 4.0.1 CompartmentDefinition for Patient, its search parameters spelled as
the elements they read. A path walks elements and lists; only references that can name a patient count.
Pure and total: what is odd belongs to nobody.
"""

from typing import Any, Final

_MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "Account": ("subject",),
    "AdverseEvent": ("subject",),
    "AllergyIntolerance": ("patient", "recorder", "asserter"),
    "Appointment": ("participant.actor",),
    "AppointmentResponse": ("actor",),
    "AuditEvent": ("agent.who", "entity.what"),
    "Basic": ("subject", "author"),
    "BodyStructure": ("patient",),
    "CarePlan": ("subject", "activity.detail.performer"),
    "CareTeam": ("subject", "participant.member"),
    "ChargeItem": ("subject",),
    "Claim": ("patient", "payee.party"),
    "ClaimResponse": ("patient",),
    "ClinicalImpression": ("subject",),
    "Communication": ("subject", "sender", "recipient"),
    "CommunicationRequest": ("subject", "sender", "recipient", "requester"),
    "Composition": ("subject", "author", "attester.party"),
    "Condition": ("subject", "asserter"),
    "Consent": ("patient",),
    "Coverage": ("policyHolder", "subscriber", "beneficiary", "payor"),
    "CoverageEligibilityRequest": ("patient",),
    "CoverageEligibilityResponse": ("patient",),
    "DetectedIssue": ("patient",),
    "DeviceRequest": ("subject", "performer"),
    "DeviceUseStatement": ("subject",),
    "DiagnosticReport": ("subject",),
    "DocumentManifest": ("subject", "author", "recipient"),
    "DocumentReference": ("subject", "author"),
    "Encounter": ("subject",),
    "EnrollmentRequest": ("candidate",),
    "EpisodeOfCare": ("patient",),
    "ExplanationOfBenefit": ("patient", "payee.party"),
    "FamilyMemberHistory": ("patient",),
    "Flag": ("subject",),
    "Goal": ("subject",),
    "Group": ("member.entity",),
    "ImagingStudy": ("subject",),
    "Immunization": ("patient",),
    "ImmunizationEvaluation": ("patient",),
    "ImmunizationRecommendation": ("patient",),
    "Invoice": ("subject", "recipient"),
    "List": ("subject", "source"),
    "MeasureReport": ("subject",),
    "Media": ("subject",),
    "MedicationAdministration": ("subject", "performer.actor"),
    "MedicationDispense": ("subject", "receiver"),
    "MedicationRequest": ("subject",),
    "MedicationStatement": ("subject",),
    "MolecularSequence": ("patient",),
    "NutritionOrder": ("patient",),
    "Observation": ("subject", "performer"),
    "Patient": ("link.other",),
    "Person": ("link.target",),
    "Procedure": ("subject", "performer.actor"),
    "Provenance": ("target",),
    "QuestionnaireResponse": ("subject", "author"),
    "RelatedPerson": ("patient",),
    "RequestGroup": ("subject", "action.participant"),
    "ResearchSubject": ("individual",),
    "RiskAssessment": ("subject",),
    "Schedule": ("actor",),
    "ServiceRequest": ("subject", "performer"),
    "Specimen": ("subject",),
    "SupplyDelivery": ("patient",),
    "SupplyRequest": ("deliverTo",),
    "VisionPrescription": ("patient",),
}

_PATHS: Final = {
    rtype: tuple(tuple(path.split(".")) for path in paths) for rtype, paths in _MEMBERS.items()
}

MEMBER_TYPES: Final = frozenset(_MEMBERS)
"""The types that may lie in a patient's compartment."""


def patient_references(resource: dict[str, Any]) -> tuple[str, ...]:
    """The patients this resource belongs to, as literal references: the subject first, once each.

    A Patient belongs to itself (`Patient/id`), then to the patients it is linked to. A `urn:` reference
    counts: inside a bundle it may be the patient's.
    """
    rtype = resource.get("resourceType")
    if rtype.__class__ is not str:
        return ()
    found: list[str] = []
    if rtype == "Patient" and (rid := resource.get("id")).__class__ is str:
        found.append(f"Patient/{rid}")
    for path in _PATHS.get(str(rtype), ()):
        _walk(resource, path, 0, found)
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def literal_patient(value: Any) -> str:
    """The literal of a Reference when it can be a patient's: by its path, its `type`, or a urn."""
    if value.__class__ is not dict:
        return ""
    literal = value.get("reference")
    if literal.__class__ is not str:
        return ""
    if literal.startswith("Patient/") or "/Patient/" in literal:
        return str(literal)
    named = value.get("type")
    if literal[:1] == "#" or (named is not None and named != "Patient"):
        return ""
    return str(literal) if named == "Patient" or literal.startswith("urn:") else ""


def _walk(node: Any, path: tuple[str, ...], depth: int, found: list[str]) -> None:
    if node.__class__ is list:
        for item in node:
            _walk(item, path, depth, found)
    elif depth == len(path):
        if literal := literal_patient(node):
            found.append(literal)
    elif node.__class__ is dict and (inner := node.get(path[depth])) is not None:
        _walk(inner, path, depth + 1, found)
