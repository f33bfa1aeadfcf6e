"""One injective way to write a context down (the tuple of DSSE and PASETO's pre-authentication encoding).

`tup` feeds every AAD, HKDF info, signature and hash input of the product. Labels are unique per use and
start with `colloque/v1/`. Two different lists of parts never give the same bytes under one label.
"""

import struct
from unicodedata import normalize

PREFIX = "colloque/v1/"


def tup(label: str, *parts: bytes | str | int) -> bytes:
    """ASCII(label) || 0x00 || for each part: u32be(length) || part.

    Text is UTF-8 in NFC, integers are decimal ASCII, bytes are themselves. Raises ValueError for a label
    that is not ASCII or holds a zero byte, and for text that has no UTF-8 form (lone surrogates).
    """
    name = label.encode("ascii")
    if b"\0" in name:
        raise ValueError("a label holds no zero byte")
    out = [name, b"\0"]
    for part in parts:
        raw = part if isinstance(part, bytes) else _text(part)
        out += (struct.pack(">I", len(raw)), raw)
    return b"".join(out)


def _text(part: str | int) -> bytes:
    if isinstance(part, int):
        return b"%d" % part
    return part.encode() if part.isascii() else normalize("NFC", part).encode()
