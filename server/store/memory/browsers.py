"""Passkeys and slips in memory."""

from server.ports import PasskeyRow, SlipRow
from server.store.memory.state import OwnerState, Undo


class MemoryBrowsers:
    """What browsers may show for an account."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._state, self._undo = state, undo

    async def passkeys(self) -> list[PasskeyRow]:
        return list(self._state.passkeys.in_order())

    async def put_passkey(self, row: PasskeyRow) -> None:
        self._undo.put(self._state.passkeys, row.credential, row)

    async def drop_passkey(self, credential: bytes) -> None:
        self._undo.drop(self._state.passkeys, credential)

    async def slips(self) -> list[SlipRow]:
        return list(self._state.slips.in_order())

    async def put_slip(self, row: SlipRow) -> None:
        self._undo.put(self._state.slips, row.mark, row)

    async def drop_slip(self, mark: bytes) -> None:
        self._undo.drop(self._state.slips, mark)
