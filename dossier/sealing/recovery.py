"""The recovery code: 160 random bits that a person keeps on paper.

Eight groups of four characters and a checksum group, Crockford base32 (no I, L, O, U). Reading forgives
case, spaces, dashes and the usual confusions O/0, I/1, L/1. The checksum finds typing errors only; it is
no protection.
"""

import hashlib

from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup

CODE_BYTES = 20

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_CHARACTERS = CODE_BYTES * 8 // 5
_CHECK_CHARACTERS = 4


def new_recovery_code(entropy: Entropy) -> str:
    """A fresh code in its written form: `XXXX-XXXX-...` with the checksum group last."""
    return write_recovery_code(entropy.bytes(CODE_BYTES))


def write_recovery_code(secret: bytes) -> str:
    """The written form of 20 bytes."""
    text = base32(secret) + _check(secret)
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def parse_recovery_code(text: str) -> bytes:
    """The 20 bytes of a typed code; raises SealBroken when a character or the checksum is wrong."""
    typed = typed_characters(text, _CHARACTERS + _CHECK_CHARACTERS)
    number = 0
    for character in typed[:_CHARACTERS]:
        number = number << 5 | _ALPHABET.index(character)
    secret = number.to_bytes(CODE_BYTES, "big")
    if typed[_CHARACTERS:] != _check(secret):
        raise SealBroken("recovery_code")
    return secret


def typed_characters(text: str, count: int) -> str:
    """The characters of a typed code without what is forgiven; raises SealBroken for others than `count`."""
    typed = "".join(c for c in text.upper() if not c.isspace() and c not in "-‐‑–—")
    typed = typed.translate(_LOOKALIKES)
    if len(typed) != count or any(c not in _ALPHABET for c in typed):
        raise SealBroken("code")
    return typed


def _check(secret: bytes) -> str:
    digest = hashlib.sha256(tup("colloque/v1/recovery-check", secret)).digest()
    return base32(digest[:5])[:_CHECK_CHARACTERS]


def base32(raw: bytes) -> str:
    """Crockford base32 of a number of bytes that is a multiple of five."""
    number, count = int.from_bytes(raw, "big"), len(raw) * 8 // 5
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))
