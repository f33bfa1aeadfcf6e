"""Rows of the journal: who did what to whose record, sealed under the subject's key (DATA-MODEL §2).

The row is written in the transaction of the act; if it cannot be, the act fails. The leaf hides its
detail behind `k`, which lies inside the cell: sealing again never changes the log.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from dossier.clock import from_ms
from dossier.errors import SealBroken, Unavailable
from dossier.sealing.merkle import journal_leaf
from dossier.wire.messages import NEVER, Version
from server.ports import JournalRow
from server.services.premises import Premises
from server.services.sealer import Place
from server.services.session import Session

_K_BYTES = 32


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one row says. `action`: copied, opened, acted, erased, or an act of access by its name.

    `at_ms` is the server's time, `claimed` what the device said. Times in milliseconds since 1970.
    """

    action: str
    at_ms: int
    account: int = 0
    device: str = ""
    unit: int = 0
    profession: str = ""
    claimed: str = ""
    kind: str = ""
    rtype: str = ""
    id: str = ""
    version: Version = NEVER
    op_id: str = ""
    count: int = 1
    reason: str = ""
    other: int = 0


_ENTRIES = msgspec.msgpack.Decoder(Entry)


def entry(premises: Premises, session: Session | None, action: str, **words: Any) -> Entry:
    """An entry in the name of this session (None: the server itself)."""
    if session is None:
        return Entry(action=action, at_ms=premises.now_ms, **words)
    return Entry(
        action=action,
        at_ms=premises.now_ms,
        account=session.account,
        device=session.device,
        unit=session.unit,
        profession=session.profession,
        **words,
    )


def encoded(said: Entry) -> bytes:
    """The bytes of an entry, as its cell holds them after `k`."""
    return msgspec.msgpack.encode(said)


async def row_of(
    premises: Premises, owner: int, subject: int, n: int, facet: str, said: Entry
) -> JournalRow:
    """Seal one entry into the row numbered `n`, lying in the access facet `facet` (a tag)."""
    moment = from_ms(said.at_ms)
    month = moment.year * 100 + moment.month
    k = premises.entropy.bytes(_K_BYTES)
    detail = encoded(said)
    place = _place(owner, subject, facet, month, n)
    cell = await premises.sealer.seal(place, k + detail)
    leaf = journal_leaf(owner, month, n, k, detail)
    return JournalRow(month, n, facet, subject, cell, leaf, None)


async def read_row(premises: Premises, owner: int, row: JournalRow) -> Entry:
    """Open one row. Raises SealBroken when it was altered, Unavailable when its key is gone."""
    place = place_of(owner, row)
    plain = await premises.sealer.open(place, row.cell)
    return _ENTRIES.decode(plain[_K_BYTES:])


async def moved(premises: Premises, owner: int, row: JournalRow, facet: str) -> JournalRow:
    """The same row in another access facet (a tag): sealed again, its leaf untouched."""
    old = place_of(owner, row)
    new = _place(owner, row.subject, facet, row.month, row.n)
    plain = await premises.sealer.open(old, row.cell)
    return row._replace(facet=facet, cell=await premises.sealer.seal(new, plain))


class Opened(NamedTuple):
    """A row read again: `plain` is k and detail, None when its key was destroyed or it `is_broken`."""

    owner: int
    row: JournalRow
    plain: bytes | None
    is_broken: bool = False

    def leaf(self) -> bytes:
        """The leaf its cell gives; the one stored where the key is gone."""
        if self.plain is None:
            return self.row.leaf
        k, detail = self.plain[:_K_BYTES], self.plain[_K_BYTES:]
        return journal_leaf(self.owner, self.row.month, self.row.n, k, detail)

    def entry(self) -> Entry | None:
        """What it says, None when it says nothing any more."""
        return None if self.plain is None else _ENTRIES.decode(self.plain[_K_BYTES:])


async def open_each(premises: Premises, held: Sequence[tuple[int, JournalRow]]) -> list[Opened]:
    """Open many rows at once; an altered one is marked, whatever the others are."""
    cells = [(place_of(owner, row), row.cell) for owner, row in held]
    try:
        plains = await premises.sealer.open_all(cells)
    except SealBroken:
        return [await _open_one(premises, owner, row) for owner, row in held]
    return [Opened(owner, row, plain) for (owner, row), plain in zip(held, plains, strict=True)]


async def _open_one(premises: Premises, owner: int, row: JournalRow) -> Opened:
    place = place_of(owner, row)
    try:
        return Opened(owner, row, await premises.sealer.open(place, row.cell))
    except Unavailable:
        return Opened(owner, row, None)
    except SealBroken:
        return Opened(owner, row, None, is_broken=True)


def place_of(owner: int, row: JournalRow) -> Place:
    """Where the cell of a row lies."""
    return _place(owner, row.subject, row.facet, row.month, row.n)


def _place(owner: int, subject: int, facet: str, month: int, n: int) -> Place:
    return Place("journal", owner, facet, subject, str(month), str(n))
