"""What the patient added to their own record, and the explicit act that settles each addition (HZ-07).

An addition waits until somebody takes it into the record or keeps it apart with a reason. It waits again when
what took it over does not count any more: nothing that a patient declared falls out of sight.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from dossier.errors import Invalid
from dossier.fhir import additions
from dossier.fhir.additions import Decision, Outcome
from dossier.fhir.elements import Json
from dossier.wire import codec
from practitioner_app.ports import CurrentRow
from practitioner_app.services.decoding import Decoded
from practitioner_app.services.writing import Target, Writer, Written, require

TAKEN_OVER: Final = frozenset(
    ("AllergyIntolerance", "Observation", "MedicationStatement", "DocumentReference")
)
"""Types that one act takes into the record; of any other the professional writes a line of their own."""


class Accept(Struct, frozen=True, kw_only=True):
    """Take these resources, one line of the timeline, into the record as one's own."""

    owner: int
    members: tuple[tuple[str, str], ...]


class KeepApart(Struct, frozen=True, kw_only=True):
    owner: int
    members: tuple[tuple[str, str], ...]
    reason: str


class OweAnswer(Struct, frozen=True, kw_only=True):
    """A note to oneself of what the patient is to be told; it is sent to nobody."""

    owner: int
    members: tuple[tuple[str, str], ...]
    words: str


class AdditionService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def accept(self, command: Accept) -> Written:
        """A resource of one's own for each, that names where it comes from, and the decision beside it."""
        written: list[Written] = []
        for rtype, rid in command.members:
            row = self._writer.row(Target(command.owner, rtype, rid))
            body = additions.taken_over(
                codec.resource(row.body),
                rid=self._writer.new_id(),
                signature=self._writer.signature(),
            )
            made = self._writer.create(command.owner, body)
            said = self._decided(
                Outcome.ACCEPTED, command.owner, (rtype, rid), became=f"{made.rtype}/{made.id}"
            )
            task = self._writer.create(command.owner, said, depends_on=made.op_id)
            written += [task, made]
        return _together(written)

    def keep_apart(self, command: KeepApart) -> Written:
        """It stays the patient's; the reason stands beside it and can be read by every colleague."""
        reason = require(command.reason, "reason")
        return self._each(Outcome.APART, command.owner, command.members, reason)

    def owe_answer(self, command: OweAnswer) -> Written:
        """The addition goes on waiting."""
        words = require(command.words, "words")
        return self._each(Outcome.ANSWER, command.owner, command.members[:1], words)

    def _each(
        self, outcome: Outcome, owner: int, members: Sequence[tuple[str, str]], words: str
    ) -> Written:
        written = []
        for member in members:
            self._writer.row(Target(owner, *member))
            said = self._decided(outcome, owner, member, words=words)
            written.append(self._writer.create(owner, said))
        return _together(written)

    def _decided(
        self,
        outcome: Outcome,
        owner: int,
        member: tuple[str, str],
        *,
        became: str = "",
        words: str = "",
    ) -> Json:
        return additions.decided(
            outcome,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(owner),
            focus="/".join(member),
            signature=self._writer.signature(),
            became=became,
            words=words,
        )


def _together(written: Sequence[Written]) -> Written:
    """One act for who did it: undone from its last op to its first."""
    first, *others = written
    return first._replace(more=tuple(one.op_id for one in others))


Decisions = Mapping[str, Decision]
"""By literal reference of the addition."""


def decisions_of(tasks: Iterable[CurrentRow], decoded: Iterable[Decoded]) -> dict[str, Decision]:
    """What stands decided: the newest decision, an acceptance only while what it made counts."""
    living = {f"{row.rtype}/{row.id}" for row, value in decoded if getattr(value, "counts", True)}
    found: dict[str, Decision] = {}
    for row in tasks:
        try:
            decision = additions.decode(row.body)
        except Invalid:
            continue
        if decision is None or decision.outcome is Outcome.NONE:
            continue
        if decision.outcome is Outcome.ACCEPTED and decision.became not in living:
            continue
        before = found.get(decision.focus)
        if before is None or _rank(decision) > _rank(before):
            found[decision.focus] = decision
    return found


def _rank(decision: Decision) -> tuple[bool, str]:
    return decision.outcome is not Outcome.ANSWER, decision.at


def settled(decisions: Decisions) -> frozenset[str]:
    """The additions that wait for nothing any more."""
    done = (Outcome.ACCEPTED, Outcome.APART)
    return frozenset(one.focus for one in decisions.values() if one.outcome in done)
