"""The embedded store alone: what its transactions cost, beside plain SQLite writing the same bytes.

Cells are random bytes of 350 (a sealed resource of 1.5 KB is about that). CPU is of the whole program,
writer's thread included. The floor of each line is one table of (number, id, bytes) that the same engine
appends to or reads by number, in the same run, as durable and with as many bytes. Bodies, sealing,
rights and HTTP are not here; the budgets of the whole path are in DESIGN §10.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import sqlcipher3

from benchmarks import postgres_store
from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.wire.messages import Version
from server.ports import (
    CompartmentRow,
    EffectRow,
    GrantRow,
    HistoryRow,
    JournalRow,
    OpRow,
    OwnerTx,
    ResourceRow,
)
from server.store.keystore import FileKeyProvider, SqliteKeyStore
from server.store.memory import MemoryStore
from server.store.sqlite import SqliteStore
from server.store.sqlite.connection import PAGE_BYTES
from server.store.units import drive

CELL_BYTES, PER_PATIENT = 350, 150
_INSERT = "INSERT INTO rows (id, cell) VALUES (?, ?)"
FACETS = [f"{i:032x}" for i in range(4)]


def say(name: str, ours: float, floor: float | None, unit: str, note: str = "") -> None:
    row: dict[str, object] = {"name": name, "ours": ours, "floor": floor, "unit": unit}
    if floor:
        row["ratio"] = round(ours / floor, 2)
    if note:
        row["note"] = note
    print(json.dumps(row), flush=True)


def cpu_us(work: Callable[[], object], times: int) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) / times * 1e6


class Bytes:
    """Repeatable random cells and owners."""

    def __init__(self) -> None:
        self._random = random.Random(1)

    def cell(self, size: int = CELL_BYTES) -> bytes:
        return self._random.randbytes(size)

    def owner(self) -> int:
        return self._random.getrandbits(62) + 1

    def name(self) -> str:
        return self._random.randbytes(16).hex()


def plain(path: Path) -> sqlcipher3.Connection:
    """The floor: one table, no encryption, the same durability."""
    raw = sqlcipher3.connect(str(path), isolation_level=None)
    raw.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA cache_size = -32768")
    raw.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, id TEXT, cell BLOB)")
    return raw


def resources(source: Bytes, count: int) -> list[ResourceRow]:
    return [
        ResourceRow(
            "Observation",
            source.name(),
            FACETS[i % 4],
            i + 1,
            Version(0, 1),
            7,
            None,
            CELL_BYTES,
            source.cell(),
        )
        for i in range(count)
    ]


def an_import(source: Bytes) -> Callable[[OwnerTx], Awaitable[None]]:
    """A patient of an import: every resource with its history, compartments, journal, grants."""
    rows = resources(source, PER_PATIENT)
    history = [HistoryRow(r.rtype, r.id, r.version, 7, 1, source.cell()) for r in rows]

    async def work(tx: OwnerTx) -> None:
        await tx.owner.create("patient", "pack", 1)
        await tx.resources.put(rows)
        await tx.resources.put_history(history)
        for facet in FACETS:
            await tx.compartments.put(CompartmentRow(facet, PER_PATIENT, 0, 38, 9000, bytes(32)))
        await tx.access.put_grants(
            [GrantRow(f, f"m:801:{p}", "rw", "care", 1, None) for f in FACETS for p in ("a", "b")]
        )
        await tx.journal.put([JournalRow(202611, 1, FACETS[0], 7, bytes(120), bytes(32), None)])
        await tx.effects.put([EffectRow(1, 0, 801, "index", bytes(80), done=False)])

    return work


def a_write(source: Bytes) -> Callable[[OwnerTx], Awaitable[None]]:
    """T1 of one resource: lock, op, rights, row, history, head, journal, effect, verdict."""
    op_id, rid, cell = source.name(), source.name(), source.cell()

    async def work(tx: OwnerTx) -> None:
        owner = await tx.owner.lock(2)
        assert owner is not None
        await tx.ops.get(op_id)
        await tx.access.grants(FACETS[0])
        await tx.access.denied()
        await tx.compartments.get(FACETS[0])
        await tx.resources.get("Observation", rid)
        seq = owner.n + 1000
        row = ResourceRow("Observation", rid, FACETS[0], seq, Version(0, 1), 7, None, 350, cell)
        await tx.resources.put([row])
        await tx.resources.put_history([HistoryRow("Observation", rid, Version(0, 1), 7, 1, cell)])
        await tx.compartments.put(CompartmentRow(FACETS[0], seq, 0, 38, 9000, bytes(32)))
        await tx.journal.put(
            [JournalRow(202611, owner.n, FACETS[0], 7, bytes(120), bytes(32), None)]
        )
        await tx.effects.put([EffectRow(owner.n + 1, 0, 801, "index", bytes(80), done=False)])
        await tx.ops.put(OpRow(op_id, 1, "d", "s", bytes(32), bytes(60), 0))

    return work


def measure_import(
    store: SqliteStore, floor: sqlcipher3.Connection, patients: int, what: str = "store"
) -> list[int]:
    source = Bytes()
    owners = [source.owner() for _ in range(patients)]
    works = [an_import(source) for _ in owners]
    rows = [resources(source, PER_PATIENT) for _ in owners]

    def ours() -> None:
        for owner, work in zip(owners, works, strict=True):
            store.write_now(owner, work)

    def theirs() -> None:
        for group in rows:
            floor.execute("BEGIN IMMEDIATE")
            for row in group:
                floor.execute(_INSERT, (row.id, row.cell))
                floor.execute(_INSERT, (row.id, row.cell))
            floor.execute("COMMIT")

    total = patients * PER_PATIENT
    say(
        f"{what}: import, 150 a transaction, durable, per resource",
        cpu_us(ours, total),
        cpu_us(theirs, total),
        "us CPU",
        "with history, journal, grants",
    )
    return owners


def measure_writes(
    store: SqliteStore,
    floor: sqlcipher3.Connection,
    owners: list[int],
    count: int,
    what: str = "store",
) -> None:
    source = Bytes()
    works = [(owners[i % len(owners)], a_write(source)) for i in range(count)]
    cells = [(f"w{i}", source.cell()) for i in range(count)]

    def alone() -> None:
        for owner, work in works[: count // 2]:
            store.write_now(owner, work)

    def together() -> None:
        async def go() -> None:
            for start in range(count // 2, count, 32):
                await asyncio.gather(*(store.write(o, w) for o, w in works[start : start + 32]))

        asyncio.run(go())

    def theirs() -> None:
        for cell in cells[: count // 2]:
            floor.execute(_INSERT, cell)

    started = time.perf_counter()
    one, base = cpu_us(alone, count // 2), 0.0
    wall = (time.perf_counter() - started) / (count // 2) * 1e6
    base = cpu_us(theirs, count // 2)
    say(f"{what}: one durable write, alone", one, base, "us CPU", f"{wall:.0f} us wall")
    say(f"{what}: one durable write, 32 at a time", cpu_us(together, count // 2), base, "us CPU")


def measure_reads(
    store: SqliteStore,
    floor: sqlcipher3.Connection,
    owners: list[int],
    count: int,
    what: str = "store",
) -> None:
    names = {
        owner: [r.id for r in store.read_now(owner, lambda tx: tx.resources.of_facets(FACETS))]
        for owner in owners
    }
    last = floor.execute("SELECT max(n) FROM rows").fetchone()[0]
    dice = random.Random(2)
    at = dice.choices(range(1, last + 1), k=count)
    asked = [(owner, dice.choice(names[owner])) for owner in dice.choices(owners, k=count)]

    def one() -> None:
        for owner, rid in asked:
            store.read_now(owner, lambda tx, rid=rid: tx.resources.get("Observation", rid))

    def one_plain() -> None:
        for n in at:
            floor.execute("SELECT id, cell FROM rows WHERE n = ?", (n,)).fetchall()

    def everything() -> None:
        for owner, _ in asked[: count // 20]:
            store.read_now(owner, lambda tx: tx.resources.of_facets(FACETS))

    def everything_plain() -> None:
        for n in at[: count // 20]:
            floor.execute("SELECT id, cell FROM rows WHERE n >= ? LIMIT 150", (n,)).fetchall()

    say(f"{what}: read one resource", cpu_us(one, count), cpu_us(one_plain, count), "us CPU")
    say(
        f"{what}: everything of a patient (150)",
        cpu_us(everything, count // 20),
        cpu_us(everything_plain, count // 20),
        "us CPU",
    )


def measure_keys(folder: Path, count: int) -> None:
    """The data keys of a whole panel, made in one commit, then one alone."""
    keys = SqliteKeyStore.open(
        folder / "keystore.db",
        FileKeyProvider.create(folder / "root.key", SystemEntropy()),
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )
    panel = range(1, count + 1)
    say(
        "key store: keys of a panel made in one commit, per key",
        cpu_us(lambda: drive(keys.prepare(panel)), count),
        None,
        "us CPU",
    )
    say(
        "key store: a key made alone, durable",
        cpu_us(lambda: [drive(keys.key(-subject)) for subject in range(1, 101)], 100),
        None,
        "us CPU",
    )
    say(
        "key store: a key held in memory",
        cpu_us(lambda: [drive(keys.key(subject)) for subject in panel], count),
        None,
        "us CPU",
    )
    keys.close_now()


def measure_memory(count: int) -> None:
    """The simulator's store: one T1, and a snapshot of one owner with it."""
    store, source = MemoryStore(), Bytes()
    works = [a_write(source) for _ in range(count)]

    async def go() -> None:
        await store.write(5, lambda tx: tx.owner.create("patient", "p", 1))
        for turn, work in enumerate(works):
            if turn % 50 == 0:
                store.restore(store.snapshot())
            await store.write(5, work)

    say("store in memory: one write", cpu_us(lambda: asyncio.run(go()), count), None, "us CPU")


def main() -> None:
    quick = "--quick" in sys.argv
    patients, writes, reads = (40, 400, 2000) if quick else (400, 4000, 20000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.db"
        store = SqliteStore.open(path, clock=SystemClock())
        floor = plain(Path(folder) / "floor.db")
        owners = measure_import(store, floor, patients)
        measure_writes(store, floor, owners, writes)
        measure_reads(store, floor, owners, reads)
        store.close_now()
        kept = patients * PER_PATIENT + writes
        say("store: disk, per resource with history", path.stat().st_size / kept, None, "bytes")
        floor.close()
        measure_keys(Path(folder), 1500)
    measure_memory(500 if quick else 2000)
    source = Bytes()
    postgres_store.measure(
        say,
        lambda: an_import(source),
        lambda: a_write(source),
        postgres_store.Size(40 if quick else 200),
    )


if __name__ == "__main__":
    main()
