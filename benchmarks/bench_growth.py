"""Both stores with ten times as many patients: what an import, a write, a read and a whole record then cost.

`--patients N`: the small size (150, the large one 1,500). The same numbers of operations at both sizes, spread over
all patients; floors as in `bench_store`, at the same size.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks import postgres_store
from benchmarks.bench_store import (
    Bytes,
    a_write,
    an_import,
    measure_import,
    measure_reads,
    measure_writes,
    plain,
    say,
)
from dossier.clock import SystemClock
from server.store.sqlite import SqliteStore


def on_files(patients: int, writes: int) -> None:
    """One size on the embedded store."""
    what = f"{patients:,} patients on SQLite"
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.open(Path(folder) / "data.db", clock=SystemClock())
        floor = plain(Path(folder) / "floor.db")
        owners = measure_import(store, floor, patients, what)
        measure_writes(store, floor, owners, writes, what)
        measure_reads(store, floor, owners, writes * 2, what)
        store.close_now()
        floor.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--patients", type=int)
    asked = options.parse_args()
    small = asked.patients or (20 if asked.quick else 150)
    writes = 400 if asked.quick else 4_000
    source = Bytes()
    for patients in (small, 10 * small):
        on_files(patients, writes)
        postgres_store.measure(
            say,
            lambda: an_import(source),
            lambda: a_write(source),
            postgres_store.Size(patients, writes, f"{patients:,} patients on PostgreSQL"),
        )


if __name__ == "__main__":
    main()
