"""Wake-ups: the board of a running server and the one of the simulator."""

import asyncio

from server.store.hints import LoopHintBoard, RecordingHintBoard


def test_a_waiter_is_woken_by_any_of_its_readers_and_leaves_nothing_behind() -> None:
    async def scene() -> list[bool]:
        board = LoopHintBoard()
        first = asyncio.create_task(board.wait(["a:1", "m:8:doctor", "a:1"], 30))
        second = asyncio.create_task(board.wait(["a:2"], 30))
        await asyncio.sleep(0)
        board.wake(["m:8:doctor", "a:9"])
        answers = [await first]
        assert not second.done()
        board.wake(["a:2"])
        answers.append(await second)
        assert board.waiters == 0
        return answers

    assert asyncio.run(scene()) == [True, True]


def test_a_waiter_gives_up_at_its_time_and_when_cancelled() -> None:
    async def scene() -> bool:
        board = LoopHintBoard()
        task = asyncio.create_task(board.wait(["a:1"], 30))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        woken = await board.wait(["a:1"], 0)
        assert board.waiters == 0
        return woken

    assert asyncio.run(scene()) is False


def test_the_simulated_board_answers_at_once_and_once() -> None:
    board = RecordingHintBoard()
    board.wake(["a:1", "a:2", "a:1"])
    assert asyncio.run(board.wait(["a:1", "a:3"], 99)) is True
    assert asyncio.run(board.wait(["a:1"], 99)) is False
    assert board.take() == ("a:2",)
    assert board.take() == ()
