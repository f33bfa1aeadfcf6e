"""The patient summary (LST-11, EUR-01): what one page says of a patient, and the resources it stands on.

Made anew from the record each time, on a read lane; nothing is kept. Which lines are listed is decided here;
how they are worded, and what of them a page has room for, by the screen.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from dossier.clock import Clock, to_wire
from dossier.entropy import Entropy
from dossier.errors import Unavailable
from dossier.fhir import summaries
from dossier.fhir.dates import sort_key
from dossier.fhir.documents import NewDocument, build
from dossier.fhir.elements import LOINC, Coding, Json
from dossier.fhir.immunizations import Immunization
from dossier.fhir.results import Result
from dossier.fhir.summaries import Head, Part, Section
from dossier.ids import uuid7
from dossier.wire import codec
from practitioner_app.ports import RecordReader
from practitioner_app.services import results
from practitioner_app.services.decoding import Decoding
from practitioner_app.services.record import RecordService
from practitioner_app.services.rows import Measure, Record
from practitioner_app.services.writing import Writer, Written

_SOURCES: Final = (
    "AllergyIntolerance",
    "Condition",
    "FamilyMemberHistory",
    "Immunization",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Patient",
    "Procedure",
)
_VITAL_SIGNS: Final = "vital-signs"
_SOCIAL: Final = "social-history"
_DIRECTORY: Final = ("Practitioner/", "PractitionerRole/", "Organization/")
Key = tuple[str, str]
"""(rtype, id)"""


class Vaccine(Struct, frozen=True, kw_only=True):
    """A dose that was given. `at` may be words (`enfance`)."""

    id: str
    label: str
    at: str = ""
    dose: str = ""
    lot: str = ""


class PatientSummary(Struct, frozen=True, kw_only=True):
    """`measures` and `results` hold the newest value of each, in the order of their names; `vaccines` the
    newest first. `bodies`: what the lines stand on, as this device holds it.
    """

    record: Record
    vaccines: tuple[Vaccine, ...]
    measures: tuple[Measure, ...]
    results: tuple[Measure, ...]
    social: tuple[Measure, ...]
    none_known: tuple[Key, ...]
    """The live assertions that no allergy is known."""
    bodies: Mapping[Key, bytes]


class Worded(Struct, frozen=True, kw_only=True):
    """One section in the words of the screen: each line with the resources it speaks of."""

    part: Part
    title: str
    lines: tuple[tuple[str, tuple[Key, ...]], ...] = ()


class Filing(Struct, frozen=True, kw_only=True):
    """A page to be filed: its bytes, its words, the day it speaks of."""

    title: str
    pdf: bytes
    text: str
    day: str


class SummaryService:
    """Read lane. Raises StoreError kin; Unavailable when this device holds nothing of the patient."""

    def __init__(
        self,
        *,
        reader: RecordReader,
        records: RecordService,
        clock: Clock,
        entropy: Entropy,
        writer: Writer,
    ) -> None:
        self._reader, self._records, self._writer = reader, records, writer
        self._clock, self._entropy = clock, entropy

    def make(self, owner: int) -> PatientSummary:
        record = self._records.open(owner)
        if not record.found:
            raise Unavailable("not_held")
        rows = self._reader.rows(owner, _SOURCES)
        decoded = Decoding().of(owner, rows)
        observed = results.newest(results.observed(decoded)).values()
        return PatientSummary(
            record=record,
            vaccines=_vaccines(decoded),
            measures=_measures(observed, _VITAL_SIGNS),
            results=_measures(observed, ""),
            social=_measures(observed, _SOCIAL),
            none_known=tuple(
                (row.rtype, row.id)
                for row, value in decoded
                if row.rtype == "AllergyIntolerance" and getattr(value, "asserts_none", False)
            ),
            bodies={(row.rtype, row.id): row.body for row in rows},
        )

    def document(
        self,
        summary: PatientSummary,
        sections: Iterable[Worded],
        *,
        title: str,
        language: str,
        custodian: Json | None = None,
    ) -> Json:
        """The same summary as an IPS document (dossier.fhir.summaries), by this person, now."""
        patient = next(
            (_json(body) for key, body in summary.bodies.items() if key[0] == "Patient"), None
        )
        if patient is None:
            raise Unavailable("not_held")
        author = self._writer.signature().author
        worded = [_section(one, summary) for one in sections]
        head = Head(
            title=title,
            language=language,
            at=to_wire(self._clock.now()),
            patient=patient,
            author=author,
            custodian=custodian,
        )
        bodies = [patient, *(body for one in worded for body in one.resources)]
        directory = self._directory([author, custodian or {}, *bodies])
        identifier = UUID(uuid7(self._clock, self._entropy))
        return summaries.document(head, worded, directory, identifier)

    def file(self, owner: int, filing: Filing) -> Written:
        """Write lane. The page becomes a signed document of the record (LST-11). Raises Invalid where it is
        too large, and what Writer.create raises.
        """
        said = NewDocument(
            type=Coding(system=LOINC, code=summaries.DOCUMENT_TYPE, display=filing.title),
            title=filing.title,
            pdf=filing.pdf,
            text=filing.text,
            at=filing.day,
        )
        patient = self._writer.patient_reference(owner)
        signature = self._writer.signature()
        body = build(said, rid=self._writer.new_id(), patient=patient, signature=signature)
        return self._writer.create(owner, body)

    def _directory(self, bodies: Sequence[Json]) -> dict[str, Json]:
        """Whom these bodies name, and whom those name in turn, as far as this device lists them."""
        found: dict[str, Json] = {}
        wanted = {one for body in bodies for one in summaries.references(body)}
        for _ in range(2):
            asked = sorted(one for one in wanted if one.startswith(_DIRECTORY) and one not in found)
            known = {key: _json(body) for key, body in self._reader.directory(asked).items()}
            found |= known
            wanted = {one for body in known.values() for one in summaries.references(body)}
        return found


def _section(worded: Worded, summary: PatientSummary) -> Section:
    keys = dict.fromkeys(key for _, keys in worded.lines for key in keys)
    return Section(
        part=worded.part,
        title=worded.title,
        lines=tuple(line for line, _ in worded.lines),
        resources=tuple(_json(summary.bodies[key]) for key in keys if key in summary.bodies),
    )


def _json(body: bytes) -> Json:
    found: Json = codec.decode(body, dict)
    return found


def _vaccines(decoded: Iterable[Any]) -> tuple[Vaccine, ...]:
    found = [
        Vaccine(id=row.id, label=value.vaccine, at=value.at, dose=value.dose_number, lot=value.lot)
        for row, value in decoded
        if isinstance(value, Immunization) and value.counts and value.given
    ]
    return tuple(sorted(found, key=lambda one: sort_key(one.at), reverse=True))


def _measures(observed: Iterable[tuple[Any, Result]], category: str) -> tuple[Measure, ...]:
    """Of one category; the empty one is what is neither a vital sign nor of the way of life."""
    found = [
        results.measure(row, value)
        for row, value in observed
        if value.category == category
        or (not category and value.category not in (_VITAL_SIGNS, _SOCIAL))
    ]
    return tuple(sorted(found, key=lambda one: one.label.casefold()))
