"""The one decoder of JSON and MessagePack, and the hashes both sides must agree on.

Duplicate keys, NaN, infinities, lone surrogates and nesting beyond `limits.JSON_DEPTH` are refused
(security.md S14); pages are unpacked by a bounded decompressor. Raises BadAnswer or Invalid.
"""

import hashlib
import hmac
import re
from typing import Any, TypeVar

import msgspec
import zstandard

from dossier.errors import BadAnswer, Invalid, Issue
from dossier.wire import limits

T = TypeVar("T")

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_DEEP = re.compile(rb'"(?:[^"\\]|\\.)*"')
_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)


def encode(message: object) -> bytes:
    """Canonical-enough JSON of a message: struct field order, no spaces."""
    return msgspec.json.encode(message)


def decode(raw: bytes, kind: type[T]) -> T:
    """Parse a JSON message strictly; raises BadAnswer with a detail that quotes no content."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadAnswer(type(error).__name__) from error


def encode_pages(message: object, level: int = 1) -> bytes:
    """MessagePack inside one zstd frame that declares its size."""
    return zstandard.ZstdCompressor(level=level, write_content_size=True).compress(
        msgspec.msgpack.encode(message)
    )


def repr_digest(decoded: bytes) -> str:
    """The Repr-Digest value (RFC 9530) of decoded bytes."""
    return "sha-256=:" + _b64(hashlib.sha256(decoded).digest()) + ":"


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
    if not hmac.compare_digest(repr_digest(plain), digest):
        raise BadAnswer("digest")
    try:
        return msgspec.msgpack.decode(plain, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadAnswer(type(error).__name__) from error


def canonical(value: Any) -> bytes:
    """Sorted keys, no spaces, numbers as they decode: equal values give equal bytes on both sides."""
    return msgspec.json.encode(value, order="deterministic")


def value_hash(value: Any) -> str:
    """The `base` of a Change: SHA-256 of the canonical form, hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def row_digest(rid: str, restore: int, k: int) -> int:
    """One row's share of a compartment digest: SHA-256(id 0x00 restore 0x00 k) as an integer."""
    return int.from_bytes(hashlib.sha256(f"{rid}\0{restore}\0{k}".encode()).digest(), "big")


DIGEST_MODULUS = 1 << 256


def resource(raw: bytes, max_bytes: int = limits.BODY_BYTES) -> dict[str, Any]:
    """Decode one FHIR resource strictly; raises Invalid with the rule that failed."""
    if len(raw) > max_bytes:
        raise Invalid((Issue("$", "too_large", f"{len(raw)} > {max_bytes} bytes"),))
    check_text(raw)
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid((Issue("$", "not_json", str(error)[:120]),)) from error
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise Invalid((Issue("$", "not_a_resource"),))
    return value


def check_text(raw: bytes) -> None:
    """Refuse what decoders disagree on: duplicate keys, depth, lone surrogates (raises Invalid)."""
    _check_depth(raw)
    if b"\\u" in raw and _SURROGATE.search(raw):
        raise Invalid((Issue("$", "lone_surrogate"),))
    if _has_duplicate_key(raw):
        raise Invalid((Issue("$", "duplicate_key"),))


def _check_depth(raw: bytes) -> None:
    depth = deepest = 0
    for byte in re.findall(rb"[\[\]{}]", _DEEP.sub(b"", raw)):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > limits.JSON_DEPTH:
        raise Invalid((Issue("$", "too_deep", f"{deepest} > {limits.JSON_DEPTH}"),))


def _has_duplicate_key(raw: bytes) -> bool:
    stack: list[set[bytes] | None] = []
    tokens = _TOKEN.findall(raw)
    for index, token in enumerate(tokens):
        if token == b"{":
            stack.append(set())
        elif token == b"[":
            stack.append(None)
        elif token in (b"}", b"]"):
            if stack:
                stack.pop()
        elif token[:1] == b'"' and stack and index + 1 < len(tokens) and tokens[index + 1] == b":":
            keys = stack[-1]
            if keys is None:
                continue
            if token in keys:
                return True
            keys.add(token)
    return False


def _b64(raw: bytes) -> str:
    from base64 import b64encode  # noqa: PLC0415

    return b64encode(raw).decode()
