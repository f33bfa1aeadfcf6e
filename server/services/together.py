"""How independent units of work are awaited: one by one (repeatable), or all at once (one commit)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Together = Callable[[Sequence[Awaitable[Any]]], Awaitable[list[Any]]]


async def one_by_one(works: Sequence[Awaitable[Any]]) -> list[Any]:
    """In order; needs no event loop when the store never suspends."""
    return [await work for work in works]


async def at_once(works: Sequence[Awaitable[Any]]) -> list[Any]:
    """On the running loop: a store with group commit writes them together."""
    return list(await asyncio.gather(*works))
