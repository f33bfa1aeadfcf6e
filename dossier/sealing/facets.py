"""Facet names as opaque tags: deterministic, reversible with the key only, different for each owner.

The server's tables and the wire hold tags, so that neither a database nor a client that may not read a
facet learns what it is called. AES-SIV (RFC 5297) keeps equal names equal under one owner.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from dossier.sealing.wrapping import expand

_BLOCK = 32
"""Names are padded with zero bytes to this length, so that a tag shows next to nothing of its name."""
_CACHED = 16_384


class FacetTags:
    """Names to tags and back under one 32-byte secret. Safe to share between threads.

    A tag is base64url without padding; two tags are equal iff owner and name are.
    """

    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(expand(key, b"", tup("colloque/v1/facet-tags"), 64))
        self._tag = lru_cache(_CACHED)(self._seal)
        self._name = lru_cache(_CACHED)(self._open)

    def tag(self, owner: int, name: str) -> str:
        """The tag of a facet name of this owner. Raises ValueError for an empty name or a zero character."""
        return self._tag(owner, name)

    def name(self, owner: int, tag: str) -> str:
        """The name behind a tag; raises SealBroken for another owner's tag or anything we did not make."""
        return self._name(owner, tag)

    def _seal(self, owner: int, name: str) -> str:
        plain = name.encode()
        if not plain or b"\0" in plain:
            raise ValueError("a facet name is text without zero characters")
        padded = plain + b"\0" * (-len(plain) % _BLOCK)
        raw = self._siv.encrypt(padded, [tup("colloque/v1/facet", owner)])
        return base64url(raw)

    def _open(self, owner: int, tag: str) -> str:
        try:
            padded = self._siv.decrypt(unbase64url(tag), [tup("colloque/v1/facet", owner)])
            return padded.rstrip(b"\0").decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error
