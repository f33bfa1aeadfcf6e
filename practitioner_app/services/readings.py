"""What was read and what was signed as read, for the lines of one record.

Unread is a private mark of one person (`read_marks`); signed as read is an act in the record that every
colleague sees (`dossier.fhir.reviews`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dossier.errors import Invalid
from dossier.fhir import reviews
from dossier.fhir.additions import Decision
from dossier.fhir.reviews import Review, Standing
from practitioner_app.ports import CurrentRow
from practitioner_app.services.authors import who
from practitioner_app.services.rows import Reading
from practitioner_app.services.writing import Actor

IsUnread = Callable[[CurrentRow, bool], bool]
"""Of a line's first row, and whether it arrived since the last passage and is of a kind to be read."""


class Readings:
    """Built once an opening."""

    def __init__(
        self,
        is_unread: IsUnread,
        is_me: Callable[[str, str], bool],
        readings: Mapping[str, Reading],
        decisions: Mapping[str, Decision],
    ) -> None:
        self.is_unread, self.is_me = is_unread, is_me
        self._readings, self._decisions = readings, decisions

    def decision(self, rows: Sequence[CurrentRow]) -> Decision | None:
        """What was decided about a line that the patient added: of several values, what waits counts."""
        found = [self._decisions.get(f"{row.rtype}/{row.id}") for row in rows]
        return next((one for one in found if one is None), found[0] if found else None)

    def is_mine(self, value: Any) -> bool:
        """Whether the person at this desktop wrote it."""
        return self.is_me(*who(value))

    def of(self, rows: Sequence[CurrentRow]) -> Reading | None:
        """The duty to read one of these rows, or who signed it as read."""
        if not self._readings:
            return None
        found = (self._readings.get(f"{row.rtype}/{row.id}") for row in rows)
        return next((one for one in found if one is not None), None)


def asked_of(review: Review, actor: Actor) -> bool:
    """Whether this review is the duty of this person."""
    if actor.reference and review.owner:
        return review.owner == actor.reference
    return bool(review.owner_name) and review.owner_name == actor.name


def readings_of(
    tasks: Iterable[CurrentRow], actor: Actor, name: Callable[[str, str], str]
) -> dict[str, Reading]:
    """By literal reference of what is to be read: an open duty before one that was done, one's own first."""
    found: dict[str, Reading] = {}
    for row in tasks:
        try:
            review = reviews.decode(row.body)
        except Invalid:
            continue
        if review is None or not (review.open or review.standing is Standing.COMPLETED):
            continue
        reading = Reading(
            task=row.id,
            mine=asked_of(review, actor),
            signed=not review.open,
            by=name(review.owner, review.owner_name),
            at=review.end,
            op_id=row.op_id,
        )
        before = found.get(review.focus)
        if before is None or _rank(reading) < _rank(before):
            found[review.focus] = reading
    return found


def owners_of(tasks: Iterable[CurrentRow]) -> set[str]:
    """Whom the reviews among these rows name."""
    found = set()
    for row in tasks:
        try:
            review = reviews.decode(row.body)
        except Invalid:
            continue
        if review is not None and review.owner:
            found.add(review.owner)
    return found


def _rank(reading: Reading) -> tuple[bool, bool]:
    return reading.signed, not reading.mine
