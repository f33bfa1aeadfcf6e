"""What a doctor does with treatments. Commands carry the owner of the key press (HZ-01).

What is stopped or wrong may be a statement of ours or an order that came from elsewhere: commands name
the type of the line they speak of.
"""

from msgspec import Struct, structs

from dossier.fhir import medications
from dossier.fhir.elements import annotation
from dossier.fhir.medications import Drug, NewTreatment
from dossier.wire import codec
from practitioner_app.services.writing import Target, Writer, Written, replaced, require

STATEMENT = "MedicationStatement"
_DRUG = ("contained", "medicationReference", "medicationCodeableConcept", "reasonCode")


class RecordTreatment(Struct, frozen=True, kw_only=True):
    owner: int
    treatment: NewTreatment


class ReviseTreatment(Struct, frozen=True, kw_only=True):
    """New drug wording, strength, dose or moment of a known line; a note is added, never replaced."""

    owner: int
    id: str
    treatment: NewTreatment
    rtype: str = STATEMENT


class StopTreatment(Struct, frozen=True, kw_only=True):
    owner: int
    id: str
    on: str
    reason: str = ""
    rtype: str = STATEMENT


class MarkTreatmentErroneous(Struct, frozen=True, kw_only=True):
    owner: int
    id: str
    reason: str
    rtype: str = STATEMENT


class TreatmentService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record(self, command: RecordTreatment) -> Written:
        body = medications.build(
            _checked(command.treatment),
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def revise(self, command: ReviseTreatment) -> Written:
        said = _checked(command.treatment)
        row = self._writer.row(Target(command.owner, command.rtype, command.id))
        before = codec.resource(row.body)
        dosage = "dosage" if command.rtype == STATEMENT else "dosageInstruction"
        elements = medications.said_elements(said)
        if dosage != "dosage" and "dosage" in elements:
            elements[dosage] = elements.pop("dosage")
        after = replaced(before, elements, (*_DRUG, dosage))
        if said.note:
            note = annotation(said.note, self._writer.signature())
            after["note"] = [*before.get("note", []), note]
        return self._writer.change(row, after)

    def stop(self, command: StopTreatment) -> Written:
        on = require(command.on, "MedicationStatement.effectivePeriod.end")
        row = self._writer.row(Target(command.owner, command.rtype, command.id))
        after = medications.stopped(
            codec.resource(row.body),
            on=on,
            reason=command.reason,
            signature=self._writer.signature(),
        )
        return self._writer.change(row, after, reason=command.reason)

    def mark_erroneous(self, command: MarkTreatmentErroneous) -> Written:
        """It stays listed, struck through, with the reason."""
        reason = require(command.reason, "reason")
        row = self._writer.row(Target(command.owner, command.rtype, command.id))
        after = medications.entered_in_error(
            codec.resource(row.body), reason=reason, signature=self._writer.signature()
        )
        return self._writer.change(row, after, reason=reason)

    def undo(self, op_id: str) -> bool:
        """False when it already left; it is then corrected, not undone."""
        return self._writer.withdraw(op_id)


def _checked(said: NewTreatment) -> NewTreatment:
    substance = require(said.drug.substance, "MedicationStatement.medication")
    drug: Drug = structs.replace(said.drug, substance=substance)
    return structs.replace(said, drug=drug)
