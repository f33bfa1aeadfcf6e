"""A revoked desktop says that it erased everything: its copies are closed, each patient can read it.

Such a device has no token any more; it proves itself with its own key, over the very order it obeyed. The
account decides, in bounded units, and owes each patient a line of the journal (DATA-MODEL §4, T4).
"""

from dossier.errors import SealBroken, SignInNeeded
from dossier.sealing import devices as device_keys
from dossier.sealing.orders import OrderKind, purged_message, verify_order
from dossier.sealing.text import unbase64url
from dossier.wire.sessions import PurgedRequest
from server.ports import DeviceRow, OwnerTx
from server.services.devices import Devices
from server.services.effects import Erased
from server.services.premises import Premises
from server.services.unit import OwnerUnit

_ROWS = 200
"""Copies closed in one unit of work."""


class Erasures:
    """Takes the receipts of purge orders. `order_keys` are the public halves of the key list."""

    def __init__(self, premises: Premises, devices: Devices, order_keys: tuple[bytes, ...]) -> None:
        self._premises, self._devices, self._order_keys = premises, devices, order_keys

    async def take(self, said: PurgedRequest) -> None:
        """Close every copy of this device; repeating is harmless. Raises SignInNeeded for an unknown device,
        one that is not revoked, another key, another order.
        """
        account = await self._devices.account_of(said.device)
        if account is None:
            raise SignInNeeded

        async def device(tx: OwnerTx) -> DeviceRow | None:
            return next((r for r in await tx.people.devices() if r.device == said.device), None)

        row = await self._premises.store.read(account, device)
        if row is None or row.revoked_ms is None or not self._is_true(account, row, said):
            raise SignInNeeded
        while await self._premises.store.write(account, lambda tx: self._close(tx, said.device)):
            pass

    def _is_true(self, account: int, row: DeviceRow, said: PurgedRequest) -> bool:
        try:
            order = verify_order(self._order_keys, said.order.encode())
            signature = unbase64url(said.signature)
        except (SealBroken, ValueError):
            return False
        ours = (order.kind, order.device, order.account) == (OrderKind.PURGE, row.device, account)
        return ours and device_keys.verify(
            row.public_key, purged_message(said.device, said.order), signature
        )

    async def _close(self, tx: OwnerTx, device: str) -> int:
        """One unit: some of the open copies; returns how many."""
        owed = await tx.people.copies_open(device, _ROWS)
        locked = await tx.owner.lock(len(owed) + 1)
        if locked is None or not owed:
            return 0
        book = OwnerUnit(self._premises, tx, locked, len(owed) + 1)
        now_ms = self._premises.now_ms
        for row in owed:
            told = Erased(row.device, row.unit, row.target, row.facet, row.term, now_ms)
            await book.owe(row.target, "purged", told)
        await tx.people.put_copies([row._replace(receipt_ms=now_ms) for row in owed])
        await book.close()
        return len(owed)
