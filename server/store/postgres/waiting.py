"""A unit of work on PostgreSQL may wait for its databases and for nothing else.

Its owner's row is locked while it runs: a unit that waited for a socket, a lock or a timer would make every
other writer of that owner wait for it as well.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial, wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from server.store.units import WaitingUnit

T = TypeVar("T")
P = ParamSpec("P")
Me = TypeVar("Me", bound="_Waiting")


class Waits:
    """Which tasks wait for a database of ours at this moment; shared by the stores of one server."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any] | None] = set()

    async def on(self, answer: Awaitable[T]) -> T:
        """Wait for an answer of a database."""
        task = asyncio.current_task()
        if task in self._tasks:
            return await answer
        self._tasks.add(task)
        try:
            return await answer
        finally:
            self._tasks.discard(task)

    def has(self, task: "asyncio.Task[Any] | None") -> bool:
        """Is this task waiting for a database?"""
        return task in self._tasks


class _Waiting(Protocol):
    _waits: Waits


def waited(
    method: Callable[Concatenate[Me, P], Awaitable[T]],
) -> Callable[Concatenate[Me, P], Coroutine[Any, Any, T]]:
    """A method that may be awaited inside a unit of work: whatever it waits for is a database of ours."""

    @wraps(method)
    async def on(self: Me, /, *args: P.args, **more: P.kwargs) -> T:
        return await self._waits.on(method(self, *args, **more))

    return on


class Watched(Generic[T]):
    """Awaits `work`; raises WaitingUnit as soon as it waits for anything that `waits` does not know."""

    def __init__(self, work: Awaitable[T], waits: Waits) -> None:
        self._work, self._waits = work, waits

    def __await__(self) -> Generator[Any, Any, T]:
        task, steps = asyncio.current_task(), self._work.__await__()
        go_on: Callable[[], Any] = partial(next, steps)
        while True:
            try:
                waited_for = go_on()
            except StopIteration as end:
                value: T = end.value
                return value
            if not self._waits.has(task):
                _close(steps)
                raise WaitingUnit("a unit of work must not wait")
            try:
                yield waited_for
            except BaseException as error:  # noqa: BLE001 - cancelled, or thrown in: the work's own to meet
                go_on = partial(_throw, steps, error)
            else:
                go_on = partial(next, steps)


def _throw(steps: Generator[Any, Any, Any], error: BaseException) -> Any:
    return steps.throw(error)


def _close(steps: Generator[Any, Any, Any]) -> None:
    close = getattr(steps, "close", None)
    if close is not None:
        close()
