"""What a doctor does with allergies. Commands are frozen and carry the owner of the key press (HZ-01)."""

from msgspec import Struct, structs

from dossier.errors import Invalid, Issue
from dossier.fhir import allergies
from dossier.fhir.allergies import NewAllergy
from dossier.fhir.elements import annotation
from dossier.wire import codec
from practitioner_app.ports import RecordReader
from practitioner_app.services.writing import Target, Writer, Written, replaced, require

_TYPE = "AllergyIntolerance"
_WORDED = ("code", "verificationStatus", "criticality", "onsetDateTime", "reaction")


class RecordAllergy(Struct, frozen=True, kw_only=True):
    owner: int
    allergy: NewAllergy


class AssertNoKnownAllergy(Struct, frozen=True, kw_only=True):
    """A person asked and was told there is none: dated, signed."""

    owner: int


class ReviseAllergy(Struct, frozen=True, kw_only=True):
    """New wording of a known line; a note is added, never replaced."""

    owner: int
    id: str
    allergy: NewAllergy


class MarkAllergyErroneous(Struct, frozen=True, kw_only=True):
    owner: int
    id: str
    reason: str


class AllergyService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, reader: RecordReader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def record(self, command: RecordAllergy) -> Written:
        """A known allergy; the same agent twice is the reader's to see, not ours to refuse."""
        said = structs.replace(
            command.allergy, agent=require(command.allergy.agent, "AllergyIntolerance.code")
        )
        body = allergies.build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def assert_none(self, command: AssertNoKnownAllergy) -> Written:
        """Refused while an agent is known: `none` never overrides an agent (HZ-05)."""
        for row in self._reader.rows(command.owner, (_TYPE,)):
            if allergies.decode(row.body).counts:
                raise Invalid((Issue("AllergyIntolerance.code", "known_allergy_exists"),))
        body = allergies.build_none_known(
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def revise(self, command: ReviseAllergy) -> Written:
        said = command.allergy
        require(said.agent, "AllergyIntolerance.code")
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        before = codec.resource(row.body)
        after = replaced(before, allergies.said_elements(said), _WORDED)
        if said.note:
            note = annotation(said.note, self._writer.signature())
            after["note"] = [*before.get("note", []), note]
        return self._writer.change(row, after)

    def mark_erroneous(self, command: MarkAllergyErroneous) -> Written:
        """It stays listed, struck through, with the reason."""
        reason = require(command.reason, "reason")
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        after = allergies.entered_in_error(
            codec.resource(row.body), reason=reason, signature=self._writer.signature()
        )
        return self._writer.change(row, after, reason=reason)

    def undo(self, op_id: str) -> bool:
        """False when it already left; it is then corrected, not undone."""
        return self._writer.withdraw(op_id)
