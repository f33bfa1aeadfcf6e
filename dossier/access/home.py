"""Where a resource lives: pure, total, the only place that decides it (DATA-MODEL §1).

First by type, then `profile` when the patient's side wrote it, then the R4 patient compartment, else the
directory's `import` room, which administrators empty. Resources that name a patient outside the R4
compartment (Task.for, Device.patient, Contract.subject...) belong to that patient too: nothing that speaks
of a patient lands in the directory.
"""

from typing import Any, Final, NamedTuple

from dossier.access.facets import Facet, may_carry
from dossier.access.matrix import MatrixPack
from dossier.errors import Invalid, Issue
from dossier.fhir.compartment import literal_patient, patient_references

MASKED: Final = "MASQUE_PS"
NOT_PATIENT: Final = "INVISIBLE_PATIENT"
NOT_REPRESENTATIVES: Final = "INVISIBLE_REPRESENTANTS_LEGAUX"
LABELS: Final = frozenset({MASKED, NOT_PATIENT, NOT_REPRESENTATIVES})
"""Visibility labels of JDV_J08."""

ACTING_PATIENT: Final = "self"
ACTING_REPRESENTATIVE: Final = "representative"
PATIENT_SIDE: Final = frozenset({ACTING_PATIENT, ACTING_REPRESENTATIVE})
"""What `acting` says when the author is the patient or a representative; else it is a situation id."""

DOCUMENT_TYPES: Final = frozenset({"DocumentReference", "DocumentManifest", "Composition"})
AGENDA_TYPES: Final = frozenset({"Appointment", "AppointmentResponse", "Schedule", "Slot"})
DIRECTORY_TYPES: Final = frozenset(
    {
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "OrganizationAffiliation",
        "Location",
        "HealthcareService",
        "Endpoint",
        "Medication",
        "MedicationKnowledge",
        "Substance",
    }
)
_ACCESS_TYPES: Final = frozenset({"Consent", "AuditEvent"})
_NAMING: Final = ("patient", "subject", "for", "securityContext")


class Author(NamedTuple):
    """Who writes. `account` 0: no person is named, the organisation `unit` is the author.

    `profession` is the code the person acts under; `secret` a minor's secret connection.
    """

    account: int
    unit: int
    profession: str = ""
    secret: bool = False


class Home(NamedTuple):
    """`kind` of owner, the patients named (literal references, the subject first), the facet's name."""

    kind: str
    patients: tuple[str, ...]
    facet: str


def home(
    resource: dict[str, Any],
    author: Author,
    acting: str,
    labels: frozenset[str],
    pack: MatrixPack,
) -> Home:
    """The home of a resource under these labels.

    Total: every JSON object has a home, or Invalid says why its labels cannot be kept. Rules: `label_unknown`,
    `masked_and_not_visible` (VIS-02), `label_not_for_this_type` (a facet without that form; in a secret
    connection everything must be able to hide from representatives).
    """
    if not labels <= LABELS:
        raise _refusal("label_unknown")
    if MASKED in labels and NOT_PATIENT in labels:
        raise _refusal("masked_and_not_visible")
    rtype = resource.get("resourceType")
    if rtype in AGENDA_TYPES:
        return _unlabelled("agenda", _patients(resource), "diary", labels)
    if rtype == "Communication":
        return _unlabelled("conversation", _patients(resource), "thread", labels)
    if rtype in DIRECTORY_TYPES:
        return _unlabelled("directory", (), "public", labels)
    patients = _patients(resource)
    if not patients:
        return _unlabelled("directory", (), "import", labels)
    if author.secret:
        labels |= {NOT_REPRESENTATIVES}
    return Home("patient", patients, _patient_facet(resource, author, acting, labels, pack))


def may_be_masked(rtype: str, root: str | None) -> bool:
    """Only documents, and what was derived from one, can be masked to professionals."""
    return rtype in DOCUMENT_TYPES or root is not None


def document_type(resource: dict[str, Any]) -> str:
    """The type code of a document: the first coding of `type`, empty where there is none."""
    concept = resource.get("type")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        code = coding.get("code") if isinstance(coding, dict) else None
        if isinstance(code, str) and code:
            return code
    return ""


def _patient_facet(
    resource: dict[str, Any],
    author: Author,
    acting: str,
    labels: frozenset[str],
    pack: MatrixPack,
) -> str:
    rtype = resource.get("resourceType")
    if rtype == "Patient":
        return _hidden(Facet("identity"), labels)
    if rtype in _ACCESS_TYPES:
        return _hidden(Facet("access"), labels)
    if rtype == "Task":
        return _hidden(Facet("desk"), labels)
    if acting in PATIENT_SIDE and not (rtype in DOCUMENT_TYPES and MASKED in labels):
        return _hidden(Facet("profile"), labels)
    cls = pack.clinical_class
    if rtype in DOCUMENT_TYPES:
        cls = pack.doc_class(document_type(resource))
    return _record_facet(cls, author, labels, pack)


def _record_facet(cls: str, author: Author, labels: frozenset[str], pack: MatrixPack) -> str:
    cares = author.profession in pack.professions
    named = author.account if author.account and (cares or not author.unit) else author.unit
    masked_by = exception = None
    if MASKED in labels:
        if not named:
            raise _refusal("masked_without_author")
        masked_by = named
    elif cares and author.account and not pack.may_read(author.profession, cls):
        exception = author.account
    return _hidden(Facet("rec", cls, masked_by, exception), labels - {MASKED})


def _hidden(facet: Facet, labels: frozenset[str]) -> str:
    """Add `np`, else `nr`; a release of an `np` row computes its home again with the labels left."""
    if MASKED in labels:
        raise _refusal("label_not_for_this_type")
    if NOT_PATIENT in labels:
        if not may_carry(facet.kind, "np"):
            raise _refusal("label_not_for_this_type")
        return facet._replace(np=True).name
    if NOT_REPRESENTATIVES in labels:
        if not may_carry(facet.kind, "nr"):
            raise _refusal("label_not_for_this_type")
        return facet._replace(nr=True).name
    return facet.name


def _unlabelled(kind: str, patients: tuple[str, ...], facet: str, labels: frozenset[str]) -> Home:
    if labels:
        raise _refusal("label_not_for_this_type")
    return Home(kind, patients, facet)


def _patients(resource: dict[str, Any]) -> tuple[str, ...]:
    found = patient_references(resource)
    if found:
        return found
    values = (resource.get(element) for element in _NAMING)
    each = (one for value in values for one in (value if isinstance(value, list) else [value]))
    return tuple(dict.fromkeys(literal for one in each if (literal := literal_patient(one))))


def _refusal(rule: str) -> Invalid:
    return Invalid((Issue("labels", rule),))
