"""Patients with a long-term condition (ALD) of whom this person is the attending doctor, and whose last
medical summary is older than a year: one summary a year is due (convention of general practice).
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from dossier.clock import Clock
from dossier.fhir.documents import Document
from dossier.fhir.patients import Patient
from dossier.fhir.problems import Problem
from practitioner_app.ports import CurrentRow, RecordReader
from practitioner_app.services.decoding import decode
from practitioner_app.services.writing import Actor

SUMMARIES: Final = frozenset(("60591-5", "SYNTH"))
"""Codes of a medical summary (VSM)."""
_READ: Final = ("DocumentReference", "Patient")
_MARK: Final = b"ALD"


class SummaryDue(NamedTuple):
    """`last`: the date of the last summary, "" if there is none here."""

    owner: int
    last: str


class SummariesDue:
    """Read lane; reads every problem held, so it is asked seldom. Raises StoreError kin."""

    def __init__(self, reader: RecordReader, clock: Clock, actor: Actor) -> None:
        self._reader, self._clock, self._actor = reader, clock, actor

    def due(self) -> tuple[SummaryDue, ...]:
        """Those without a summary first, then the oldest."""
        limit = _year_before(self._clock.now().date())
        found = []
        for owner in self._with_ald():
            last = self._last(self._reader.rows(owner, _READ))
            if last is not None and last[:10] < limit:
                found.append(SummaryDue(owner, last))
        return tuple(sorted(found, key=lambda one: (one.last, one.owner)))

    def _with_ald(self) -> tuple[int, ...]:
        """Every patient with a current long-term condition; only bodies that name one are decoded."""
        owners: dict[int, None] = {}
        for row in self._reader.everywhere("Condition"):
            if _MARK in row.body and row.owner not in owners:
                value = decode(row.rtype, row.body)
                if isinstance(value, Problem) and value.ald and value.current:
                    owners[row.owner] = None
        return tuple(owners)

    def _last(self, rows: Iterable[CurrentRow]) -> str | None:
        """The date of the last summary; None for a patient of somebody else, or who died."""
        last, mine = "", False
        for row in rows:
            value = decode(row.rtype, row.body)
            if isinstance(value, Patient):
                alive = not value.deceased
                mine = alive and bool(value.attending) and value.attending == self._actor.reference
            elif isinstance(value, Document) and value.counts and value.type_code in SUMMARIES:
                last = max(last, value.made or value.at)
        return last if mine else None


def _year_before(today: date) -> str:
    """The same day a year ago; 28 February for a leap day."""
    try:
        return today.replace(year=today.year - 1).isoformat()
    except ValueError:
        return today.replace(year=today.year - 1, day=28).isoformat()
