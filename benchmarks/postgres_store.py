"""The PostgreSQL store beside plain PostgreSQL writing the same bytes, as `bench_store` does for the embedded one.

CPU is of this program and of every process of the database together. The floor of each line is one table of
(number, id, bytes) asked through the same driver on the same cluster, as durable. The cluster lies in memory
where there is some: CPU is what is compared, not the disk.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import uvloop

from benchmarks.figures import cpu_of
from dossier.clock import SystemClock
from server.ports import OwnerTx
from server.store.postgres import PostgresStore
from tests.fakes.postgres import Cluster, programs, running

AT_ONCE = 32
_INSERT = "INSERT INTO plain (id, cell) VALUES ($1, $2)"
Say = Callable[..., None]
Work = Callable[[OwnerTx], Awaitable[Any]]


class Size(NamedTuple):
    """Patients imported; writes made after, twice as many reads; what the lines are called."""

    patients: int
    writes: int = 2_000
    what: str = "store on PostgreSQL"


class Both:
    """CPU of this process and of the database's: the postmaster's children live as long as their connections."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def now(self) -> float:
        return sum(cpu_of(pid) for pid in (*self._children(), 0))

    def _children(self) -> list[int]:
        path = Path(f"/proc/{self._cluster.pid}/task/{self._cluster.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    async def us(self, times: int, work: Callable[[], Awaitable[Any]]) -> float:
        """Per time, in us; connections that end meanwhile would be missed, and none do."""
        start = self.now()
        await work()
        return (self.now() - start) / times * 1e6


async def _compare(
    cluster: Cluster,
    say: Say,
    an_import: Callable[[], Work],
    a_write: Callable[[], Work],
    size: Size,
) -> None:
    dsn, bare = cluster.dsn("rows"), cluster.dsn("bare")
    for name in ("rows", "bare"):
        await cluster.execute("postgres", f"CREATE DATABASE {name}")
    store = await PostgresStore.open([dsn], clock=SystemClock(), connections=AT_ONCE)
    floor = await asyncpg.create_pool(bare, min_size=AT_ONCE, max_size=AT_ONCE)
    await floor.execute(
        "CREATE TABLE plain (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT, cell BYTEA)"
    )
    both, dice = Both(cluster), random.Random(3)
    patients, writes, reads = size.patients, size.writes, size.writes * 2
    looks = min(patients, writes // 10)
    owners = [dice.getrandbits(62) + 1 for _ in range(patients)]
    cell = dice.randbytes(350)

    async def warm() -> None:
        await store.write_each([(n, lambda tx: tx.owner.get()) for n in range(1, AT_ONCE + 1)])
        await asyncio.gather(*(floor.execute("SELECT 1") for _ in range(AT_ONCE)))

    async def imported() -> None:
        for owner in owners:
            await store.write(owner, an_import())

    async def imported_bare() -> None:
        async with floor.acquire() as connection:
            for _ in owners:
                async with connection.transaction():
                    for n in range(6):
                        values = [item for k in range(50) for item in (f"r{n}-{k}", cell)]
                        rows = ", ".join(f"(${2 * k + 1}, ${2 * k + 2})" for k in range(50))
                        await connection.execute(
                            f"INSERT INTO plain (id, cell) VALUES {rows}", *values
                        )

    async def alone() -> None:
        for n in range(writes):
            await store.write(owners[n % patients], a_write())

    async def alone_bare() -> None:
        for n in range(writes):
            await floor.execute(_INSERT, f"w{n}", cell)

    async def together() -> None:
        for start in range(0, writes, AT_ONCE):
            turn = range(start, min(start + AT_ONCE, writes))
            await asyncio.gather(*(store.write(owners[n % patients], a_write()) for n in turn))

    async def together_bare() -> None:
        for start in range(0, writes, AT_ONCE):
            turn = range(start, min(start + AT_ONCE, writes))
            await asyncio.gather(*(floor.execute(_INSERT, f"w{n}", cell) for n in turn))

    facets = [f"{i:032x}" for i in range(4)]

    async def one() -> None:
        for n in range(reads):
            await store.read(owners[n % patients], lambda tx: tx.resources.get("Observation", "x"))

    async def one_bare() -> None:
        for n in range(reads):
            await floor.fetch("SELECT id, cell FROM plain WHERE n = $1", n)

    async def everything() -> None:
        for owner in dice.sample(owners, looks):
            await store.read(owner, lambda tx: tx.resources.of_facets(facets))

    async def everything_bare() -> None:
        for n in dice.sample(range(patients), looks):
            await floor.fetch("SELECT id, cell FROM plain WHERE n >= $1 LIMIT 150", n * 300)

    await warm()
    lines: list[tuple[str, int, Any, Any]] = [
        ("import, 150 a transaction, per resource", patients * 150, imported, imported_bare),
        ("one durable write, alone", writes, alone, alone_bare),
        (f"one durable write, {AT_ONCE} at a time", writes, together, together_bare),
        ("read one resource", reads, one, one_bare),
        ("everything of a patient (150)", looks, everything, everything_bare),
    ]
    for name, times, ours, theirs in lines:
        say(
            f"{size.what}: {name}",
            await both.us(times, ours),
            await both.us(times, theirs),
            "us CPU",
            "program and database",
        )
    await floor.close()
    await store.close()


def measure(
    say: Say, an_import: Callable[[], Work], a_write: Callable[[], Work], size: Size
) -> None:
    """Print one line for each measure, or why there is none."""
    binaries = programs()
    if binaries is None:
        say("store on PostgreSQL", 0.0, None, "", "not measured: PostgreSQL is not installed")
        return
    with running(binaries) as cluster:
        uvloop.run(_compare(cluster, say, an_import, a_write, size))
