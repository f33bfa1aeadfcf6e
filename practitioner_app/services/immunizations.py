"""What a doctor does with vaccinations. Commands carry the owner of the key press (HZ-01)."""

from msgspec import Struct, structs

from dossier.fhir import immunizations
from dossier.fhir.elements import annotation
from dossier.fhir.immunizations import NewImmunization, Origin, Refusal
from dossier.wire import codec
from practitioner_app.services.writing import Target, Writer, Written, replaced, require

_TYPE = "Immunization"
_WORDED = (
    "status",
    "statusReason",
    "vaccineCode",
    "occurrenceDateTime",
    "occurrenceString",
    "primarySource",
    "reportOrigin",
    "lotNumber",
    "expirationDate",
    "site",
    "route",
    "performer",
    "protocolApplied",
)


class RecordImmunization(Struct, frozen=True, kw_only=True):
    """A dose given, or not given with its reason."""

    owner: int
    immunization: NewImmunization


class ReviseImmunization(Struct, frozen=True, kw_only=True):
    """New wording of a known line; a note is added, never replaced. Who gave the dose stays who gave it."""

    owner: int
    id: str
    immunization: NewImmunization


class ImmunizationService:
    """Write lane. Raises Invalid (path of the field, rule), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record(self, command: RecordImmunization) -> Written:
        body = immunizations.build(
            _checked(command.immunization),
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(command.owner),
            signature=self._writer.signature(),
        )
        return self._writer.create(command.owner, body)

    def revise(self, command: ReviseImmunization) -> Written:
        said = _checked(command.immunization)
        row = self._writer.row(Target(command.owner, _TYPE, command.id))
        before, signature = codec.resource(row.body), self._writer.signature()
        elements = immunizations.said_elements(said, signature)
        was = immunizations.decode(row.body)
        if (was.origin, was.given) == (said.origin, said.refusal is None) == (Origin.HERE, True):
            elements["performer"] = before.get("performer", elements["performer"])
        after = replaced(before, elements, _WORDED)
        if said.note:
            after["note"] = [*before.get("note", []), annotation(said.note, signature)]
        return self._writer.change(row, after)


def _checked(said: NewImmunization) -> NewImmunization:
    """Vaccine and date are always wanted; a dose not given has its reason in words."""
    reason = said.reason
    if said.refusal is Refusal.OTHER:
        reason = require(reason, "Immunization.statusReason")
    return structs.replace(
        said,
        vaccine=require(said.vaccine, "Immunization.vaccineCode"),
        at=require(said.at, "Immunization.occurrenceDateTime"),
        reason=reason,
    )
