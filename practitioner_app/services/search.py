"""Finding a patient, a document, an action by a few letters.

Patients: parts of names without accents, a birth date in any usual form, an INS: the store answers. Every
hit has a second identifier, and homonyms among the hits say so (HZ-01, HZ-02). Documents are the store's
full-text hits, those of the open record first. Actions are matched here.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date

from msgspec import Struct, structs

from dossier.clock import Clock
from dossier.fhir.dates import Age, age
from dossier.fhir.patients import IdentityStatus, Patient
from practitioner_app.ports import Hit, PatientLine, RecordReader
from practitioner_app.services.decoding import decode
from practitioner_app.services.slips import one_slip

SHOWN = 5
_WORD = re.compile(r"[^\W_]+")
_ASKED = 40


class Action(Struct, frozen=True, kw_only=True):
    """Something the palette can do. `title` and `words` are in the user's language."""

    key: str
    title: str
    words: str = ""
    needs_patient: bool = False


class PatientHit(Struct, frozen=True, kw_only=True):
    """`homonym`: another hit bears the same name and given name. `marks`: spans of `family given` matched.
    `status`: of the identity, where it was read (the patients of the palette); else None.
    """

    owner: int
    family: str
    given: str
    birth_name: str
    birth_date: str
    age: Age | None
    sex: str
    ins: str
    deceased: bool
    homonym: bool
    status: IdentityStatus | None = None
    marks: tuple[tuple[int, int], ...] = ()


class DocumentHit(Struct, frozen=True, kw_only=True):
    """`excerpt` marks the match between U+0002 and U+0003. `patient` is set for other records only."""

    owner: int
    rtype: str
    id: str
    at: str
    title: str
    excerpt: str
    marks: tuple[tuple[int, int], ...] = ()
    patient: PatientHit | None = None


class Found(Struct, frozen=True, kw_only=True):
    """One answer. Each group says how many there are (`2 sur 5`); `capped`: there may be more."""

    words: str
    here: tuple[DocumentHit, ...] = ()
    here_total: int = 0
    actions: tuple[Action, ...] = ()
    actions_total: int = 0
    patients: tuple[PatientHit, ...] = ()
    patients_total: int = 0
    elsewhere: tuple[DocumentHit, ...] = ()
    elsewhere_total: int = 0
    capped: bool = False


