"""An import in a process of its own that dies by kill -9 at its Nth step.

A step is the moment before or after one durable write of the store: `python -m tests.fakes.import_process
PATH SERVER:N...`. Each server gets a forked process of its own, one after the other; one line each says how
it ended: `killed`, or how many steps it made.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from server.app import House
from server.cli.importing import take_into


class DyingAt:
    """Counts steps; the last one is the end of the process."""

    def __init__(self, last: int) -> None:
        self.steps, self._last = 0, last

    def step(self) -> None:
        self.steps += 1
        if self.steps == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same write, with a step on either side of it."""

        async def stepped(*given: Any, **named: Any) -> Any:
            self.step()
            answer = await write(*given, **named)
            self.step()
            return answer

        return stepped


async def take(server: Path, last: int, path: Path) -> int:
    """The import; returns how many steps it made."""
    house = await House.open(server, SystemClock(), SystemEntropy())
    dying = DyingAt(last)
    store: Any = house.store
    store.submit = dying.around(store.submit)  # every write of the store goes through here
    assert await take_into(house, [path]) == 0
    await house.close()
    return dying.steps


def main(path: Path, servers: list[str]) -> None:
    for word in servers:
        server, _, last = word.rpartition(":")
        child = os.fork()
        if child == 0:
            steps = asyncio.run(take(Path(server), int(last), path))
            sys.stdout.write(f"{steps}\n")
            sys.stdout.flush()
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL:
            sys.stdout.write("killed\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
