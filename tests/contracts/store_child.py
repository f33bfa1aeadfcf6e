"""A process that writes to a store until it is killed or fails; says what was acknowledged.

Usage: python -m tests.contracts.store_child load|hold|keys PATH [LIMIT_BYTES]
Each line on standard output is the number of a unit of work whose commit was acknowledged, or
`failed <ErrorName>` at the end; with `keys`, a subject and its data key.
"""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import StoreError
from dossier.wire.messages import Version
from server.ports import OpRow, OwnerTx, ResourceRow
from server.store.keystore import SqliteKeyStore
from server.store.sqlite import SqliteStore
from server.store.units import drive
from tests.fakes.fixed_root import FixedRoot

OWNERS, WRITERS = 4, 8
CELL = b"sealed" * 50


def owner_of(number: int) -> int:
    return 1 + number % OWNERS


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


async def write_one(store: SqliteStore, number: int) -> None:
    """One unit of work in three tables; whole or absent."""

    async def work(tx: OwnerTx) -> None:
        row = await tx.owner.lock(1)
        if row is None:
            await tx.owner.create("patient", "p", 1)
            row = await tx.owner.lock(1)
        assert row is not None
        rid = f"u{number}"
        await tx.ops.put(OpRow(rid, 1, "d", "s", b"digest", b"verdict", 0))
        await tx.resources.put(
            [ResourceRow("Observation", rid, "f", row.n, Version(0, 1), 0, None, 300, CELL)]
        )

    await store.write(owner_of(number), work)


async def load(store: SqliteStore) -> None:
    """Write for ever with several writers at once, so that commits are shared."""

    async def writer(me: int) -> None:
        number = me
        while True:
            await write_one(store, number)
            say(str(number))
            number += WRITERS

    try:
        async with asyncio.TaskGroup() as group:
            for me in range(WRITERS):
                group.create_task(writer(me))
    except* StoreError as failures:
        say(f"failed {type(failures.exceptions[0]).__name__}")


def make_keys(path: Path) -> None:
    keys = SqliteKeyStore.open(path, FixedRoot(), clock=SystemClock(), entropy=SystemEntropy())
    for first in count(1, 4):
        drive(keys.prepare(range(first, first + 3)))
        for subject in range(first, first + 4):
            say(f"{subject} {drive(keys.key(subject))[1].hex()}")


def main() -> None:
    verb, path = sys.argv[1], Path(sys.argv[2])
    if verb == "keys":
        make_keys(path)
    store = SqliteStore.open(path, clock=SystemClock(), guard=True)
    if len(sys.argv) > 3:
        import resource

        limit = int(sys.argv[3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if verb == "hold":
        say("open")
        sys.stdin.read()
        return
    asyncio.run(load(store))
    os._exit(0)


if __name__ == "__main__":
    main()
