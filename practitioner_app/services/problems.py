"""What a doctor does with problems and past history. Commands carry the owner of the key press (HZ-01)."""

from msgspec import Struct, structs

from dossier.fhir import problems
from dossier.fhir.elements import annotation
from dossier.fhir.problems import NewProblem
from dossier.wire import codec
from practitioner_app.services.writing import Target, Writer, Written, replaced, require

_TYPE = "Condition"
_WORDED = ("clinicalStatus", "category", "code", "onsetDateTime", "abatementDateTime")


class RecordProblem(Struct, frozen=True, kw_only=True):
    owner: int
    problem: NewProblem


class ReviseProblem(Struct, frozen=True, kw_only=True):
    """New wording of a known line; a note is added, never replaced."""

    owner: int
    id: str
    problem: NewProblem


class CloseProblem(Struct, frozen=True, kw_only=True):
    """Resolved on a day (any precision): it moves to the past history."""

    owner: int
    id: str
    until: str


class MarkProblemErroneous(Struct, frozen=True, kw_only=True):
    owner: int
    id: str
    reason: str


class ProblemService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record(self, command: RecordProblem) -> Written:
        said = structs.replace(
            command.problem, label=require(command.problem.label, "Condition.code")
        )
        body = problems.build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def revise(self, command: ReviseProblem) -> Written:
        said = command.problem
        require(said.label, "Condition.code")
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        before = codec.resource(row.body)
        after = replaced(before, problems.said_elements(said), _WORDED)
        if said.note:
            note = annotation(said.note, self._writer.signature())
            after["note"] = [*before.get("note", []), note]
        return self._writer.change(row, after)

    def close(self, command: CloseProblem) -> Written:
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        until = require(command.until, "Condition.abatementDateTime")
        return self._writer.change(row, problems.closed(codec.resource(row.body), until=until))

    def mark_erroneous(self, command: MarkProblemErroneous) -> Written:
        """It stays listed, struck through, with the reason."""
        reason = require(command.reason, "reason")
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        after = problems.entered_in_error(
            codec.resource(row.body), reason=reason, signature=self._writer.signature()
        )
        return self._writer.change(row, after, reason=reason)

    def undo(self, op_id: str) -> bool:
        """False when it already left; it is then corrected, not undone."""
        return self._writer.withdraw(op_id)
