"""The journal read again: `audit verify` and `audit breach` over generated rows; the floor hashes the same leaves.

Rows lie as they come in life: every patient gets a few in each round, so that the rows of one patient are far
from each other in the log. CPU of this process, which does all of it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figures import resident_mb, tell
from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.ids import uuid7
from dossier.sealing.merkle import Frontier, journal_leaf
from server.app import House
from server.folder import ServerFile, init
from server.ports import OwnerTx
from server.services.auditing import EVERY_MONTH, FROM_THE_START, ROWS
from server.services.breach import Breach, Search
from server.services.facets import ACCESS
from server.services.journal import Entry, open_each
from server.services.unit import OwnerUnit

A_ROUND = 10
ACTIONS = ("opened", "acted", "copied", "acted", "acted")
ACCOUNTS = tuple(range(1, 51))
DEVICES = tuple(f"device-{n:02d}" for n in range(50))


def writing(
    house: House, owner: int, count: int, round_: int
) -> Callable[[OwnerTx], Awaitable[None]]:
    """The unit that adds `count` rows to a patient's journal."""

    async def work(tx: OwnerTx) -> None:
        if not round_:
            await tx.owner.create("patient", house.premises.pack.version, 1)
        row = await tx.owner.lock(count)
        assert row is not None
        book = OwnerUnit(house.premises, tx, row, count)
        for n in range(count):
            who = (owner + n) % len(ACCOUNTS)
            said = Entry(
                action=ACTIONS[n % len(ACTIONS)],
                at_ms=house.premises.now_ms,
                account=ACCOUNTS[who],
                device=DEVICES[who],
                unit=7,
                profession="10",
                rtype="Observation",
                id=uuid7(house.premises.clock, house.premises.entropy),
            )
            await book.log(ACCESS, said)
        await book.close()

    return work


async def fill(house: House, rows: int, a_patient: int) -> None:
    """So many rows, in rounds, all of them in the log."""
    patients = [1_000_000 + 7 * n for n in range(rows // a_patient)]
    await house.keys.prepare(patients)
    for round_ in range(a_patient // A_ROUND):
        works = [(one, writing(house, one, A_ROUND, round_)) for one in patients]
        for start in range(0, len(works), 500):
            await house.store.write_each(works[start : start + 500])
        await house.sequencer.run()


async def floor(house: House) -> float:
    """Microseconds a row for hashing the same details and leaves, and nothing else."""
    spent, count, tree = 0.0, 0, Frontier()
    after = FROM_THE_START
    while held := await house.store.maintenance.journal_after(after, EVERY_MONTH, ROWS):
        found = await open_each(house.premises, held)
        began = time.process_time()
        for one in found:
            assert one.plain is not None
            tree.append(
                journal_leaf(one.owner, one.row.month, one.row.n, one.plain[:32], one.plain[32:])
            )
        spent += time.process_time() - began
        count += len(held)
        owner, row = held[-1]
        after = (owner, row.month, row.n)
    return spent / count * 1e6


async def measure(rows: int, a_patient: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, clock, entropy = Path(folder) / "server", SystemClock(), SystemEntropy()
        await init(path, clock, entropy, ServerFile(name="bench", demonstration=True))
        house = await House.open(path, clock, entropy)
        await fill(house, rows, a_patient)
        await house.close()
        house = await House.open(path, clock, entropy)
        memory, began, wall = resident_mb(), time.process_time(), time.perf_counter()
        assert await house.sequencer.verify() is None
        spent, wall = time.process_time() - began, time.perf_counter() - wall
        grown = resident_mb() - memory
        bare = await floor(house)
        size = await house.store.maintenance.log_size()
        each = spent / size * 1e6
        note = f"{size} rows, {a_patient} a patient, {wall:.1f} s wall, memory +{grown:.0f} MB"
        tell("audit verify, CPU per row", each, bare, "us", budget=60, note=note)
        breach = Breach(house.premises)
        began, wall = time.process_time(), time.perf_counter()
        found = await breach.run(Search(account=ACCOUNTS[3]))
        spent, wall = time.process_time() - began, time.perf_counter() - wall
        patients = len({touch.by.owner for touch in found})
        note = f"{breach.rows} rows opened, {patients} patients found, {breach.rows / wall:,.0f} rows/s wall"
        tell("audit breach of an account, CPU per row", spent / size * 1e6, bare, "us", note=note)
        began = time.process_time()
        await breach.run(Search(until_ms=house.premises.now_ms - 90 * 86_400_000))
        spent = time.process_time() - began
        tell("audit breach, months outside, CPU per row", spent / size * 1e6, None, "us")
        await house.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--a-patient", type=int, default=100, help="rows of one patient")
    options = parser.parse_args()
    asyncio.run(measure(20_000 if options.quick else options.rows, options.a_patient))


if __name__ == "__main__":
    main()
