"""Who the server is: its online keys, listed and dated, signed by one key that is kept offline.

    colloque.keys
    serial <number, only grows>
    signed <RFC 3339 instant>
    restore <the restore number>
    log <base64 of a raw Ed25519 key>
    order <base64 of a raw Ed25519 key>
    tls <base64 of SHA-256 of a certificate's SubjectPublicKeyInfo>
    authority <base64 of the certificate (DER) of a private authority, at most one>

Desktops pin the offline key at enrolment and nothing else, so that every key in the list can be replaced
without touching one of them. While a key is being replaced the list holds the old one and the new one. A
list with a lower serial than one seen before is refused: it would bring a retired key, or an earlier
restore number, back.
"""

import hashlib
import re
from base64 import b32encode, b64encode
from datetime import datetime
from typing import NamedTuple

from dossier.clock import from_wire, to_wire
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.notes import canonical_base64, sign_note, verify_note

NAME = "colloque.keys"
_KEY_BYTES = 32
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_KINDS = ("log", "order", "tls")
_AUTHORITY = "authority"


class KeyList(NamedTuple):
    """The server's online keys. `log` and `order` are raw Ed25519 keys, `tls` hashes of public keys; the
    newest of a kind comes first. `restore` is the restore number this server declares. `authority` vouches for
    the TLS keys instead of the system's trust store; empty: the store does. Without `tls` no key was listed yet.
    """

    serial: int
    signed: datetime
    restore: int
    log: tuple[bytes, ...]
    order: tuple[bytes, ...]
    tls: tuple[bytes, ...] = ()
    authority: bytes = b""


def sign_key_list(private: bytes, told: KeyList) -> bytes:
    """The signed text. Raises ValueError for a list that lacks a log or an order key, or has a malformed one."""
    keys = [(kind, key) for kind in _KINDS for key in getattr(told, kind)]
    if not told.log or not told.order or any(len(key) != _KEY_BYTES for _, key in keys):
        raise ValueError("a key list names a log key and an order key, 32 bytes each")
    if told.serial < 0 or told.restore < 0:
        raise ValueError("serial and restore are counted from zero")
    head = f"{NAME}\nserial {told.serial}\nsigned {to_wire(told.signed)}\nrestore {told.restore}\n"
    keys += [(_AUTHORITY, told.authority)] if told.authority else []
    return sign_note(
        private, NAME, head + "".join(f"{kind} {b64encode(key).decode()}\n" for kind, key in keys)
    )


def verify_key_list(public: bytes, text: bytes) -> KeyList:
    """What the offline key signed; raises SealBroken for anything else. Lines of kinds we do not know are
    ignored: a newer server may list more.
    """
    lines = verify_note((public,), NAME, text)[:-1].split("\n")
    if lines[0] != NAME or len(lines) < 4:
        raise SealBroken
    serial, restore = _number("serial", lines[1]), _number("restore", lines[3])
    try:
        signed = from_wire(_said("signed", lines[2]))
    except ValueError as error:
        raise SealBroken from error
    keys: dict[str, list[bytes]] = {kind: [] for kind in _KINDS}
    authority = b""
    for line in lines[4:]:
        kind, _, encoded = line.partition(" ")
        if kind in keys:
            keys[kind].append(_key(encoded))
        elif kind == _AUTHORITY:
            if authority:
                raise SealBroken
            authority = canonical_base64(encoded)
    if not keys["log"] or not keys["order"]:
        raise SealBroken
    log, order, tls = (tuple(keys[kind]) for kind in _KINDS)
    return KeyList(serial, signed, restore, log, order, tls, authority)


def fingerprint(public: bytes) -> str:
    """How a person compares an identity key: 80 bits, four groups of four letters and digits."""
    digest = hashlib.sha256(tup("colloque/v1/server-identity", public)).digest()
    text = b32encode(digest[:10]).decode()
    return " ".join(text[at : at + 4] for at in range(0, 16, 4))


def _said(word: str, line: str) -> str:
    name, _, value = line.partition(" ")
    if name != word:
        raise SealBroken
    return value


def _number(word: str, line: str) -> int:
    value = _said(word, line)
    if not _NUMBER.fullmatch(value):
        raise SealBroken
    return int(value)


def _key(encoded: str) -> bytes:
    raw = canonical_base64(encoded)
    if len(raw) != _KEY_BYTES:
        raise SealBroken
    return raw
