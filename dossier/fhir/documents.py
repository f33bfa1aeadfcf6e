"""Documents: DocumentReference (R4 §2.42; PDSm profiles).

Reading leaves the content aside. What a desktop writes carries its page and its words in itself: a PDF, at
most PDF_BYTES, and the same as plain text. `relatesTo` names the version it replaces, `context.related`
what it orders.
"""

from base64 import b64decode, b64encode
from typing import Final

import msgspec
from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.fhir.elements import (
    Coding,
    Concept,
    Json,
    Period,
    Reference,
    Signature,
    annotation,
    concept,
    first_code,
    read,
    words,
)

PDF_BYTES: Final = 150_000
"""What a document may carry in itself: with its words and in base64, within the limit of one body."""

ANSWERS_URL: Final = "urn:colloque:fhir:page-answers"
"""Extension: what the page was made from, as a JSON object of strings."""
ERROR_URL: Final = "urn:colloque:fhir:error-reason"
"""Extension: why a document was marked as an error, by whom and when; DocumentReference has no note."""

_REPLACES: Final = "replaces"


class Document(Struct, frozen=True, kw_only=True, gc=False):
    """`at` is the date of care when said, else of the document; `made` the date of the document.

    `custodian`: the organisation that keeps it, a reference. `replaced`: a newer version exists. `replaces`: literal
    references of the versions this one stands for. `media` is the content type of the first content.
    `final`: its author ended it (docStatus). `authenticator`: who signed it, a reference.
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
    replaces: tuple[str, ...] = ()
    final: bool = False
    authenticator: str = ""
    author: str = ""
    author_name: str = ""
    custodian: str = ""
    related: tuple[str, ...] = ()
    """Literal references of what it orders or belongs to."""
    by_patient: bool = False
    encounter: str = ""
    """Id of the consultation it was written in."""
    appends: bool = False
    """It completes another document, and replaces nothing of it."""
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
    related: tuple[Reference, ...] = ()
    encounter: tuple[Reference, ...] = ()


class _Relation(Struct, frozen=True, kw_only=True, gc=False):
    code: str = ""
    target: Reference | None = None


class _DocumentReference(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    status: str = ""
    doc_status: str = ""
    type: Concept | None = None
    category: tuple[Concept, ...] = ()
    date: str = ""
    author: tuple[Reference, ...] = ()
    authenticator: Reference | None = None
    custodian: Reference | None = None
    relates_to: tuple[_Relation, ...] = ()
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
        replaces=tuple(
            one.target.reference
            for one in raw.relates_to
            if one.code == _REPLACES and one.target and one.target.reference
        ),
        final=raw.doc_status in ("final", "amended"),
        authenticator=raw.authenticator.reference if raw.authenticator else "",
        author=author.reference,
        author_name=author.display,
        custodian=raw.custodian.reference if raw.custodian else "",
        related=tuple(one.reference for one in raw.context.related) if raw.context else (),
        encounter=_contact(raw.context),
        appends=any(one.code == "appends" for one in raw.relates_to),
        by_patient=author.reference.startswith(("Patient/", "RelatedPerson/")),
        labels=tuple(first_code(item)[1] for item in raw.security_label),
        media=attachment.content_type,
        pages_bytes=attachment.size,
        description=raw.description,
    )


def _contact(context: _Context | None) -> str:
    contacts = context.encounter if context else ()
    return contacts[0].reference.rpartition("/")[2] if contacts else ""


class NewDocument(Struct, frozen=True, kw_only=True):
    """What a person signs. `type` codes what it is, `title` says it; `at` is the day of care; `related` are
    literal references of what it orders or belongs to; `replaces` the id of the version it replaces;
    `answers` what the page was made from, for a later version. `pdf` is empty where there is no page yet.
    """

    type: Coding
    title: str
    pdf: bytes
    text: str
    at: str
    encounter: str = ""
    related: tuple[str, ...] = ()
    replaces: str = ""
    answers: dict[str, str] = {}


def build(said: NewDocument, *, rid: str, patient: str, signature: Signature) -> Json:
    """A signed document, final. Raises Invalid(`too_large`) for a page beyond PDF_BYTES."""
    if len(said.pdf) > PDF_BYTES:
        raise Invalid((Issue("DocumentReference.content", "too_large"),))
    context: Json = {"period": {"start": said.at, "end": said.at}}
    if said.encounter:
        context["encounter"] = [{"reference": said.encounter}]
    if said.related:
        context["related"] = [{"reference": one} for one in said.related]
    body: Json = {
        "resourceType": "DocumentReference",
        "id": rid,
        "status": "current",
        "docStatus": "final",
        "type": concept(said.type.display, said.type),
        "subject": {"reference": patient},
        "date": signature.at,
        "author": [signature.author],
        "authenticator": signature.author,
        "description": said.title,
        "content": [
            {"attachment": _attachment(kind, octets, said)}
            for kind, octets in (
                ("application/pdf", said.pdf),
                ("text/plain; charset=utf-8", said.text.encode()),
            )
            if octets
        ],
        "context": context,
    }
    if said.replaces:
        target = {"reference": f"DocumentReference/{said.replaces}"}
        body["relatesTo"] = [{"code": "replaces", "target": target}]
    if said.answers:
        told = msgspec.json.encode(said.answers).decode()
        body["extension"] = [{"url": ANSWERS_URL, "valueString": told}]
    return body


def _attachment(kind: str, octets: bytes, said: NewDocument) -> Json:
    return {
        "contentType": kind,
        "language": "fr-FR",
        "data": b64encode(octets).decode(),
        "size": len(octets),
        "title": said.title,
    }


class _Related(Struct, frozen=True, kw_only=True, gc=False):
    related: tuple[Reference, ...] = ()


class _Ordering(Struct, frozen=True, kw_only=True, gc=False):
    context: _Related = _Related()


_ordering = msgspec.json.Decoder(_Ordering)


def ordered_by(body: bytes) -> tuple[str, ...]:
    """Ids of the orders (ServiceRequest) a document is the paper of. Raises Invalid(`unreadable`)."""
    found = (one.reference.partition("/") for one in read(_ordering, body).context.related)
    return tuple(rid for rtype, _, rid in found if rtype == "ServiceRequest")


class _Extension(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    url: str = ""
    value_string: str = ""


class _Answered(Struct, frozen=True, kw_only=True, gc=False):
    extension: tuple[_Extension, ...] = ()


_answered = msgspec.json.Decoder(_Answered)
_told = msgspec.json.Decoder(dict[str, str])


def answers_of(body: bytes) -> dict[str, str]:
    """What a page was made from; empty for a document of another program. Raises Invalid(`unreadable`)."""
    for one in read(_answered, body).extension:
        if one.url == ANSWERS_URL:
            return read(_told, one.value_string.encode())
    return {}


class _PdfAttachment(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    content_type: str = ""
    data: str = ""


class _PdfContent(Struct, frozen=True, kw_only=True, gc=False):
    attachment: _PdfAttachment = _PdfAttachment()


class _Pdf(Struct, frozen=True, kw_only=True, gc=False):
    content: tuple[_PdfContent, ...] = ()


_pages = msgspec.json.Decoder(_Pdf)


def pdf_of(body: bytes) -> bytes:
    """The PDF a document carries in itself, b"" without one. Raises Invalid(`unreadable`)."""
    for one in read(_pages, body).content:
        if one.attachment.content_type == "application/pdf" and one.attachment.data:
            try:
                return b64decode(one.attachment.data, validate=True)
            except ValueError as error:
                raise Invalid((Issue("DocumentReference.content", "unreadable"),)) from error
    return b""


def superseded(body: Json) -> Json:
    """The same document once a newer version stands."""
    return {**body, "status": "superseded"}


def entered_in_error(body: Json, *, reason: str, signature: Signature) -> Json:
    """The same document, marked as an error; the reason and who gave it stay with it."""
    told = annotation(reason, signature)
    extension = {"url": ERROR_URL, "valueAnnotation": told}
    return {
        **body,
        "status": "entered-in-error",
        "docStatus": "entered-in-error",
        "extension": [*body.get("extension", []), extension],
    }
