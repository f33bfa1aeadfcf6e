"""What a doctor does with measures: a set taken together, a value corrected (HZ-01, HZ-13).

Only what was typed is written. A set is one Observation a value, with one instant and one author, so that
the chronology shows it as one line; each travels by itself and can be taken back with the others.
"""

from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.fhir import measures
from dossier.fhir.measures import Taken
from dossier.wire import codec
from practitioner_app.services.writing import Target, Writer, Written

_TYPE = "Observation"


class RecordMeasures(Struct, frozen=True, kw_only=True):
    """`at` is an R4 date of any precision, "" for now."""

    owner: int
    at: str
    taken: tuple[Taken, ...]


class CorrectMeasure(Struct, frozen=True, kw_only=True):
    """Another value for a known measure."""

    owner: int
    id: str
    taken: Taken
    note: str = ""


class MeasureService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record(self, command: RecordMeasures) -> Written:
        """The first of the set; `more` are the acts of the others."""
        if not command.taken:
            raise Invalid((Issue("Observation.value", "required"),))
        signature = self._writer.signature()
        patient = self._writer.patient_reference(command.owner)
        first, *others = [
            self._writer.create(
                command.owner,
                measures.build(
                    taken,
                    rid=self._writer.new_id(),
                    patient=patient,
                    at=command.at or signature.at,
                    signature=signature,
                ),
            )
            for taken in command.taken
        ]
        return first._replace(more=tuple(other.op_id for other in others))

    def correct(self, command: CorrectMeasure) -> Written:
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        after = measures.corrected(
            codec.resource(row.body),
            command.taken,
            note=command.note,
            signature=self._writer.signature(),
        )
        return self._writer.change(row, after)
