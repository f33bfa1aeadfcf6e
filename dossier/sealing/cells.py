"""Sealed bodies: compressed, then encrypted under a subject's data key, bound to the row they lie in.

cell = 0x01 || key version u32be || nonce12 || AES-256-GCM(key, zstd-1(body), header || aad)

A cell moved to another row, table, owner, facet or version does not open. One body is one zstd frame, so
that two bodies never share a compression window. A failure never says whether the key, the place or the
content was wrong.
"""

import struct
from functools import lru_cache
from threading import local

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tail, text_part, tup

MAX_BODY = 8 * 1024 * 1024
"""Bytes of the largest body a cell holds."""
OVERHEAD = 1 + 4 + 12 + 16
"""Bytes a cell adds to the compressed body."""


class _Scratch(local):
    """Working memory of zstd, one set for each thread: making it costs more than a small body does."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=1, write_content_size=True)
        self.decompressor = zstandard.ZstdDecompressor()


_FORMAT = 1
_HEADER = struct.Struct(">BI")
_NONCE = 12
_SPLIT = _HEADER.size + _NONCE
_REMEMBERED = 4_096
"""Beginnings and endings of places that are kept: the rows of one compartment share theirs."""
_SCRATCH = _Scratch()
_content_size = zstandard.frame_content_size


def aad(  # noqa: PLR0913, PLR0917 - the nine words of a place
    table: str,
    owner: int,
    facet: str,
    subject: int,
    rtype: str,
    rid: str,
    restore: int,
    k: int,
    schema: int,
) -> bytes:
    """The place of a cell (DATA-MODEL §2): version is (restore, k); `subject` 0 and empty text mean none."""
    beginning = _beginning(table, owner, facet, subject, rtype)
    return beginning + text_part(rid) + _ending(restore, k, schema)


@lru_cache(_REMEMBERED)
def _beginning(table: str, owner: int, facet: str, subject: int, rtype: str) -> bytes:
    return tup("colloque/v1/cell", table, owner, facet, subject, rtype)


@lru_cache(_REMEMBERED)
def _ending(restore: int, k: int, schema: int) -> bytes:
    return tail(restore, k, schema)


def seal(key: bytes, key_version: int, body: bytes, aad: bytes, entropy: Entropy) -> bytes:
    """Seal `body` under a 32-byte key. Raises ValueError above MAX_BODY or for a version outside u32."""
    if len(body) > MAX_BODY:
        raise ValueError(f"a cell holds {MAX_BODY} bytes at most")
    if not 0 <= key_version < 1 << 32:
        raise ValueError("a key version is an unsigned 32-bit number")
    header = _HEADER.pack(_FORMAT, key_version)
    nonce = entropy.bytes(_NONCE)
    packed = _SCRATCH.compressor.compress(body)
    return header + nonce + AESGCM(key).encrypt(nonce, packed, header + aad)


def key_version(cell: bytes) -> int:
    """Which version of the key opens this cell; raises SealBroken when it is no cell of ours."""
    if len(cell) < OVERHEAD or cell[0] != _FORMAT:
        raise SealBroken
    version: int = _HEADER.unpack_from(cell)[1]
    return version


def open_cell(key: bytes, cell: bytes, aad: bytes, max_bytes: int = MAX_BODY) -> bytes:
    """The body; raises SealBroken for a wrong key, another place, altered bytes or more than `max_bytes`."""
    return Opener(key).open(cell, aad, max_bytes)


class Opener:
    """One data key, made ready once to open many cells. Lives no longer than the reading it serves."""

    def __init__(self, key: bytes) -> None:
        self._gcm = AESGCM(key)

    def open(self, cell: bytes, aad: bytes, max_bytes: int = MAX_BODY) -> bytes:
        """As `open_cell`."""
        if len(cell) < OVERHEAD or cell[0] != _FORMAT:
            raise SealBroken
        try:
            packed = self._gcm.decrypt(
                cell[_HEADER.size : _SPLIT], cell[_SPLIT:], cell[: _HEADER.size] + aad
            )
            return _unpack(packed, max_bytes)
        except (InvalidTag, ValueError, zstandard.ZstdError) as error:
            raise SealBroken from error


def _unpack(packed: bytes, max_bytes: int) -> bytes:
    size = _content_size(packed)
    if not 0 <= size <= max_bytes:
        raise SealBroken
    body: bytes = _SCRATCH.decompressor.decompress(packed, allow_extra_data=False)
    if len(body) != size:
        raise SealBroken
    return body
