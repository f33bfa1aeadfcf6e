"""The sync centre and the status bar: exact figures, nothing that can vanish.

Progress counts patients, rows and bytes; the time left is smoothed over ten seconds and unknown before
five (never a jumping second). Waiting, refused and disagreeing items come from the outbox and stay until
somebody decides.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from dossier.clock import Clock
from dossier.errors import Unavailable
from dossier.fhir.elements import Json
from dossier.fhir.index import extract
from dossier.wire import codec
from practitioner_app.ports import (
    ConflictCase,
    CopyFacts,
    ItemState,
    Outbox,
    PendingOp,
    RecordReader,
)
from practitioner_app.services.authors import Authors, who, written_at
from practitioner_app.services.decoding import decode
from practitioner_app.services.search import PatientHit, SearchService
from practitioner_app.services.session import Connection, LeaseState, lease_state

_WINDOW_S: Final = 10.0
_SURE_S: Final = 5.0


class Rank(StrEnum):
    """The order of copy: identities, so that the list can be searched; names of people; then the records."""

    LIST = "list"
    NAMES = "names"
    RECORDS = "records"


_RANKS: Final = {0: Rank.LIST, 1: Rank.NAMES}


class Progress(StrEnum):
    DONE = "done"
    UNDER_WAY = "under_way"
    TO_COME = "to_come"


class RankRow(Struct, frozen=True, kw_only=True):
    rank: Rank
    patients: int
    patients_total: int
    rows: int
    rows_total: int
    progress: Progress


class CopyRow(Struct, frozen=True, kw_only=True):
    """`percent` has one decimal and is the same ratio everywhere (rows). `seconds_left` None: being computed
    or nothing left. `usable`: the first class is complete: every patient can be found.
    """

    patients: int
    patients_total: int
    rows: int
    rows_total: int
    size: int
    size_total: int
    percent: float
    complete: bool
    usable: bool
    bytes_per_s: float | None
    seconds_left: float | None
    ranks: tuple[RankRow, ...]
    disk_bytes: int


class OpRow(Struct, frozen=True, kw_only=True):
    """A waiting or refused item with its patient by two identifiers. `reason` is a catalogue key."""

    op_id: str
    owner: int
    rtype: str
    id: str
    kind: str
    title: str
    at: str
    size_bytes: int
    state: ItemState
    reason: str
    patient: PatientHit | None


class ConflictRow(Struct, frozen=True, kw_only=True):
    op_id: str
    owner: int
    rtype: str
    id: str
    title: str
    at: str
    patient: PatientHit | None
    other_author: str = ""
    other_at: str = ""


class Exchange(Struct, frozen=True, kw_only=True):
    """One line of `recent exchanges`: a catalogue key and its figures, never data."""

    at: datetime
    key: str
    figures: Mapping[str, int] = {}


class Undone(StrEnum):
    """What became of the wish to take an item back."""

    DONE = "done"
    LEFT = "left"
    """It was tried over the network: the server may hold it, its answer is awaited."""
    NEEDED = "needed"
    """A later change of the same line rests on it."""
    ANSWERED = "answered"
    """It waits no more."""


class Centre(Struct, frozen=True, kw_only=True):
    connection: Connection
    copy: CopyRow
    last_contact: datetime | None
    lease: LeaseState
    pending: tuple[OpRow, ...]
    refused: tuple[OpRow, ...]
    conflicts: tuple[ConflictRow, ...]
    exchanges: tuple[Exchange, ...]


class Status(Struct, frozen=True, kw_only=True):
    """What the status bar and the lock page need: counts only."""

    connection: Connection
    copy_at: datetime | None
    patients: int
    patients_total: int
    complete: bool
    pending: int
    refused: int
    conflicts: int
    lease: LeaseState


class RateMeter:
    """Bytes per second over the last ten seconds. Not thread-safe: one lane at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, size: int) -> None:
        now = self._clock.monotonic()
        if self._seen and size < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, size))
        while self._seen and now - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()

    def per_s(self) -> float | None:
        """None before five seconds of observation."""
        if len(self._seen) < 2:
            return None
        span = self._seen[-1][0] - self._seen[0][0]
        return (self._seen[-1][1] - self._seen[0][1]) / span if span >= _SURE_S else None


