"""A record archived and destroyed when it is time, and never because a clock is wrong (security.md §4.5).

Two conditions, of which a wrong clock meets one at most: the line that says since when lies in the log as it was
written; and the machine's clock, the server's time and the end of the log agree within a day. What is destroyed stood on a list for thirty
days before, and on it a person may withdraw or hold it.
"""

from collections import Counter
from typing import NamedTuple

from dossier.clock import to_ms
from dossier.errors import Unavailable
from dossier.sealing.archiving import key_fingerprint
from server.ports import OwnerTx
from server.ports.closures import ARCHIVED, CLOSED, DESTROYED, ENDING, ClosureRow
from server.services import journal
from server.services.closing import Closing, owner_row
from server.services.closure_steps import DAY_MS, Step, next_step, state_of
from server.services.patients import Patients
from server.services.premises import Premises
from server.services.unit import OwnerUnit

_LOOKED_AT = 20
"""Leaves at the end of the log of which one must be readable, to know the time of the log."""


class Pending(NamedTuple):
    """One record of which something is due, and the row that says so."""

    row: ClosureRow
    step: Step | None


class ClosedDue(NamedTuple):
    """What one run did, by act; whether it refused to destroy because the clock is not sure."""

    done: dict[str, int]
    doubted: bool


class DueClosures:
    """`archive_key` is the public half of the offline archive key; empty: nothing is archived."""

    def __init__(self, premises: Premises, closing: Closing, archive_key: bytes) -> None:
        self._premises, self._closing, self._archive_key = premises, closing, archive_key
        self._patients, self._closures = Patients(premises), premises.keys.closures
        self._reconciled = False

    async def pending(self) -> list[Pending]:
        """Every record of which something is due, the first one first; held ones last."""
        found = [
            Pending(row, step)
            for row in await self._closing.rows()
            if (step := self._step(row)) is not None
            or (row.state != DESTROYED and (row.held or row.asked_by))
        ]
        return sorted(found, key=lambda one: one.step.due_ms if one.step else 1 << 62)

    async def run(self) -> ClosedDue:
        """Do what is due. Cut off anywhere, the next one goes on."""
        done: Counter[str] = Counter()
        rows = await self._closing.rows()
        if not self._reconciled:
            await self._reconcile(rows)
        now_ms = self._now_ms
        due = [(row, step) for row in rows if (step := self._step(row)) and step.due_ms <= now_ms]
        sure = not due or await self._clock_agrees()
        for row, step in due:
            if step.act == "finish" or (sure and await self._is_said(row)):
                await self._take(row, step)
                done[step.act] += 1
        if not sure:
            await self._closing.note("closures_done", 0, 0, "")
        return ClosedDue(dict(done), not sure)

    @property
    def _now_ms(self) -> int:
        """By the machine's clock: the server's time may stand ahead of it, and must not hasten an end."""
        return to_ms(self._premises.wall.now())

    def _step(self, row: ClosureRow) -> Step | None:
        if row.listed_ms > self._now_ms and not row.agreed.at_ms:
            row = row._replace(listed_ms=0)  # listed by a clock that was ahead: listed again
        return next_step(row, archives=bool(self._archive_key))

    async def _take(self, row: ClosureRow, step: Step) -> None:
        if step.act == "list":
            await self._closing.change(row, row._replace(listed_ms=self._now_ms))
        elif step.act == "archive":
            await self._archive(row)
        else:
            await self._destroy(row)

    async def _archive(self, row: ClosureRow) -> None:
        owner = row.subject
        await self._closing.note("archived", owner, 0, "")
        await self._patients.release(owner)
        await self._closures.archive(owner, self._archive_key)
        await self._closing.change(row, row._replace(state=ARCHIVED))

    async def _destroy(self, row: ClosureRow) -> None:
        """Decided first, then the key, then the line; each of them again until the last one stands."""
        owner = row.subject
        ending = row._replace(state=ENDING)
        if row != ending and not await self._closures.change(row, ending):
            return
        fingerprint = await self._fingerprint(owner)
        await self._patients.release(owner)
        await self._end_rights(owner, DESTROYED)
        await self._premises.keys.destroy(owner)
        await self._closing.note("destroyed", owner, 0, fingerprint)
        await self._closing.change(ending, ending._replace(state=DESTROYED))

    async def _end_rights(self, owner: int, state: str) -> None:
        """Without the record's key, which may be gone: nothing is told, everything is refused."""

        async def write(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(1)
            if locked is None:
                return
            book = OwnerUnit(self._premises, tx, locked, 1)
            held = await tx.access.grants()
            await tx.access.drop_grants([(row.facet, row.principal) for row in held])
            await tx.owner.update(state=state, access_v=book.rights_changed())

        await self._premises.store.write(owner, write)

    async def _reconcile(self, rows: list[ClosureRow]) -> None:
        """After a restore the record may say that it is open: what lies beside the keys is newer."""
        for row in rows:
            now = await self._premises.store.read(row.subject, owner_row)
            wanted = state_of(row)
            if now is None or not wanted or now.state == wanted:
                continue
            if row.state == CLOSED:
                await self._closing.set_state(row.subject, CLOSED, "closed")
            else:
                await self._end_rights(row.subject, wanted)
        self._reconciled = True

    async def _fingerprint(self, owner: int) -> str:
        sealed = await self._closures.archived(owner)
        if sealed:
            return key_fingerprint(sealed[-1].sealed)
        try:
            return key_fingerprint((await self._premises.keys.key(owner))[1])
        except Unavailable:
            return ""

    async def _is_said(self, row: ClosureRow) -> bool:
        """Does the line that this act stands on lie in the log as it was written?"""
        action, line = (
            ("destruction_agreed", row.agreed) if row.agreed.at_ms else ("closed", row.closed)
        )
        said = await self._line(line.month, line.n)
        return said is not None and (said.action, said.other, said.at_ms) == (
            action,
            row.subject,
            line.at_ms,
        )

    async def _line(self, month: int, n: int) -> journal.Entry | None:
        """A line of the directory's journal whose leaf stands in the log; None when it does not."""
        directory, maintenance = self._premises.directory, self._premises.store.maintenance
        found = await maintenance.journal_after((directory, month, n - 1), (month, month), 1)
        if not found or (found[0][0], found[0][1].n) != (directory, n):
            return None
        row = found[0][1]
        leaves = [] if row.log_index is None else await maintenance.log_at([row.log_index])
        opened = (await journal.open_each(self._premises, found))[0]
        if opened.is_broken or [one.leaf for one in leaves] != [opened.leaf()]:
            return None
        return opened.entry()

    async def _clock_agrees(self) -> bool:
        """Do the machine's clock, the server's time and a line at the end of the log agree within a day?"""
        maintenance, now_ms = self._premises.store.maintenance, self._now_ms
        if abs(self._premises.now_ms - now_ms) > DAY_MS:
            return False
        size = await maintenance.log_size()
        for leaf in await maintenance.log_leaves(max(0, size - _LOOKED_AT), _LOOKED_AT):
            key = (leaf.owner, leaf.month, leaf.n - 1)
            found = await maintenance.journal_after(key, (leaf.month, leaf.month), 1)
            for opened in await journal.open_each(self._premises, found):
                said = opened.entry()
                if said is not None and abs(now_ms - said.at_ms) <= DAY_MS:
                    return True
        return False
