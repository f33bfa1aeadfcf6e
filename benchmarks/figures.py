"""Printing one figure a line, ordering times, and the CPU of another process."""

import json
import time
from collections.abc import Sequence
from pathlib import Path


def tell(name: str, ours: float | None, floor: float | None, unit: str, **more: object) -> None:
    """One figure for `benchmarks.__main__`."""
    row: dict[str, object] = {"name": name, "unit": unit, **more}
    row["ours"] = None if ours is None else round(ours, 4)
    if floor:
        row["floor"] = round(floor, 4)
    print(json.dumps(row), flush=True)


def at(times: Sequence[float], share: float) -> float:
    """The value below which `share` of the times lie."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def cpu_of(pid: int) -> float:
    """User and system seconds of a process with all its threads, to the nanosecond (Linux clock ids)."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_mb(pid: str = "self") -> float:
    """Resident megabytes (10^6) of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
