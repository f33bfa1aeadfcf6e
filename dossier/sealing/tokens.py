"""Positions and terms as sealed tokens: only the server reads them (DATA-MODEL §5).

Deterministic (AES-SIV, RFC 5297): two tokens of one kind are equal iff their parts are, so a client may
compare them and nothing else.
"""

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from dossier.errors import SealBroken
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url, unbase64url
from dossier.sealing.wrapping import expand


class Tokens:
    """Seal and open tokens under one 32-byte secret. A part is text, or an integer in decimal."""

    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(expand(key, b"", tup("colloque/v1/tokens"), 64))

    def seal(self, kind: str, *parts: int | str) -> str:
        """The token of these parts; `kind` (`cursor`, `term`, ...) separates the uses."""
        plain = msgspec.msgpack.encode([str(part) for part in parts])
        return base64url(self._siv.encrypt(plain, [tup("colloque/v1/token", kind)]))

    def open(self, kind: str, token: str) -> tuple[str, ...]:
        """The parts as text; raises SealBroken for another kind, another server or garbage."""
        try:
            plain = self._siv.decrypt(unbase64url(token), [tup("colloque/v1/token", kind)])
            return msgspec.msgpack.decode(plain, type=tuple[str, ...])
        except (InvalidTag, ValueError, msgspec.DecodeError) as error:
            raise SealBroken from error
