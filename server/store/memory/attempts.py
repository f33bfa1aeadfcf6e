"""Tries to prove who one is, in memory."""

from server.ports import AttemptRow
from server.store.memory.state import OwnerState, Undo


class MemoryAttempts:
    """Tries counted under one owner."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._state, self._undo = state, undo

    async def lock(self) -> AttemptRow:
        row = self._state.attempts.get(b"") or AttemptRow(b"", 0, 0, 0, 0)
        await self.put(row)
        return row

    async def get(self, place: bytes) -> AttemptRow | None:
        return self._state.attempts.get(place)

    async def usual(self) -> list[AttemptRow]:
        return [row for row in self._state.attempts.in_order() if row.usual]

    async def put(self, row: AttemptRow) -> None:
        self._undo.put(self._state.attempts, row.place, row)

    async def drop(self, place: bytes) -> None:
        self._undo.drop(self._state.attempts, place)
