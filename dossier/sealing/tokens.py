"""Positions and terms as sealed tokens: only the server reads them (DATA-MODEL §5).

Deterministic (AES-SIV, RFC 5297): two tokens of one kind are equal iff their parts are, so a client may
compare them and nothing else.
"""

from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from dossier.sealing.wrapping import expand

_KEPT = 4_096
"""Tokens remembered either way: a position is sealed for one exchange and opened in the next."""


class Tokens:
    """Seal and open tokens under one 32-byte secret. A part is text, or an integer in decimal.

    A pure function of secret, kind and parts, so its last results are kept; what does not open is not.
    """

    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(expand(key, b"", tup("colloque/v1/tokens"), 64))
        self._sealed = lru_cache(_KEPT)(self._seal)
        self._opened = lru_cache(_KEPT)(self._open)

    def seal(self, kind: str, *parts: int | str) -> str:
        """The token of these parts; `kind` (`cursor`, `term`, ...) separates the uses."""
        return self._sealed(kind, *parts)

    def open(self, kind: str, token: str) -> tuple[str, ...]:
        """The parts as text; raises SealBroken for another kind, another server or garbage."""
        return self._opened(kind, token)

    def _seal(self, kind: str, *parts: int | str) -> str:
        plain = msgspec.msgpack.encode([str(part) for part in parts])
        return base64url(self._siv.encrypt(plain, [tup("colloque/v1/token", kind)]))

    def _open(self, kind: str, token: str) -> tuple[str, ...]:
        try:
            plain = self._siv.decrypt(unbase64url(token), [tup("colloque/v1/token", kind)])
            return msgspec.msgpack.decode(plain, type=tuple[str, ...])
        except (InvalidTag, ValueError, msgspec.DecodeError) as error:
            raise SealBroken from error
