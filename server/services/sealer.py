"""The seam between services and sealing: a body and the place it lies in, to a cell and back.

`CellSealer` is the only one outside the simulator. A cell opens only in the place it was sealed for
(DATA-MODEL §2), under the key of its subject, or of its owner where there is no subject.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from dossier.entropy import Entropy
from dossier.errors import Unavailable
from dossier.sealing import cells
from dossier.wire.messages import NEVER, Version
from server.ports import KeyStore

SCHEMA = 1
"""The form of the plain bytes inside a cell."""


class Place(NamedTuple):
    """Where a cell lies. `facet` is empty for history; `version` numbers rows that have no version."""

    table: str
    owner: int
    facet: str = ""
    subject: int = 0
    rtype: str = ""
    id: str = ""
    version: Version = NEVER


class Sealer(Protocol):
    """Seals and opens bodies. Raises SealBroken for altered or misplaced cells, Unavailable when the
    subject's key was destroyed.
    """

    async def seal(self, place: Place, body: bytes) -> bytes: ...
    async def open(self, place: Place, cell: bytes) -> bytes: ...
    async def open_all(self, held: Sequence[tuple[Place, bytes]]) -> list[bytes | None]:
        """Many at once, in their order; None where the subject's key was destroyed."""
        ...


class CellSealer:
    """Compress, then encrypt under the subject's data key."""

    def __init__(self, keys: KeyStore, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy

    async def seal(self, place: Place, body: bytes) -> bytes:
        version, key = await self._keys.key(place.subject or place.owner)
        return cells.seal(key, version, body, _aad(place), self._entropy)

    async def open(self, place: Place, cell: bytes) -> bytes:
        version = cells.key_version(cell)
        key = await self._keys.key_at(place.subject or place.owner, version)
        return cells.open_cell(key, cell, _aad(place))

    async def open_all(self, held: Sequence[tuple[Place, bytes]]) -> list[bytes | None]:
        """Each key is asked for once and made ready once."""
        openers: dict[tuple[int, int], cells.Opener | None] = {}
        found: list[bytes | None] = []
        for place, cell in held:
            table, owner, facet, subject, rtype, rid, v = place
            name = (subject or owner, cells.key_version(cell))
            if name not in openers:
                openers[name] = await self._opener(*name)
            opener = openers[name]
            aad = cells.aad(table, owner, facet, subject, rtype, rid, v.restore, v.k, SCHEMA)
            found.append(None if opener is None else opener.open(cell, aad))
        return found

    async def _opener(self, subject: int, version: int) -> cells.Opener | None:
        try:
            return cells.Opener(await self._keys.key_at(subject, version))
        except Unavailable:
            return None


def _aad(place: Place) -> bytes:
    return cells.aad(
        place.table,
        place.owner,
        place.facet,
        place.subject,
        place.rtype,
        place.id,
        place.version.restore,
        place.version.k,
        SCHEMA,
    )
