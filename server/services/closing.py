"""A record closed, held, destroyed: what persons decide (security.md §4.5).

Each act is first a line of the operator's own journal, which stays readable when the record's key is gone; then a
row beside the keys, which no restore takes back. What is destroyed needs two persons.
"""

from dossier.clock import to_ms
from dossier.errors import Refused, Unavailable
from server.ports import OwnerRow, OwnerTx
from server.ports.closures import (
    ARCHIVED,
    CLOSED,
    DESTROYED,
    ENDING,
    NO_LINE,
    OPEN,
    ClosureRow,
    Line,
)
from server.services import journal
from server.services.access import Access
from server.services.directory import Directory
from server.services.facets import ACCESS
from server.services.premises import Premises
from server.services.unit import OwnerUnit

_BATCH = 500
_NUMBERS = 6


class Closing:
    """What persons decide."""

    def __init__(self, premises: Premises, access: Access) -> None:
        self._premises, self._access = premises, access
        self._directory, self._closures = Directory(premises), premises.keys.closures

    async def close(self, owner: int, by: int, reason: str) -> None:
        """Nobody reads or writes the record from now on; desktops erase their copies. Repeating is harmless.
        Raises Unavailable for no patient, Refused("record_ended").
        """
        row = await self.known(owner)
        if row.state == CLOSED:
            return
        _refuse(row.state != OPEN, "record_ended")
        line = await self.note("closed", owner, by, reason)
        await self.set_state(owner, CLOSED, "closed")
        await self.change(row, row._replace(state=CLOSED, closed=line))

    async def reopen(self, owner: int, by: int, reason: str) -> None:
        """Its readers read it again. Raises Refused (`record_ended` once archived, `destruction_agreed`)."""
        row = await self.known(owner)
        _refuse(row.state not in {OPEN, CLOSED}, "record_ended")
        _refuse(bool(row.agreed.at_ms), "destruction_agreed")
        await self.note("reopened", owner, by, reason)
        await self.change(row, row._replace(state=OPEN, closed=NO_LINE, listed_ms=0))
        await self.set_state(owner, "active", "reopened")

    async def ask_destruction(self, owner: int, by: int, reason: str) -> bool:
        """Ask for it, or agree as the second person: then the record is closed at once and destroyed thirty
        days later. True when both have spoken. Raises Refused (`same_person`, `record_held`, `record_ended`).
        """
        row = await self.known(owner)
        _refuse(row.state in {ENDING, DESTROYED}, "record_ended")
        _refuse(row.held, "record_held")
        if row.agreed.at_ms:
            return True
        if not row.asked_by:
            await self.note("destruction_asked", owner, by, reason)
            await self.change(row, row._replace(asked_by=by))
            return False
        _refuse(row.asked_by == by, "same_person")
        if row.state == OPEN:
            await self.close(owner, by, reason)
            row = await self.known(owner)
        line = await self.note("destruction_agreed", owner, by, reason)
        await self.change(row, row._replace(agreed=line, listed_ms=line.at_ms))
        return True

    async def withdraw(self, owner: int, by: int, reason: str) -> None:
        """A destruction asked for or agreed does not take place. Raises Refused("record_ended")."""
        row = await self.known(owner)
        _refuse(row.state in {ENDING, DESTROYED}, "record_ended")
        await self.note("destruction_withdrawn", owner, by, reason)
        await self.change(row, row._replace(asked_by=0, agreed=NO_LINE, listed_ms=0))

    async def hold(self, owner: int, by: int, reason: str) -> None:
        """A court or an authority wants it kept. Raises Refused("record_ended")."""
        row = await self.known(owner)
        _refuse(row.state in {ENDING, DESTROYED}, "record_ended")
        await self.note("held", owner, by, reason)
        await self.change(row, row._replace(held=True, release_by=0))

    async def release(self, owner: int, by: int, reason: str) -> bool:
        """Ask for the end of a hold, or agree as the second person: True. Raises Refused (`same_person`,
        `not_held`).
        """
        row = await self.known(owner)
        _refuse(not row.held, "not_held")
        if not row.release_by:
            await self.note("release_asked", owner, by, reason)
            await self.change(row, row._replace(release_by=by))
            return False
        _refuse(row.release_by == by, "same_person")
        await self.note("released", owner, by, reason)
        listed_ms = to_ms(self._premises.wall.now()) if row.listed_ms else 0
        await self.change(row, row._replace(held=False, release_by=0, listed_ms=listed_ms))
        return True

    async def bring_back(self, owner: int, by: int, private: bytes, reason: str) -> None:
        """An archived record is closed again, its key on this server: it can be reopened. Two persons: who
        has the archive key, and who proves to be `by`. Raises SealBroken, Refused("not_archived").
        """
        row = await self.known(owner)
        _refuse(row.state != ARCHIVED, "not_archived")
        line = await self.note("closed", owner, by, reason)
        await self._closures.bring_back(owner, private)
        await self.change(row, row._replace(state=CLOSED, closed=line, listed_ms=0))

    # -- parts, for time's own acts as well ---------------------------------------------------------

    async def known(self, owner: int) -> ClosureRow:
        """The row of a patient's record, a fresh one when nothing was ever decided. Raises Unavailable."""
        found = await self._closures.get(owner)
        if found is None:
            row = await self._premises.store.read(owner, owner_row)
            if row is None or row.kind != "patient":
                raise Unavailable
        return found or ClosureRow(owner)

    async def rows(self) -> list[ClosureRow]:
        """Every record something was decided of."""
        found: list[ClosureRow] = []
        while more := await self._closures.after(found[-1].subject if found else -1, _BATCH):
            found += more
        return found

    async def change(self, before: ClosureRow, after: ClosureRow) -> None:
        """Raises Refused("closure_moved") when somebody else changed it meanwhile."""
        known = None if before == ClosureRow(before.subject) else before
        if not await self._closures.change(known, after) and not (
            known is None and await self._closures.change(before, after)
        ):
            raise Refused("closure_moved")

    async def note(self, action: str, owner: int, by: int, reason: str) -> Line:
        """Write an act into the operator's journal."""
        said = journal.entry(self._premises, None, action, other=owner, account=by, reason=reason)
        row = await self._directory.note(said)
        return Line(said.at_ms, row.month, row.n)

    async def set_state(self, owner: int, state: str, action: str) -> None:
        """Under the owner's lock; its rights follow, its readers are told, its own journal says so."""

        async def write(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(_NUMBERS)
            if locked is None:
                raise Unavailable
            book = OwnerUnit(self._premises, tx, locked, _NUMBERS)
            if locked.state != state:
                await self._access.bring(book)
                said = journal.entry(self._premises, None, action)
                if state == CLOSED:
                    await self._access.narrow(book, said)
                await self._access.put_state(book, state)
                await self._access.recompute(book)
                await book.log(ACCESS, said)
            await book.close()

        await self._premises.store.write(owner, write)


def _refuse(when: object, code: str) -> None:
    if when:
        raise Refused(code)


async def owner_row(tx: OwnerTx) -> OwnerRow | None:
    """The row of an owner."""
    return await tx.owner.get()
