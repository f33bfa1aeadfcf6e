"""The operator's directory: organisations, professionals, places, drugs; no patient is ever in it.

Publishing is idempotent: the same bytes change nothing, others make a new version. Every team reads
`public`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from dossier.access.grants import directory_grants
from dossier.wire.codec import canonical
from server.ports import GrantRow, JournalRow, OwnerTx
from server.services import bodies
from server.services.facets import ACCESS
from server.services.journal import Entry
from server.services.premises import Premises
from server.services.unit import OwnerUnit, Put

PUBLIC = "public"
IMPORT = "import"


class Published(NamedTuple):
    """How many of the resources given were new or other than before, and how many were there already."""

    accepted: int
    duplicate: int


class Directory:
    """Writes and reads the directory."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def publish(
        self, resources: Sequence[tuple[str, str, bytes]], *, facet: str = PUBLIC, unit: int = 0
    ) -> Published:
        """Store (type, id, bytes) in one unit of the directory; `unit` is who says so, 0 the operator."""
        wanted = {(rtype, rid): body for rtype, rid, body in resources}
        if not wanted:
            return Published(0, 0)

        async def write(tx: OwnerTx) -> Published:
            book = await self._lock(tx)
            puts = []
            for (rtype, rid), body in wanted.items():
                new = bodies.Body(0, unit, "", body)
                row = await tx.resources.get(rtype, rid)
                if row is None:
                    puts.append(Put(rtype, rid, book.tag(facet), 0, None, new))
                    continue
                place = bodies.place_of(tx.id, row)
                old = bodies.unpack(await self._premises.sealer.open(place, row.cell))
                if not is_same(old.resource, body):
                    puts.append(Put(rtype, rid, row.facet, 0, None, new, (row, old)))
            if puts:
                await book.put(puts)
            await book.close()
            return Published(len(puts), len(wanted) - len(puts))

        return await self._premises.store.write(self._premises.directory, write)

    async def head(self) -> int:
        """The head of what is public: it moves for everybody at once."""
        tag = self._premises.tags.tag(self._premises.directory, PUBLIC)

        async def read(tx: OwnerTx) -> int:
            row = await tx.compartments.get(tag)
            return 0 if row is None else row.head

        return await self._premises.store.read(self._premises.directory, read)

    async def get(self, rtype: str, rid: str) -> bytes | None:
        """One resource of the directory, as published."""

        async def read(tx: OwnerTx) -> bytes | None:
            row = await tx.resources.get(rtype, rid)
            if row is None:
                return None
            plain = await self._premises.sealer.open(bodies.place_of(tx.id, row), row.cell)
            return bodies.unpack(plain).resource

        return await self._premises.store.read(self._premises.directory, read)

    async def note(self, said: Entry) -> JournalRow:
        """Write an act of the operator that concerns no single record, or outlives it, into the directory's
        journal; the row as it lies there, not placed in the log yet.
        """

        async def write(tx: OwnerTx) -> JournalRow:
            book = await self._lock(tx)
            row = await book.log(ACCESS, said)
            await book.close()
            return row

        return await self._premises.store.write(self._premises.directory, write)

    async def _lock(self, tx: OwnerTx) -> OwnerUnit:
        premises = self._premises
        row = await tx.owner.lock(1)
        if row is None:
            await tx.owner.create("directory", premises.pack.version, premises.first_number)
            row = await tx.owner.lock(1)
            await tx.access.put_grants(
                [
                    GrantRow(
                        premises.tags.tag(tx.id, g.facet), g.principal, g.rights, g.cause, 1, None
                    )
                    for g in directory_grants()
                ]
            )
        assert row is not None
        return OwnerUnit(premises, tx, row, 1)


def is_same(one: bytes, other: bytes) -> bool:
    """Equal in value, `meta` aside: what an import sent twice is."""
    return one == other or _bare(one) == _bare(other)


def _bare(body: bytes) -> bytes:
    value: dict[str, Any] = msgspec.json.decode(body)
    value.pop("meta", None)
    return canonical(value)
