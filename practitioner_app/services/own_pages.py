"""Which PDF may be painted here: one of the narrow form in which this program writes its own pages.

The page library reads a file inside this process, where the record lies open. So only what a colleague's
desktop signed is given to it, and of that only files that say nothing but what our own writer says: no script,
action, form, link, attachment, picture, encryption, object stream, nor any codec but deflate. Every other file
shows its text alone.
"""

import re
from base64 import b64decode
from binascii import Error
from typing import Final

import msgspec
from msgspec import Struct

from dossier.errors import Invalid
from dossier.fhir.documents import PDF_BYTES
from dossier.fhir.elements import Reference, read
from practitioner_app.ports import CurrentRow

_PDF: Final = "application/pdf"
_STREAMS: Final = re.compile(rb"\bstream\r?\n.*?\bendstream\b", re.DOTALL)
_NAMES: Final = re.compile(rb"/([^\x00-\x20/<>\[\](){}%]*)")
_FONTS: Final = re.compile(rb"/(?:BaseFont|FontName)\s*/[^\s/<>\[\](){}%]+")
_FONT: Final = re.compile(rb"F[0-9]{1,4}")
_KNOWN: Final = frozenset(
    b" AIS Alternate Annots Ascent Author BaseFont CA CIDFontType2 CIDSet CIDSystemInfo CIDToGIDMap CSp "
    b"CSpcmyk CSpg CapHeight Catalog ColorSpace Contents Count CreationDate Creator DescendantFonts Descent "
    b"DestOutputProfile DeviceCMYK DeviceGray DeviceRGB Encoding ExtGState False Filter Flags FlateDecode Font "
    b"FontBBox FontDescriptor FontFile2 FontName GSa GTS_PDFA1 ID Identity Identity-H ImageB ImageC Info "
    b"ItalicAngle Kids Length Length1 MediaBox Metadata ModDate N Names None Ordering OutputCondition "
    b"OutputConditionIdentifier OutputIntent OutputIntents PCSp PCSpcmyk PCSpg PDF Page Pages Parent Pattern "
    b"ProcSet Producer Registry RegistryName Resources Root S SA SM SMask Size StemV Subtype Supplement Text "
    b"Title ToUnicode Trapped TrimBox Type Type0 W XML XObject ca".split(b" ")
)
"""Every name our writer gives; a file with any other one is not of its form."""


class _Attachment(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    content_type: str = ""
    data: str = ""


class _Content(Struct, frozen=True, kw_only=True, gc=False):
    attachment: _Attachment = _Attachment()


class _Signed(Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    doc_status: str = ""
    author: tuple[Reference, ...] = ()
    authenticator: Reference | None = None
    content: tuple[_Content, ...] = ()


_decoder = msgspec.json.Decoder(_Signed)


def own_page(row: CurrentRow) -> bytes:
    """The PDF of a document that a practitioner wrote and signed; empty where there is none to be painted."""
    if row.rtype != "DocumentReference":
        return b""
    try:
        raw = read(_decoder, row.body)
    except Invalid:
        return b""
    signer = raw.authenticator.reference if raw.authenticator else ""
    is_own = raw.doc_status == "final" and signer.startswith("Practitioner/")
    if not is_own or all(author.reference != signer for author in raw.author):
        return b""
    kept = (one.attachment for one in raw.content if one.attachment.content_type == _PDF)
    pdf = next((decoded(one.data) for one in kept if one.data), b"")
    return pdf if is_plain(pdf) else b""


def has_pages(row: CurrentRow) -> bool:
    """Whether a document holds a PDF, painted here or not."""
    try:
        raw = read(_decoder, row.body)
    except Invalid:
        return False
    return any(one.attachment.content_type == _PDF for one in raw.content)


def decoded(data: str) -> bytes:
    """The octets of an attachment; none where they are no base64 or more than a signed page may hold."""
    if len(data) > 2 * PDF_BYTES:
        return b""
    try:
        return b64decode(data, validate=True)
    except Error:
        return b""


def is_plain(pdf: bytes) -> bool:
    """Whether these octets are of the narrow form, judged without opening them."""
    if not pdf.startswith(b"%PDF-1.") or len(pdf) > PDF_BYTES:
        return False
    bare = _FONTS.sub(b" ", _STREAMS.sub(b" ", pdf))
    return all(name in _KNOWN or _FONT.fullmatch(name) for name in _NAMES.findall(bare))
