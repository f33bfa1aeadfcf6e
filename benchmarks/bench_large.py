"""Start of a server whose database grows: until it says where it listens, until it answers that it is ready, and the
longest it then keeps anybody waiting while it reads its log.

The floor is the same server with nothing in it. `--megabytes N` is the largest size (1,000; 10,000 takes minutes
to make); sizes a tenth and a hundredth of it show the growth.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError

from benchmarks.figures import cpu_of, resident_mb, tell
from benchmarks.large_database import fill
from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from server.folder import ServerFile, init

HERE = Path(__file__).resolve().parent.parent
_GIVE_UP_S = 600
_WATCHED_S = 10


class Start(NamedTuple):
    """Seconds of the clock and of CPU until an event, megabytes of memory then."""

    wall: float
    cpu: float
    memory: float


def started(folder: Path) -> tuple[Start, Start, Start]:
    """Until it listens, until it is ready; the longest answer of the seconds after. Then it is ended."""
    began = time.monotonic()
    command = [sys.executable, "-m", "server", "serve", str(folder), "--port", "0"]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            command, cwd=HERE, text=True, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["listening"]
        listening = Start(
            time.monotonic() - began, cpu_of(process.pid), resident_mb(str(process.pid))
        )
        while not _answer(address) and time.monotonic() - began < _GIVE_UP_S:
            time.sleep(0.02)
        ready = Start(time.monotonic() - began, cpu_of(process.pid), resident_mb(str(process.pid)))
        longest, until = 0.0, time.monotonic() + _WATCHED_S
        while time.monotonic() < until:
            longest = max(longest, _answer(address))
            time.sleep(0.02)
        settled = Start(longest, cpu_of(process.pid), resident_mb(str(process.pid)))
        process.terminate()
        process.wait()
    return listening, ready, settled


def _answer(address: str) -> float:
    """Seconds until it says that it is ready; 0 when it does not say so."""
    began = time.monotonic()
    with suppress(HTTPError, OSError):
        urllib.request.urlopen(f"{address}/ready", timeout=_GIVE_UP_S).close()
        return time.monotonic() - began
    return 0.0


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    options.add_argument("--megabytes", type=int, default=1_000)
    asked = options.parse_args()
    largest = 100 if asked.quick else asked.megabytes
    (HERE / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HERE / "build") as name:
        folder = Path(name) / "server"
        said = ServerFile(name="bench", demonstration=True)
        asyncio.run(init(folder, SystemClock(), SystemEntropy(), said))
        started(folder)
        empty = started(folder)
        for megabytes in (largest // 100, largest // 10, largest):
            leaves = fill(folder / "data.db", megabytes)
            found = started(folder)
            events = ("until listening", "until ready", "longest wait after")
            for what, one, floor in zip(events, found, empty, strict=True):
                note = f"{leaves:,} leaves, {one.memory:.0f} MB"
                line = f"start with {megabytes:,} MB, {what}"
                tell(f"{line}, clock", one.wall, floor.wall, "s", budget=5, note=note)
                tell(f"{line}, CPU", one.cpu, floor.cpu, "s")


if __name__ == "__main__":
    main()
