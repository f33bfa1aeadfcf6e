"""Problems and past history: Condition (R4 §9.2).

A problem is on the problem list while its clinical status is active, recurrence or relapse (or unknown);
else it is past history. A long-term condition (ALD) has no official French coding of its own here: it is
a category whose text is `ALD <number>` (`ALD 8`), with the number empty when it is not on the list of 30.
"""

import re
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from dossier.fhir.elements import (
    Annotation,
    Coding,
    Concept,
    Extension,
    Json,
    Period,
    Quantity,
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

CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
_ALD: Final = re.compile(r"\bALD\b(?:\s*(?:n°|no|nº)?\s*(\d{1,2}))?", re.IGNORECASE)


class Course(StrEnum):
    """clinicalStatus."""

    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"
    UNKNOWN = ""


class Verified(StrEnum):
    """verificationStatus."""

    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"
    DIFFERENTIAL = "differential"
    UNCONFIRMED = "unconfirmed"
    REFUTED = "refuted"
    ERRONEOUS = "entered-in-error"
    UNKNOWN = ""


class Chapter(StrEnum):
    """The four sub-titles of the past history."""

    MEDICAL = "medical"
    SURGICAL = "surgical"
    OBSTETRIC = "obstetric"
    FAMILY = "family"


class Problem(Struct, frozen=True, kw_only=True, gc=False):
    id: str
    label: str
    system: str = ""
    code: str = ""
    course: Course = Course.UNKNOWN
    verified: Verified = Verified.UNKNOWN
    chapter: Chapter = Chapter.MEDICAL
    severity: str = ""
    since: str = ""
    until: str = ""
    recorded: str = ""
    recorder: str = ""
    recorder_name: str = ""
    by_patient: bool = False
    ald: bool = False
    ald_number: str = ""
    of_visit: bool = False
    """An encounter diagnosis, not a line of the problem list."""
    note: str = ""

    @property
    def counts(self) -> bool:
        """Neither refuted nor an error."""
        return self.verified not in (Verified.REFUTED, Verified.ERRONEOUS)

    @property
    def current(self) -> bool:
        return self.counts and self.course not in (
            Course.INACTIVE,
            Course.REMISSION,
            Course.RESOLVED,
        )


class _Condition(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    extension: tuple[Extension, ...] = ()
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    category: tuple[Concept, ...] = ()
    severity: Concept | None = None
    code: Concept | None = None
    onset_date_time: str = ""
    onset_period: Period | None = None
    onset_age: Quantity | None = None
    onset_string: str = ""
    abatement_date_time: str = ""
    abatement_period: Period | None = None
    abatement_string: str = ""
    recorded_date: str = ""
    recorder: Reference | None = None
    asserter: Reference | None = None
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_Condition)


def decode(body: bytes) -> Problem:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    system, code = first_code(raw.code)
    author = raw.asserter or raw.recorder
    ald, number = _ald(raw)
    until = raw.abatement_period.end if raw.abatement_period else ""
    return Problem(
        id=raw.id,
        label=words(raw.code),
        system=system,
        code=code,
        course=member(Course, first_code(raw.clinical_status)[1]),
        verified=member(Verified, first_code(raw.verification_status)[1]),
        chapter=_chapter(raw, code),
        severity=words(raw.severity),
        since=raw.onset_date_time
        or (raw.onset_period.start if raw.onset_period else "")
        or raw.onset_string,
        until=raw.abatement_date_time or until or raw.abatement_string,
        recorded=raw.recorded_date,
        recorder=author.reference if author else "",
        recorder_name=author.display if author else "",
        by_patient=author is not None
        and author.reference.startswith(("Patient/", "RelatedPerson/")),
        ald=ald,
        ald_number=number,
        of_visit=any(first_code(item)[1] == "encounter-diagnosis" for item in raw.category)
        and not ald,
        note=" ".join(item.text for item in raw.note if item.text),
    )


def _ald(raw: _Condition) -> tuple[bool, str]:
    texts = [text for item in raw.category for text in (item.text, *_displays(item))]
    texts += [item.value_string for item in raw.extension]
    texts += [words(item.value_codeable_concept) for item in raw.extension]
    texts += [item.value_coding.display for item in raw.extension if item.value_coding]
    for text in texts:
        if text and (found := _ALD.search(text)):
            return True, found[1] or ""
    return False, ""


def _displays(item: Concept) -> tuple[str, ...]:
    return tuple(text for coding in item.coding for text in (coding.display, coding.code) if text)


_SURGICAL: Final = ("surg", "chirurg")
_OBSTETRIC: Final = ("obst", "obstét", "pregnancy")


def _chapter(raw: _Condition, code: str) -> Chapter:
    for item in raw.category:
        text = " ".join((item.text, *_displays(item))).casefold()
        if any(word in text for word in _SURGICAL):
            return Chapter.SURGICAL
        if any(word in text for word in _OBSTETRIC):
            return Chapter.OBSTETRIC
        if "famil" in text:
            return Chapter.FAMILY
    is_icd_chapter_o = code[:1] == "O" and code[1:3].isdigit()
    return Chapter.OBSTETRIC if is_icd_chapter_o else Chapter.MEDICAL


class NewProblem(Struct, frozen=True, kw_only=True):
    """What a person says of a problem, coded or free. A `course` other than active makes it past history."""

    label: str
    code: Coding | None = None
    since: str = ""
    until: str = ""
    ald: bool = False
    ald_number: str = ""
    course: Course = Course.ACTIVE
    chapter: Chapter = Chapter.MEDICAL
    note: str = ""


def build(said: NewProblem, *, rid: str, patient: str, signature: Signature) -> Json:
    """A line of the problem list, or of the past history by its `course`."""
    body: Json = {
        "resourceType": "Condition",
        "id": rid,
        "verificationStatus": coded(VERIFICATION, Verified.CONFIRMED),
        "subject": {"reference": patient},
        "recordedDate": signature.at,
        "recorder": signature.author,
        "asserter": signature.author,
        **said_elements(said),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def said_elements(said: NewProblem) -> Json:
    """The elements a person words, without the note: what a revision replaces."""
    found: Json = {
        "clinicalStatus": coded(CLINICAL, said.course or Course.ACTIVE),
        "category": categories(said.chapter, ald=said.ald, ald_number=said.ald_number),
        "code": concept(said.label, *((said.code,) if said.code else ())),
    }
    if said.since:
        found["onsetDateTime"] = said.since
    if said.until:
        found["abatementDateTime"] = said.until
    return found


def categories(chapter: Chapter, *, ald: bool, ald_number: str) -> list[Json]:
    """The `category` element: problem list, sub-title of the history, long-term condition."""
    found = [coded(CATEGORY, "problem-list-item")]
    if chapter is not Chapter.MEDICAL:
        found.append({"text": str(chapter)})
    if ald:
        found.append({"text": f"ALD {ald_number}".strip()})
    return found


def closed(body: Json, *, until: str) -> Json:
    """The same problem, resolved: it goes to the past history (con-4)."""
    return {
        **body,
        "clinicalStatus": coded(CLINICAL, Course.RESOLVED),
        "abatementDateTime": until,
    }


def entered_in_error(body: Json, *, reason: str, signature: Signature) -> Json:
    """The same problem, marked as an error (con-5: then it has no clinical status)."""
    marked = {key: value for key, value in body.items() if key != "clinicalStatus"}
    marked["verificationStatus"] = coded(VERIFICATION, Verified.ERRONEOUS)
    marked["note"] = [*body.get("note", []), annotation(reason, signature)]
    return marked
