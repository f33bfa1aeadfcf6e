"""What is still to be read and signed by the person at this desktop: alert values first (HZ-08, HZ-10).

A review is a duty kept in the record of its patient (dossier.fhir.reviews); the list is made of those that
this desktop holds. What is asked of an absent colleague reaches the one who replaces them, what nobody was
asked reaches everybody, and what waits longer than the dated table allows rises and is seen by the others.
Nothing abnormal is ever signed together with something else: one act, one result.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct, structs

from dossier.clock import Clock
from dossier.errors import Invalid, Issue
from dossier.fhir import reviews
from dossier.fhir.dates import instant, sort_key
from dossier.fhir.elements import reference
from dossier.fhir.reviews import Review, Standing
from dossier.terminology.catalogue import Terminology
from dossier.wire import codec
from dossier.wire.messages import Version
from practitioner_app.ports import CurrentRow, RecordReader
from practitioner_app.services.colleagues import ColleagueService, Team
from practitioner_app.services.review_lines import ReviewLine, ReviewLines, Urgency, Whose
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Target, Writer, Written, require

_TYPE = "Task"


class Reviews(Struct, frozen=True, kw_only=True):
    """`mine` in the order they are to be read; `signed` newest first; `others`: what waits for colleagues, late
    ones first.
    """

    mine: tuple[ReviewLine, ...] = ()
    signed: tuple[ReviewLine, ...] = ()
    others: tuple[ReviewLine, ...] = ()

    @property
    def late(self) -> int:
        """How many of `mine` waited too long."""
        return sum(line.late for line in self.mine)


_SIGNED_SHOWN = 50


class CurrentKey(NamedTuple):
    """A review as a screen showed it."""

    owner: int
    id: str
    version: Version


class HandOverResult(Struct, frozen=True, kw_only=True):
    """`to`: literal reference of the colleague."""

    owner: int
    id: str
    to: str
    to_name: str
    reason: str


class ReviewService:
    """`waiting` on a read lane, the acts on the write lane. Raises Unavailable, StoreError kin."""

    def __init__(
        self,
        *,
        reader: RecordReader,
        writer: Writer,
        terms: Terminology,
        search: SearchService,
        colleagues: ColleagueService,
        clock: Clock,
    ) -> None:
        self._reader, self._writer, self._terms = reader, writer, terms
        self._colleagues, self._clock = colleagues, clock
        self._lines = ReviewLines(reader, terms, search)

    def waiting(self) -> Reviews:
        """Everything asked of this person, what waits for colleagues, and what was signed last."""
        team, now = self._colleagues.team(), self._clock.now()
        lines: list[ReviewLine] = []
        signed: list[tuple[CurrentRow, Review]] = []
        for row in self._reader.everywhere(_TYPE):
            review = _review(row)
            if review is None:
                continue
            if review.open:
                lines.append(
                    self._aged(self._lines.of(row, review, self._whose(review, team)), now)
                )
            elif review.standing is Standing.COMPLETED and (
                self._is_me(review.owner, review.owner_name)
                or self._is_me(review.signed_for, review.signed_for_name)
            ):
                signed.append((row, review))
        lines.sort(key=lambda line: sort_key(line.arrived), reverse=True)
        lines.sort(
            key=lambda line: (line.urgency is not Urgency.ALERT, not line.late, line.urgency)
        )
        others = [line for line in lines if line.whose >= Whose.HANDED]
        others.sort(key=lambda line: (not line.late, line.whose))
        signed.sort(key=lambda pair: sort_key(pair[1].end), reverse=True)
        return Reviews(
            mine=tuple(line for line in lines if line.whose < Whose.HANDED),
            signed=tuple(self._lines.of(*pair, Whose.MINE) for pair in signed[:_SIGNED_SHOWN]),
            others=tuple(others),
        )

    def sign(self, owner: int, rid: str) -> Written:
        """Read and signed by this person, for whoever was asked. Invalid: `acknowledge_first` for an alert value
        nobody took note of, `of_a_colleague` for what waits for somebody who is here.
        """
        row, review = self._row(owner, rid)
        line = self._lines.of(row, review, self._whose(review, self._colleagues.team()))
        if line.alert is not None and not line.acknowledged:
            raise Invalid((Issue("Task.status", "acknowledge_first"),))
        if line.whose >= Whose.HANDED:
            raise Invalid((Issue("Task.owner", "of_a_colleague"),))
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

    def sign_together(self, seen: Sequence[CurrentKey]) -> tuple[Written, ...]:
        """Several at once, none of them abnormal, each as it was shown. Invalid before anything is written:
        `not_together` for a value out of range, without a range, or in words; `moved` for one that changed.
        """
        team = self._colleagues.team()
        rows = []
        for owner, rid, version in seen:
            row, review = self._row(owner, rid)
            line = self._lines.of(row, review, self._whose(review, team))
            if not line.together or line.whose >= Whose.HANDED:
                raise Invalid((Issue("Task.status", "not_together"),))
            if row.version != version:
                raise Invalid((Issue("Task.status", "moved"),))
            rows.append(row)
        signature = self._writer.signature()
        return tuple(
            self._writer.change(row, reviews.signed(codec.resource(row.body), signature))
            for row in rows
        )

    def acknowledge(self, owner: int, rid: str) -> Written:
        """An alert value was seen; the result stays at the top of the list until it is signed."""
        row, _ = self._row(owner, rid)
        body = codec.resource(row.body)
        return self._writer.change(row, reviews.acknowledged(body, self._writer.signature()))

    def hand_over(self, command: HandOverResult) -> Written:
        """Somebody else's duty from now on; both see it, with the reason. Invalid(`required`, `already_theirs`)."""
        row, review = self._row(command.owner, command.id)
        reason = require(command.reason, "Task.note")
        if review.owner and review.owner == command.to:
            raise Invalid((Issue("Task.owner", "already_theirs"),))
        to = reference(command.to, command.to_name, "Practitioner")
        body = codec.resource(row.body)
        changed = reviews.handed_over(
            body, to=to, reason=reason, signature=self._writer.signature()
        )
        return self._writer.change(row, changed)

    def team(self) -> Team:
        """Whom a result may be handed to."""
        return self._colleagues.team()

    def forget(self) -> None:
        """The session locks."""
        self._lines.forget()
        self._colleagues.forget()

    def _row(self, owner: int, rid: str) -> tuple[CurrentRow, Review]:
        row = self._writer.row(Target(owner, _TYPE, rid))
        review = _review(row)
        if review is None or not review.open:
            raise Invalid((Issue("Task.status", "not_open"),))
        return row, review

    def _is_me(self, person: str, name: str) -> bool:
        me = self._writer.actor
        if me.reference and person:
            return person == me.reference
        return bool(name) and name == me.name

    def _whose(self, review: Review, team: Team) -> Whose:
        if not review.owner and not review.owner_name:
            return Whose.UNASKED
        if self._is_me(review.owner, review.owner_name):
            return Whose.MINE
        if team.replaced_by_me(review.owner) is not None:
            return Whose.REPLACED
        gave = review.handed
        return Whose.HANDED if gave and self._is_me(gave.by, gave.by_name) else Whose.OTHERS

    def _aged(self, line: ReviewLine, now: datetime) -> ReviewLine:
        """Counted from the day it arrived; handing it over gives no new delay."""
        delay = self._terms.review_delays.get(line.urgency.name.lower())
        arrived = instant(line.arrived)
        if delay is None or arrived is None:
            return line
        late = now - arrived > timedelta(hours=delay.hours)
        return structs.replace(line, late=late, delay_hours=delay.hours)


def _review(row: CurrentRow) -> Review | None:
    try:
        return reviews.decode(row.body)
    except Invalid:
        return None
