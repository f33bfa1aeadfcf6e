"""A subject's cells sealed again under the next version of its key, a batch under the owner's lock at a time.

A subject is any owner with a data key: a patient, an account, a practice, the directory. Versions, positions, digests
and the log stay as they are: only the bytes of cells change. Whatever is cut off goes on at the next run.

The version before stays beside the keys: a backup of the data from before still needs it, and so may a reader, or a
writer in another process, that began earlier. When its time is over, what was sealed under it since is sealed again,
then it goes.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from dossier.errors import Unavailable
from server.ports import (
    AccountRow,
    DeviceRow,
    EffectRow,
    HistoryRow,
    JournalRow,
    OwnerTx,
    PasskeyRow,
    ResourceRow,
    SlipRow,
)
from server.services import bodies, effects, journal, narrowing, passkeys, slips
from server.services.premises import Premises
from server.services.sealer import Place

BATCH = 200
"""Cells sealed again under one lock: some milliseconds."""
KEPT_MS = 400 * 86_400_000
"""How long the versions before a replaced one stay: longer than a backup of last year is kept."""
_SUBJECTS = 50
_LOOK_MS = 3_600_000

Put = Callable[[OwnerTx, Sequence[Any]], Awaitable[None]]


class _Kind(NamedTuple):
    """One table with sealed cells: where the cell of a row lies, and how rows are written."""

    row: type[Any]
    place: Callable[[int, Any], Place]
    put: Put


def _each(put: Callable[[OwnerTx, Any], Awaitable[None]]) -> Put:
    async def every(tx: OwnerTx, rows: Sequence[Any]) -> None:
        for row in rows:
            await put(tx, row)

    return every


KINDS = {
    "resource": _Kind(ResourceRow, bodies.place_of, lambda tx, rows: tx.resources.put(rows)),
    "history": _Kind(
        HistoryRow, bodies.past_place, lambda tx, rows: tx.resources.put_history(rows)
    ),
    "journal": _Kind(JournalRow, journal.place_of, lambda tx, rows: tx.journal.put(rows)),
    "effect": _Kind(
        EffectRow,
        lambda owner, row: effects.place_of(owner, row.n),
        lambda tx, rows: tx.effects.put(rows),
    ),
    "account": _Kind(
        AccountRow,
        lambda owner, _row: Place("account", owner),
        _each(lambda tx, row: tx.people.put_account(row)),
    ),
    "device": _Kind(
        DeviceRow,
        lambda owner, row: Place("device", owner, id=row.device),
        _each(lambda tx, row: tx.people.put_device(row)),
    ),
    "passkey": _Kind(
        PasskeyRow,
        lambda owner, row: passkeys.place_of(owner, row.credential),
        _each(lambda tx, row: tx.browsers.put_passkey(row)),
    ),
    "slip": _Kind(
        SlipRow,
        lambda owner, row: slips.place_of(owner, row.mark),
        _each(lambda tx, row: tx.browsers.put_slip(row)),
    ),
}
"""By the name of the table: every table of an owner with a column `cell`."""


class Resealing:
    """Does the renewals that were asked for."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._look_ms = 0

    async def run(self) -> int:
        """Every data key that waits for its next version; how many were replaced."""
        rotation, done = self._premises.keys.rotation, 0
        while subjects := await rotation.renewals(_SUBJECTS):
            for subject in subjects:
                done += await self._replace(subject)
        if self._premises.now_ms >= self._look_ms:
            self._look_ms = self._premises.now_ms + _LOOK_MS
            await self._retire()
        return done

    async def _replace(self, subject: int) -> int:
        rotation = self._premises.keys.rotation
        try:
            version = await rotation.renew(subject)
        except Unavailable:
            await rotation.give_up(subject)
            return 0

        await self._bring(subject, version)
        await rotation.supersede(subject, version, self._premises.now_ms + KEPT_MS)
        return 1

    async def _retire(self) -> None:
        rotation, now_ms = self._premises.keys.rotation, self._premises.now_ms
        while found := await rotation.superseded(now_ms, _SUBJECTS):
            for subject, version in found:
                await self._end(subject, version)

    async def _end(self, subject: int, version: int) -> None:
        with suppress(Unavailable):  # destroyed or archived: nothing is opened any more
            await self._premises.keys.key_at(subject, version)
            await self._bring(subject, version)
        await self._premises.keys.rotation.retire(subject, version)

    async def _bring(self, subject: int, version: int) -> None:
        """Every cell under this version, a batch a unit of work, until one finds no other."""

        async def batch(tx: OwnerTx) -> bool:
            await tx.owner.lock(1)
            for kind in KINDS.values():
                if rows := await tx.cells.other(kind.row, version, BATCH):
                    await kind.put(tx, [await self._again(kind, tx.id, row) for row in rows])
                    return False
            await narrowing.seal_again(self._premises, tx.id)
            return True

        while not await self._premises.store.write(subject, batch):
            continue

    async def _again(self, kind: _Kind, owner: int, row: Any) -> Any:
        place, sealer = kind.place(owner, row), self._premises.sealer
        return row._replace(cell=await sealer.seal(place, await sealer.open(place, row.cell)))
