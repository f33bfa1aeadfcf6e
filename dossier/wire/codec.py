"""The one decoder of JSON and MessagePack, and the hashes both sides must agree on.

Duplicate keys, NaN, infinities, lone surrogates, numbers out of range and nesting beyond
`limits.JSON_DEPTH` are refused, because parsers disagree on them (CVE-2017-12635); pages are unpacked by a
bounded decompressor. Raises BadAnswer for messages and pages, Invalid for resources; neither quotes content.

How a duplicate is seen without a slower parser: the decoded value is encoded again, and a key that was
lost takes its two quotes with it. Quotes are counted after pairs of backslashes and escaped quotes are
taken out, so that every quote left is the border of a string.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from threading import local
from typing import Any, Final, TypeVar

import msgspec
import zstandard

from dossier.errors import BadAnswer, Invalid, Issue
from dossier.wire import limits

T = TypeVar("T")

_SURROGATE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)
_SKELETON: Final = bytes.maketrans(b"{}[]", b"()()")
_FLESH: Final = bytes(set(range(256)) - set(b'{}[]"'))
_MESSAGE_DEPTH: Final = limits.JSON_DEPTH + 4
"""A message may hold a resource of the full depth."""
_WINDOW: Final = 1 << 20
_SMALL_PAGE: Final = 2_048
_AT_ONCE: Final = -1
"""The level of zstd for a page of few bytes, whose table of codes would cost more than the page."""
_BACKSLASH: Final = 0x5C
_WHOLE: Final = 1 << 53
"""Above it a float does not name one integer."""


def encode(message: object) -> bytes:
    """Canonical-enough JSON of a message: struct field order, no spaces."""
    return msgspec.json.encode(message)


def decode(raw: bytes, kind: type[T]) -> T:
    """Parse a JSON message strictly; raises BadAnswer with a detail that quotes no content."""
    try:
        value = msgspec.json.decode(raw, type=kind)
        _parse(raw, _MESSAGE_DEPTH)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadAnswer(type(error).__name__) from error
    except Invalid as error:
        raise BadAnswer(error.issues[0].rule) from error
    return value


def encode_pages(message: object) -> tuple[bytes, str]:
    """MessagePack inside one zstd frame that declares its size, and the digest of the decoded bytes."""
    plain = msgspec.msgpack.encode(message)
    level = 1 if len(plain) > _SMALL_PAGE else _AT_ONCE
    return _SCRATCH.compressor(level).compress(plain), repr_digest(plain)


class _Scratch(local):
    """Compressors, one of a level for each thread: making one costs more than a small page does."""

    def __init__(self) -> None:
        self._compressors: dict[int, zstandard.ZstdCompressor] = {}

    def compressor(self, level: int) -> zstandard.ZstdCompressor:
        """The thread's own one of this level."""
        found = self._compressors.get(level)
        if found is None:
            found = zstandard.ZstdCompressor(level=level, write_content_size=True)
            self._compressors[level] = found
        return found


_SCRATCH: Final = _Scratch()


def repr_digest(decoded: bytes) -> str:
    """The Repr-Digest value (RFC 9530) of decoded bytes."""
    return "sha-256=:" + b64encode(hashlib.sha256(decoded).digest()).decode() + ":"


def unpack(raw: bytes, max_bytes: int = limits.DECODED_PAGE_BYTES) -> bytes:
    """Undo zstd; raises BadAnswer when it would grow beyond `max_bytes`, is truncated or has a tail."""
    try:
        unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 23).decompressobj(
            read_across_frames=False
        )
        out, seen = [], 0
        for start in range(0, len(raw), 65536):
            piece = unpacker.decompress(raw[start : start + 65536])
            seen += len(piece)
            if seen > max_bytes:
                raise BadAnswer("too_large")
            out.append(piece)
    except zstandard.ZstdError as error:
        raise BadAnswer("zstd") from error
    if not unpacker.eof or unpacker.unused_data:
        raise BadAnswer("truncated")
    return b"".join(out)


