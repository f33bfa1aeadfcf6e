"""Rows in memory whose cell another version of a key sealed."""

from typing import TypeVar

from dossier.sealing import cells
from server.ports import (
    AccountRow,
    DeviceRow,
    EffectRow,
    HistoryRow,
    JournalRow,
    PasskeyRow,
    ResourceRow,
    SlipRow,
)
from server.store.memory.state import OwnerState

R = TypeVar("R")

_TABLES: dict[type, str] = {
    ResourceRow: "resources",
    HistoryRow: "history",
    JournalRow: "journal",
    EffectRow: "effects",
    AccountRow: "account",
    DeviceRow: "devices",
    PasskeyRow: "passkeys",
    SlipRow: "slips",
}


class MemoryCells:
    """The sealed cells of one owner."""

    def __init__(self, state: OwnerState) -> None:
        self._state = state

    async def other(self, kind: type[R], version: int, limit: int) -> list[R]:
        rows = getattr(self._state, _TABLES[kind]).values()
        return [r for r in rows if r.cell and cells.key_version(r.cell) != version][:limit]