class SyncCentre:
    """`view` and `status` run on a read lane; `settle`-like verbs on the write lane. The connection and the
    exchanges are told by the sync loop through `connected` and `noted`.
    """

    def __init__(
        self, *, reader: RecordReader, outbox: Outbox, search: SearchService, clock: Clock
    ) -> None:
        self._reader = reader
        self._outbox = outbox
        self._search = search
        self._authors = Authors(reader)
        self._clock = clock
        self._meter = RateMeter(clock)
        self._connection = Connection()
        self._exchanges: deque[Exchange] = deque(maxlen=50)

    def connected(self, connection: Connection) -> None:
        self._connection = connection

    def noted(self, key: str, **figures: int) -> None:
        self._exchanges.appendleft(Exchange(at=self._clock.now(), key=key, figures=figures))

    def status(self) -> Status:
        facts = self._reader.copy_facts()
        return Status(
            connection=self._connection,
            copy_at=facts.last_contact,
            patients=facts.patients_complete,
            patients_total=facts.patients,
            complete=facts.patients > 0 and facts.patients_complete == facts.patients,
            pending=facts.pending,
            refused=facts.refused,
            conflicts=facts.conflicts,
            lease=lease_state(facts, self._clock.now()),
        )

    def view(self) -> Centre:
        facts = self._reader.copy_facts()
        self._meter.saw(facts.size)
        items = [self._op(item) for item in self._outbox.pending()]
        return Centre(
            connection=self._connection,
            copy=copy_row(facts, self._meter.per_s()),
            last_contact=facts.last_contact,
            lease=lease_state(facts, self._clock.now()),
            pending=tuple(item for item in items if item.state is not ItemState.REFUSED),
            refused=tuple(item for item in items if item.state is ItemState.REFUSED),
            conflicts=tuple(self._conflict(case) for case in self._outbox.conflicts()),
            exchanges=tuple(self._exchanges),
        )

    def to_fix(self) -> tuple[tuple[OpRow, ...], tuple[ConflictRow, ...]]:
        """What was refused, and what two people wrote differently: it stays until somebody decides."""
        waiting = self._outbox.pending()
        refused = [self._op(one) for one in waiting if one.state is ItemState.REFUSED]
        return tuple(refused), tuple(self._conflict(case) for case in self._outbox.conflicts())

    def words_of(self, op_id: str) -> tuple[int, str]:
        """(patient, every word) of an item that waits or was refused. Raises Unavailable when it is there no more."""
        for item in self._outbox.pending():
            if item.op_id == op_id and item.body:
                return item.owner, extract(codec.resource(item.body)).text
        raise Unavailable

    def undo(self, op_id: str) -> Undone:
        """Withdraw a waiting item before it leaves; else what is true of it now."""
        if self._outbox.withdraw(op_id):
            return Undone.DONE
        waiting = self._outbox.pending()
        at = next((n for n, item in enumerate(waiting) if item.op_id == op_id), None)
        if at is None:
            return Undone.ANSWERED
        item = waiting[at]
        rests = any(
            (later.owner, later.rtype, later.id) == (item.owner, item.rtype, item.id)
            for later in waiting[at + 1 :]
        )
        return Undone.NEEDED if item.state is ItemState.PENDING and rests else Undone.LEFT

    def withdraw_refused(self, op_id: str) -> None:
        """A person decided to give a refused item up; it stays in the archive."""
        self._outbox.discard_refused(op_id)

    def _conflict(self, case: ConflictCase) -> ConflictRow:
        """Both versions by their authors; the other one may not have arrived yet."""
        author, at = "", ""
        if case.theirs:
            value: Any = decode(case.rtype, case.theirs)
            self._authors.learn([who(value)[0]])
            author, at = self._authors.name(*who(value)), written_at(value)
        return ConflictRow(
            op_id=case.op_id,
            owner=case.owner,
            rtype=case.rtype,
            id=case.id,
            title=title_of(case.mine) or title_of(case.theirs),
            at=case.at,
            patient=self._search.line(case.owner),
            other_author=author,
            other_at=at,
        )

    def _op(self, item: PendingOp) -> OpRow:
        return OpRow(
            op_id=item.op_id,
            owner=item.owner,
            rtype=item.rtype,
            id=item.id,
            kind=item.kind,
            title=title_of(item.body),
            at=item.at,
            size_bytes=item.size_bytes,
            state=item.state,
            reason=item.reason,
            patient=self._search.line(item.owner),
        )


def copy_row(facts: CopyFacts, per_s: float | None) -> CopyRow:
    """Figures of the copy; every ratio is of rows."""
    ranks = tuple(
        RankRow(
            rank=_RANKS.get(rank, Rank.RECORDS),
            patients=done,
            patients_total=total,
            rows=rows,
            rows_total=max(rows, wanted),
            progress=Progress.DONE
            if done == total
            else Progress.UNDER_WAY
            if rows
            else Progress.TO_COME,
        )
        for rank, done, total, rows, wanted in facts.by_rank
    )
    complete = facts.patients > 0 and facts.patients_complete == facts.patients
    left = max(0, facts.size_wanted - facts.size)
    ratio = facts.rows / facts.rows_wanted if facts.rows_wanted else float(complete)
    return CopyRow(
        patients=facts.patients_complete,
        patients_total=facts.patients,
        rows=facts.rows,
        rows_total=max(facts.rows, facts.rows_wanted),
        size=facts.size,
        size_total=max(facts.size, facts.size_wanted),
        percent=percent(ratio, complete=complete),
        complete=complete,
        usable=complete or bool(ranks and ranks[0].progress is Progress.DONE),
        bytes_per_s=per_s,
        seconds_left=left / per_s if per_s and not complete else None,
        ranks=ranks,
        disk_bytes=facts.disk_bytes,
    )


def percent(ratio: float, *, complete: bool) -> float:
    """One decimal, and 100 only when it is true."""
    return 100.0 if complete else min(99.9, round(100.0 * ratio, 1))


def title_of(body: bytes) -> str:
    """The words of a resource, from whichever version we hold; "" for an op without one."""
    if not body:
        return ""
    resource: Json = codec.decode(body, dict)
    return extract(resource).title
