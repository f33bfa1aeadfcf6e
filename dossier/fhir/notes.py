"""Consultation notes: a DocumentReference of type 11488-4 in an Encounter (R4 §2.42, §8.11).

The words stand under up to four headings, in the order of a French note, as plain text: what one reads is
what is stored. `status` of the encounter says whether the consultation is over, `docStatus` of the document
whether its note is signed. A correction replaces the document, an addendum appends to it; the older
versions stay.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from enum import StrEnum
from html import escape
from typing import Final

import msgspec
from msgspec import Struct, structs

from dossier.fhir import documents
from dossier.fhir.documents import NewDocument
from dossier.fhir.elements import LOINC, Coding, Json, Reference, Signature, read
from dossier.fhir.encounters import ATTENDER, PERFORMER

NOTE_CODE: Final = "11488-4"
NOTE_TYPE: Final = Coding(
    system=LOINC, code=NOTE_CODE, display="Compte rendu de consultation ou de visite"
)
HEADINGS: Final = {
    "reason": "Motif",
    "examination": "Examen",
    "conclusion": "Conclusion",
    "plan": "Conduite à tenir",
}
"""The binding words of a note (never S, O, A, P), by the field they head."""
TITLE_CHARS: Final = 120
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PART: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


class Contact(StrEnum):
    """How the patient was seen: the class of the Encounter (v3-ActCode)."""

    CONSULTATION = "AMB"
    VISIT = "HH"
    REMOTE = "VR"


CONTACTS: Final = {
    Contact.CONSULTATION: "Consultation",
    Contact.VISIT: "Visite à domicile",
    Contact.REMOTE: "Téléconsultation",
}


class Sections(Struct, frozen=True, kw_only=True):
    """What was typed under each heading; "" where nothing was."""

    reason: str = ""
    examination: str = ""
    conclusion: str = ""
    plan: str = ""

    @property
    def empty(self) -> bool:
        return not any(text.strip() for text in structs.astuple(self))


class Written(Struct, frozen=True, kw_only=True):
    """One document of a note. `appends` and `replaces` are ids of documents; `encounter` is an id."""

    id: str
    sections: Sections
    text: str
    title: str = ""
    status: str = ""
    signed: bool = False
    at: str = ""
    author: str = ""
    author_name: str = ""
    signer: str = ""
    signer_name: str = ""
    encounter: str = ""
    replaces: str = ""
    appends: str = ""
    reason: str = ""
    """Why it was marked as an error."""

    @property
    def counts(self) -> bool:
        return self.status != "entered-in-error"


class NewNote(Struct, frozen=True, kw_only=True):
    """What is written down. `encounter` is the id of the contact; `pdf` is empty while it is not signed; `text`
    stands for the sections where there are none (an addendum).
    """

    sections: Sections = Sections()
    text: str = ""
    encounter: str
    signed: bool
    pdf: bytes = b""
    replaces: str = ""
    appends: str = ""


def text_of(sections: Sections) -> str:
    """The note as plain text, headings on lines of their own; an empty part has none."""
    parts = []
    for field, heading in HEADINGS.items():
        said = getattr(sections, field).strip("\n").rstrip()
        if said:
            parts.append(f"{heading}\n" + "\n".join(map(_kept, said.splitlines())))
    return "\n\n".join(parts) + "\n"


def sections_of(text: str) -> Sections:
    """Back from the plain text. What stands before the first heading belongs to the examination: nothing of a
    foreign text is lost.
    """
    fields = {heading: field for field, heading in HEADINGS.items()}
    found: dict[str, list[str]] = {field: [] for field in HEADINGS}
    here = "examination"
    for line in text.splitlines():
        if line in fields:
            here = fields[line]
        else:
            is_escaped = line[:1] == " " and line[1:].strip(" ") in fields
            found[here].append(line[1:] if is_escaped else line)
    return Sections(**{field: "\n".join(lines).strip("\n") for field, lines in found.items()})


def _kept(line: str) -> str:
    """A line of the person that reads like a heading stays theirs."""
    return f" {line}" if line.strip(" ") in HEADINGS.values() else line


def reason_of(sections: Sections) -> str:
    """The first line of the reason, for the lists; "" where none was given."""
    first = next((line.strip() for line in sections.reason.splitlines() if line.strip()), "")
    return first if len(first) <= TITLE_CHARS else first[: TITLE_CHARS - 1].rstrip() + "…"


def build_encounter(  # noqa: PLR0913 - one keyword an element
    *,
    rid: str,
    patient: str,
    contact: Contact,
    start: str,
    reason: str,
    signature: Signature,
    responsible: Json | None = None,
    place: Json | None = None,
    over: bool,
) -> Json:
    """The contact itself; `responsible` is a Reference to whom it was written for."""
    body: Json = {
        "resourceType": "Encounter",
        "id": rid,
        "class": {"system": _ACT, "code": contact.value},
        "type": [{"text": CONTACTS[contact]}],
        "subject": {"reference": patient},
        "participant": [_participant(PERFORMER, signature.author)],
    }
    if responsible:
        body["participant"].append(_participant(ATTENDER, responsible))
    if place:
        body["serviceProvider"] = place
    return standing(body, start=start, reason=reason, signature=signature, over=over)


def standing(body: Json, *, start: str, reason: str, signature: Signature, over: bool) -> Json:
    """The same contact, going on or over, under this reason. A clock set back ends nothing before it began."""
    period = {"start": start, "end": max(start, signature.at)} if over else {"start": start}
    found = {**body, "status": "finished" if over else "in-progress", "period": period}
    if reason:
        found["reasonCode"] = [{"text": reason}]
    return found


def _participant(code: str, individual: Json) -> Json:
    return {"type": [{"coding": [{"system": _PART, "code": code}]}], "individual": individual}


def build(
    said: NewNote, *, rid: str, patient: str, start: str, title: str, signature: Signature
) -> Json:
    """The document of a note: final and signed by its author, or preliminary. Raises Invalid(`too_large`)."""
    text = said.text or text_of(said.sections)
    body = documents.build(
        NewDocument(
            type=NOTE_TYPE,
            title=title,
            pdf=said.pdf,
            text=text,
            at=start,
            encounter=f"Encounter/{said.encounter}",
            replaces=said.replaces,
        ),
        rid=rid,
        patient=patient,
        signature=signature,
    )
    if said.appends:
        target = {"reference": f"DocumentReference/{said.appends}"}
        body["relatesTo"] = [{"code": "appends", "target": target}]
    body["text"] = _narrative(text)
    if not said.signed:
        body["docStatus"] = "preliminary"
        del body["authenticator"]
    return body


def _narrative(text: str) -> Json:
    """The same words for those who search and for readers that open no attachment."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
    return {
        "status": "additional",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>',
    }


