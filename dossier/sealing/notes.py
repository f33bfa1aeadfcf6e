"""Signed texts that a person can read: C2SP signed-note, Ed25519.

    <text, ending in a newline>

    — <name> <base64(key id || signature)>

The key id is the first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key). Signatures of other keys are
ignored, as the format asks; encodings that are not canonical are refused.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence

from dossier.errors import SealBroken
from dossier.sealing import devices

_SIGNATURE = "\u2014 "
MAX_BYTES = 8_192


def sign_note(private: bytes, name: str, text: str) -> bytes:
    """The signed note of `text`. Raises ValueError for a name or a text that has no form: a name holds no
    space and no plus, a text ends in a newline and holds no empty line.
    """
    if not is_name(name) or not _is_text(text):
        raise ValueError("a note is a name without spaces and lines without a gap")
    signature = b64encode(
        key_id(name, devices.public_key(private)) + devices.sign(private, text.encode())
    )
    return f"{text}\n{_SIGNATURE}{name} {signature.decode()}\n".encode()


def verify_note(publics: Sequence[bytes], name: str | None, note: bytes) -> str:
    """The text, if one of these keys signed it under `name` (None: under the name of its first line).

    Raises SealBroken for anything else, longer than MAX_BYTES included.
    """
    try:
        whole = note.decode() if len(note) <= MAX_BYTES else ""
    except UnicodeDecodeError as error:
        raise SealBroken from error
    text, gap, signatures = whole.rpartition("\n\n")
    text += "\n"
    if not gap or not signatures.endswith("\n") or not _is_text(text):
        raise SealBroken
    signer = text.partition("\n")[0] if name is None else name
    if not is_name(signer):
        raise SealBroken
    signed = _signatures(signatures, signer)
    for public in publics:
        wanted = key_id(signer, public)
        for raw in signed:
            if raw[:4] == wanted and devices.verify(public, text.encode(), raw[4:]):
                return text
    raise SealBroken


def canonical_base64(text: str) -> bytes:
    """Decode base64 in its one canonical form; raises SealBroken for any other."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError as error:
        raise SealBroken from error
    if b64encode(raw).decode() != text:
        raise SealBroken
    return raw


def is_name(text: str) -> bool:
    """May this name a signer?"""
    return bool(text) and "+" not in text and not any(c.isspace() for c in text)


def _is_text(text: str) -> bool:
    return text.endswith("\n") and all(text[:-1].split("\n"))


def _signatures(text: str, name: str) -> list[bytes]:
    found = []
    for line in text[:-1].split("\n"):
        if not line.startswith(_SIGNATURE):
            raise SealBroken
        signer, _, encoded = line[len(_SIGNATURE) :].partition(" ")
        if signer == name:
            found.append(canonical_base64(encoded))
    return found


def key_id(name: str, public: bytes) -> bytes:
    """How a note names the key that signed it."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
