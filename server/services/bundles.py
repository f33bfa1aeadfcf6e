"""What a file of FHIR JSON holds, resource by resource, each with the bytes it was received in.

Pure. A reference to `urn:uuid:X` becomes `Type/X` when the file holds X (DATA-MODEL §1); a resource without
an id takes it from its `fullUrl`, else from its content, so that importing twice meets itself.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from dossier.errors import DossierError, Invalid, Issue
from dossier.fhir import invariants
from dossier.wire import codec, limits

T = TypeVar("T")

_KINDS = frozenset({"transaction", "collection", "batch", "searchset"})
_URN = "urn:uuid:"
_REFERENCE = re.compile(rb'("reference"\s*:\s*")(urn:uuid:[0-9A-Za-z-]{1,64})(")')
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CONDITIONAL = re.compile(rb'"reference"\s*:\s*"Patient\?')


class _Entry(msgspec.Struct):
    full_url: str = msgspec.field(name="fullUrl", default="")
    resource: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b""))


class _Bundle(msgspec.Struct):
    kind: str = msgspec.field(name="type", default="")
    entry: list[_Entry] = []


class _Named(msgspec.Struct):
    rtype: str = msgspec.field(name="resourceType", default="")
    id: str = ""


class Item(NamedTuple):
    """One resource: its bytes as they shall be stored, and decoded."""

    rtype: str
    id: str
    body: bytes
    value: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.rtype}/{self.id}"


class Refusal(NamedTuple):
    """Why one resource, or one file (`resource` empty), was not taken. Nothing of its content."""

    resource: str
    reason: str
    issues: tuple[Issue, ...] = ()


class Contents(NamedTuple):
    """The items of one file and what in it cannot even be read. `whole`: all of it or nothing."""

    items: tuple[Item, ...]
    refused: tuple[Refusal, ...]
    whole: bool


def contents(raw: bytes) -> Contents:
    """Read one resource or one Bundle. Raises Invalid when it is neither, or a Bundle that is itself wrong
    (bdl-*) or of a kind that is no set of records (a document, a message, a history, an answer).
    """
    named = _decode(raw, _Named)
    if named.rtype != "Bundle":
        return _read([_Entry(resource=msgspec.Raw(raw))], whole=False)
    bundle = _decode(raw, _Bundle)
    if bundle.kind not in _KINDS:
        raise Invalid((Issue("Bundle.type", "not_a_set_of_records"),))
    whole = codec.check_text(raw, limits.JSON_DEPTH + 3)
    issues = invariants.check("Bundle", whole, "Bundle")
    if issues:
        raise Invalid(issues)
    return _read(bundle.entry, whole=True)


def _read(entries: list[_Entry], *, whole: bool) -> Contents:
    names = [_name(entry) for entry in entries if bytes(entry.resource)]
    urns = {
        entry.full_url.encode(): f"{name.rtype}/{name.id}".encode()
        for entry, name in zip(_with_resource(entries), names, strict=True)
        if entry.full_url.startswith(_URN)
    }
    items: list[Item] = []
    refused: list[Refusal] = []
    for entry, name in zip(_with_resource(entries), names, strict=True):
        try:
            items.append(_item(bytes(entry.resource), name, urns))
        except Invalid as wrong:
            refused.append(Refusal(f"{name.rtype}/{name.id}", "invalid", wrong.issues))
    return Contents(tuple(items), tuple(refused), whole)


def _with_resource(entries: list[_Entry]) -> Iterator[_Entry]:
    return (entry for entry in entries if bytes(entry.resource))


def _name(entry: _Entry) -> _Named:
    raw = bytes(entry.resource)
    try:
        named = _decode(raw, _Named)
    except DossierError:
        return _Named()
    if not named.id:
        urn = entry.full_url.removeprefix(_URN) if entry.full_url.startswith(_URN) else ""
        named.id = urn or _uuid8(raw)
    return named


def _uuid8(raw: bytes) -> str:
    """A UUID made of the content's hash (RFC 9562 §5.8)."""
    value = int.from_bytes(hashlib.sha256(raw).digest()[:16], "big")
    value = value & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62
    return str(UUID(int=value))


def _item(raw: bytes, name: _Named, urns: dict[bytes, bytes]) -> Item:
    if b"urn:uuid:" in raw:
        raw = _REFERENCE.sub(lambda found: found[1] + urns.get(found[2], found[2]) + found[3], raw)
    value = codec.resource(raw)
    if "id" not in value:
        raw = b'{"id":"' + name.id.encode() + b'",' + raw.lstrip()[1:].lstrip()
        value["id"] = name.id
    if not _ID.fullmatch(name.id):
        raise Invalid((Issue("id", "not_an_id"),))
    if _CONDITIONAL.search(raw):
        raise Invalid((Issue("$", "conditional_reference"),))
    return Item(name.rtype, name.id, raw, value)


def _decode(raw: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid((Issue("$", "not_json", type(error).__name__),)) from error
