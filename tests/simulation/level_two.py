"""Level 2: the engine, the encrypted store and the real application, over real files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dossier.entropy import SeededEntropy
from tests.fakes.server_room import SteppingClock
from tests.simulation.ports import Level
from tests.simulation.sealed_desktops import SealedCopy, SealedDisk
from tests.simulation.served_side import ServedServer

_IN_MEMORY = Path("/dev/shm")
"""Where there is one: what a kill leaves is decided by the simulation, not by a disk."""


@contextmanager
def level_two() -> Iterator[Level]:
    """A fresh level in a folder of its own, which goes with it."""
    where = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    with TemporaryDirectory(prefix="colloque-simulation-", dir=where) as folder:
        place = Path(folder)
        server = ServedServer(place)
        blank = SealedDisk.blank(place, SteppingClock(), SeededEntropy(7), server.identity)
        try:
            yield Level(server, blank, SealedCopy)
        finally:
            server.close()
