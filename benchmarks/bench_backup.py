"""Backup, verify and restore of an embedded server, each beside a plain durable copy of the same bytes.

The database is filled with random cells of 350 bytes, 150 a patient. Figures are seconds for a gigabyte: of
the clock (it waits for the disk) and of CPU. The floor copies data.db with `shutil.copyfile` and one fsync.
"""

import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlcipher3

from benchmarks.figures import tell
from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.sealing.recovery_key import recovery_public
from server.backup import data_set, key_set
from server.backup.restoring import Asked, restore
from server.folder import Folder, ServerFile, init
from server.store.keystore.key_file import make_key_file

CELL_BYTES, PER_PATIENT = 350, 150
_INSERT = "INSERT INTO resource VALUES (?, 'Observation', ?, ?, ?, 0, 1, ?, NULL, 1500, ?)"
_OWNER = "INSERT INTO owner VALUES (?, 'patient', 'active', 1000, 1, 1, '')"


def fill(data: Path, megabytes: int, first: int = 1) -> None:
    """Patients with random cells until the file is this large."""
    raw = sqlcipher3.connect(str(data), isolation_level=None)
    dice, owner = random.Random(first), first
    while data.stat().st_size + wal_of(data) < megabytes * 1_000_000:
        raw.execute("BEGIN")
        for _ in range(3):
            owner += 1
            key = dice.getrandbits(62)
            raw.execute(_OWNER, (key,))
            rows = (
                (
                    key,
                    f"{dice.getrandbits(122):032x}",
                    f"{n % 4:032x}",
                    n,
                    key,
                    dice.randbytes(CELL_BYTES),
                )
                for n in range(PER_PATIENT)
            )
            raw.executemany(_INSERT, rows)
        raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()


def wal_of(data: Path) -> int:
    wal = data.with_name(data.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock, seconds of CPU."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - wall, time.process_time() - cpu


def say(
    name: str, ours: tuple[float, float], floor: tuple[float, float], size: int, **more: object
) -> None:
    per_gb = 1e9 / size
    tell(f"{name}, clock", ours[0] * per_gb, floor[0] * per_gb, "s/GB", **more)
    tell(f"{name}, CPU", ours[1] * per_gb, floor[1] * per_gb, "s/GB")


def copied(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def main() -> None:
    megabytes = 32 if "--quick" in sys.argv else 256
    clock, entropy = SystemClock(), SystemEntropy()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder, target, keys = (Path(name) / one for one in ("server", "a", "b"))
        asyncio.run(init(folder, clock, entropy, ServerFile(name="bench", demonstration=True)))
        fill(folder / "data.db", megabytes)
        size = (folder / "data.db").stat().st_size
        floor = timed(lambda: copied(folder / "data.db", Path(name) / "plain"))
        say(
            "backup, the first",
            timed(lambda: asyncio.run(data_set.make(Folder(folder), target, clock))),
            floor,
            size,
        )
        fill(folder / "data.db", megabytes + max(1, megabytes // 100), first=1 << 20)
        again: list[data_set.Made] = []
        spent = timed(
            lambda: again.append(asyncio.run(data_set.make(Folder(folder), target, clock)))
        )
        share = again[0].stored.written_bytes / again[0].stored.size
        say("backup, after 1 % more patients", spent, floor, size, note=f"{share:.0%} written")
        say("backup verify", timed(lambda: data_set.verify(target, ["000002.json"])), floor, size)
        private = make_key_file(Path(name) / "recovery.key", entropy)
        told = Folder(folder).read_told()
        listed = Folder(folder).read_key_list().decode()
        public = recovery_public(private)
        engine = Folder(folder).engine(told)
        asyncio.run(key_set.make(engine, keys, public, told.identity, listed, clock))
        asked = Asked(target, keys, Path(name) / "recovery.key", folder / "root.key")
        into = Path(name) / "again"
        back = timed(lambda: asyncio.run(restore(asked, into, clock, entropy)))
        say("restore, the engine's check included", back, floor, size, budget=600.0)


if __name__ == "__main__":
    main()
