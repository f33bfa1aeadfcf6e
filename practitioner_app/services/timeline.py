"""The chronology: one line for one event.

A report speaks for its results, a consultation for its note, measures taken together for one another. What
does not decode is a line too. Newest first; a line without a date comes last.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec import structs

from dossier.fhir.allergies import Allergy
from dossier.fhir.dates import sort_key
from dossier.fhir.documents import Document
from dossier.fhir.encounters import Encounter, Note
from dossier.fhir.history import FamilyLine, Procedure, Review
from dossier.fhir.immunizations import Immunization
from dossier.fhir.medications import Taking, Treatment
from dossier.fhir.notes import NOTE_CODE
from dossier.fhir.problems import Problem
from dossier.fhir.results import DIASTOLIC, SYSTOLIC, Flag, Report, Result, Value
from practitioner_app.ports import CurrentRow, ItemState
from practitioner_app.services.decoding import Decoded, Plain, Unreadable
from practitioner_app.services.folding import folded
from practitioner_app.services.note_lines import Page, Pages, words_of_page
from practitioner_app.services.readings import Readings
from practitioner_app.services.rows import Fact, Kind, TimelineItem
from practitioner_app.services.standing import struck_of

_FACTS: Final = 8
_LABORATORY: Final = frozenset(("laboratory", "LAB", "HM", "CH", "MB"))
_MEASURES: Final = frozenset(("vital-signs", "exam", "activity"))
_QUESTIONS: Final = frozenset(("survey",))
_HABITS: Final = frozenset(("social-history",))
_IMAGING: Final = frozenset(("imaging", "RAD", "RX", "CT", "NMR", "OUS"))
_TO_READ: Final = frozenset((Kind.LABORATORY, Kind.IMAGING, Kind.LETTER, Kind.DOCUMENT))
_DOCUMENT_WORDS: Final = (
    (Kind.PRESCRIPTION, ("ordonnance", "prescription")),
    (Kind.LABORATORY, ("biolog", "laborato")),
    (Kind.IMAGING, ("imagerie", "radio", "imaging", "échographie", "scanner", "irm")),
    (Kind.LETTER, ("lettre", "courrier", "compte rendu", "letter", "report", "summary", "note")),
)
_OTHER: Final = {
    "CarePlan": Kind.PLAN,
    "Goal": Kind.PLAN,
    "Communication": Kind.MESSAGE,
    "Composition": Kind.DOCUMENT,
    "ImagingStudy": Kind.IMAGING,
    "Media": Kind.DOCUMENT,
    "MedicationAdministration": Kind.TREATMENT,
    "MedicationDispense": Kind.TREATMENT,
    "QuestionnaireResponse": Kind.QUESTIONNAIRE,
    "ServiceRequest": Kind.PRESCRIPTION,
    "VisionPrescription": Kind.PRESCRIPTION,
}
_ABNORMAL: Final = frozenset(
    (Flag.LOW, Flag.HIGH, Flag.CRITICAL_LOW, Flag.CRITICAL_HIGH, Flag.ABNORMAL)
)

_ORDERS: Final = frozenset(("MedicationRequest", "ServiceRequest"))
_CORRECTED: Final = frozenset(("corrected", "amended"))

Name = Callable[[Any], str]
IsNew = Callable[[CurrentRow], bool]


class Timeline:
    """Builds the lines of one patient; used once."""

    def __init__(
        self, decoded: Sequence[Decoded], name: Name, is_new: IsNew, readings: Readings
    ) -> None:
        self._decoded = decoded
        self._name = name
        self._is_new = is_new
        self._readings = readings
        self._results = {
            f"Observation/{row.id}": (row, value)
            for row, value in decoded
            if isinstance(value, Result)
        }
        self._orders = {
            f"{row.rtype}/{row.id}": (row, value) for row, value in decoded if row.rtype in _ORDERS
        }
        self._claimed: set[str] = set()
        self._notes: dict[str, list[tuple[CurrentRow, Note]]] = defaultdict(list)
        self._written: dict[str, list[Page]] = defaultdict(list)

    def items(self) -> tuple[TimelineItem, ...]:
        """All lines, newest first."""
        self._claim()
        found = [item for item in map(self._single, self._decoded) if item is not None]
        found += self._groups()
        found.sort(key=lambda item: (item.order, item.rtype, item.id), reverse=True)
        return folded(found, self._decoded)

    def _claim(self) -> None:
        """What a line of something else already says: results of a report, the note of a consultation
        (by its reference, or written by the same person for the same instant), the orders of a signed page and
        the treatments that began with it.
        """
        encounters: dict[object, str] = {}
        for row, value in self._decoded:
            if isinstance(value, Encounter):
                encounters[row.id] = encounters[value.at, value.author] = row.id
        for row, value in self._decoded:
            if isinstance(value, Report) and value.counts:
                self._claimed.update(value.results)
            elif isinstance(value, Note):
                rid = encounters.get(value.encounter.rpartition("/")[2])
                if not value.encounter:
                    rid = encounters.get((value.at, value.author))
                if rid is not None:
                    self._notes[rid].append((row, value))
                    self._claimed.add(f"ClinicalImpression/{row.id}")
            elif isinstance(value, Document):
                self._claimed.update(one for one in value.related if one in self._orders)
                if value.type_code == NOTE_CODE and value.encounter in encounters:
                    self._written[value.encounter].append((row, value))
                    self._claimed.add(f"DocumentReference/{row.id}")
        for row, value in self._decoded:
            began = isinstance(value, Treatment) and value.current and value.comes_from
            if began and self._claimed.issuperset(began):
                self._claimed.add(f"{row.rtype}/{row.id}")

    def _single(self, item: Decoded) -> TimelineItem | None:
        row, value = item
        if isinstance(value, Result) or f"{row.rtype}/{row.id}" in self._claimed:
            return None
        match value:
            case Report():
                return self._report(row, value)
            case Encounter():
                return self._encounter(row, value)
            case Unreadable():
                return self._line(row, value, kind=Kind.UNREADABLE, title=row.rtype, at=row.at)
            case Plain():
                kind = _OTHER.get(row.rtype, Kind.OTHER)
                at = value.row.at or row.at
                return self._line(row, value, kind=kind, title=value.row.title, at=at)
            case _:
                return self._clinical(row, value)

    def _clinical(self, row: CurrentRow, value: Any) -> TimelineItem | None:
        if isinstance(value, Document):
            return self._document(row, value)
        match value:
            case Note():
                line = (Kind.CONSULTATION, value.title, value.text, value.at)
            case Treatment():
                kind = Kind.TREATMENT
                if row.rtype == "MedicationRequest":
                    kind = Kind.PRESCRIPTION
                line = (kind, value.substance, _treatment(value), value.since or value.written)
            case Problem():
                line = (Kind.PROBLEM, value.label, value.note, value.since or value.recorded)
            case Allergy():
                line = (Kind.ALLERGY, value.agent, ", ".join(value.reactions), value.recorded)
            case Immunization():
                line = (Kind.VACCINE, value.vaccine, value.reason, value.at)
            case Review() if value.of_history:
                return None
            case Review():
                return self._line(row, value, kind=Kind.OTHER, title="", at=value.at or row.at)
            case Procedure():
                line = (Kind.PROCEDURE, value.label, value.note, value.at)
            case (FamilyLine(), *_):
                first: FamilyLine = value[0]
                labels = ", ".join(item.label for item in value)
                line = (Kind.HISTORY, first.relation, labels, first.at)
            case _:
                return None
        kind, title, summary, at = line
        return self._line(row, value, kind=kind, title=title, summary=summary, at=at or row.at)

    def _report(self, row: CurrentRow, report: Report) -> TimelineItem:
        parts = [self._results[item] for item in report.results if item in self._results]
        kind = Kind.IMAGING if report.category in _IMAGING else Kind.LABORATORY
        return self._line(
            row,
            report,
            kind=kind,
            title=report.label,
            summary=report.conclusion,
            at=report.at or row.at,
            parts=parts,
        )

    def _document(self, row: CurrentRow, document: Document) -> TimelineItem:
        """A page, with the names of what it orders."""
        orders = [self._orders[one] for one in document.related if one in self._orders]
        named = [value.substance for _, value in orders if isinstance(value, Treatment)]
        return self._line(
            row,
            document,
            kind=_document_kind(document),
            title=document.title,
            summary=", ".join(named) or document.type_label,
            at=document.at or row.at,
            parts=orders,
        )

    def _encounter(self, row: CurrentRow, encounter: Encounter) -> TimelineItem:
        notes, pages = self._notes.get(row.id, []), Pages(self._written.get(row.id, ()))
        title = next((note.title for _, note in notes if note.title), encounter.title)
        texts = [encounter.reason, *(note.text for _, note in notes), pages.words]
        if encounter.reason.casefold() == title.casefold() or pages.words:
            del texts[0]
        line = self._line(
            row,
            encounter,
            kind=Kind.CONSULTATION,
            title=title,
            summary=" — ".join(" ".join(text.split()) for text in texts if text),
            at=encounter.at or row.at,
            parts=[*notes, *pages.shown],
        )
        if not pages:
            return line
        return structs.replace(
            line,
            note=True,
            asked=pages.asks(encounter, self._readings),
            responsible=encounter.responsible_name,
            versions=tuple(self._version(*page) for page in pages.older),
        )

    def _version(self, row: CurrentRow, page: Document) -> TimelineItem:
        """An older version of a note."""
        words = words_of_page(row)
        return self._line(
            row, page, kind=Kind.CONSULTATION, title=page.title, summary=words, at=page.made
        )

    def _groups(self) -> Iterable[TimelineItem]:
        together: dict[tuple[Kind, str, tuple[str, ...]], list[tuple[CurrentRow, Result]]]
        together = defaultdict(list)
        for reference, (row, result) in self._results.items():
            if reference not in self._claimed:
                key = (_result_kind(result), result.at, result.performers)
                together[key].append((row, result))
        for (kind, at, _), members in together.items():
            row, result = members[0]
            title = result.value.label if len(members) == 1 else ""
            yield self._line(row, result, kind=kind, title=title, at=at or row.at, parts=members)

    def _line(
        self,
        row: CurrentRow,
        value: Any,
        *,
        kind: Kind,
        title: str,
        at: str,
        summary: str = "",
        parts: Sequence[tuple[CurrentRow, Any]] = (),
    ) -> TimelineItem:
        rows = [row, *(part for part, _ in parts if part is not row)]
        new = any(map(self._is_new, rows))
        first = value[0] if isinstance(value, tuple) else value
        results = [part for _, part in parts if isinstance(part, Result)]
        return TimelineItem(
            owner=row.owner,
            rtype=row.rtype,
            id=row.id,
            version=row.version,
            state=_state(rows),
            op_id=row.op_id,
            new=new,
            mine=self._readings.is_mine(first),
            author=self._name(first),
            by_patient=getattr(first, "by_patient", False),
            at=at,
            order=sort_key(at),
            kind=kind,
            title=title,
            summary=summary,
            facts=facts(results) if results else (),
            unread=self._readings.is_unread(row, new and kind in _TO_READ),
            struck=struck_of(first),
            none_known=isinstance(first, Allergy) and first.none_known and not first.partial,
            undecided=any(item.state is ItemState.CONFLICT for item in rows),
            members=tuple((item.rtype, item.id) for item in rows),
            dose=getattr(first, "dose_number", ""),
            lot=getattr(first, "lot", ""),
            taking=first.status if isinstance(first, Treatment) else Taking.UNKNOWN,
            until=first.until if isinstance(first, Treatment) else "",
            arrived=_arrived(first),
            reading=self._readings.of(rows),
            replaced=isinstance(first, Document) and first.replaced,
            corrected=any(result.status in _CORRECTED for result in results),
            ongoing=isinstance(first, Encounter) and first.status == "in-progress",
            signed=_is_signed(first, parts),
            decision=self._readings.decision(rows) if getattr(first, "by_patient", False) else None,
        )


def _arrived(value: Any) -> str:
    """When a document was made or received, a report sent."""
    if isinstance(value, Document):
        return value.made
    return value.issued if isinstance(value, Result | Report) else ""


def _is_signed(value: Any, parts: Sequence[tuple[CurrentRow, Any]]) -> bool:
    """A note or a document that its author signed."""
    if isinstance(value, Document):
        return value.final and bool(value.authenticator)
    notes = [value, *(part for _, part in parts)]
    pages = [note for note in notes if isinstance(note, Document)]
    if pages:
        return all(page.final for page in pages)
    return any(isinstance(note, Note) and note.signed for note in notes)


_URGENCY: Final = (
    ItemState.CONFLICT,
    ItemState.REFUSED,
    ItemState.PENDING,
    ItemState.SENT,
    ItemState.CONFIRMED,
)


def _state(rows: Sequence[CurrentRow]) -> ItemState:
    """The state of a line that speaks for several rows is that of the least settled."""
    if len(rows) == 1:
        return rows[0].state
    return min((row.state for row in rows), key=_URGENCY.index)


def facts(results: Sequence[Result]) -> tuple[Fact, ...]:
    """The values of a line, abnormal first, at most eight."""
    living = [result for result in results if result.counts]
    living.sort(key=lambda result: result.value.flag not in _ABNORMAL)
    found = [fact for result in living[:_FACTS] for fact in _facts(result)]
    return tuple(found[:_FACTS])


def _facts(result: Result) -> Iterable[Fact]:
    if not result.components:
        if result.value.number is not None or result.value.text:
            yield _fact(result.value, result.note)
        return
    upper, lower = result.component(SYSTOLIC), result.component(DIASTOLIC)
    if upper is not None and lower is not None:
        flags = [side.flag for side in (upper, lower) if side.flag in _ABNORMAL]
        yield Fact(
            label=result.value.label,
            number=upper.number,
            second=lower.number,
            unit=upper.unit,
            flag=flags[0] if flags else upper.flag,
            band=result.value.band,
            note=result.note,
        )
        return
    yield from (_fact(item) for item in result.components)


def _fact(value: Value, note: str = "") -> Fact:
    return Fact(
        label=value.label,
        number=value.number,
        comparator=value.comparator,
        unit=value.unit,
        text=value.text,
        flag=value.flag,
        band=value.band,
        note=note,
    )


def _result_kind(result: Result) -> Kind:
    if result.category in _MEASURES:
        return Kind.MEASURES
    if result.category in _HABITS:
        return Kind.HABIT
    if result.category in _QUESTIONS:
        return Kind.QUESTIONNAIRE
    if result.category in _IMAGING:
        return Kind.IMAGING
    return Kind.LABORATORY if result.category in _LABORATORY else Kind.MEASURES


def _document_kind(document: Document) -> Kind:
    text = f"{document.type_label} {document.title}".casefold()
    for kind, wordings in _DOCUMENT_WORDS:
        if any(word in text for word in wordings):
            return kind
    return Kind.DOCUMENT


def _treatment(value: Treatment) -> str:
    parts = (value.form, value.strength, value.dose, value.posology)
    return ", ".join(part for part in parts if part)
