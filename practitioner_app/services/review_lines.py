"""One result to be read, as a line of the list: what it says, how urgent it is, whom it waits for."""

from decimal import Decimal
from enum import IntEnum

from msgspec import Struct, structs

from dossier.fhir.results import Flag, Report, Result
from dossier.fhir.reviews import HandOver, Review, Standing
from dossier.terminology.catalogue import Terminology
from practitioner_app.ports import CurrentRow, RecordReader
from practitioner_app.services.authors import Authors
from practitioner_app.services.decoding import decode
from practitioner_app.services.results import Observed, measure
from practitioner_app.services.rows import Item, Measure
from practitioner_app.services.search import PatientHit, SearchService

_TYPE = "Task"
_REPORT, _RESULT = "DiagnosticReport", "Observation"
_CORRECTED = frozenset(("corrected", "amended"))
_WITHIN = frozenset((Flag.NORMAL, Flag.UNKNOWN))


class Urgency(IntEnum):
    """The order of the list; what is late comes right after the alert values."""

    ALERT = 0
    OUT = 1
    WITHIN = 2


class Whose(IntEnum):
    """Whom a review waits for."""

    MINE = 0
    REPLACED = 1
    """A colleague is absent and this person replaces them."""
    UNASKED = 2
    """Nobody: everybody's."""
    HANDED = 3
    """A colleague, to whom this person handed it."""
    OTHERS = 4


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
    corrected: bool = False
    """The laboratory sent these values again, changed."""
    whose: Whose = Whose.MINE
    asked_of: str = ""
    """The name of who is asked, or was, where that is not who reads or signed."""
    signed_by: str = ""
    handed: HandOver | None = None
    late: bool = False
    delay_hours: int = 0
    """How long such a result may wait, by the dated table."""
    together: bool = False
    """It may be signed with others: every value is within the reference values that came with it."""


class ReviewLines:
    """Makes the lines. Read lane; raises StoreError kin."""

    def __init__(self, reader: RecordReader, terms: Terminology, search: SearchService) -> None:
        self._reader, self._terms, self._search = reader, terms, search
        self._authors = Authors(reader)

    def forget(self) -> None:
        """The session locks."""
        self._authors.forget()

    def of(self, row: CurrentRow, review: Review, whose: Whose) -> ReviewLine:
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
            corrected=any(item[1].status in _CORRECTED for item in results)
            or (report is not None and report.status in _CORRECTED),
            whose=whose,
            asked_of=self._asked_of(review, whose),
            signed_by=self._named(review.owner, review.owner_name)
            if review.standing is Standing.COMPLETED
            else "",
            handed=self._given(review.handed),
            together=alert is None
            and bool(results)
            and all(item[1].value.flag is Flag.NORMAL for item in results),
        )

    def _asked_of(self, review: Review, whose: Whose) -> str:
        """Who was asked, where that is not who reads or signed."""
        if review.standing is Standing.COMPLETED:
            return self._named(review.signed_for, review.signed_for_name)
        if whose in (Whose.MINE, Whose.UNASKED):
            return ""
        return self._named(review.owner, review.owner_name)

    def _named(self, person: str, name: str) -> str:
        self._authors.learn((person,))
        return self._authors.name(person, name)

    def _given(self, handed: HandOver | None) -> HandOver | None:
        if handed is None:
            return None
        return structs.replace(handed, by_name=self._named(handed.by, handed.by_name))

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
        for literal in references:
            rtype, _, rid = literal.partition("/")
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
