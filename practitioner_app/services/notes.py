"""Consultation notes: written, signed, corrected by a new version, completed by a colleague, marked as errors.

A note is an Encounter and the documents written in it (dossier.fhir.notes). Each act is one durable act of
several ops: all of them are kept, or none. A document waits for its encounter; what replaces waits for what
it stands for.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct

from dossier.errors import Invalid, Issue, Refused, Unavailable
from dossier.fhir import documents, measures, notes
from dossier.fhir.elements import Json, annotation, reference
from dossier.fhir.measures import Taken
from dossier.fhir.notes import CONTACTS, Contact, NewNote, Sections
from dossier.wire import codec
from practitioner_app.ports import CurrentRow, ItemState, Outbox, RecordReader
from practitioner_app.services.note_reading import (
    DOCUMENT,
    ENCOUNTER,
    Colleague,
    NoteReader,
    NoteSheet,
    UnsignedLine,
    Versions,
)
from practitioner_app.services.search import SearchService
from practitioner_app.services.writing import Target, Writer, Written

IMPRESSION: Final = "ClinicalImpression"
_HELD: Final = frozenset((ItemState.PENDING, ItemState.REFUSED))


class WriteNote(Struct, frozen=True, kw_only=True):
    """What the person signs, or leaves to be signed. `encounter` is the id of a note that exists: it is
    finished where it waited for its signature, and else replaced by this version. `started` is an instant.
    """

    owner: int
    sections: Sections
    started: str
    sign: bool
    contact: Contact = Contact.CONSULTATION
    responsible: Colleague = Colleague()
    measures: tuple[Taken, ...] = ()
    encounter: str = ""
    pdf: bytes = b""


class AddToNote(Struct, frozen=True, kw_only=True):
    owner: int
    encounter: str
    text: str


class MarkNoteErroneous(Struct, frozen=True, kw_only=True):
    """`members`: the resources that the line of the consultation speaks for."""

    owner: int
    members: tuple[tuple[str, str], ...]
    reason: str


class NoteService:
    """`sheet`, `unsigned`, `colleagues`: read lane; the acts: write lane, each inside `DraftService.finish` or
    `Outbox.together`. Raises Invalid, Unavailable, Refused, StoreError kin.
    """

    def __init__(
        self,
        reader: RecordReader,
        writer: Writer,
        outbox: Outbox,
        search: SearchService,
        place: str = "",
    ) -> None:
        self._writer, self._outbox = writer, outbox
        self._reading = NoteReader(reader, writer.actor, search)
        self._place = place

    def sheet(self, owner: int, encounter: str) -> NoteSheet | None:
        """A note with its versions; None when the consultation is not here, or has no such note."""
        return self._reading.sheet(owner, encounter)

    def unsigned(self) -> tuple[UnsignedLine, ...]:
        """The notes that wait for this person's signature, the oldest first."""
        return self._reading.unsigned()

    def colleagues(self, owner: int) -> tuple[Colleague, ...]:
        """For whom one may write here; not oneself."""
        return self._reading.colleagues(owner)

    def write(self, command: WriteNote) -> Written:
        """Sign, or leave to be signed; a note without a word is refused (Invalid `required`)."""
        if command.sections.empty:
            raise Invalid((Issue("sections", "required"),))
        found = (
            self._reading.versions(command.owner, command.encounter) if command.encounter else None
        )
        if found is None:
            return self._begin(command)
        current = found.current
        if current is not None and not current[1].signed:
            return self._go_on(command, found, current)
        return self._correct(command, found, current)

    def add(self, command: AddToNote) -> Written:
        """An addendum, signed: it stands below the note and changes nothing of it."""
        text = command.text.strip()
        if not text:
            raise Invalid((Issue("text", "required"),))
        found = self._reading.versions(command.owner, command.encounter)
        if found is None:
            raise Unavailable
        current = found.current
        said = NewNote(
            text=text + "\n",
            encounter=command.encounter,
            signed=True,
            appends=current[1].id if current else "",
        )
        title = current[1].title if current else found.contact.reason or found.contact.title
        body = self._document(command.owner, said, found.contact.at, title)
        waits = current[0] if current else found.encounter
        return self._writer.create(command.owner, body, depends_on=_waits(waits))

    def mark_erroneous(self, command: MarkNoteErroneous) -> Written:
        """Every version and the consultation stay listed, struck through, with the reason."""
        reason = " ".join(command.reason.split())
        if not reason:
            raise Invalid((Issue("reason", "required"),))
        written = []
        for rtype, rid in command.members:
            row = self._writer.row(Target(command.owner, rtype, rid))
            before = codec.resource(row.body)
            if before.get("status") == "entered-in-error" or rtype not in _ERRING:
                continue
            after = _ERRING[rtype](before, reason=reason, signature=self._writer.signature())
            written.append(self._writer.change(row, after, reason=reason))
        if not written:
            raise Unavailable
        return written[0]

    def undo(self, ops: Sequence[str]) -> None:
        """Take every op of an act back. Refused(`already_left`), and nothing taken back, when one has left."""
        with self._outbox.together():
            for op_id in reversed(ops):
                if not self._outbox.withdraw(op_id):
                    raise Refused("already_left")

    def take_back(self, owner: int, encounter: str) -> Sections:
        """The words of a note that was refused, or that has not left: what waits of it is withdrawn, what was
        refused leaves the list and stays in the archive. Refused(`already_left`), and nothing changed.
        """
        found = self._reading.versions(owner, encounter)
        held = [said for row, said in (found.documents if found else ()) if row.state in _HELD]
        if found is None or not held:
            raise Unavailable
        members = {(DOCUMENT, row.id) for row, _ in found.documents} | {(ENCOUNTER, encounter)}
        with self._outbox.together():
            for item in reversed(self._outbox.pending()):
                if item.owner != owner or (item.rtype, item.id) not in members:
                    continue
                if item.state is ItemState.REFUSED:
                    self._outbox.discard_refused(item.op_id)
                elif not self._outbox.withdraw(item.op_id):
                    raise Refused("already_left")
        return max(held, key=lambda said: said.at).sections

    # --- steps ---------------------------------------------------------------------------------------

    def _begin(self, command: WriteNote) -> Written:
        writer, rid = self._writer, self._writer.new_id()
        responsible = command.responsible
        reason = notes.reason_of(command.sections)
        encounter = writer.create(
            command.owner,
            notes.build_encounter(
                rid=rid,
                patient=writer.patient_reference(command.owner),
                contact=command.contact,
                start=command.started,
                reason=reason,
                signature=writer.signature(),
                responsible=reference(responsible.reference, responsible.name)
                if responsible.name
                else None,
                place=reference("", self._place, "Organization") if self._place else None,
                over=command.sign,
            ),
        )
        said = NewNote(
            sections=command.sections, encounter=rid, signed=command.sign, pdf=command.pdf
        )
        title = reason or CONTACTS[command.contact]
        body = self._document(command.owner, said, command.started, title)
        document = writer.create(command.owner, body, depends_on=encounter.op_id)
        measured = self._measure(command, rid)
        return encounter._replace(more=(document.op_id, *measured))

    def _go_on(
        self, command: WriteNote, found: Versions, current: tuple[CurrentRow, notes.Written]
    ) -> Written:
        """The note that waited is typed further, and signed or not."""
        writer, (row, _) = self._writer, current
        started = found.contact.at or command.started
        reason = notes.reason_of(command.sections)
        said = NewNote(
            sections=command.sections,
            encounter=command.encounter,
            signed=command.sign,
            pdf=command.pdf,
        )
        before = codec.resource(row.body)
        after = self._document(command.owner, said, started, reason or found.contact.title)
        kept: Json = {name: before[name] for name in ("id", "author") if name in before}
        ops = [writer.change(row, {**before, **after, **kept}).op_id]
        body = codec.resource(found.encounter.body)
        standing = notes.standing(
            body, start=started, reason=reason, signature=writer.signature(), over=command.sign
        )
        with suppress(Invalid):  # neither the reason nor the standing changed
            ops.append(writer.change(found.encounter, standing, depends_on=ops[0]).op_id)
        ops += self._measure(command, command.encounter)
        return _written(command, ops)

    def _correct(
        self,
        command: WriteNote,
        found: Versions,
        current: tuple[CurrentRow, notes.Written] | None,
    ) -> Written:
        """A new version that replaces; the old one is superseded and stays."""
        if not command.sign:
            raise Invalid((Issue("sign", "required"),))
        if current is not None and current[1].sections == command.sections:
            raise Invalid((Issue("$", "no_change"),))
        writer = self._writer
        reason = notes.reason_of(command.sections)
        said = NewNote(
            sections=command.sections,
            encounter=command.encounter,
            signed=True,
            pdf=command.pdf,
            replaces=current[1].id if current else "",
        )
        title = reason or found.contact.title
        body = self._document(command.owner, said, found.contact.at, title)
        waits = _waits(current[0] if current else found.encounter)
        ops = [writer.create(command.owner, body, depends_on=waits).op_id]
        if current is not None:
            old = documents.superseded(codec.resource(current[0].body))
            ops.append(writer.change(current[0], old, depends_on=ops[0]).op_id)
        if reason and found.contact.reason != reason:
            after = {**codec.resource(found.encounter.body), "reasonCode": [{"text": reason}]}
            ops.append(writer.change(found.encounter, after, depends_on=ops[0]).op_id)
        ops += self._measure(command, command.encounter)
        return _written(command, ops)

    def _measure(self, command: WriteNote, encounter: str) -> list[str]:
        """The measures that the person took over from the words, one op each."""
        writer, ops = self._writer, []
        for taken in command.measures:
            body = measures.build(
                taken,
                rid=writer.new_id(),
                patient=writer.patient_reference(command.owner),
                at=command.started,
                signature=writer.signature(),
            )
            body["encounter"] = {"reference": f"{ENCOUNTER}/{encounter}"}
            ops.append(writer.create(command.owner, body).op_id)
        return ops

    def _document(self, owner: int, said: NewNote, start: str, title: str) -> Json:
        return notes.build(
            said,
            rid=self._writer.new_id(),
            patient=self._writer.patient_reference(owner),
            start=start or self._writer.signature().at,
            title=title,
            signature=self._writer.signature(),
        )


def _written(command: WriteNote, ops: Sequence[str]) -> Written:
    return Written(ops[0], command.owner, ENCOUNTER, command.encounter, tuple(ops[1:]))


def _waits(row: CurrentRow) -> str | None:
    """The op that must be accepted before anything that rests on this row."""
    return row.op_id if row.state in (ItemState.PENDING, ItemState.SENT) else None


def _encounter_in_error(body: Json, *, reason: str, signature: Any) -> Json:
    told = {"url": documents.ERROR_URL, "valueAnnotation": annotation(reason, signature)}
    return {
        **body,
        "status": "entered-in-error",
        "extension": [*body.get("extension", []), told],
    }


def _impression_in_error(body: Json, *, reason: str, signature: Any) -> Json:
    return {
        **body,
        "status": "entered-in-error",
        "note": [*body.get("note", []), annotation(reason, signature)],
    }


_ERRING: Final = {
    DOCUMENT: documents.entered_in_error,
    ENCOUNTER: _encounter_in_error,
    IMPRESSION: _impression_in_error,
}
