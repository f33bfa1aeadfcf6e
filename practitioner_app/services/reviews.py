"""What is still to be read and signed by the person at this desktop: alert values first (HZ-08, HZ-10).

A review is a duty kept in the record of its patient (dossier.fhir.reviews); the list is made of those that
this desktop holds. Nothing abnormal is ever signed together with something else: one act, one result.
"""

from decimal import Decimal
from enum import IntEnum

from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.fhir import reviews
from dossier.fhir.dates import sort_key
from dossier.fhir.results import Flag, Report, Result
from dossier.fhir.reviews import Review, Standing
from dossier.terminology.catalogue import Terminology
from dossier.wire import codec
from practitioner_app.ports import CurrentRow, RecordReader
from practitioner_app.services.authors import Authors
from practitioner_app.services.decoding import decode
from practitioner_app.services.readings import asked_of
from practitioner_app.services.results import Observed, measure
from practitioner_app.services.rows import Item, Measure
from practitioner_app.services.search import PatientHit, SearchService
from practitioner_app.services.writing import Target, Writer, Written

_TYPE = "Task"
_REPORT, _RESULT = "DiagnosticReport", "Observation"


class Urgency(IntEnum):
    """The order of the list."""

    ALERT = 0
    OUT = 1
    WITHIN = 2


class Alert(Struct, frozen=True, kw_only=True):
    """A value at or beyond the alert value of the practice."""

    value: Measure
    threshold: Decimal
    above: bool


class ReviewLine(Item, frozen=True, kw_only=True):
    """One result to be read. `measures`: those out of their reference values, else all. `missing`: the result
    itself is not on this computer (any more).
    """

    patient: PatientHit | None
    focus: str
    urgency: Urgency
    measures: tuple[Measure, ...] = ()
    count: int = 0
    alert: Alert | None = None
    acknowledged: bool = False
    title: str = ""
    sampled: str = ""
    arrived: str = ""
    laboratory: str = ""
    missing: bool = False


class Reviews(Struct, frozen=True, kw_only=True):
    """`mine` in the order they are to be read; `signed` newest first; `of_others`: how many wait for others."""

    mine: tuple[ReviewLine, ...] = ()
    signed: tuple[ReviewLine, ...] = ()
    of_others: int = 0


_SIGNED_SHOWN = 50


