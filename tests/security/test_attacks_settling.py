"""Effects that cannot be done wait; the settling of all others, and of the journal, goes on."""

import asyncio
import logging
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.sealing.stretching import Cost
from server.app import House
from server.folder import ServerFile, init
from tests.logfail import LogFail


class Stumbling:
    """An indexer that meets the unexpected the first time."""

    def __init__(self) -> None:
        self.rounds = 0
        self.again = asyncio.Event()

    async def drain(self) -> int:
        self.rounds += 1
        if self.rounds == 1:
            raise ValueError("a row nobody foresaw, with a name in it")
        self.again.set()
        return 0


def test_an_unforeseen_failure_ends_no_settling_and_says_no_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, logfail: LogFail
) -> None:
    async def story() -> int:
        folder, entropy = tmp_path / "server", SeededEntropy(1)
        clock = SystemClock()
        await init(folder, clock, entropy, ServerFile(name="test"))
        house = await House.open(folder, clock, entropy, cost=Cost(8, 1, 1))
        stumbling = Stumbling()
        house.indexer = stumbling  # type: ignore[assignment]  # the one method used
        house.committed.set()
        task = asyncio.create_task(house.keep_settling())
        await asyncio.wait_for(stumbling.again.wait(), 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await house.close()
        return stumbling.rounds

    with caplog.at_level(logging.ERROR, "colloque.server"), logfail.expecting("effects_wait"):
        assert asyncio.run(story()) >= 2
    assert [(record.getMessage(), record.kind) for record in caplog.records] == [
        ("effects_wait", "ValueError")
    ]
