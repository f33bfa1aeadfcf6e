"""Backup, verify and restore on both engines, each beside the plain tool of the engine on the same bytes.

Figures are seconds for a gigabyte of the file of records: of the clock (it waits for the disk) and of CPU, the
database's own processes included. The floor of files copies data.db with `shutil.copyfile` and one fsync; that of
PostgreSQL is `pg_dump -Fc -Z0` and `pg_restore`. `--megabytes N` sizes it (256).
"""

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import tell
from benchmarks.large_database import fill
from benchmarks.postgres_store import Both
from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.sealing.recovery_key import recovery_public
from server.backup import data_set, key_set
from server.backup.restoring import Asked, restore
from server.folder import Folder, ServerFile, init
from server.store.keystore.key_file import make_key_file
from tests.fakes.postgres import Cluster, programs, running

HERE = Path(__file__).resolve().parent.parent
Cost = tuple[float, float]
"""Seconds of the clock, seconds of CPU."""


class Bench:
    """One server on files, and the places its copies go to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.entropy = folder, SystemClock(), SystemEntropy()
        self.server, self.keys = folder / "server", folder / "keys"
        said = ServerFile(name="bench", demonstration=True)
        asyncio.run(init(self.server, self.clock, self.entropy, said))
        self.private = make_key_file(folder / "recovery.key", self.entropy)
        self.size = 0

    def back_up(self, server: Path, target: Path) -> data_set.Made:
        return asyncio.run(data_set.make(Folder(server), target, self.clock))

    def keep_keys(self) -> None:
        folder = Folder(self.server)
        told, listed = folder.read_told(), folder.read_key_list().decode()
        public = recovery_public(self.private)
        engine = folder.engine(told)
        asyncio.run(key_set.make(engine, self.keys, public, told.identity, listed, self.clock))

    def restore(
        self, target: Path, into: Path, databases: tuple[str, ...] = (), keys: str = ""
    ) -> None:
        recovery, root = self.folder / "recovery.key", self.server / "root.key"
        asked = Asked(target, self.keys, recovery, root, "", databases, keys)
        asyncio.run(restore(asked, into, self.clock, self.entropy))

    def say(self, name: str, ours: Cost, floor: Cost, **more: object) -> None:
        per_gb = 1e9 / self.size
        tell(f"{name}, clock", ours[0] * per_gb, floor[0] * per_gb, "s/GB", **more)
        tell(f"{name}, CPU", ours[1] * per_gb, floor[1] * per_gb, "s/GB")


def spent(work: Callable[[], object], cpu: Callable[[], float] = time.process_time) -> Cost:
    wall, before = time.monotonic(), cpu()
    work()
    return time.monotonic() - wall, cpu() - before


def copied(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    durable(target)


def durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def files(bench: Bench, megabytes: int) -> None:
    """A server on files, its growth by one hundredth, and back."""
    data, target = bench.server / "data.db", bench.folder / "a"
    fill(data, megabytes)
    bench.size = data.stat().st_size
    floor = spent(lambda: copied(data, bench.folder / "plain"))
    bench.say("files: backup, the first", spent(lambda: bench.back_up(bench.server, target)), floor)
    fill(data, bench.size // 1_000_000 + max(1, megabytes // 100))
    again: list[data_set.Made] = []
    cost = spent(lambda: again.append(bench.back_up(bench.server, target)))
    share = again[0].stored.written_bytes / again[0].stored.size
    bench.say("files: backup after 1 % more patients", cost, floor, note=f"{share:.0%} written")
    bench.say("backup verify", spent(lambda: data_set.verify(target, ["000002.json"])), floor)
    bench.keep_keys()
    back = spent(lambda: bench.restore(target, bench.folder / "again"))
    bench.say("files: restore, the engine's check included", back, floor, budget=600.0)


class Postgres:
    """CPU of this process, of the tools it ran, and of every process the database ever had."""

    def __init__(self, cluster: Cluster, binaries: Path) -> None:
        self._binaries, self._cluster, self._both = binaries, cluster, Both(cluster)

    def cpu(self) -> float:
        """Those that live by their clocks, those that ended by what the kernel added up for their parent."""
        said = Path(f"/proc/{self._cluster.pid}/stat").read_text().rpartition(")")[2].split()
        ended = sum(map(int, said[13:15])) / os.sysconf("SC_CLK_TCK")
        tools = resource.getrusage(resource.RUSAGE_CHILDREN)
        return self._both.now() + ended + tools.ru_utime + tools.ru_stime

    def tool(self, name: str, *words: object) -> None:
        command = [str(self._binaries / name), *map(str, words)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def postgres(bench: Bench) -> None:
    """The same rows restored to PostgreSQL, backed up there."""
    binaries = programs()
    if binaries is None:
        return
    with running(binaries) as cluster:
        both = Postgres(cluster, binaries)
        rows, keys, other = (cluster.database("") for _ in range(3))
        into, dump = bench.folder / "on-postgresql", bench.folder / "dump"
        back = spent(lambda: bench.restore(bench.folder / "a", into, (rows,), keys), both.cpu)

        def dumped() -> None:
            both.tool("pg_dump", "-Fc", "-Z0", "-f", dump, rows)
            durable(dump)

        floor = spent(dumped, both.cpu)
        target = bench.folder / "of-postgresql"
        cost = spent(lambda: bench.back_up(into, target), both.cpu)
        bench.say("PostgreSQL: backup, the first", cost, floor)
        bench.say(
            "PostgreSQL: backup again", spent(lambda: bench.back_up(into, target), both.cpu), floor
        )
        plain = spent(lambda: both.tool("pg_restore", "-d", other, dump), both.cpu)
        bench.say("PostgreSQL: restore of a backup of files", back, plain, budget=600.0)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    options.add_argument("--megabytes", type=int, default=256)
    asked = options.parse_args()
    (HERE / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HERE / "build") as name:
        bench = Bench(Path(name))
        files(bench, 32 if asked.quick else asked.megabytes)
        postgres(bench)


if __name__ == "__main__":
    main()
