"""What a doctor does with the past history that is no problem: acts, family, way of life, the review.

Commands carry the owner of the key press (HZ-01).
"""

from collections.abc import Callable

from msgspec import Struct, structs

from dossier.fhir import history, lifestyle
from dossier.fhir.elements import Json, annotation
from dossier.fhir.history import NewProcedure, NewRelative
from dossier.fhir.lifestyle import NewHabit
from dossier.wire import codec
from practitioner_app.services.writing import Target, Writer, Written, replaced, require

_ACT = ("code", "performedDateTime", "performedPeriod", "performedString", "category", "performer")
_RELATIVE = ("relationship", "condition")
_HABIT = ("valueCodeableConcept", "valueString", "component")


class RecordProcedure(Struct, frozen=True, kw_only=True):
    """`id` is that of the line to correct, "" for a new one; a note is added, never replaced."""

    owner: int
    procedure: NewProcedure
    id: str = ""


class RecordRelative(Struct, frozen=True, kw_only=True):
    owner: int
    relative: NewRelative
    id: str = ""


class RecordHabit(Struct, frozen=True, kw_only=True):
    """A new word on a habit takes the place of the one before, which stays in the chronology."""

    owner: int
    habit: NewHabit
    at: str
    id: str = ""


class ReviewHistory(Struct, frozen=True, kw_only=True):
    """`label`: what the screen calls the past history; `lines`: the references it showed."""

    owner: int
    label: str
    lines: tuple[str, ...]


class HistoryService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record_procedure(self, command: RecordProcedure) -> Written:
        said = structs.replace(
            command.procedure, label=require(command.procedure.label, "Procedure.code")
        )
        if command.id:
            target = Target(command.owner, "Procedure", command.id)
            return self._revise(target, history.procedure_elements(said), _ACT, said.note)
        return self._create(history.build_procedure, command.owner, said)

    def record_relative(self, command: RecordRelative) -> Written:
        said = structs.replace(
            command.relative,
            label=require(command.relative.label, "FamilyMemberHistory.condition"),
            relation=require(command.relative.relation, "FamilyMemberHistory.relationship"),
        )
        if command.id:
            target = Target(command.owner, "FamilyMemberHistory", command.id)
            return self._revise(target, history.relative_elements(said), _RELATIVE, said.note)
        return self._create(history.build_relative, command.owner, said)

    def record_habit(self, command: RecordHabit) -> Written:
        said = structs.replace(command.habit, text=require(command.habit.text, "Observation.value"))
        if command.id:
            target = Target(command.owner, "Observation", command.id)
            return self._revise(target, lifestyle.said_elements(said), _HABIT, said.note)
        body = lifestyle.build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            at=command.at or self._writer.signature().at,
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def review(self, command: ReviewHistory) -> Written:
        """`Revu le`: what was shown stands as it is, says this person now."""
        body = history.build_review(
            command.label,
            command.lines,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def _create(self, build: Callable[..., Json], owner: int, said: Struct) -> Written:
        body = build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(owner, body)

    def _revise(self, target: Target, elements: Json, names: tuple[str, ...], note: str) -> Written:
        row = self._writer.row(target)
        before = codec.resource(row.body)
        after = replaced(before, elements, names)
        if note:
            after["note"] = [*before.get("note", []), annotation(note, self._writer.signature())]
        return self._writer.change(row, after)
