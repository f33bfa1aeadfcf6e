"""Reading one record: the facets a session may read, decrypted (DATA-MODEL §6). No feed, no row filter."""

from collections.abc import Sequence
from typing import NamedTuple

from dossier.clock import to_ms
from dossier.errors import Unavailable
from dossier.wire import limits
from dossier.wire.messages import Version
from server.ports import OpRow, OwnerTx, ResourceRow
from server.services import bodies
from server.services.access import Access
from server.services.effects import Displayed
from server.services.facets import ACCESS
from server.services.journal import entry
from server.services.premises import Premises
from server.services.rights import standing
from server.services.session import Session
from server.services.unit import OwnerUnit

_NUMBERS = 2
"""The line of the journal, and the account's to count."""


class Held(NamedTuple):
    """One resource as stored. `facet` is its name, for whoever may read it."""

    rtype: str
    id: str
    version: Version
    facet: str
    body: bytes


class Records:
    """The server's own reading of records."""

    def __init__(self, premises: Premises) -> None:
        self._premises, self._access = premises, Access(premises)

    async def read(self, session: Session, owner: int, rtypes: Sequence[str] = ()) -> list[Held]:
        """Everything this session may read of an owner, in order of type and id. Raises Unavailable when
        it may read nothing; writes `opened` at most once in ten minutes.
        """
        row = await self._premises.store.read(owner, lambda tx: tx.owner.get())
        if row is not None and self._premises.is_stale(row):
            await self._access.refresh(owner)
        rows = await self._rows(session, owner)
        await self._opened(session, owner)
        wanted = [row for row in rows if not rtypes or row.rtype in rtypes]
        return await self.opened(owner, wanted)

    async def whole(self, owner: int) -> list[Held]:
        """Every row of an owner, for the operator's own checks: no session ever gets this."""

        async def rows(tx: OwnerTx) -> list[ResourceRow]:
            return await tx.resources.of_facets([c.facet for c in await tx.compartments.all()])

        return await self.opened(owner, await self._premises.store.read(owner, rows))

    async def opened(self, owner: int, rows: Sequence[ResourceRow]) -> list[Held]:
        """Open cells; a row whose key is destroyed is left out."""
        found = await self._premises.sealer.open_all(
            [(bodies.place_of(owner, row), row.cell) for row in rows]
        )
        return [
            Held(
                row.rtype,
                row.id,
                row.version,
                self._premises.tags.name(owner, row.facet),
                bodies.resource_of(plain),
            )
            for row, plain in zip(rows, found, strict=True)
            if plain is not None
        ]

    async def _rows(self, session: Session, owner: int) -> list[ResourceRow]:
        async def read(tx: OwnerTx) -> list[ResourceRow]:
            mine = await standing(self._premises, session, tx)
            if mine is None or not (facets := mine.readable()):
                raise Unavailable
            return await tx.resources.of_facets(facets)

        return await self._premises.store.read(owner, read)

    async def _opened(self, session: Session, owner: int) -> None:
        async def write(tx: OwnerTx) -> None:
            row = await tx.owner.lock(_NUMBERS)
            if row is not None and row.kind == "patient":
                book = OwnerUnit(self._premises, tx, row, _NUMBERS)
                now_ms = to_ms(self._premises.clock.now())
                if await note_opened(tx, session.account, now_ms):
                    await book.log(ACCESS, entry(self._premises, session, "opened"))
                    displayed = Displayed(now_ms, session.unit)
                    await book.owe(session.account, "displayed", displayed)
                await book.close()

        await self._premises.store.write(owner, write)


async def note_opened(tx: OwnerTx, account: int, at_ms: int) -> bool:
    """True once in ten minutes: remember that this account displayed this record at `at_ms`."""
    window_ms = limits.OPENED_EVERY_S * 1000
    slot = at_ms // window_ms
    for near in (slot - 1, slot, slot + 1):
        row = await tx.ops.get(f"opened:{account}:{near}")
        if row is not None and abs(row.at_ms - at_ms) < window_ms:
            return False
    await tx.ops.put(OpRow(f"opened:{account}:{slot}", account, "", "", b"", None, at_ms))
    return True
