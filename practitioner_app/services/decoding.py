"""Bodies decoded once per version, for the last few patients."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from dossier.errors import BadAnswer, Invalid, Issue
from dossier.fhir import (
    allergies,
    documents,
    encounters,
    history,
    immunizations,
    medications,
    patients,
    problems,
    results,
)
from dossier.fhir.index import IndexRow, extract
from dossier.wire import codec
from dossier.wire.messages import Version
from practitioner_app.ports import CurrentRow

_PATIENTS_KEPT: Final = 3


class Unreadable(Struct, frozen=True):
    """A body that does not decode: shown as such, never dropped."""


class Plain(Struct, frozen=True, kw_only=True):
    """A type without a struct of its own: the columns of the index."""

    row: IndexRow


def _plain(body: bytes) -> Plain:
    """Bodies of the store were checked when they arrived; here they are only read."""
    try:
        return Plain(row=extract(codec.decode(body, dict)))
    except BadAnswer as error:
        raise Invalid((Issue("$", "unreadable"),)) from error


DECODERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "AllergyIntolerance": allergies.decode,
    "ClinicalImpression": encounters.decode_note,
    "Condition": problems.decode,
    "DiagnosticReport": results.decode_report,
    "DocumentReference": documents.decode,
    "Encounter": encounters.decode,
    "FamilyMemberHistory": history.decode_family,
    "Immunization": immunizations.decode,
    "List": history.decode_review,
    "MedicationRequest": medications.decode,
    "MedicationStatement": medications.decode,
    "Observation": results.decode,
    "Patient": patients.decode,
    "Procedure": history.decode_procedure,
}
OTHER_TYPES: Final = (
    "AdverseEvent",
    "CarePlan",
    "Communication",
    "Composition",
    "DetectedIssue",
    "DeviceUseStatement",
    "EpisodeOfCare",
    "Flag",
    "Goal",
    "ImagingStudy",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "Media",
    "MedicationAdministration",
    "MedicationDispense",
    "NutritionOrder",
    "QuestionnaireResponse",
    "RiskAssessment",
    "ServiceRequest",
    "Specimen",
    "VisionPrescription",
)
CLINICAL_TYPES: Final = tuple(sorted((*DECODERS, *OTHER_TYPES)))
"""What the record screen reads. Claims, coverage, appointments, consents and the like have other screens."""

_Key = tuple[str, str, Version, str]


class Decoded(NamedTuple):
    """A row and what its body says: a struct of `dossier.fhir`, Plain or Unreadable."""

    row: CurrentRow
    value: Any


class Decoding:
    """Thread-safe by construction: a patient's table is replaced whole."""

    def __init__(self) -> None:
        self._tables: OrderedDict[int, dict[_Key, Any]] = OrderedDict()

    def of(self, owner: int, rows: Sequence[CurrentRow]) -> list[Decoded]:
        """Decode what changed since the last time."""
        known = self._tables.get(owner, {})
        table: dict[_Key, Any] = {}
        found = []
        for row in rows:
            key = (row.rtype, row.id, row.version, row.op_id)
            value = known.get(key)
            if value is None:
                value = decode(row.rtype, row.body)
            table[key] = value
            found.append(Decoded(row, value))
        self._tables[owner] = table
        while len(self._tables) > _PATIENTS_KEPT:
            self._tables.popitem(last=False)
        return found

    def forget(self) -> None:
        """Drop everything: the session locks."""
        self._tables.clear()


def decode(rtype: str, body: bytes) -> Any:
    """The struct of a body, or Unreadable."""
    try:
        return DECODERS.get(rtype, _plain)(body)
    except Invalid:
        return Unreadable()
