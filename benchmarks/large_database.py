"""A server's database of any size, filled with rows that look like a practice's: random cells, a journal, its log.

150 resources of 350 bytes a patient, and a line of the journal for every fifth. Owners rise, so that pages are
written once.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import sqlcipher3

from server.store.units import LOG_OWNER

CELL_BYTES, PER_PATIENT, A_LINE = 350, 150, 5
_INSERT = "INSERT INTO resource VALUES (?, 'Observation', ?, ?, ?, 0, 1, ?, NULL, 1500, ?)"
_OWNER = "INSERT INTO owner VALUES (?, 'patient', 'active', 1000, 1, 1, '')"
_JOURNAL = "INSERT INTO journal VALUES (?, 202611, ?, ?, ?, ?, ?, ?)"
_LOG = "INSERT INTO log VALUES (?, ?, ?, 202611, ?, ?)"
_STEP = 1 << 40


def fill(data: Path, megabytes: int) -> int:
    """More patients until the file is this large; how many leaves its log has then."""
    raw = sqlcipher3.connect(str(data), isolation_level=None)
    raw.execute("PRAGMA journal_mode = OFF").fetchall()
    raw.execute("PRAGMA synchronous = OFF").fetchall()
    raw.execute("PRAGMA cache_size = -65536").fetchall()
    (present,) = raw.execute("SELECT count(*) FROM owner WHERE kind = 'patient'").fetchone()
    (leaves,) = raw.execute("SELECT count(*) FROM log").fetchone()
    dice = random.Random(present)
    while data.stat().st_size < megabytes * 1_000_000:
        raw.execute("BEGIN")
        for _ in range(10):
            present += 1
            owner = present * _STEP
            raw.execute(_OWNER, (owner,))
            raw.executemany(_INSERT, _resources(dice, owner))
            lines = list(_lines(dice, owner, leaves))
            raw.executemany(_JOURNAL, (row for row, _ in lines))
            raw.executemany(_LOG, (leaf for _, leaf in lines))
            leaves += len(lines)
        raw.execute("COMMIT")
    raw.execute("PRAGMA journal_mode = WAL").fetchall()
    raw.close()
    return int(leaves)


def _resources(dice: random.Random, owner: int) -> Iterator[tuple[object, ...]]:
    for n in range(PER_PATIENT):
        cell = dice.randbytes(CELL_BYTES)
        yield owner, f"{n:04}{dice.getrandbits(112):028x}", f"{n % 4:032x}", n, owner, cell


def _lines(
    dice: random.Random, owner: int, leaves: int
) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    for n in range(PER_PATIENT // A_LINE):
        leaf = dice.randbytes(32)
        row = (owner, n, f"{3:032x}", owner, dice.randbytes(120), leaf, leaves + n)
        yield row, (LOG_OWNER, leaves + n, owner, n, leaf)
