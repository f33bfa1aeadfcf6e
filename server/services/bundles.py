"""What a file of FHIR JSON holds, resource by resource, each with the bytes it was received in.

Pure. The text is read one level at a time and never becomes one tree of objects: what a Bundle costs in
memory is its own bytes, a few hundred bytes an entry, and one decoded resource. A reference to
`urn:uuid:X` becomes `Type/X` when the file holds X (DATA-MODEL §1) and is refused in a Bundle that does not;
a resource without an id takes it from its `fullUrl`, else from its content, so that importing twice meets
itself. Keys that stand twice are seen by counting quotes (`wire.codec`), level by level.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from dossier.errors import DossierError, Invalid, Issue
from dossier.fhir import invariants
from dossier.wire import codec

T = TypeVar("T")

ENTRIES = 200_000
"""Most entries of one Bundle: one patient's part is one transaction, and is held until it is decided."""
_LONG = 16 * 1024 * 1024
_OBJECTS = 32 * ENTRIES
"""Most objects of a long text: what is read of a text that is all brackets costs many times its length."""
_STAND_IN: dict[str, Any] = {}
"""In the place of a resource while the envelope is checked."""

_KINDS = frozenset({"transaction", "collection", "batch", "searchset"})
_WRITES = frozenset({"POST", "PUT"})
_OF_BUNDLE = frozenset(
    (
        "resourceType", "id", "meta", "implicitRules", "language", "identifier", "type", "timestamp",
        "total", "link", "entry", "signature",
    )
)  # fmt: skip
_OF_ENTRY = frozenset(
    (
        "id", "extension", "modifierExtension", "link", "fullUrl", "resource", "search", "request",
        "response",
    )
)  # fmt: skip
_LONG_ENTRY = msgspec.defstruct(
    "_LONG_ENTRY",
    [(name, msgspec.Raw, msgspec.Raw(b"")) for known in _OF_ENTRY for name in (known, f"_{known}")],
    forbid_unknown_fields=True,
)
_LONG_BUNDLE = msgspec.defstruct(
    "_LONG_BUNDLE",
    [
        (name, list[_LONG_ENTRY] if name == "entry" else msgspec.Raw, None)  # type: ignore[valid-type]
        for known in _OF_BUNDLE
        for name in (known, f"_{known}")
    ],
    forbid_unknown_fields=True,
)
"""A Bundle whose every element is known: reading one with others stops at the first of them."""
_URN = "urn:uuid:"
_REFERENCE = re.compile(rb'("reference"\s*:\s*")(urn:uuid:[0-9A-Za-z-]{1,64})(")')
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CONDITIONAL = re.compile(rb'"reference"\s*:\s*"Patient\?')

Pieces = dict[str, msgspec.Raw]


class _Meta(msgspec.Struct):
    version: msgspec.Raw = msgspec.field(name="versionId", default_factory=lambda: msgspec.Raw(b""))


class _Named(msgspec.Struct):
    rtype: str = msgspec.field(name="resourceType", default="")
    id: str = ""
    meta: _Meta = msgspec.field(default_factory=_Meta)


class Item(NamedTuple):
    """One resource: its bytes as they shall be stored, and decoded."""

    rtype: str
    id: str
    body: bytes
    value: dict[str, Any]
    place: int = 0

    @property
    def name(self) -> str:
        return f"{self.rtype}/{self.id}"

    def refused(self, reason: str, issues: tuple[Issue, ...] = ()) -> "Refusal":
        """The refusal of this resource."""
        return Refusal(self.name, reason, issues, self.place)


class Refusal(NamedTuple):
    """Why one resource, or one document (`resource` empty), was not taken. Nothing of its content.
    `place`: which of the documents given together it stood in.
    """

    resource: str
    reason: str
    issues: tuple[Issue, ...] = ()
    place: int = 0


class Draft(NamedTuple):
    """One resource of a file, not decoded yet. `raw` is a view of the file."""

    rtype: str
    id: str
    raw: msgspec.Raw
    place: int = 0

    @property
    def name(self) -> str:
        return f"{self.rtype}/{self.id}"


class Contents(NamedTuple):
    """The resources of one file or of some lines, and the entries that are none. `whole`: all or nothing."""

    drafts: tuple[Draft, ...]
    urns: dict[bytes, bytes]
    refused: tuple[Refusal, ...]
    whole: bool

    def items(self) -> Iterator[Item | Refusal]:
        """Each resource decoded, one at a time, or why it cannot be."""
        for draft in self.drafts:
            try:
                yield self._item(draft)
            except Invalid as wrong:
                yield Refusal(draft.name, "invalid", wrong.issues, draft.place)

    def _item(self, draft: Draft) -> Item:
        raw = bytes(draft.raw)
        lost: list[bytes] = []
        if b"urn:uuid:" in raw:
            raw = _REFERENCE.sub(lambda found: self._resolved(found, lost), raw)
        value = codec.resource(raw)
        if "id" not in value:
            raw = b'{"id":"' + draft.id.encode() + b'",' + raw.lstrip()[1:].lstrip()
            value["id"] = draft.id
        if not _ID.fullmatch(draft.id):
            raise Invalid((Issue("id", "not_an_id"),))
        if _CONDITIONAL.search(raw):
            raise Invalid((Issue("$", "conditional_reference"),))
        if lost and self.whole:
            raise Invalid((Issue("$", "unresolved_reference"),))
        return Item(draft.rtype, draft.id, raw, value, draft.place)

    def _resolved(self, found: re.Match[bytes], lost: list[bytes]) -> bytes:
        target = self.urns.get(found[2])
        if target is None:
            lost.append(found[2])
            return found[0]
        return found[1] + target + found[3]


