"""The embedded store for rooms that are driven without an event loop: each call is done when it returns.

It is the real store with OwnerGuard on; only the waiting differs. The disk is not synchronised: these
rooms test what services do, durability has its own tests.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dossier.clock import Clock
from server.ports import LogLeaf, OwnerTx
from server.store.sqlite import SqliteStore

T = TypeVar("T")


class NowStore:
    """A Store whose units of work never suspend their caller."""

    def __init__(self, path: Path, clock: Clock, *, restore: int = 0) -> None:
        self._store = SqliteStore.open(path, clock=clock, restore=restore, guard=True)
        self._store._writer._connection.rows("PRAGMA synchronous = OFF")
        self.maintenance = NowMaintenance(self._store)

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        return self._store.write_now(owner, work)

    async def write_each(
        self, works: Sequence[tuple[int, Callable[[OwnerTx], Awaitable[T]]]]
    ) -> list[T]:
        return [self._store.write_now(owner, work) for owner, work in works]

    async def read(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        return self._store.read_now(owner, work)

    async def close(self) -> None:
        self._store.close_now()


class NowMaintenance:
    """What reads is done inline already; what writes gets a loop of its own."""

    def __init__(self, store: SqliteStore) -> None:
        self._door = store.maintenance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    async def log_append(self, leaves: Sequence[LogLeaf]) -> None:
        asyncio.run(self._door.log_append(leaves))

    async def put_checkpoint(self, size: int, text: bytes) -> None:
        asyncio.run(self._door.put_checkpoint(size, text))

    async def reserve_all(self, space: str, names: Sequence[int], target: int) -> list[bool]:
        return asyncio.run(self._door.reserve_all(space, names, target))
