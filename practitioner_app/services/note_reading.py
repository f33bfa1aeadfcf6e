"""Consultation notes as they are read: versions, addenda, who wrote them for whom, what waits for a signature.

A note is an Encounter and the documents written in it (dossier.fhir.notes).
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from msgspec import Struct

from dossier.fhir import documents, encounters, notes
from dossier.fhir.encounters import Encounter
from dossier.fhir.notes import Sections
from dossier.wire import codec
from practitioner_app.ports import CurrentRow, ItemState, RecordReader
from practitioner_app.services.authors import Authors
from practitioner_app.services.search import PatientHit, SearchService
from practitioner_app.services.writing import Actor

DOCUMENT, ENCOUNTER = "DocumentReference", "Encounter"
_ONGOING: Final = b'"in-progress"'


class Colleague(NamedTuple):
    """For whom a note is written: a literal reference and a name."""

    reference: str = ""
    name: str = ""


class NotePart(Struct, frozen=True, kw_only=True):
    """One document of a note. `author` wrote it, `signer` signed it: the same person or not."""

    id: str
    sections: Sections
    text: str
    at: str
    author: str
    signer: str = ""
    signed: bool = False
    appends: bool = False
    state: ItemState = ItemState.CONFIRMED
    op_id: str = ""
    reason: str = ""


class NoteSheet(Struct, frozen=True, kw_only=True):
    """One note as it is read. `current` None: every version was marked as an error. `earlier`: newest first."""

    owner: int
    encounter: str
    contact: str
    started: str
    current: NotePart | None = None
    addenda: tuple[NotePart, ...] = ()
    earlier: tuple[NotePart, ...] = ()
    errors: tuple[NotePart, ...] = ()
    writer: str = ""
    responsible: Colleague = Colleague()
    mine: bool = False
    """Written by, signed by or written for the person at this desktop: they may correct it."""


class UnsignedLine(Struct, frozen=True, kw_only=True):
    """A note that waits for this person's signature."""

    owner: int
    encounter: str
    title: str
    at: str
    author: str
    patient: PatientHit | None = None
    state: ItemState = ItemState.CONFIRMED


class Versions(NamedTuple):
    """The rows behind one note."""

    encounter: CurrentRow
    contact: Encounter
    documents: list[tuple[CurrentRow, notes.Written]]

    @property
    def current(self) -> tuple[CurrentRow, notes.Written] | None:
        """The newest version that counts and is no addendum."""
        living = [
            pair
            for pair in self.documents
            if pair[1].counts and not pair[1].appends and pair[1].status != "superseded"
        ]
        return max(living, key=lambda pair: pair[1].at) if living else None


