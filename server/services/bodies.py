"""What a resource cell holds: who wrote the row, then the resource as it was received.

The author is not a column (nothing in clear says who wrote about whom), yet masking, unfiling and the
author's own right need it. The resource itself is never re-encoded.
"""

import struct
from typing import NamedTuple

from dossier.access.home import Author
from dossier.errors import SealBroken
from server.ports import HistoryRow, ResourceRow
from server.services.sealer import Place

_HEADER = struct.Struct(">QQB")
_SIZE = _HEADER.size


class Body(NamedTuple):
    """`author` is the account, 0 where only an organisation is named; `unit` the organisation.

    `acted_as` is the profession the person acted under, or `self` or `representative`.
    """

    author: int
    unit: int
    acted_as: str
    resource: bytes

    @property
    def by(self) -> Author:
        """The author as `home` asks for it."""
        return Author(self.author, self.unit, self.acted_as)


def pack(body: Body) -> bytes:
    """The plain bytes of a resource cell."""
    acted_as = body.acted_as.encode()
    return _HEADER.pack(body.author, body.unit, len(acted_as)) + acted_as + body.resource


def unpack(plain: bytes) -> Body:
    """Undo `pack`; raises SealBroken for anything shorter."""
    if len(plain) < _HEADER.size:
        raise SealBroken
    author, unit, length = _HEADER.unpack_from(plain)
    start = _HEADER.size + length
    return Body(author, unit, plain[_HEADER.size : start].decode(), plain[start:])


def resource_of(plain: bytes) -> bytes:
    """The resource alone; raises SealBroken for anything shorter than a header."""
    if len(plain) < _HEADER.size:
        raise SealBroken
    return plain[_HEADER.size + plain[_HEADER.size - 1] :]


def told_by(plain: bytes) -> tuple[int, bytes]:
    """The organisation of the author and the resource; raises SealBroken for anything shorter than a header."""
    if len(plain) < _SIZE:
        raise SealBroken
    _, unit, length = _HEADER.unpack_from(plain)
    return unit, plain[_SIZE + length :]


def place_of(owner: int, row: ResourceRow) -> Place:
    """Where the present cell of a row lies."""
    return Place("resource", owner, row.facet, row.subject, row.rtype, row.id, row.version)


def past_place(owner: int, row: HistoryRow | ResourceRow) -> Place:
    """Where a past version lies: its facet is the resource's, so it is not bound."""
    return Place("history", owner, "", row.subject, row.rtype, row.id, row.version)