class ReviewService:
    """`waiting` on a read lane, the acts on the write lane. Raises Unavailable, StoreError kin."""

    def __init__(
        self, reader: RecordReader, writer: Writer, terms: Terminology, search: SearchService
    ) -> None:
        self._reader, self._writer, self._terms, self._search = reader, writer, terms, search
        self._authors = Authors(reader)

    def waiting(self) -> Reviews:
        """Everything asked of this person, and what they signed last."""
        mine: list[ReviewLine] = []
        signed: list[tuple[CurrentRow, Review]] = []
        of_others = 0
        for row in self._reader.everywhere(_TYPE):
            review = _review(row)
            if review is None:
                continue
            if not self._is_mine(review):
                of_others += review.open
            elif review.open:
                mine.append(self._line(row, review))
            elif review.standing is Standing.COMPLETED:
                signed.append((row, review))
        mine.sort(key=lambda line: sort_key(line.arrived), reverse=True)
        mine.sort(key=lambda line: line.urgency)
        signed.sort(key=lambda pair: sort_key(pair[1].end), reverse=True)
        lines = (self._line(row, review) for row, review in signed[:_SIGNED_SHOWN])
        return Reviews(mine=tuple(mine), signed=tuple(lines), of_others=of_others)

    def sign(self, owner: int, rid: str) -> Written:
        """Read and signed by this person. Invalid(`acknowledge_first`) for an alert value nobody took note of."""
        row, review = self._row(owner, rid)
        line = self._line(row, review)
        if line.alert is not None and not line.acknowledged:
            raise Invalid((Issue("Task.status", "acknowledge_first"),))
        body = codec.resource(row.body)
        return self._writer.change(row, reviews.signed(body, self._writer.signature()))

    def sign_unasked(self, owner: int, rtype: str, rid: str) -> Written:
        """Read and signed by this person, although it was asked of nobody. Unavailable when it is not held."""
        self._writer.row(Target(owner, rtype, rid))
        signature = self._writer.signature()
        asked = reviews.build(
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(owner),
            focus=f"{rtype}/{rid}",
            owner=signature.author,
            at=signature.at,
        )
        return self._writer.create(owner, reviews.signed(asked, signature))

    def acknowledge(self, owner: int, rid: str) -> Written:
        """An alert value was seen; the result stays at the top of the list until it is signed."""
        row, _ = self._row(owner, rid)
        body = codec.resource(row.body)
        return self._writer.change(row, reviews.acknowledged(body, self._writer.signature()))

    def forget(self) -> None:
        """The session locks."""
        self._authors.forget()

    def _row(self, owner: int, rid: str) -> tuple[CurrentRow, Review]:
        row = self._writer.row(Target(owner, _TYPE, rid))
        review = _review(row)
        if review is None or not review.open:
            raise Invalid((Issue("Task.status", "not_open"),))
        return row, review

    def _is_mine(self, review: Review) -> bool:
        return asked_of(review, self._writer.actor)

    def _line(self, row: CurrentRow, review: Review) -> ReviewLine:
        report, results = self._results(row.owner, review.focus)
        alert = next((found for item in results if (found := self._alert(item))), None)
        out = tuple(measure(*item) for item in results if item[1].value.flag not in _WITHIN)
        urgency = Urgency.ALERT if alert else Urgency.OUT if out else Urgency.WITHIN
        newest = results[-1][1] if results else None
        shown = out or tuple(measure(*item) for item in results)
        if alert is not None:
            shown = (alert.value, *(one for one in shown if one.id != alert.value.id))
        arrived = (report.issued if report else "") or (newest.issued if newest else "")
        return ReviewLine(
            owner=row.owner,
            rtype=_TYPE,
            id=row.id,
            version=row.version,
            state=row.state,
            op_id=row.op_id,
            patient=self._search.line(row.owner),
            focus=review.focus,
            urgency=urgency,
            measures=shown,
            count=len(results),
            alert=alert,
            acknowledged=review.standing is not Standing.REQUESTED,
            title=report.label if report else "",
            sampled=newest.at if newest else "",
            arrived=arrived or review.asked,
            laboratory=self._laboratory(report, newest),
            missing=not results,
        )

    def _results(self, owner: int, focus: str) -> tuple[Report | None, list[Observed]]:
        """The report and what it groups, or the one result the review is about."""
        rtype, _, rid = focus.partition("/")
        if rtype == _RESULT:
            return None, self._observed(owner, (focus,))
        row = self._reader.resource(owner, rtype, rid) if rtype == _REPORT else None
        report = decode(row.rtype, row.body) if row else None
        if not isinstance(report, Report):
            return None, []
        return report, self._observed(owner, report.results)

    def _observed(self, owner: int, references: tuple[str, ...]) -> list[Observed]:
        found = []
        for reference in references:
            rtype, _, rid = reference.partition("/")
            row = self._reader.resource(owner, rtype, rid) if rtype == _RESULT else None
            result = decode(row.rtype, row.body) if row else None
            if row is not None and isinstance(result, Result) and result.counts:
                found.append((row, result))
        return found

    def _alert(self, item: Observed) -> Alert | None:
        """By the dated table of alert values, in its own unit only."""
        row, result = item
        value = result.value
        if value.number is None:
            return None
        known = self._terms.analyte_list.get(value.code)
        threshold = known.alert(value.number, value.ucum) if known else None
        if threshold is None or known is None:
            return None
        above = threshold == known.alert_high
        return Alert(value=measure(row, result), threshold=threshold, above=above)

    def _laboratory(self, report: Report | None, newest: Result | None) -> str:
        source = report or newest
        if source is None:
            return ""
        reference = source.performers[0] if source.performers else ""
        self._authors.learn((reference,))
        return self._authors.name(reference, source.performer_name)


_WITHIN = frozenset((Flag.NORMAL, Flag.UNKNOWN))


def _review(row: CurrentRow) -> Review | None:
    try:
        return reviews.decode(row.body)
    except Invalid:
        return None
