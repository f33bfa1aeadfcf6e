"""Journal and log read again, entry by entry: is every one of them what it was when it was signed?

The log is read once in its order, the journal once in the order of its key; what is held meanwhile is a
few thousand rows and one bit for each leaf. A row whose subject's key was destroyed counts by its leaf alone.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from dossier.errors import SealBroken
from dossier.sealing.checkpoints import Checkpoint, verify_checkpoint
from dossier.sealing.merkle import Frontier
from server.ports import JournalRow, LogLeaf
from server.services.journal import open_each
from server.services.premises import Premises

ORIGIN: Final = "colloque.log"
FROM_THE_START: Final = (-(1 << 62), -1, -1)
EVERY_MONTH: Final = (0, 999_999)
ROWS: Final = 1_000
"""Rows of the journal read, and opened, at once."""
_LEAVES = 5_000
_SUSPECTS = 1_000
"""Rows found beyond the log while it still grew, looked at again at the end."""


class Finding(NamedTuple):
    """The first bad entry. `place` is where it is in the log, -1 for a row that has none.

    `fault`: altered, missing, inserted, unsequenced; root, when the leaves are not those that were signed;
    shortened or forked, when the log did not grow from a checkpoint kept elsewhere (`place` is its size).
    """

    place: int
    owner: int
    fault: str


class Audit:
    """One reading of everything. `log_keys` are the public keys whose checkpoints are believed."""

    def __init__(self, premises: Premises, log_keys: Sequence[bytes]) -> None:
        self._premises, self._keys = premises, tuple(log_keys)
        self._maintenance = premises.store.maintenance
        self._worst: Finding | None = None
        self._seen = bytearray()
        self._size = 0

    async def verify(self, since: Checkpoint | None = None) -> Finding | None:
        """The bad entry that comes first in the log, None when there is none. `since` is a checkpoint that
        somebody kept: the log must have grown from it.
        """
        await self._read_log(since)
        self._seen = bytearray(self._size // 8 + 1)
        suspects: list[tuple[int, JournalRow]] = []
        after = FROM_THE_START
        while held := await self._maintenance.journal_after(after, EVERY_MONTH, ROWS):
            suspects += await self._judge(held, is_last=len(suspects) >= _SUSPECTS)
            owner, row = held[-1]
            after = (owner, row.month, row.n)
        await self._judge([await self._again(*one) for one in suspects], is_last=True)
        await self._find_missing()
        return self._worst

    async def _read_log(self, since: Checkpoint | None) -> None:
        """Every leaf in its order, and the roots that were signed over them."""
        kept = await self._maintenance.checkpoint()
        signed = self._signed(kept)
        wanted = {one.size: b"" for one in (signed, since) if one is not None}
        tree = Frontier()
        if 0 in wanted:
            wanted[0] = tree.root()
        start = 0
        while leaves := await self._maintenance.log_leaves(start, _LEAVES):
            for place, leaf in enumerate(leaves, start):
                if leaf.position != place:
                    self._add(place, leaf.owner, "missing")
                tree.append(leaf.leaf)
                if tree.size in wanted:
                    wanted[tree.size] = tree.root()
            start = leaves[-1].position + 1
        self._size = start
        if signed is None:
            if kept is not None or start:
                self._add(start if kept else 0, 0, "root")
        elif wanted[signed.size] != signed.root:
            self._add(start, 0, "root")
        if since is not None and wanted[since.size] != since.root:
            self._add(since.size, 0, "shortened" if since.size > start else "forked")

    def _signed(self, kept: tuple[int, bytes] | None) -> Checkpoint | None:
        try:
            return None if kept is None else verify_checkpoint(self._keys, kept[1])
        except SealBroken:
            return None

    async def _judge(
        self, held: Sequence[tuple[int, JournalRow]], *, is_last: bool
    ) -> list[tuple[int, JournalRow]]:
        """Note what is wrong with these rows; returns those that may only be late."""
        places = [row.log_index for _, row in held if row.log_index is not None]
        leaves = {leaf.position: leaf for leaf in await self._maintenance.log_at(places)}
        late: list[tuple[int, JournalRow]] = []
        for opened in await open_each(self._premises, held):
            owner, row = opened.owner, opened.row
            leaf = None if row.log_index is None else leaves.get(row.log_index)
            if leaf is None or row.log_index is None:
                if is_last:
                    place = -1 if row.log_index is None else row.log_index
                    self._add(place, owner, "unsequenced" if place < 0 else "inserted")
                else:
                    late.append((owner, row))
            elif (leaf.owner, leaf.month, leaf.n) != (owner, row.month, row.n):
                self._add(row.log_index, owner, "inserted")
            else:
                self._mark(row.log_index)
                if opened.is_broken or not leaf.leaf == row.leaf == opened.leaf():
                    self._add(row.log_index, owner, "altered")
        return late

    async def _again(self, owner: int, row: JournalRow) -> tuple[int, JournalRow]:
        """The row as it is now: another process may have placed it meanwhile."""
        before = (owner, row.month, row.n - 1)
        found = await self._maintenance.journal_after(before, EVERY_MONTH, 1)
        return next(
            (one for one in found if (one[1].month, one[1].n) == (row.month, row.n)), (owner, row)
        )

    async def _find_missing(self) -> None:
        """The first leaf that no row of the journal claims."""
        place = next((at for at, byte in enumerate(self._seen) if byte != 0xFF), 0) * 8
        while place < self._size and self._seen[place >> 3] >> (place & 7) & 1:
            place += 1
        if place < self._size:
            leaves: list[LogLeaf] = await self._maintenance.log_at([place])
            self._add(place, leaves[0].owner if leaves else 0, "missing")

    def _mark(self, place: int) -> None:
        if place < self._size:
            self._seen[place >> 3] |= 1 << (place & 7)

    def _add(self, place: int, owner: int, fault: str) -> None:
        found, worst = Finding(place, owner, fault), self._worst
        if worst is None or (place < 0, place) < (worst.place < 0, worst.place):
            self._worst = found
