"""T5: journal rows become the leaves of one append-only log (RFC 6962), its root signed.

The log holds hashes only: who, whom and why lie in cells under the subject's key, so that destroying a
record leaves the log whole and blind.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from dossier.errors import StoreError
from dossier.sealing import devices
from dossier.sealing.checkpoints import Checkpoint, sign_checkpoint
from dossier.sealing.merkle import Tree
from server.ports import JournalRow, LogLeaf, OwnerTx
from server.services.auditing import ORIGIN, Audit, Finding
from server.services.premises import Premises

LATE_S = 60.0
"""A row of the journal waits at most this long for its place, or the server says that it is not well."""
_OWNERS = 100
_ROWS = 500
_LEAVES = 2_500


class Sequencer:
    """Appends, signs and verifies the log. One per server. `replaced` are public log keys that signed before
    this one: a checkpoint of theirs is believed until the next is signed. `pause` lets others work between the
    pieces of a long log.
    """

    def __init__(
        self,
        premises: Premises,
        signing_key: bytes,
        replaced: Sequence[bytes] = (),
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._premises, self._key, self._replaced = premises, signing_key, tuple(replaced)
        self._pause, self._loading = pause, asyncio.Lock()
        self._tree: Tree | None = None
        self._done_s = self._signed_s = premises.clock.monotonic()

    @property
    def public_key(self) -> bytes:
        """What clients pin."""
        return devices.public_key(self._key)

    @property
    def size(self) -> int:
        """Leaves of the log, as this process last saw it."""
        return 0 if self._tree is None else self._tree.size

    @property
    def signed_ago_s(self) -> float:
        """Seconds since this process last signed a checkpoint, or since it started."""
        return self._premises.clock.monotonic() - self._signed_s

    async def is_late(self) -> bool:
        """Do rows wait although nothing was placed to the end for a minute?"""
        if self._premises.clock.monotonic() - self._done_s < LATE_S:
            return False
        return bool(await self._premises.store.maintenance.owners_unplaced(1))

    async def run(self) -> int:
        """Place every waiting row and sign the new root; returns how many were placed."""
        maintenance = self._premises.store.maintenance
        tree = await self._loaded()
        placed = 0
        while owners := await maintenance.owners_unplaced(_OWNERS):
            leaves: list[LogLeaf] = []
            for owner in owners:
                rows = await self._premises.store.read(owner, _unplaced)
                if leaves and len(leaves) + len(rows) > _ROWS:
                    break
                leaves += [
                    LogLeaf(tree.size + at, owner, row.month, row.n, row.leaf)
                    for at, row in enumerate(rows, len(leaves))
                ]
            await maintenance.log_append(leaves)
            _grow(tree, leaves)
            placed += len(leaves)
        signed = await maintenance.checkpoint()
        if signed is None or signed[0] != tree.size:
            text = sign_checkpoint(self._key, ORIGIN, tree.size, tree.root())
            await maintenance.put_checkpoint(tree.size, text)
            self._signed_s = self._premises.clock.monotonic()
        self._done_s = self._premises.clock.monotonic()
        return placed

    async def proof(self, size: int) -> tuple[bytes, tuple[bytes, ...] | None]:
        """The last checkpoint, and the proof that it grew from the first `size` leaves; None instead of a
        proof when the log is smaller than that.
        """
        while (kept := await self._premises.store.maintenance.checkpoint()) is None:
            await self.run()
        last, text = kept
        return text, None if size > last else (await self._loaded()).consistency(size, last)

    async def verify(self, since: Checkpoint | None = None) -> Finding | None:
        """Read journal and log again (server.services.auditing); None: all is sound, and grew from `since`."""
        return await Audit(self._premises, (self.public_key, *self._replaced)).verify(since)

    async def _loaded(self) -> Tree:
        """The tree of the whole log, with what another process appended since the last time."""
        maintenance = self._premises.store.maintenance
        async with self._loading:
            tree = Tree() if self._tree is None else self._tree
            size = await maintenance.log_size()
            if self._tree is None or size != tree.size:
                # Before the tree grows over them: a row is never read as waiting once its leaf is counted.
                await maintenance.log_repair(_ROWS)
                await self._read(tree, size)
            self._tree = tree
        return tree

    async def _read(self, tree: Tree, size: int) -> None:
        """Grow to this size, a piece at a time; what was appended meanwhile is left to the next time."""
        maintenance = self._premises.store.maintenance
        while tree.size < size:
            leaves = await maintenance.log_leaves(tree.size, min(_LEAVES, size - tree.size))
            if not leaves:
                raise StoreError("the log ends before its last leaf")
            _grow(tree, leaves)
            if self._pause is not None and len(leaves) == _LEAVES:
                await self._pause()


def _grow(tree: Tree, leaves: Sequence[LogLeaf]) -> None:
    """Append what the tree does not hold yet: a proof asked meanwhile may have read the same leaves."""
    for leaf in leaves:
        if leaf.position == tree.size:
            tree.append(leaf.leaf)


async def _unplaced(tx: OwnerTx) -> list[JournalRow]:
    return await tx.journal.unplaced(_ROWS)


async def open_sequencer(premises: Premises) -> Sequencer:
    """With the server's own log key."""
    return Sequencer(premises, await premises.keys.secret("log"))
