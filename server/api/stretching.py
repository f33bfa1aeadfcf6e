"""Argon2id off the loop: two at a time at most, so that a flood of sign-ins starves nobody else."""

import asyncio

from dossier.errors import Busy
from server.services.passwords import InlinePasswords

_AT_ONCE = 2
_WAITING = 50


class ThreadedPasswords:
    """The Passwords port over worker threads. Raises Busy when fifty wait already."""

    def __init__(self, inline: InlinePasswords) -> None:
        self._inline = inline
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def record(self, password: str) -> str:
        """The record to store for a new password."""
        async with self._slots:
            return await asyncio.to_thread(asyncio.run, self._inline.record(password))

    async def is_right(self, password: str, record: str | None) -> bool:
        """Check, in the same time whether there is a record or not."""
        if self._waiting >= _WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(asyncio.run, self._inline.is_right(password, record))
        finally:
            self._waiting -= 1
