"""Signed roots of the log as text: C2SP tlog-checkpoint in a C2SP signed note (Ed25519).

    <origin>
    <size in decimal>
    <root in base64>

    — <origin> <base64(key id || signature)>

The key id is the first 4 bytes of SHA-256(origin || 0x0A || 0x01 || public key). Signatures of other keys
are ignored, as the format asks.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from typing import NamedTuple

from dossier.errors import SealBroken
from dossier.sealing import devices
from dossier.sealing.merkle import HASH_BYTES

_SIGNATURE = "\u2014 "
_MAX_TEXT = 8_192


class Checkpoint(NamedTuple):
    """A log, how many leaves it has and their root."""

    origin: str
    size: int
    root: bytes


def sign_checkpoint(private: bytes, origin: str, size: int, root: bytes) -> bytes:
    """The signed text. `origin` names the log: no space, no plus. Raises ValueError for what has no form."""
    if not _is_name(origin) or size < 0 or len(root) != HASH_BYTES:
        raise ValueError("a checkpoint is an origin without spaces, a size and a 32-byte root")
    text = f"{origin}\n{size}\n{b64encode(root).decode()}\n"
    key_id = _key_id(origin, devices.public_key(private))
    signature = b64encode(key_id + devices.sign(private, text.encode())).decode()
    return f"{text}\n{_SIGNATURE}{origin} {signature}\n".encode()


def verify_checkpoint(public: bytes, text: bytes) -> Checkpoint:
    """What the log's key signed; raises SealBroken for anything else."""
    try:
        note = text.decode() if len(text) <= _MAX_TEXT else ""
    except UnicodeDecodeError as error:
        raise SealBroken from error
    body, blank, signatures = note.rpartition("\n\n")
    body += "\n"
    lines = body.split("\n")
    whole = bool(blank) and signatures.endswith("\n") and all(lines[:-1])
    if not whole or len(lines) < 4 or not _is_name(lines[0]):
        raise SealBroken
    origin, size, root = lines[0], lines[1], _root(lines[2])
    wanted = _key_id(origin, public)
    signed = any(
        raw[:4] == wanted and devices.verify(public, body.encode(), raw[4:])
        for raw in _signatures(signatures, origin)
    )
    if not signed or not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
        raise SealBroken
    return Checkpoint(origin, int(size), root)


def _signatures(text: str, origin: str) -> list[bytes]:
    found = []
    for line in text[:-1].split("\n"):
        if not line.startswith(_SIGNATURE):
            raise SealBroken
        name, _, encoded = line[len(_SIGNATURE) :].partition(" ")
        if name == origin:
            found.append(_base64(encoded))
    return found


def _root(text: str) -> bytes:
    root = _base64(text)
    if len(root) != HASH_BYTES:
        raise SealBroken
    return root


def _base64(text: str) -> bytes:
    try:
        raw = b64decode(text, validate=True)
    except ValueError as error:
        raise SealBroken from error
    if b64encode(raw).decode() != text:
        raise SealBroken
    return raw


def _key_id(origin: str, public: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]


def _is_name(text: str) -> bool:
    return bool(text) and "+" not in text and not any(c.isspace() for c in text)
