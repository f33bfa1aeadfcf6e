"""Documents: DocumentReference (R4 §2.42; PDSm profiles), without its content."""

import msgspec
from msgspec import Struct

from dossier.fhir.elements import Concept, Period, Reference, first_code, read, words


class Document(Struct, frozen=True, kw_only=True, gc=False):
    """`at` is the date of care when said, else of the document; `made` the date of the document.

    `custodian`: the organisation that keeps it, a reference. `replaced`: a newer version exists. `media` is the content type of the first content.
    """

    id: str
    title: str
    type_label: str = ""
    type_code: str = ""
    category: str = ""
    at: str = ""
    made: str = ""
    status: str = ""
    replaced: bool = False
    author: str = ""
    author_name: str = ""
    custodian: str = ""
    by_patient: bool = False
    labels: tuple[str, ...] = ()
    media: str = ""
    pages_bytes: int = 0
    description: str = ""

    @property
    def counts(self) -> bool:
        return self.status != "entered-in-error"


class _Attachment(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    content_type: str = ""
    title: str = ""
    creation: str = ""
    size: int = 0


class _Content(Struct, frozen=True, kw_only=True, gc=False):
    attachment: _Attachment = _Attachment()


class _Context(Struct, frozen=True, kw_only=True, gc=False):
    period: Period | None = None


class _DocumentReference(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    type: Concept | None = None
    category: tuple[Concept, ...] = ()
    date: str = ""
    author: tuple[Reference, ...] = ()
    custodian: Reference | None = None
    description: str = ""
    security_label: tuple[Concept, ...] = ()
    content: tuple[_Content, ...] = ()
    context: _Context | None = None


_decoder = msgspec.json.Decoder(_DocumentReference)


def decode(body: bytes) -> Document:
    """Raises Invalid(`unreadable`) only when the body is not R4 at all."""
    raw = read(_decoder, body)
    attachment = raw.content[0].attachment if raw.content else _Attachment()
    period = raw.context.period if raw.context else None
    author = raw.author[0] if raw.author else Reference()
    made = raw.date or attachment.creation
    return Document(
        id=raw.id,
        title=raw.description or attachment.title or words(raw.type),
        type_label=words(raw.type),
        type_code=first_code(raw.type)[1],
        category=words(raw.category[0]) if raw.category else "",
        at=(period.start if period else "") or attachment.creation or raw.date,
        made=made,
        status=raw.status,
        replaced=raw.status == "superseded",
        author=author.reference,
        author_name=author.display,
        custodian=raw.custodian.reference if raw.custodian else "",
        by_patient=author.reference.startswith(("Patient/", "RelatedPerson/")),
        labels=tuple(first_code(item)[1] for item in raw.security_label),
        media=attachment.content_type,
        pages_bytes=attachment.size,
        description=raw.description,
    )
