"""Names of who wrote, from the directory this device holds."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final

from dossier.errors import Invalid
from dossier.fhir import people
from dossier.fhir.allergies import Allergy
from dossier.fhir.documents import Document
from dossier.fhir.encounters import Encounter, Note
from dossier.fhir.history import Procedure, Review
from dossier.fhir.immunizations import Immunization
from dossier.fhir.medications import Treatment
from dossier.fhir.problems import Problem
from dossier.fhir.results import Report, Result
from practitioner_app.ports import RecordReader

_KINDS: Final = ("Practitioner/", "PractitionerRole/", "Organization/")
_KEPT: Final = 4_000


class Authors:
    """Read lane. A reference that the directory does not know stays without a name: never an id on screen."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self._names: dict[str, str] = {}

    def learn(self, references: Iterable[str]) -> None:
        """Fetch, in one query, the names of those not known yet."""
        wanted = sorted(
            {item for item in references if item.startswith(_KINDS) and item not in self._names}
        )
        if not wanted:
            return
        if len(self._names) > _KEPT:
            self._names = {}
        for reference, body in self._reader.directory(wanted).items():
            try:
                self._names[reference] = people.decode(body).name
            except Invalid:
                self._names[reference] = ""

    def name(self, reference: str, display: str = "") -> str:
        """The directory's name, else the one written in the resource."""
        return self._names.get(reference, "") or display

    def forget(self) -> None:
        self._names = {}


_FIELDS: Final[dict[type, Callable[[Any], tuple[str, str]]]] = {
    kind: attrgetter(reference, f"{reference}_name")
    for reference, kinds in (
        ("author", (Encounter, Note, Document, Treatment, Review)),
        ("recorder", (Problem, Allergy)),
        ("performer", (Procedure,)),
        ("writer", (Immunization,)),
    )
    for kind in kinds
}


def who(value: Any) -> tuple[str, str]:
    """(reference, name as written) of the author of a decoded body."""
    kind = type(value)
    if kind is Result or kind is Report:
        return (value.performers[0] if value.performers else ""), value.performer_name
    read = _FIELDS.get(kind)
    return read(value) if read is not None else ("", "")


def written_at(value: Any) -> str:
    """When the author of a decoded body says it was written; empty where it does not say."""
    return getattr(value, "written", "") or getattr(value, "recorded", "")
