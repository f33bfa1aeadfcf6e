"""Ordered, never came back (HZ-09): what was ordered, was expected by a day, and that nothing answers.

An order is answered by a result that names it, or that measures the same analyte on or after its day. That
is read, never written: a result that is corrected away makes its order awaited again. What nobody can match
by machine (an imaging report, a result on paper) is closed by a person, with the reason.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from dossier.clock import Clock
from dossier.errors import Invalid, Issue
from dossier.fhir import orders
from dossier.fhir.dates import day
from dossier.fhir.orders import Answer, Order, Ordered
from dossier.wire import codec
from practitioner_app.ports import CurrentRow, ItemState, RecordReader
from practitioner_app.services.authors import Authors
from practitioner_app.services.search import PatientHit, SearchService
from practitioner_app.services.writing import Target, Writer, Written, require

_TYPE: Final = "ServiceRequest"
_RESULTS: Final = ("Observation", "DiagnosticReport")


class AwaitedOrder(Struct, frozen=True, kw_only=True):
    """One line: `label` expected on `expected`, `late_days` ago. `mine`: ordered by this person. `chased`: how
    often somebody asked again.
    """

    owner: int
    id: str
    patient: PatientHit | None
    label: str
    kind: str
    authored: str
    expected: str
    late_days: int
    requester: str = ""
    mine: bool = False
    chased: int = 0
    note: str = ""
    requisition: str = ""
    state: ItemState = ItemState.CONFIRMED
    op_id: str = ""


class Chase(Struct, frozen=True, kw_only=True):
    """Asked for again; an answer is now expected by `until`."""

    owner: int
    id: str
    until: str
    note: str


class CloseOrder(Struct, frozen=True, kw_only=True):
    """Done elsewhere, received on paper, not done: `reason` says which; `given_up` when it was not done."""

    owner: int
    id: str
    reason: str
    given_up: bool = False


class OrderService:
    """`awaited` on a read lane, the acts on the write lane. Raises Unavailable, Invalid, StoreError kin."""

    def __init__(
        self, reader: RecordReader, writer: Writer, search: SearchService, clock: Clock
    ) -> None:
        self._reader, self._writer, self._search = reader, writer, search
        self._clock = clock
        self._authors = Authors(reader)

    def awaited(self, now: datetime | None = None) -> tuple[AwaitedOrder, ...]:
        """Overdue and unanswered, of all patients held: one's own first, the longest overdue first."""
        today = (now or self._clock.now()).date()
        late: dict[int, list[tuple[CurrentRow, Order]]] = {}
        for row in self._reader.everywhere(_TYPE):
            order = _order(row)
            if order is not None and order.awaited and _late_days(order, today) > 0:
                late.setdefault(row.owner, []).append((row, order))
        found = []
        for owner, rows in late.items():
            answers = tuple(self._answers(owner))
            for row, order in rows:
                if not any(orders.answers(one, order) for one in answers):
                    found.append(self._line(row, order, today))
        found.sort(key=lambda line: (not line.mine, -line.late_days, line.owner, line.label))
        return tuple(found)

    def chase(self, command: Chase) -> Written:
        """The line leaves the list until the new day."""
        note = require(command.note, "ServiceRequest.note")
        until = require(command.until, "ServiceRequest.occurrence")
        row = self._open(command.owner, command.id)
        signature = self._writer.signature()
        if until <= signature.at[:10]:
            raise Invalid((Issue("ServiceRequest.occurrence", "not_ahead"),))
        body = codec.resource(row.body)
        after = orders.chased(body, expected=until, note=note, signature=signature)
        return self._writer.change(row, after)

    def close(self, command: CloseOrder) -> Written:
        """Nothing is awaited any more."""
        reason = require(command.reason, "reason")
        row = self._open(command.owner, command.id)
        status = Ordered.REVOKED if command.given_up else Ordered.COMPLETED
        body, signature = codec.resource(row.body), self._writer.signature()
        after = orders.ended(body, status, note=reason, signature=signature)
        return self._writer.change(row, after, reason=reason)

    def forget(self) -> None:
        """The session locks."""
        self._authors.forget()

    def _open(self, owner: int, rid: str) -> CurrentRow:
        row = self._writer.row(Target(owner, _TYPE, rid))
        order = _order(row)
        if order is None or order.status is not Ordered.ACTIVE:
            raise Invalid((Issue("ServiceRequest.status", "not_open"),))
        return row

    def _answers(self, owner: int) -> Iterator[Answer]:
        for row in self._reader.rows(owner, _RESULTS):
            with suppress(Invalid):
                yield orders.decode_answer(row.body)

    def _line(self, row: CurrentRow, order: Order, today: date) -> AwaitedOrder:
        me = self._writer.actor
        self._authors.learn((order.requester,))
        mine = (
            order.requester == me.reference if order.requester else order.requester_name == me.name
        )
        return AwaitedOrder(
            owner=row.owner,
            id=row.id,
            patient=self._search.line(row.owner),
            label=order.label,
            kind=order.kind,
            authored=order.authored,
            expected=order.expected,
            late_days=_late_days(order, today),
            requester=self._authors.name(order.requester, order.requester_name),
            mine=mine,
            chased=len(order.notes),
            note=order.notes[-1] if order.notes else "",
            requisition=order.requisition,
            state=row.state,
            op_id=row.op_id,
        )


def _order(row: CurrentRow) -> Order | None:
    try:
        return orders.decode(row.body)
    except Invalid:
        return None


def _late_days(order: Order, today: date) -> int:
    """Days since the day an answer was expected; 0 on that day, or where the day says too little."""
    expected = day(order.expected)
    return 0 if expected is None else (today - expected).days