def decode_pages(raw: bytes, digest: str, kind: type[T]) -> T:
    """Unpack, check the digest, parse. Nothing is believed before the digest is right."""
    plain = unpack(raw)
    if not hmac.compare_digest(repr_digest(plain).encode(), digest.encode(errors="replace")):
        raise BadAnswer("digest")
    try:
        return msgspec.msgpack.decode(plain, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadAnswer(type(error).__name__) from error


def canonical(value: Any) -> bytes:
    """Sorted keys, no spaces, whole numbers without a point: equal JSON gives equal bytes on both sides.

    Text is untouched (no Unicode normalisation); 1.50, 1.5 and 15e-1 are one number, as are 1.0 and 1.
    """
    encoded = msgspec.json.encode(value, order="deterministic")
    if b".0" in encoded or b"e" in encoded:
        return msgspec.json.encode(_whole(value), order="deterministic")
    return encoded


def _whole(value: Any) -> Any:
    """The same value with integral floats as integers."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return int(value)
    return value


def value_hash(value: Any) -> str:
    """The `base` of a Change: SHA-256 of the canonical form, hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def row_digest(rid: str, restore: int, k: int) -> int:
    """One row's share of a compartment digest: SHA-256(id 0x00 restore 0x00 k) as an integer."""
    return int.from_bytes(hashlib.sha256(f"{rid}\0{restore}\0{k}".encode()).digest(), "big")


DIGEST_MODULUS = 1 << 256


def resource(raw: bytes, max_bytes: int = limits.BODY_BYTES) -> dict[str, Any]:
    """Decode one FHIR resource strictly; raises Invalid with the rule that failed.

    Rules: too_large, not_json, out_of_range, lone_surrogate, too_deep, duplicate_key, not_a_resource.
    Numbers become int or float: the bytes received stay the truth, this value is for reading.
    """
    if len(raw) > max_bytes:
        raise Invalid((Issue("$", "too_large", f"{len(raw)} > {max_bytes} bytes"),))
    value = _parse(raw, limits.JSON_DEPTH)
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise Invalid((Issue("$", "not_a_resource"),))
    return value


def check_text(raw: bytes, depth: int = limits.JSON_DEPTH) -> Any:
    """Decode, refusing what decoders disagree on: duplicate keys, depth, lone surrogates (raises Invalid)."""
    return _parse(raw, depth)


def _parse(raw: bytes, depth: int) -> Any:
    try:
        value = msgspec.json.decode(raw)
    except RecursionError as error:
        raise Invalid((Issue("$", "too_deep"),)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid((Issue("$", _rule(raw, error), type(error).__name__),)) from error
    if _depth(raw, depth) > depth:
        raise Invalid((Issue("$", "too_deep", f"more than {depth} levels"),))
    if quotes(raw) != quotes(msgspec.json.encode(value)):
        raise Invalid((Issue("$", "duplicate_key"),))
    return value


def _rule(raw: bytes, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return "out_of_range"
    return "lone_surrogate" if _SURROGATE.search(raw) else "not_json"


def quotes(raw: bytes | memoryview) -> int:
    """How many quotes of this JSON are the border of a string. A long text is read in windows, none of which
    ends inside an escape, so that no copy of it is made.
    """
    if len(raw) <= _WINDOW:
        return _borders(bytes(raw)).count(b'"')
    count, start = 0, 0
    while start < len(raw):
        end = min(start + _WINDOW, len(raw))
        while end < len(raw) and raw[end - 1] == _BACKSLASH:
            end += 1
        count += _borders(bytes(raw[start:end])).count(b'"')
        start = end
    return count


def _borders(raw: bytes) -> bytes:
    """The text with every quote gone that is not the border of a string."""
    if b"\\" not in raw:
        return raw
    return raw.replace(b"\\\\", b"").replace(b'\\"', b"")


def _depth(raw: bytes, limit: int) -> int:
    """Levels of nesting of well-formed JSON, counted up to `limit` + 1."""
    if raw.count(b"{") + raw.count(b"[") <= limit:
        return 0
    skeleton = _borders(raw).translate(_SKELETON, _FLESH)
    bare = skeleton.replace(b'""', b"")
    if b'"' in bare:  # a bracket inside a string
        bare = b"".join(skeleton.split(b'"')[::2])
    levels = 0
    while bare and levels <= limit:
        bare = bare.replace(b"()", b"")
        levels += 1
    return levels
