"""The real window, offscreen: start, unlock, records, palette, lateness while a first copy runs, memory.

`python -m benchmarks.bench_desktop [--quick] [--full] [--patients N] [--practice DIR]`. 300 patients of the
demonstration practice (60 quick, 1,500 full); a real server process; the desktop is a child process, driven by
keys and intents, timed at the end of the paint. Lateness: a 5 ms precise timer of the main thread, p99 while
a first copy runs less p99 at rest afterwards. Floor of a start: a bare window with one line, same toolkit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import at, tell
from benchmarks.served import HERE, Served

LOGIN = "fontaine"


def child(served: Served | None, *words: str, **environment: str) -> dict[str, Any]:
    """What one run of `desktop_child` said."""
    around = os.environ | {"QT_QPA_PLATFORM": "offscreen", "T0": str(time.monotonic())}
    if served is not None:
        around |= {
            "COLLOQUE_PASSWORD": served.passwords[LOGIN],
            "COLLOQUE_AUTHENTICATOR": served.authenticators[LOGIN],
            "COLLOQUE_PHRASE": served.phrase,
        }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.desktop_child", *words],
        cwd=HERE,
        env=around | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--patients", type=int)
    parser.add_argument("--practice", type=Path)
    options = parser.parse_args()
    patients = options.patients or (60 if options.quick else 1_500 if options.full else 300)
    with tempfile.TemporaryDirectory(prefix="colloque-bench-") as made:
        folder = options.practice or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        profile = Path(made) / "profile"
        with Served(folder, patients) as served:
            served.settle()
            copying(served, profile, patients)
            starting(profile)
            using(served, profile)


def copying(served: Served, profile: Path, patients: int) -> None:
    said = child(served, "copy", str(profile), served.address, LOGIN)
    busy, idle = said["busy"], said["idle"]
    note = f"{patients} patients in {said['copy_s']:.1f} s, CPU {said['copy_cpu_s']:.1f} s; "
    note += f"busy p50 {at(busy, 0.5):.1f} p99 {at(busy, 0.99):.1f}, idle p99 {at(idle, 0.99):.1f}"
    late = at(busy, 0.99) - at(idle, 0.99)
    tell("main thread late in a first copy, p99 less idle", late, None, "ms", budget=16, note=note)
    over = sum(one > 50 for one in busy)
    note = f"{over} of {len(busy)} beats over 50 ms; idle worst {max(idle):.1f}"
    tell("main thread late in a first copy, worst", max(busy), None, "ms", budget=50, note=note)


def starting(profile: Path) -> None:
    ours = [child(None, "start", str(profile))["start_ms"] for _ in range(5)]
    floor = [child(None, "floor")["start_ms"] for _ in range(5)]
    note = f"best of 5 {min(ours):.0f}"
    tell(
        "process start to lock page, p50",
        at(ours, 0.5),
        at(floor, 0.5),
        "ms",
        budget=1000,
        note=note,
    )


def using(served: Served, profile: Path) -> None:
    said = child(served, "open", str(profile))
    note = f"KDF {said['kdf_ms']:.0f} ms apart"
    tell("unlock to first page", said["unlock_ms"], None, "ms", budget=1500, note=note)
    cpu = said["cpu"]
    note = f"CPU {at(cpu['record'], 0.5):.0f}; best {min(said['record']):.0f}, worst {max(said['record']):.0f}"
    tell("open a usual record, p50", at(said["record"], 0.5), None, "ms", budget=100, note=note)
    lines = max(size for kind, size in said["sizes"] if kind == "long")
    again = ", ".join(f"{one:.0f}" for one in said["long"][1:])
    note = f"CPU {min(cpu['long']):.0f}; {lines} lines of the timeline; again {again}"
    tell("open a record of 5,000", said["long"][0], None, "ms", budget=150, note=note)
    palette, words = said["palette"], said["words"]
    note = f"p50 {at(palette, 0.5):.0f}, CPU {at(cpu['palette'], 0.5):.0f}"
    tell("palette, per key, p95", at(palette, 0.95), None, "ms", budget=50, note=note)
    note = f"p50 {at(words, 0.5):.0f}, CPU {at(cpu['words'], 0.5):.0f}; worst {max(words):.0f}"
    tell("palette, full text two words, p95", at(words, 0.95), None, "ms", budget=60, note=note)
    tell("memory with the panel", said["rss_mb"], None, "MB", budget=250)


if __name__ == "__main__":
    main()