class _Attachment(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    content_type: str = ""
    data: str = ""


class _Content(Struct, frozen=True, kw_only=True, gc=False):
    attachment: _Attachment = _Attachment()


class _Relation(Struct, frozen=True, kw_only=True, gc=False):
    code: str = ""
    target: Reference | None = None


class _Context(Struct, frozen=True, kw_only=True, gc=False):
    encounter: tuple[Reference, ...] = ()


class _Annotated(Struct, frozen=True, kw_only=True, gc=False):
    text: str = ""


class _Extended(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    url: str = ""
    value_annotation: _Annotated | None = None


class _Raw(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    id: str = ""
    extension: tuple[_Extended, ...] = ()
    status: str = ""
    doc_status: str = ""
    date: str = ""
    description: str = ""
    author: tuple[Reference, ...] = ()
    authenticator: Reference | None = None
    relates_to: tuple[_Relation, ...] = ()
    content: tuple[_Content, ...] = ()
    context: _Context = _Context()


_decoder = msgspec.json.Decoder(_Raw)


def decode(body: bytes) -> Written:
    """The document of a note, with its words. Raises Invalid(`unreadable`) only when it is not R4 at all."""
    raw = read(_decoder, body)
    text = next((said for one in raw.content if (said := _plain(one.attachment))), "")
    author = raw.author[0] if raw.author else Reference()
    signer = raw.authenticator or Reference()
    why = (one.value_annotation for one in raw.extension if one.url == documents.ERROR_URL)
    return Written(
        id=raw.id,
        sections=sections_of(text),
        text=text,
        title=raw.description,
        status=raw.status,
        signed=raw.doc_status in ("final", "amended"),
        at=raw.date,
        author=author.reference,
        author_name=author.display,
        signer=signer.reference,
        signer_name=signer.display,
        encounter=_id(raw.context.encounter[0] if raw.context.encounter else None),
        replaces=_related(raw, "replaces"),
        appends=_related(raw, "appends"),
        reason=next((one.text for one in why if one), ""),
    )


def _plain(attachment: _Attachment) -> str:
    if attachment.content_type.partition(";")[0].strip().lower() != "text/plain":
        return ""
    try:
        return b64decode(attachment.data, validate=True).decode("utf-8")
    except (NotBase64, UnicodeDecodeError):
        return ""


def _related(raw: _Raw, code: str) -> str:
    return next((_id(one.target) for one in raw.relates_to if one.code == code), "")


def _id(target: Reference | None) -> str:
    return target.reference.rpartition("/")[2] if target else ""
