"""What this server orders a desktop: how long its copy may stay open, and that it must go (security.md D8).

An order is signed by the order key of the key list and numbered by its account's counter, so that a later one
always counts higher, after a restore too. It is made where the device proves itself, and nowhere else.
"""

from datetime import timedelta

from dossier.sealing.orders import Order, OrderKind, sign_order
from server.services.premises import Premises


class Orders:
    """Signs with the order key."""

    def __init__(self, premises: Premises, key: bytes) -> None:
        self._premises, self._key = premises, key

    def lease(self, account: int, device: str, n: int) -> str:
        """The copy of this device may stay open for the days of the policy, counted from now."""
        days = timedelta(days=self._premises.policy.lease_days)
        return self._signed(OrderKind.LEASE, account, device, n, days)

    def purge(self, account: int, device: str, n: int) -> str:
        """The copy of this device must go."""
        return self._signed(OrderKind.PURGE, account, device, n, timedelta())

    def _signed(self, kind: OrderKind, account: int, device: str, n: int, stands: timedelta) -> str:
        now = self._premises.clock.now()
        order = Order(kind, device, account, n, now, now + stands)
        return sign_order(self._key, order).decode()
