"""Units of work run by the loop they came from, or by the writer when that loop does not come."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from server.store.sqlite.piecework import PIECE, Piecework


def _noting(seen: list[int], count: int) -> list[Callable[[], None]]:
    return [lambda: seen.append(threading.get_ident()) for _ in range(count)]


async def _beside(work: Piecework) -> None:
    """Run it as the writer does: on a thread that may wait."""
    await asyncio.get_running_loop().run_in_executor(None, work.run)


def test_the_loop_runs_every_unit_and_the_writer_waits_for_the_last() -> None:
    seen: list[int] = []

    async def go() -> None:
        await _beside(Piecework(_noting(seen, 2 * PIECE + 1), asyncio.get_running_loop()))

    asyncio.run(go())
    assert seen == [threading.get_ident()] * (2 * PIECE + 1)


def test_other_callbacks_come_between_two_pieces() -> None:
    order: list[str] = []

    async def go() -> None:
        loop = asyncio.get_running_loop()

        def first() -> None:
            order.append("unit")
            loop.call_soon(order.append, "reader")

        steps = [first, *[lambda: order.append("unit")] * PIECE]
        await _beside(Piecework(steps, loop))

    asyncio.run(go())
    assert order == ["unit"] * PIECE + ["reader", "unit"]


def test_a_loop_that_does_not_come_leaves_its_units_to_the_writer() -> None:
    seen: list[int] = []
    loop = asyncio.new_event_loop()
    try:
        Piecework(_noting(seen, 3), loop).run()
        loop.run_until_complete(asyncio.sleep(0))  # what was offered is over: nothing runs twice
    finally:
        loop.close()
    assert len(seen) == 3


@pytest.mark.parametrize("ended", [True, False], ids=["ended loop", "no loop"])
def test_without_a_loop_the_writer_runs_them_itself(ended: bool) -> None:
    seen: list[int] = []
    loop = asyncio.new_event_loop() if ended else None
    if loop is not None:
        loop.close()
    Piecework(_noting(seen, PIECE + 1), loop).run()
    assert seen == [threading.get_ident()] * (PIECE + 1)


def test_the_first_unit_that_raises_ends_the_work_and_the_writer_hears_of_it() -> None:
    seen: list[int] = []

    def fail() -> None:
        raise OSError("the disk")

    async def go() -> None:
        steps = [*_noting(seen, 2), fail, *_noting(seen, 2)]
        await _beside(Piecework(steps, asyncio.get_running_loop()))

    with pytest.raises(OSError, match="the disk"):
        asyncio.run(go())
    assert len(seen) == 2


def test_a_loop_busy_in_the_middle_leaves_the_rest_to_the_writer_and_nothing_runs_twice() -> None:
    seen: list[int] = []

    async def go() -> None:
        loop = asyncio.get_running_loop()
        released = threading.Event()
        steps = _noting(seen, PIECE + 2)

        def keep_busy() -> None:
            loop.call_soon(released.wait)  # until the writer ran the rest

        steps[0] = keep_busy
        steps.append(released.set)
        await _beside(Piecework(steps, loop))

    asyncio.run(go())
    assert len(seen) == PIECE + 1
    assert len(set(seen)) == 2
