"""Can this server take a write now? Asked by load balancers and supervisors, answered by really trying.

The answer is kept for a second, so that whoever asks without end costs the writer nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from dossier.clock import Clock
from dossier.errors import DiskFull, DossierError
from server.ports import KeyStore, OwnerTx, Store

FREE_BYTES: Final = 64 * 1024 * 1024
"""Less room than this, and the next large commit may fail."""
_PROBE_S: Final = 2.0
_KEPT_S: Final = 1.0
_NOBODY: Final = 0
"""No owner has this number: the probe opens and commits a real unit of work that changes nothing."""


class Fitness:
    """`causes()` is empty when this server is fit to serve."""

    def __init__(
        self, store: Store, keys: KeyStore, clock: Clock, free_bytes: Callable[[], int]
    ) -> None:
        self._store, self._keys, self._clock, self._free_bytes = store, keys, clock, free_bytes
        self._is_late: Callable[[], Awaitable[bool]] = _never
        self._stopping = False
        self._asking = asyncio.Lock()
        self._known: tuple[float, tuple[str, ...]] | None = None

    def watch_log(self, is_late: Callable[[], Awaitable[bool]]) -> None:
        """Ask this as well: does the journal wait too long for its log?"""
        self._is_late = is_late

    def stop(self) -> None:
        """No new work from now on: the server is ending."""
        self._stopping = True

    async def causes(self) -> tuple[str, ...]:
        """Why not: `stopping`, `disk_full`, `keys_failed`, `store_slow`, `store_failed`,
        `log_late`. Never raises.
        """
        if self._stopping:
            return ("stopping",)
        async with self._asking:
            now = self._clock.monotonic()
            if self._known is None or now - self._known[0] >= _KEPT_S:
                self._known = (now, await self._try())
            return self._known[1]

    async def _try(self) -> tuple[str, ...]:
        found = [await self._write(), await self._key(), self._room(), await self._log()]
        return tuple(dict.fromkeys(cause for cause in found if cause))

    async def _write(self) -> str:
        try:
            async with asyncio.timeout(_PROBE_S):
                await self._store.write(_NOBODY, _nothing)
        except TimeoutError:
            return "store_slow"
        except DiskFull:
            return "disk_full"
        except DossierError:
            return "store_failed"
        return ""

    async def _key(self) -> str:
        try:
            await self._keys.restore_number()
        except DossierError:
            return "keys_failed"
        return ""

    async def _log(self) -> str:
        try:
            return "log_late" if await self._is_late() else ""
        except DossierError:
            return "store_failed"

    def _room(self) -> str:
        try:
            return "disk_full" if self._free_bytes() < FREE_BYTES else ""
        except OSError:
            return "store_failed"


async def _never() -> bool:
    return False


async def _nothing(tx: OwnerTx) -> None:
    await tx.owner.lock(1)