class NoteReader:
    """Read lane. Raises StoreError kin."""

    def __init__(self, reader: RecordReader, actor: Actor, search: SearchService) -> None:
        self._reader, self._actor, self._search = reader, actor, search

    def sheet(self, owner: int, encounter: str) -> NoteSheet | None:
        """A note with its versions; None when the consultation is not here, or has no such note."""
        found = self.versions(owner, encounter)
        if found is None or not found.documents:
            return None
        authors = Authors(self._reader)
        contact = found.contact
        authors.learn(
            ref
            for _, said in found.documents
            for ref in (said.author, said.signer, contact.responsible, contact.author)
        )
        current = found.current
        parts = [(said, part_of(row, said, authors)) for row, said in found.documents]
        parts.sort(key=lambda pair: pair[1].at)
        chosen = current[1].id if current else ""
        return NoteSheet(
            owner=owner,
            encounter=encounter,
            contact=contact.title,
            started=contact.at,
            current=next((part for said, part in parts if said.id == chosen), None),
            addenda=tuple(part for said, part in parts if said.counts and said.appends),
            earlier=tuple(
                part
                for said, part in reversed(parts)
                if said.counts and not said.appends and said.id != chosen
            ),
            errors=tuple(part for said, part in parts if not said.counts),
            writer=authors.name(contact.author, contact.author_name),
            responsible=Colleague(
                contact.responsible, authors.name(contact.responsible, contact.responsible_name)
            ),
            mine=self._is_mine(contact, current[1] if current else None),
        )

    def unsigned(self) -> tuple[UnsignedLine, ...]:
        """The notes that wait for this person's signature, the oldest first."""
        lines = []
        for row in self._reader.everywhere(ENCOUNTER):
            if _ONGOING not in row.body:
                continue
            found = self.versions(row.owner, row.id)
            current = found.current if found is not None else None
            if found is None or current is None or current[1].signed:
                continue
            contact, said = found.contact, current[1]
            if contact.status != "in-progress" or not self._is_asked(contact, said):
                continue
            authors = Authors(self._reader)
            authors.learn((said.author,))
            lines.append(
                UnsignedLine(
                    owner=row.owner,
                    encounter=row.id,
                    title=said.title,
                    at=contact.at or said.at,
                    author=authors.name(said.author, said.author_name),
                    patient=self._search.line(row.owner),
                    state=current[0].state,
                )
            )
        return tuple(sorted(lines, key=lambda line: (line.at, line.owner)))

    def colleagues(self, owner: int) -> tuple[Colleague, ...]:
        """For whom one may write here: the attending doctor, and who saw this patient before; not oneself."""
        found: dict[str, str] = {}
        for row in self._reader.rows(owner, ("Patient", ENCOUNTER)):
            for target, name in _named(row):
                if target.startswith("Practitioner/") and target != self._actor.reference:
                    found.setdefault(target, name)
        authors = Authors(self._reader)
        authors.learn(found)
        named = (Colleague(target, authors.name(target, name)) for target, name in found.items())
        return tuple(sorted((one for one in named if one.name), key=lambda one: one.name))

    def versions(self, owner: int, encounter: str) -> Versions | None:
        """The consultation and the documents of its note; None when it is not here."""
        row = self._reader.resource(owner, ENCOUNTER, encounter)
        if row is None or row.owner != owner:
            return None
        wanted = f'"{ENCOUNTER}/{encounter}"'.encode()
        held = []
        for one in self._reader.rows(owner, (DOCUMENT,)):
            if wanted in one.body:
                said = notes.decode(one.body)
                if is_note(said, one.body):
                    held.append((one, said))
        return Versions(row, encounters.decode(row.body), held)

    def _is_mine(self, contact: Encounter, said: notes.Written | None) -> bool:
        mine = [(contact.author, contact.author_name)]
        mine.append((contact.responsible, contact.responsible_name))
        if said is not None:
            mine += [(said.author, said.author_name), (said.signer, said.signer_name)]
        return any(self._is_me(*one) for one in mine)

    def _is_asked(self, contact: Encounter, said: notes.Written) -> bool:
        """Of whom the signature is awaited: whom it was written for, else who wrote."""
        if contact.responsible or contact.responsible_name:
            return self._is_me(contact.responsible, contact.responsible_name)
        return self._is_me(said.author, said.author_name)

    def _is_me(self, target: str, name: str) -> bool:
        me = self._actor
        return target == me.reference if target and me.reference else bool(name) and name == me.name


def is_note(said: notes.Written, body: bytes) -> bool:
    """A document of this type in a contact; a prescription of the same contact is none."""
    return bool(said.encounter) and documents.decode(body).type_code == notes.NOTE_CODE


def part_of(row: CurrentRow, said: notes.Written, authors: Authors) -> NotePart:
    """One document of a note, with the names of its people."""
    return NotePart(
        id=said.id,
        sections=said.sections,
        text=said.text,
        at=said.at,
        author=authors.name(said.author, said.author_name),
        signer=authors.name(said.signer, said.signer_name),
        signed=said.signed,
        appends=bool(said.appends),
        state=row.state,
        op_id=row.op_id,
        reason=said.reason,
    )


def _named(row: CurrentRow) -> Iterable[tuple[str, str]]:
    """Practitioners that a row names."""
    body: Any = codec.resource(row.body)
    found = body.get("generalPractitioner") or []
    found += [part.get("individual") for part in body.get("participant") or []]
    for one in found:
        if isinstance(one, dict):
            yield str(one.get("reference", "")), str(one.get("display", ""))
