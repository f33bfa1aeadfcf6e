"""One injective way to write a context down (the tuple of DSSE and PASETO's pre-authentication encoding).

`tup` feeds every AAD, HKDF info, signature and hash input of the product. Labels are unique per use and
start with `colloque/v1/`. Two different lists of parts never give the same bytes under one label.
"""

import struct
from unicodedata import normalize

PREFIX = "colloque/v1/"
_LENGTH = struct.Struct(">I").pack


def tup(label: str, *parts: bytes | str | int) -> bytes:
    """ASCII(label) || 0x00 || for each part: u32be(length) || part.

    Text is UTF-8 in NFC, integers are decimal ASCII, bytes are themselves. Raises ValueError for a label
    that is not ASCII or holds a zero byte, and for text that has no UTF-8 form (lone surrogates).
    """
    name = label.encode("ascii")
    if b"\0" in name:
        raise ValueError("a label holds no zero byte")
    return name + b"\0" + tail(*parts)


def text_part(text: str) -> bytes:
    """One part of text, as `tail` writes it."""
    raw = text.encode() if text.isascii() else normalize("NFC", text).encode()
    return _LENGTH(len(raw)) + raw


def tail(*parts: bytes | str | int) -> bytes:
    """What more parts add to a tuple that began with others: it is the same as all of them at once."""
    out: list[bytes] = []
    for part in parts:
        if isinstance(part, str):
            raw = part.encode() if part.isascii() else normalize("NFC", part).encode()
        else:
            raw = part if isinstance(part, bytes) else b"%d" % part
        out += (_LENGTH(len(raw)), raw)
    return b"".join(out)
