"""The words of one line of the record: a letter, a consultation note, the text of a report.

Read when a line is opened, never kept: the record screen holds the lines of one patient, not their pages.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import Struct

from dossier.errors import Invalid
from dossier.fhir import documents, encounters, notes, people
from dossier.fhir.elements import Annotation, read
from dossier.fhir.narrative import lines_of_attachment, lines_of_div, lines_of_text
from dossier.terminology.letters import KINDS
from practitioner_app.ports import CurrentRow, ItemState, RecordReader
from practitioner_app.services.authors import Authors, who
from practitioner_app.services.decoding import decode
from practitioner_app.services.note_reading import DOCUMENT, NotePart, is_note, part_of
from practitioner_app.services.own_pages import has_pages, own_page

WRITTEN: Final = frozenset(
    ("DocumentReference", "ClinicalImpression", "Composition", "DiagnosticReport")
)
"""Types whose words are worth a page; a narrative of any other only repeats its elements."""


_FOUND: Final = 250
_EXCERPTS: Final = 60


class Letter(Struct, frozen=True, kw_only=True):
    """`at` is the date of care, `made` when the document was made or received; `lines` are plain text.

    `speciality`, `organisation`, `address`, `telephone`: its letterhead, from the directory of this device.
    `note`: written in a consultation of this practice, not a document that was received.
    """

    owner: int
    rtype: str
    id: str
    title: str
    lines: tuple[str, ...]
    at: str = ""
    made: str = ""
    author: str = ""
    speciality: str = ""
    organisation: str = ""
    address: str = ""
    telephone: str = ""
    type: str = ""
    note: bool = False
    pdf: bytes = b""
    """The page as it was signed here (own_pages); empty where only the words are shown."""
    answered: bool = False
    """A letter of this program, made from answers that a new version takes up."""
    unpainted: bool = False
    """It holds pages that are not painted here."""
    pages: tuple[NotePart, ...] = ()
    """Of a note under headings: its version and what completes it, each with its author."""
    state: ItemState = ItemState.CONFIRMED


class _Attachment(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    content_type: str = ""
    data: str = ""


class _Content(Struct, frozen=True, kw_only=True, gc=False):
    attachment: _Attachment = _Attachment()


class _Narrative(Struct, frozen=True, kw_only=True, gc=False):
    div: str = ""


class _Section(Struct, frozen=True, kw_only=True, gc=False):
    title: str = ""
    text: _Narrative = _Narrative()


class _Written(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    """Where the four types keep their words."""

    text: _Narrative = _Narrative()
    content: tuple[_Content, ...] = ()
    presented_form: tuple[_Attachment, ...] = ()
    section: tuple[_Section, ...] = ()
    summary: str = ""
    conclusion: str = ""
    note: tuple[Annotation, ...] = ()


_decoder = msgspec.json.Decoder(_Written)


class DocumentService:
    """Read lane. Raises StoreError kin."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader

    def read(self, owner: int, members: Sequence[tuple[str, str]]) -> Letter | None:
        """The words of the (rtype, id) one line speaks for; None when there is nothing to read."""
        rows = []
        for rtype, rid in members:
            row = self._reader.resource(owner, rtype, rid) if rtype in WRITTEN else None
            if row is not None and row.owner == owner:
                rows.append(row)
        lines = tuple(line for row in rows for line in words_of(row))
        is_paged = bool(rows) and has_pages(rows[0])
        return self._letter(rows, lines, is_paged=is_paged) if lines or is_paged else None

    def found(self, owner: int, words: str) -> dict[tuple[str, str], str]:
        """The resources of one patient whose words hold these, with an excerpt each, matches between U+0002
        and U+0003; the Patient is none of them.
        """
        hits = self._reader.search(words, owner, _FOUND, _EXCERPTS) if words.strip() else ()
        return {(hit.rtype, hit.id): hit.excerpt for hit in hits if hit.rtype != "Patient"}

    def _pages(self, rows: Sequence[CurrentRow], authors: Authors) -> tuple[NotePart, ...]:
        read = [(row, notes.decode(row.body)) for row in rows if row.rtype == DOCUMENT]
        found = [(row, said) for row, said in read if is_note(said, row.body)]
        authors.learn(ref for _, said in found for ref in (said.author, said.signer))
        return tuple(part_of(row, said, authors) for row, said in found)

    def _letter(
        self, rows: Sequence[CurrentRow], lines: tuple[str, ...], *, is_paged: bool
    ) -> Letter:
        row = rows[0]
        pdf = own_page(row) if is_paged else b""
        value: Any = decode(row.rtype, row.body)
        authors = Authors(self._reader)
        authors.learn([who(value)[0]])
        title, kind, made, keeper = "", "", "", ""
        is_answered = False
        if isinstance(value, documents.Document):
            title, kind, made = value.title, value.type_label, value.made
            keeper = value.custodian
            is_answered = value.type_code in KINDS and bool(documents.answers_of(row.body))
        elif isinstance(value, encounters.Note):
            title = value.title
        pages = self._pages(rows, authors)
        writer, house = self._listed(who(value)[0]), self._listed(keeper)
        return Letter(
            owner=row.owner,
            rtype=row.rtype,
            id=row.id,
            title=title,
            lines=lines,
            at=getattr(value, "at", "") or row.at,
            made=made,
            author=authors.name(*who(value)),
            speciality=writer.speciality,
            organisation=house.name,
            address=house.address,
            telephone=house.telephone,
            type=kind,
            note=bool(pages) or isinstance(value, encounters.Note),
            pdf=b"" if pages else pdf,
            answered=is_answered,
            unpainted=is_paged and not pdf and not pages,
            pages=pages,
            state=row.state,
        )

    def _listed(self, reference: str) -> people.Person:
        """Who the directory of this device lists under a reference; nobody when it does not."""
        for body in self._reader.directory([reference] if reference else []).values():
            with suppress(Invalid):
                return people.decode(body)
        return people.Person(id="", name="")


def words_of(row: CurrentRow) -> tuple[str, ...]:
    """Own text first; a narrative only where the words are nowhere else."""
    try:
        raw: _Written = read(_decoder, row.body)
    except Invalid:
        return ()
    own = tuple(_own(raw))
    return own or lines_of_div(raw.text.div)


def _own(raw: _Written) -> Iterable[str]:
    for text in (raw.summary, raw.conclusion, *(item.text for item in raw.note)):
        yield from lines_of_text(text)
    for attachment in (*(item.attachment for item in raw.content), *raw.presented_form):
        yield from lines_of_attachment(attachment.content_type, attachment.data)
    for section in raw.section:
        yield from lines_of_text(section.title)
        yield from lines_of_div(section.text.div)
