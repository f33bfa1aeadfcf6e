"""Sealed files: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), shaped as age does.

blob = 0x01 || prefix7 || for each 64 KiB of plain text: AES-256-GCM(key, prefix7 || u32be i || last, ...)

The key is random and for this file only. `last` is 1 on the final chunk alone, so that a blob cut at a
chunk border does not open. An empty file is one empty final chunk; no other chunk is empty.
"""

import struct
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dossier.entropy import Entropy
from dossier.errors import SealBroken
from dossier.sealing.encoding import tup

CHUNK = 64 * 1024
TAG = 16
HEADER = 8
MAX_CHUNKS = (1 << 32) - 1

_FORMAT = b"\1"


def sealed_size(plain_size: int) -> int:
    """Bytes of the blob that holds `plain_size` bytes."""
    chunks = max(1, -(-plain_size // CHUNK))
    return HEADER + plain_size + chunks * TAG


def seal_stream(
    key: bytes, blob_id: str, pieces: Iterable[bytes], entropy: Entropy
) -> Iterator[bytes]:
    """The blob, piece by piece. `pieces` may have any lengths."""
    prefix = entropy.bytes(HEADER - 1)
    cipher = AESGCM(key)
    yield _FORMAT + prefix
    for index, chunk, last in _chunked(pieces, CHUNK):
        nonce, aad = _place(prefix, blob_id, index, last=last)
        yield cipher.encrypt(nonce, chunk, aad)


def open_stream(
    key: bytes, blob_id: str, pieces: Iterable[bytes], max_bytes: int
) -> Iterator[bytes]:
    """The plain text, chunk by chunk: each is genuine, the file is whole only once the iterator ends.

    Raises SealBroken for a wrong key or id, altered, missing, reordered or added bytes, or when the plain
    text would be larger than `max_bytes`.
    """
    source = iter(pieces)
    start = b""
    while len(start) < HEADER:
        piece = next(source, None)
        if piece is None:
            raise SealBroken
        start += piece
    if start[:1] != _FORMAT:
        raise SealBroken
    prefix, cipher, total = start[1:HEADER], AESGCM(key), 0
    for index, chunk, last in _chunked(_after(start[HEADER:], source), CHUNK + TAG):
        nonce, aad = _place(prefix, blob_id, index, last=last)
        try:
            plain = cipher.decrypt(nonce, chunk, aad)
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error
        total += len(plain)
        if total > max_bytes or (not plain and index):
            raise SealBroken
        yield plain


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _chunked(pieces: Iterable[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """(index, chunk, is it the last): every chunk but the last has `size` bytes; there is always a last."""
    buffer = bytearray()
    index = 0
    for piece in pieces:
        buffer += piece
        while len(buffer) > size:
            if index >= MAX_CHUNKS:
                raise SealBroken
            yield index, bytes(buffer[:size]), False
            del buffer[:size]
            index += 1
    yield index, bytes(buffer), True


def _place(prefix: bytes, blob_id: str, index: int, *, last: bool) -> tuple[bytes, bytes]:
    nonce = prefix + struct.pack(">IB", index, last)
    return nonce, tup("colloque/v1/blob", blob_id, index, int(last))