NOTHING = Contents((), {}, (), whole=False)


def contents(raw: bytes) -> Contents:
    """Read one resource or one Bundle. Raises Invalid when it is neither, or a Bundle that is itself wrong
    (bdl-*), too long, or of a kind that is no set of records (a document, a message, a history, an answer).
    """
    if len(raw) > _LONG:
        _bounded(raw)
    top = _decode(raw, Pieces)
    if _text(top.get("resourceType")) != "Bundle":
        whole = msgspec.Raw(raw)
        named = _name("", whole)
        return Contents((Draft(named.rtype, named.id, whole),), {}, (), whole=False)
    if _text(top.get("type")) not in _KINDS:
        raise Invalid((Issue("Bundle.type", "not_a_set_of_records"),))
    listed = top.pop("entry", None)
    entries = [] if listed is None else _decode(listed, list[Pieces])
    if len(entries) > ENTRIES:
        raise Invalid((Issue("Bundle.entry", "too_many_entries", f"more than {ENTRIES}"),))
    outside = codec.quotes(raw) - _quotes(top) - (0 if listed is None else 2)
    if outside != sum(map(_quotes, entries)):
        raise Invalid((Issue("$", "duplicate_key"),))
    return _bundle(top, entries)


def _bounded(raw: bytes) -> None:
    """Refuse a long text that would unfold to many times its length, before it is unfolded."""
    if raw.count(b"{") > _OBJECTS:
        raise Invalid((Issue("$", "too_many_entries", f"more than {_OBJECTS} objects"),))
    if _decode(raw, _Named).rtype != "Bundle":
        raise Invalid((Issue("$", "too_large", f"a resource of {len(raw)} bytes"),))
    try:
        msgspec.json.decode(raw, type=_LONG_BUNDLE)
    except msgspec.ValidationError as error:
        raise Invalid((Issue("Bundle", "unknown_element"),)) from error


def together(documents: list[Contents]) -> Contents:
    """Lone resources as one set, each taken or refused for itself; their places are those of the list."""
    drafts = [
        draft._replace(place=place) for place, held in enumerate(documents) for draft in held.drafts
    ]
    return Contents(tuple(drafts), {}, (), whole=False)


def _bundle(top: Pieces, entries: list[Pieces]) -> Contents:
    drafts: list[Draft] = []
    refused: list[Refusal] = []
    urns: dict[bytes, bytes] = {}
    seen: list[dict[str, Any]] = []
    for place, entry in enumerate(entries):
        inner = entry.pop("resource", None)
        said = _checked(entry, _OF_ENTRY, f"Bundle.entry[{place}]")
        if inner is not None:
            url = said.get("fullUrl")
            named = _name(url if isinstance(url, str) else "", inner)
            drafts.append(Draft(named.rtype, named.id, inner))
            version = bytes(named.meta.version).decode(errors="replace")
            said["resource"] = {"meta": {"versionId": version}} if version else _STAND_IN
            if isinstance(url, str) and url.startswith(_URN):
                urns[url.encode()] = drafts[-1].name.encode()
        if (no := _no_write(said)) is not None:
            refused.append(Refusal(drafts[-1].name if inner is not None else "", no, _at(place)))
        seen.append(said)
    bundle = {**_checked(top, _OF_BUNDLE, "Bundle"), "entry": seen}
    if issues := invariants.check("Bundle", bundle, "Bundle"):
        raise Invalid(issues)
    return Contents(tuple(drafts), urns, tuple(refused), whole=True)


def _no_write(entry: dict[str, Any]) -> str | None:
    """Why an entry asks for what an import cannot give: it adds, and neither erases, patches nor answers."""
    request = entry.get("request")
    if isinstance(request, dict) and request.get("method") not in _WRITES:
        return "request_not_taken"
    return "no_resource" if "resource" not in entry else None


def _at(place: int) -> tuple[Issue, ...]:
    return (Issue(f"Bundle.entry[{place}]", "request"),)


def _quotes(pieces: Pieces) -> int:
    """The borders of every key and of what is in its value."""
    return sum(2 + codec.quotes(memoryview(value)) for value in pieces.values())


def _checked(pieces: Pieces, known: frozenset[str], path: str) -> dict[str, Any]:
    """The small elements of a Bundle or an entry, decoded strictly."""
    found = {}
    for key, value in pieces.items():
        if key.removeprefix("_") not in known:
            raise Invalid((Issue(f"{path}.{invariants.safe_name(key)}", "unknown_element"),))
        found[key] = codec.check_text(bytes(value))
    return found


def _name(full_url: str, raw: msgspec.Raw) -> _Named:
    try:
        named = _decode(raw, _Named)
    except DossierError:
        return _Named()
    if not named.id:
        urn = full_url.removeprefix(_URN) if full_url.startswith(_URN) else ""
        named.id = urn or _uuid8(raw)
    return named


def _uuid8(raw: msgspec.Raw) -> str:
    """A UUID made of the content's hash (RFC 9562 §5.8)."""
    value = int.from_bytes(hashlib.sha256(raw).digest()[:16], "big")
    value = value & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62
    return str(UUID(int=value))


def _text(raw: msgspec.Raw | None) -> str:
    value = msgspec.json.decode(raw) if raw is not None else ""
    return value if isinstance(value, str) else ""


def _decode(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except RecursionError as error:
        raise Invalid((Issue("$", "too_deep"),)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid((Issue("$", "not_json", type(error).__name__),)) from error
