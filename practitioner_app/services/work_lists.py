"""What is left to do, list by list: each line is one patient and one thing, and opens there.

Made of what the other services know; nothing is kept here. A line never holds a name without its second
identifier, and a patient who is not on this computer any more says so.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from dossier.fhir.encounters import Encounter
from practitioner_app.ports import ItemState, RecordReader
from practitioner_app.services.day import DayService
from practitioner_app.services.decoding import decode
from practitioner_app.services.drafts import DraftService
from practitioner_app.services.drafts import Slot as DraftSlot
from practitioner_app.services.notes import NoteService
from practitioner_app.services.orders import OrderService
from practitioner_app.services.review_lines import ReviewLine, Whose
from practitioner_app.services.reviews import ReviewService
from practitioner_app.services.search import PatientHit, SearchService
from practitioner_app.services.summaries_due import SummariesDue, SummaryDue
from practitioner_app.services.sync_centre import SyncCentre


class ListKind(StrEnum):
    """In the order they are shown."""

    DAY = "day"
    RESULTS = "results"
    HANDED = "handed"
    UNSIGNED = "unsigned"
    AWAITED = "awaited"
    """Ordered by this person, expected, never come back (HZ-09)."""
    DRAFTS = "drafts"
    TO_FIX = "to_fix"
    SUMMARIES = "summaries"


class WorkLine(Struct, frozen=True, kw_only=True):
    """`title` is data, "" where the kind says it all; `at` an R4 date. `op_id`: of an item to fix. `slot`: of a
    draft. `review`: of a result.
    """

    kind: ListKind
    key: str
    owner: int
    patient: PatientHit | None = None
    title: str = ""
    at: str = ""
    rtype: str = ""
    id: str = ""
    state: ItemState = ItemState.CONFIRMED
    op_id: str = ""
    reason: str = ""
    slot: DraftSlot | None = None
    review: ReviewLine | None = None
    opened: bool = False
    """Of the day: opened here, without a consultation."""


class WorkList(Struct, frozen=True, kw_only=True):
    kind: ListKind
    lines: tuple[WorkLine, ...] = ()


class WorkListService:
    """Read lane. Raises StoreError kin."""

    def __init__(  # noqa: PLR0913 - one keyword a service it asks
        self,
        *,
        reader: RecordReader,
        search: SearchService,
        reviews: ReviewService,
        drafts: DraftService,
        centre: SyncCentre,
        day: DayService,
        summaries: SummariesDue,
        orders: OrderService,
        notes: NoteService,
    ) -> None:
        self._notes = notes
        self._orders = orders
        self._reader, self._search, self._reviews = reader, search, reviews
        self._drafts, self._centre, self._day, self._summaries = drafts, centre, day, summaries

    def lists(self) -> tuple[WorkList, ...]:
        """Every list but those of `apart`."""
        mine = self._reviews.waiting().mine
        return (
            WorkList(kind=ListKind.DAY, lines=self._of_day()),
            WorkList(kind=ListKind.RESULTS, lines=_results(ListKind.RESULTS, mine)),
            WorkList(
                kind=ListKind.HANDED,
                lines=_results(
                    ListKind.HANDED,
                    [line for line in mine if line.handed or line.whose is Whose.REPLACED],
                ),
            ),
            WorkList(kind=ListKind.AWAITED, lines=self._never_back()),
            WorkList(kind=ListKind.DRAFTS, lines=self._typed()),
            WorkList(kind=ListKind.TO_FIX, lines=self._to_fix()),
        )

    def apart(self) -> tuple[WorkList, ...]:
        """What reads every record held, so it is asked seldom: unsigned notes, yearly summaries due."""
        due = tuple(self._due(one) for one in self._summaries.due())
        return (
            WorkList(kind=ListKind.UNSIGNED, lines=self._unsigned()),
            WorkList(kind=ListKind.SUMMARIES, lines=due),
        )

    def opened(self, owner: int) -> None:
        """A person displays this record (write lane)."""
        self._day.opened(owner)

    def _of_day(self) -> tuple[WorkLine, ...]:
        """Consultations of today by their time, then the records opened without one, the latest first."""
        lines: list[WorkLine] = []
        seen: set[int] = set()
        for row in self._reader.since("Encounter", self._day.today):
            value = decode(row.rtype, row.body)
            if not isinstance(value, Encounter) or not value.counts:
                continue
            if not value.at.startswith(self._day.today):
                continue
            seen.add(row.owner)
            lines.append(
                WorkLine(
                    kind=ListKind.DAY,
                    key=f"day:{row.owner}:{row.id}",
                    owner=row.owner,
                    patient=self._search.line(row.owner),
                    title=value.reason or value.title,
                    at=value.at,
                    rtype=row.rtype,
                    id=row.id,
                    state=row.state,
                )
            )
        for owner in self._day.owners():
            patient = self._search.line(owner) if owner not in seen else None
            if patient is not None:
                key = f"day:{owner}:"
                line = WorkLine(
                    kind=ListKind.DAY, key=key, owner=owner, patient=patient, opened=True
                )
                lines.append(line)
        return tuple(lines)

    def _never_back(self) -> tuple[WorkLine, ...]:
        return tuple(
            WorkLine(
                kind=ListKind.AWAITED,
                key=f"{one.owner}/{one.id}",
                owner=one.owner,
                patient=one.patient,
                title=one.label,
                at=one.expected,
                rtype="ServiceRequest",
                id=one.id,
                state=one.state,
                op_id=one.op_id,
            )
            for one in self._orders.awaited()
            if one.mine
        )

    def _unsigned(self) -> tuple[WorkLine, ...]:
        return tuple(
            WorkLine(
                kind=ListKind.UNSIGNED,
                key=f"note:{one.owner}/{one.encounter}",
                owner=one.owner,
                patient=one.patient,
                title=one.title,
                at=one.at,
                rtype="Encounter",
                id=one.encounter,
                state=one.state,
            )
            for one in self._notes.unsigned()
        )

    def _typed(self) -> tuple[WorkLine, ...]:
        return tuple(
            WorkLine(
                kind=ListKind.DRAFTS,
                key=f"draft:{one.slot.key}",
                owner=one.slot.owner,
                patient=self._search.line(one.slot.owner),
                title=next((text for text in one.values.values() if text.strip()), ""),
                at=one.at,
                slot=one.slot,
            )
            for one in self._drafts.all()
        )

    def _to_fix(self) -> tuple[WorkLine, ...]:
        """Refused first: they wait for their author alone."""
        refused, conflicts = self._centre.to_fix()
        lines = [
            WorkLine(
                kind=ListKind.TO_FIX,
                key=f"fix:{row.op_id}",
                owner=row.owner,
                patient=row.patient,
                title=row.title,
                at=row.at,
                rtype=row.rtype,
                id=row.id,
                state=ItemState.REFUSED,
                op_id=row.op_id,
                reason=row.reason,
            )
            for row in refused
        ]
        lines += [
            WorkLine(
                kind=ListKind.TO_FIX,
                key=f"fix:{case.op_id}",
                owner=case.owner,
                patient=case.patient,
                title=case.title,
                at=case.at,
                rtype=case.rtype,
                id=case.id,
                state=ItemState.CONFLICT,
                op_id=case.op_id,
            )
            for case in conflicts
        ]
        return tuple(lines)

    def _due(self, one: SummaryDue) -> WorkLine:
        return WorkLine(
            kind=ListKind.SUMMARIES,
            key=f"summary:{one.owner}",
            owner=one.owner,
            patient=self._search.line(one.owner),
            at=one.last,
        )


def _results(kind: ListKind, lines: Sequence[ReviewLine]) -> tuple[WorkLine, ...]:
    return tuple(
        WorkLine(
            kind=kind,
            key=f"{kind}:{line.owner}/{line.id}",
            owner=line.owner,
            patient=line.patient,
            at=line.arrived,
            rtype=line.rtype,
            id=line.id,
            state=line.state,
            review=line,
        )
        for line in lines
    )
