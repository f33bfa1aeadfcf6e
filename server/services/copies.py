"""Which device holds which compartment: written and journalled before the first page leaves.

`copied` is written once per term, in the patient's journal first, then in the account's shard: a crash
between the two writes it again rather than never.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from dossier.wire.messages import Want
from server.ports import CopyRow, OwnerTx
from server.services.access import Access
from server.services.facets import access_facet
from server.services.journal import entry
from server.services.premises import Premises
from server.services.rights import standing_of
from server.services.session import Session
from server.services.unit import OwnerUnit

_NUMBERS = 8
_ALL = (1 << 31) - 1


class Key(NamedTuple):
    """One compartment held in one situation's copy."""

    target: int
    facet: str


class Copies:
    """Opens and closes the copies of devices."""

    def __init__(self, premises: Premises) -> None:
        self._premises, self._access = premises, Access(premises)

    async def held(self, session: Session, targets: Iterable[int]) -> dict[Key, CopyRow]:
        """What this device was given of these owners in this situation's organisation."""

        async def rows(tx: OwnerTx) -> list[CopyRow]:
            return [
                row
                for target in dict.fromkeys(targets)
                for row in await tx.people.copies(session.device, session.unit, target)
            ]

        found = await self._premises.store.read(session.account, rows)
        return {Key(row.target, row.facet): row for row in found}

    async def still_open(self, session: Session) -> list[Key]:
        """Every copy of this device in this situation's organisation for which no receipt came."""

        async def rows(tx: OwnerTx) -> list[CopyRow]:
            return await tx.people.copies_open(session.device, _ALL)

        found = await self._premises.store.read(session.account, rows)
        return [Key(row.target, row.facet) for row in found if row.unit == session.unit]

    async def open(self, session: Session, wants: Sequence[Want]) -> None:
        """Before these are served from zero: note those readable under the term asked for, if not yet."""
        if not wants:
            return
        held = await self.held(session, [want.owner for want in wants])
        by_owner: dict[int, list[Want]] = {}
        for want in wants:
            row = held.get(Key(want.owner, want.facet))
            if row is None or row.term != want.term or row.receipt_ms is not None:
                by_owner.setdefault(want.owner, []).append(want)
        given = await self._premises.store.write_each(
            [(owner, self._opening(session, asked)) for owner, asked in by_owner.items()]
        )
        rows = [row for of_owner in given for row in of_owner]
        if rows:
            await self._put(session.account, rows)

    async def mark_gone(self, session: Session, lost: Iterable[Key]) -> None:
        """The device was told that these are lost: a receipt is owed from now on."""
        wanted = set(lost)
        if not wanted:
            return
        held = await self.held(session, sorted({key.target for key in wanted}))
        now_ms = self._premises.now_ms
        rows = [
            held[key]._replace(gone_ms=now_ms)
            for key in sorted(wanted & held.keys())
            if held[key].gone_ms is None
        ]
        if rows:
            await self._put(session.account, rows)

    async def receive(self, session: Session, held: Sequence[CopyRow]) -> None:
        """These copies are erased: noted with the account alone. Repeating is harmless."""
        now_ms = self._premises.now_ms
        rows = [row._replace(receipt_ms=now_ms) for row in held if row.receipt_ms is None]
        if rows:
            await self._put(session.account, rows)

    def _opening(
        self, session: Session, wants: Sequence[Want]
    ) -> Callable[[OwnerTx], Awaitable[list[CopyRow]]]:
        """The unit of one owner: journal what this session may read, tell the copies it makes."""

        async def write(tx: OwnerTx) -> list[CopyRow]:
            row = await tx.owner.lock(_NUMBERS)
            if row is None:
                return []
            book = OwnerUnit(self._premises, tx, row, _NUMBERS)
            await self._access.bring(book)
            mine = await standing_of(self._premises, session, tx, book.row)
            given = [w.facet for w in wants if w.term and mine.right(w.facet).term == w.term]
            if row.kind == "patient":
                await self._log(session, book, given)
            await book.close()
            now_ms = self._premises.now_ms
            return [
                CopyRow(
                    session.device, session.unit, tx.id, facet, terms[facet], now_ms, None, None
                )
                for facet in given
            ]

        terms = {want.facet: want.term for want in wants}
        return write

    async def _log(self, session: Session, book: OwnerUnit, given: Sequence[str]) -> None:
        counts: dict[str, int] = {}
        for tag in given:
            lies_in = access_facet(self._premises.tags.name(book.owner, tag))
            counts[lies_in] = counts.get(lies_in, 0) + 1
        for lies_in, count in sorted(counts.items()):
            await book.log(lies_in, entry(self._premises, session, "copied", count=count))

    async def _put(self, account: int, rows: Sequence[CopyRow]) -> None:
        async def write(tx: OwnerTx) -> None:
            await tx.owner.lock(1)
            await tx.people.put_copies(rows)

        await self._premises.store.write(account, write)
