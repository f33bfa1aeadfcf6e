"""A subject's cells sealed again under the next version of its key, a batch under the owner's lock at a time.

Versions, positions, digests and the log stay as they are: only the bytes of cells change. The old version of
the key is removed in a unit of work that found no cell of it. Whatever is cut off goes on at the next run.
"""

from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import NamedTuple

from dossier.errors import Unavailable
from dossier.sealing import cells
from server.ports import EffectRow, HistoryRow, JournalRow, OwnerTx, ResourceRow
from server.services import bodies, effects, journal, narrowing
from server.services.facets import JOURNAL_FACETS
from server.services.premises import Premises

BATCH = 200
"""Cells sealed again under one lock: some milliseconds."""
_SUBJECTS = 50
_ALL = (1 << 31) - 1
_EVER_MS = 1 << 60


class _Old(NamedTuple):
    """The cells of one owner another version than the newest sealed."""

    resources: Sequence[ResourceRow] = ()
    history: Sequence[HistoryRow] = ()
    journal: Sequence[JournalRow] = ()
    effects: Sequence[EffectRow] = ()

    def __bool__(self) -> bool:
        return any(self)


class Resealing:
    """Does the renewals that were asked for."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def run(self) -> int:
        """Every data key that waits for its next version; how many were replaced."""
        rotation, done = self._premises.keys.rotation, 0
        while subjects := await rotation.renewals(_SUBJECTS):
            for subject in subjects:
                done += await self._one(subject)
        return done

    async def _one(self, subject: int) -> int:
        rotation = self._premises.keys.rotation
        try:
            version = await rotation.renew(subject)
        except Unavailable:
            await rotation.give_up(subject)
            return 0

        async def batch(tx: OwnerTx) -> bool:
            await tx.owner.lock(1)
            old = await self._old(tx, version)
            if old:
                await self._seal_again(tx, old)
                return False
            await narrowing.seal_again(self._premises, subject)
            await rotation.retire(subject, version)
            return True

        while not await self._premises.store.write(subject, batch):
            continue
        return 1

    async def _old(self, tx: OwnerTx, version: int) -> _Old:
        """Some of them, one kind at a time; empty when there are none left."""
        tags = [row.facet for row in await tx.compartments.all()]
        rows = await tx.resources.of_facets(tags)
        if found := [row for row in rows if _is_old(row.cell, version)]:
            return _Old(resources=found[:BATCH])
        past = [one async for one in _some(self._past(tx, rows, version))]
        if past:
            return _Old(history=past)
        places = [self._premises.tags.tag(tx.id, name) for name in JOURNAL_FACETS]
        told = await tx.journal.of_facets(places, _ALL)
        if lines := list(islice((row for row in told if _is_old(row.cell, version)), BATCH)):
            return _Old(journal=lines)
        owed = await tx.effects.due(_EVER_MS, _ALL)
        return _Old(effects=[row for row in owed if _is_old(row.cell, version)][:BATCH])

    async def _past(
        self, tx: OwnerTx, rows: Sequence[ResourceRow], version: int
    ) -> AsyncIterator[HistoryRow]:
        for row in rows:
            for past in await tx.resources.history(row.rtype, row.id):
                if _is_old(past.cell, version):
                    yield past

    async def _seal_again(self, tx: OwnerTx, old: _Old) -> None:
        sealer, owner = self._premises.sealer, tx.id
        resources, history = [], []
        for row in old.resources:
            place = bodies.place_of(owner, row)
            cell = await sealer.seal(place, await sealer.open(place, row.cell))
            resources.append(row._replace(cell=cell))
        for past in old.history:
            place = bodies.past_place(owner, past)
            cell = await sealer.seal(place, await sealer.open(place, past.cell))
            history.append(past._replace(cell=cell))
        if resources:
            await tx.resources.put(resources)
        if history:
            await tx.resources.put_history(history)
        if old.journal:
            lines = [await journal.moved(self._premises, owner, r, r.facet) for r in old.journal]
            await tx.journal.put(lines)
        if old.effects:
            owed = [await effects.sealed_again(self._premises, owner, r) for r in old.effects]
            await tx.effects.put(owed)


async def _some(rows: AsyncIterator[HistoryRow]) -> AsyncIterator[HistoryRow]:
    left = BATCH
    async for row in rows:
        yield row
        left -= 1
        if not left:
            return


def _is_old(cell: bytes, version: int) -> bool:
    return cells.key_version(cell) != version