class SearchService:
    """Read lane. Raises StoreError kin."""

    def __init__(self, reader: RecordReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    def patients(self, words: str, limit: int = _ASKED) -> tuple[PatientHit, ...]:
        """The patient list (F2): best first; empty words give the list in its own order."""
        lines = self._reader.patients(words, limit)
        return self._hits(lines, words)

    def find(
        self,
        words: str,
        *,
        open_owner: int | None,
        actions: Sequence[Action] = (),
        shown: int = SHOWN,
    ) -> Found:
        """Everything the palette shows for these words."""
        plain = words.strip()
        if not plain:
            return Found(words=words)
        patients = self._hits(self._reader.patients(plain, _ASKED), plain)
        here = self._documents(plain, open_owner, shown) if open_owner is not None else []
        spare = shown + len(here)
        anywhere = self._documents(plain, None, spare)
        here = here or [hit for hit in anywhere if hit.owner == open_owner]
        others = [hit for hit in anywhere if hit.owner != open_owner]
        acts = _answering(actions, plain, is_open=open_owner is not None)
        return Found(
            words=words,
            here=tuple(_document(hit, plain, None) for hit in here[:shown]),
            here_total=len(here),
            actions=tuple(acts[:shown]),
            actions_total=len(acts),
            patients=tuple(self._with_status(hit) for hit in patients[:shown]),
            patients_total=len(patients),
            elsewhere=tuple(_document(hit, plain, self.line(hit.owner)) for hit in others[:shown]),
            elsewhere_total=len(others),
            capped=max(len(patients), len(here), len(others)) >= _ASKED,
        )

    def _documents(self, words: str, owner: int | None, shown: int) -> list[Hit]:
        """Hits in records; a Patient is found among the patients, not here."""
        hits = self._reader.search(words, owner, _ASKED, shown)
        return [hit for hit in hits if hit.rtype != "Patient"]

    def line(self, owner: int) -> PatientHit | None:
        """One patient by two identifiers, for a list of several patients."""
        line = self._reader.patient(owner)
        return self._hits([line], "")[0] if line is not None else None

    def _with_status(self, hit: PatientHit) -> PatientHit:
        """What the identity is worth: only the few that are shown are asked."""
        for row in self._reader.rows(hit.owner, ("Patient",)):
            read = decode(row.rtype, row.body)
            if isinstance(read, Patient):
                return structs.replace(hit, status=read.status)
        return hit

    def _hits(self, lines: Sequence[PatientLine], words: str) -> tuple[PatientHit, ...]:
        today = self._clock.now().date()
        names = Counter(_name(line) for line in lines)
        return tuple(_patient(line, words, today, names[_name(line)] > 1) for line in lines)


def _answering(actions: Sequence[Action], words: str, *, is_open: bool) -> list[Action]:
    """The actions that answer as typed, by their title first; where none does, with one slip forgiven."""
    may = [one for one in actions if is_open or not one.needs_patient]
    for fits in (matches, nearly_matches):
        found = [one for one in may if fits(f"{one.title} {one.words}", words)]
        if found:
            return sorted(found, key=lambda one: not fits(one.title, words))
    return []


def _name(line: PatientLine) -> tuple[str, str]:
    return fold(line.family), fold(line.given).split(" ")[0]


def _patient(line: PatientLine, words: str, today: date, homonym: bool) -> PatientHit:  # noqa: FBT001 - private
    return PatientHit(
        owner=line.owner,
        family=line.family,
        given=line.given,
        birth_name=line.birth_name,
        birth_date=line.birth_date,
        age=None if line.deceased else age(line.birth_date, today),
        sex=line.sex,
        ins=line.ins,
        deceased=line.deceased,
        homonym=homonym,
        marks=spans(f"{line.family} {line.given}", words),
    )


def _document(hit: Hit, words: str, patient: PatientHit | None) -> DocumentHit:
    return DocumentHit(
        owner=hit.owner,
        rtype=hit.rtype,
        id=hit.id,
        at=hit.at,
        title=hit.title,
        excerpt=hit.excerpt,
        marks=spans(hit.title, words),
        patient=patient,
    )


def fold(text: str) -> str:
    """Lower case without accents, one character for one character, so that positions hold."""
    return "".join(_folded(char) for char in text)


def _folded(char: str) -> str:
    bare = unicodedata.normalize("NFKD", char)[0].casefold()
    return bare[0] if bare else char


def tokens(words: str) -> tuple[str, ...]:
    """The words of a query, folded, at most eight (security D12)."""
    plain = "".join(char if char.isalnum() else " " for char in fold(words[:200]))
    return tuple(plain.split()[:8])


def matches(text: str, words: str) -> bool:
    """Every word begins a word of the text."""
    wanted = tokens(words)
    have = tokens_of(text)
    return bool(wanted) and all(any(word.startswith(token) for word in have) for token in wanted)


def nearly_matches(text: str, words: str) -> bool:
    """The same, with one slip in each of the longer words."""
    wanted, have = tokens(words), tokens_of(text)
    return bool(wanted) and all(
        any(word.startswith(token) or one_slip(token, word) for word in have) for token in wanted
    )


def tokens_of(text: str) -> tuple[str, ...]:
    plain = "".join(char if char.isalnum() else " " for char in fold(text))
    return tuple(plain.split())


def spans(text: str, words: str) -> tuple[tuple[int, int], ...]:
    """(start, end) of what to mark in `text`: each word of the query where it begins a word, else the words it
    may have been.
    """
    plain = fold(text)
    found = []
    for token in tokens(words):
        start = plain.find(token)
        if start < 0:
            found += [
                word.span() for word in _WORD.finditer(plain) if one_slip(token, word.group())
            ]
        while start >= 0:
            if start == 0 or not plain[start - 1].isalnum():
                found.append((start, start + len(token)))
            start = plain.find(token, start + 1)
    return merged(sorted(found))


def merged(found: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Overlapping spans as one, in order."""
    kept: list[tuple[int, int]] = []
    for start, end in found:
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return tuple(kept)
