"""The refusals of an import as FHIR R4 OperationOutcomes, for programs that know FHIR and not us.

One outcome a refusal; its `details` carry our reason as a code and as a sentence, its `diagnostics` where the
resource stood. Nothing of its content.
"""

from collections.abc import Sequence
from typing import Any

from dossier.errors import Issue
from server.cli.words import refusal_text

REASONS = "urn:colloque:import-refusal"
_CODES = {
    "another_person": "conflict",
    "broken_archive": "structure",
    "bundle_refused": "processing",
    "consent_for_another": "suppressed",
    "differs_from_record": "conflict",
    "file_changed": "transient",
    "id_of_another_record": "duplicate",
    "id_twice": "duplicate",
    "ins_of_another": "conflict",
    "invalid": "invalid",
    "no_resource": "required",
    "not_allowed": "forbidden",
    "not_found": "not-found",
    "not_readable": "exception",
    "request_not_taken": "not-supported",
    "too_large": "too-long",
    "unavailable": "deleted",
    "unknown_patient": "not-found",
    "unreadable": "structure",
}
"""Our reasons in the words of FHIR's issue types (required binding); the others are rules of business."""


def outcome(file: str, line: int, resource: str, reason: str, found: Sequence[Issue]) -> Any:
    """One OperationOutcome: an issue for each fault found, or one for the refusal itself."""
    where = f"{file}, line {line}" + (f": {resource}" if resource else "")
    details = {
        "coding": [{"system": REASONS, "code": reason}],
        "text": refusal_text(reason),
    }
    said = {
        "severity": "error",
        "code": _CODES.get(reason, "business-rule"),
        "details": details,
        "diagnostics": where,
    }
    issues = [
        {**said, "diagnostics": f"{where}: {one.rule}", "expression": [one.path]} for one in found
    ]
    return {"resourceType": "OperationOutcome", "issue": issues or [said]}
