"""Entered in error, for the kinds whose R4 status says it: the line stays, struck through, with the reason."""

from msgspec import Struct

from dossier.fhir.elements import in_error
from dossier.wire import codec
from practitioner_app.services.writing import Target, Writer, Written, require


class Strike(Struct, frozen=True, kw_only=True):
    """`rtype`: Immunization, Observation, Procedure or FamilyMemberHistory."""

    owner: int
    rtype: str
    id: str
    reason: str


class StrikingService:
    """Write lane. Raises Invalid (`required`: no reason), Unavailable, StoreError kin."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def strike(self, command: Strike) -> Written:
        reason = require(command.reason, "reason")
        row = self._writer.row(Target(command.owner, command.rtype, command.id))
        after = in_error(codec.resource(row.body), reason, self._writer.signature())
        return self._writer.change(row, after, reason=reason)
