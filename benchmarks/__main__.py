"""Run every benchmark and print one table: budget, ours, floor of the same run, ratio.

A benchmark is `benchmarks/bench_<what>.py`, run as a child process (`--quick` makes it smaller); it prints
one JSON object a line: {"name", "ours", "floor", "unit"} with an optional "budget" and "note".
The figures go to build/bench.json; nothing here is a test.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "build" / "bench.json"


def run(module: Path, *, quick: bool) -> list[dict[str, object]]:
    """The rows one benchmark printed; a failing one gives a row that says so."""
    command = [sys.executable, "-m", f"benchmarks.{module.stem}", *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]
    rows: list[dict[str, object]] = [{"from": module.stem, **json.loads(line)} for line in told]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        rows.append({"from": module.stem, "name": "FAILED", "ours": None, "note": last})
    return rows


def line(row: dict[str, object]) -> str:
    """One row of the table."""
    ours, floor, budget = row.get("ours"), row.get("floor"), row.get("budget")
    ratio = (
        f"{ours / floor:8.1f}x"
        if isinstance(ours, int | float) and isinstance(floor, int | float) and floor
        else " " * 9
    )
    met = "" if budget is None or ours is None else ("met" if ours <= budget else "MISSED")
    return (
        f"{row['name']!s:<58} {_figure(ours)} {row.get('unit', '')!s:<8} floor {_figure(floor)} {ratio}"
        f"  budget {_figure(budget)} {met:<7} {row.get('note', '')}"
    )


def _figure(value: object) -> str:
    return f"{value:>10.3g}" if isinstance(value, int | float) else " " * 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(
        f"{os.cpu_count()} cores, load {load:.1f} before, Python {platform.python_version()}, {platform.system()}"
    )
    rows: list[dict[str, object]] = []
    for module in sorted(HERE.glob("bench_*.py")):
        if options.only and module.stem.removeprefix("bench_") not in options.only:
            continue
        fresh = run(module, quick=options.quick)
        rows += fresh
        for row in fresh:
            print(line(row), flush=True)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(
        json.dumps({"load_before": load, "quick": options.quick, "rows": rows}, indent=1)
    )
    return 1 if any(row["name"] == "FAILED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
