"""Rows in pieces: the form a backup has whatever the engine it was made of, and whatever it is restored to.

One piece is MessagePack: [table, [column...], [row...]], its rows in the order of the key, written in one way only.
Where a piece ends is decided by the key of its last row, so that a row that comes or goes changes the piece it
lies in and no other.
"""

import zlib
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from dossier.errors import Refused
from server.store.layout import Rows, Table
from server.store.tables.sql import Row

LEAST, MOST = 1 << 17, 1 << 20
"""Bytes of a piece; the last of a table may be shorter, one of a single row longer."""
_encode = msgspec.msgpack.Encoder().encode


class _Piece(msgspec.Struct, frozen=True, array_like=True):
    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


_PIECES = msgspec.msgpack.Decoder(_Piece)


class Cutter:
    """Cuts the rows of one table."""

    def __init__(self, table: Table) -> None:
        self._head = b"\x93" + _encode(table.name) + _encode(table.columns) + b"\xdd"
        self._key = itemgetter(*map(table.columns.index, table.key))
        self._held: list[bytes] = []
        self._size = 0

    def add(self, rows: Sequence[Row]) -> Iterator[bytes]:
        """The pieces that these rows complete."""
        for row in rows:
            raw = _encode(row)
            self._held.append(raw)
            self._size += len(raw)
            if self._size >= LEAST and (self._size >= MOST or self._is_end(row, len(raw))):
                yield self._cut()

    def rest(self) -> Iterator[bytes]:
        """What is left at the end of the table."""
        if self._held:
            yield self._cut()

    def _is_end(self, row: Row, size: int) -> bool:
        """So likely that there is one every LEAST bytes: the key decides, and nothing before it."""
        return zlib.crc32(_encode(self._key(row))) * LEAST < size << 32

    def _cut(self) -> bytes:
        piece = b"".join((self._head, len(self._held).to_bytes(4, "big"), *self._held))
        self._held, self._size = [], 0
        return piece


def read(raw: bytes, known: Sequence[Table], name: str) -> Rows:
    """The rows of a piece. Raises Refused (`manifest_damaged`, with `name`) for tables or columns other than
    those known: nothing of a backup is ever taken for a statement.
    """
    try:
        piece = _PIECES.decode(raw)
    except msgspec.MsgspecError as error:
        raise Refused("manifest_damaged", name) from error
    columns = {table.name: table.columns for table in known}.get(piece.table)
    if columns != piece.columns or any(len(row) != len(columns) for row in piece.rows):
        raise Refused("manifest_damaged", name)
    return Rows(piece.table, piece.columns, piece.rows)
