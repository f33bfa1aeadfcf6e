"""NOTIFY between the processes of one server: wake-ups after a commit, never needed for correctness."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from dossier.errors import StoreError
from server.store.hints import LoopHintBoard
from server.store.postgres.connection import connect
from server.store.postgres.errors import FAILURES

_BEAT_S, _RETRY_S = 5.0, 0.5
_PAYLOAD_CHARS = 7_000
"""NOTIFY takes less than 8,000 bytes; ours are ASCII (PostgreSQL, NOTIFY)."""


class Listener:
    """One connection that listens on a channel, looked at every few seconds and made again when it is lost.

    `told` is called with each payload another process sent; `lost` as soon as something may be missed.
    """

    def __init__(
        self, dsn: str, channel: str, told: Callable[[str], None], lost: Callable[[], None]
    ) -> None:
        self._dsn, self._channel, self._told, self._lost = dsn, channel, told, lost
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._ending = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_listening(self) -> bool:
        """Is every payload sent from now on told?"""
        return self._connection is not None and not self._connection.is_closed()

    async def open(self) -> None:
        """Listen from now on. Raises the StoreError family when the database cannot be reached."""
        await self._listen()
        self._keeper = asyncio.create_task(self._keep())

    async def tell(self, payload: str) -> None:
        """Send to every process that listens, this one excepted; lost when the database is away."""
        async with self._turn:
            if self.is_listening:
                with suppress(*FAILURES):
                    await self._connection.execute(
                        "SELECT pg_notify($1, $2)", self._channel, payload
                    )

    async def close(self) -> None:
        """Listen no more."""
        self._ending.set()
        if self._keeper is not None:
            await self._keeper
        if self._connection is not None:
            with suppress(*FAILURES):
                await self._connection.close(timeout=_BEAT_S)

    async def _keep(self) -> None:
        while not self._ending.is_set():
            with suppress(TimeoutError):
                pause = _BEAT_S if self.is_listening else _RETRY_S
                await asyncio.wait_for(self._ending.wait(), pause)
            async with self._turn:
                if not self._ending.is_set() and not await self._is_alive():
                    self._lost()
                    with suppress(StoreError, *FAILURES):
                        await self._listen()

    async def _is_alive(self) -> bool:
        if not self.is_listening:
            return False
        try:
            await self._connection.fetch("SELECT 1", timeout=_BEAT_S)
        except FAILURES:
            self._connection.terminate()
            return False
        return True

    async def _listen(self) -> None:
        connection = await connect(self._dsn)
        connection.add_termination_listener(lambda _connection: self._lost())
        await connection.add_listener(self._channel, self._on_payload)
        self._connection = connection

    def _on_payload(self, connection: Any, pid: int, _channel: str, payload: object) -> None:
        if pid != connection.get_server_pid():
            self._told(str(payload))


class PostgresHintBoard(LoopHintBoard):
    """Wakes the waiters of this process, and by NOTIFY those of every other one."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._listener = Listener(dsn, "colloque_hints", self._on_told, lambda: None)
        self._owed: dict[str, None] = {}
        self._something = asyncio.Event()
        self._ending = False
        self._teller: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Hear the other processes from now on. Raises the StoreError family."""
        await self._listener.open()
        self._teller = asyncio.create_task(self._tell())

    def wake(self, readers: Sequence[str]) -> None:
        super().wake(readers)
        self._owed.update(dict.fromkeys(readers))
        self._something.set()

    async def end(self) -> None:
        """Tell what is owed, then hear nobody any more."""
        self._ending = True
        self._something.set()
        if self._teller is not None:
            await self._teller
        await self._listener.close()

    async def _tell(self) -> None:
        while not self._ending:
            await self._something.wait()
            self._something.clear()
            owed = list(self._owed)
            self._owed.clear()
            for payload in _payloads(owed):
                await self._listener.tell(payload)

    def _on_told(self, payload: str) -> None:
        super().wake(payload.split("\n"))


def _payloads(readers: Iterable[str]) -> list[str]:
    """Lines of readers, as many as one NOTIFY takes."""
    found: list[str] = []
    for reader in readers:
        if found and len(found[-1]) + len(reader) < _PAYLOAD_CHARS:
            found[-1] += "\n" + reader
        else:
            found.append(reader)
    return found
