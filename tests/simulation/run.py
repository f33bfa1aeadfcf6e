"""Run schedules by hand: `python -m tests.simulation.run --seed N [--mutant X] [--count K]`.

One line per failing seed, which is its reproduction; then what each kind of day cost. Exit code 1 when an
invariant does not hold (with a mutant: when nothing caught it).
"""

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.days import BY_NAME as DAY_BY_NAME
from tests.simulation.days import STEPS
from tests.simulation.levels import LEVELS, bug
from tests.simulation.monitors import Violated
from tests.simulation.mutants import BY_NAME
from tests.simulation.scenario import Outcome, day_of, run_seed, sync_all
from tests.simulation.scene import build


class Search(NamedTuple):
    """What is looked for, and how far: `every` seeds from `seed` on, `count` of them or for `seconds`."""

    seed: int
    count: int
    seconds: float | None
    steps: int
    mutant: str
    level: int
    day: str
    every: int = 1


class Tally(NamedTuple):
    """What the schedules of a search came to, by kind of day; `cpu_s` without building the scene."""

    schedules: Counter[str]
    violated: Counter[str]
    cpu_s: Counter[str]
    sums: Counter[str]

    def add(self, other: "Tally") -> None:
        for mine, more in zip(self, other, strict=True):
            mine.update(more)


def nothing() -> Tally:
    return Tally(Counter(), Counter(), Counter(), Counter())


def reproduction(seed: int, mutant: str, level: int = 1, day: str = "") -> str:
    """The one line that plays a schedule again."""
    planted = f" --mutant {mutant}" if mutant else ""
    deep = f" --level {level}" if level != 1 else ""
    kind = f" --day {day}" if day else ""
    return f"python -m tests.simulation.run{deep} --seed {seed}{kind}{planted}"


def seeds_for(seconds: float, first: int) -> Iterator[int]:
    """Seeds from the first on, until so many CPU-seconds are over."""
    ends = time.process_time() + seconds
    seed = first
    while time.process_time() < ends:
        yield seed
        seed += 1


def played(level: int, schedules: int, seconds: float) -> str:
    """What a run of the tests tells of its search."""
    rate = schedules / seconds
    return f"simulation, level {level}: {schedules} schedules in {seconds:.0f} CPU-s ({rate:.1f} per CPU-s)"


def search(asked: Search) -> Tally:
    """Play the schedules one after the other; failing seeds are told at once."""
    planted = dict(bug(asked.mutant, asked.level) or {}) if asked.mutant else {}
    if asked.day:
        planted["day"] = DAY_BY_NAME[asked.day]
    tally, began_s = nothing(), time.monotonic()
    with LEVELS[asked.level]() as level:
        built = build(level)
        synced = sync_all(built)
        gc.collect()
        gc.freeze()
        place = 0
        while time.monotonic() - began_s < asked.seconds if asked.seconds else place < asked.count:
            seed = asked.seed + place * asked.every
            day = planted.get("day") or day_of(seed)
            cpu_s = time.process_time()
            try:
                outcome = run_seed(built, seed, steps=asked.steps, synced=synced, **planted)
                tally.sums.update(outcome._asdict())
            except Violated as violated:
                tally.violated[day.name] += 1
                line = reproduction(seed, asked.mutant, asked.level, asked.day)
                sys.stdout.write(f"{line}  # {violated}\n")
                sys.stdout.flush()
            tally.cpu_s[day.name] += time.process_time() - cpu_s  # type: ignore[assignment]
            tally.schedules[day.name] += 1
            place += 1
    return tally


def told(tally: Tally, took_s: float) -> str:
    """Figures of each kind of day, then of all."""
    lines = [
        f"{name:16} {count:8} schedules {count / tally.cpu_s[name]:8.1f} per CPU-s"
        f" {tally.violated[name]:4} violated\n"
        for name, count in sorted(tally.schedules.items())
    ]
    done, failed = tally.schedules.total(), tally.violated.total()
    means = ", ".join(
        f"{name} {tally.sums[name] / max(1, done - failed):.1f}" for name in Outcome._fields
    )
    rate = done / max(tally.cpu_s.total(), 1e-9)
    lines.append(
        f"{done} schedules, {tally.sums['steps']} steps, {failed} violated, "
        f"{done / took_s:.0f}/s, {rate:.0f} per CPU-s; mean: {means}\n"
    )
    return "".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds")
    parser.add_argument("--seconds", type=float, help="stop after so long instead")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps with faults in each")
    parser.add_argument("--mutant", default="", choices=["", *BY_NAME])
    parser.add_argument("--level", type=int, default=1, choices=sorted(LEVELS))
    parser.add_argument("--day", default="", choices=["", *DAY_BY_NAME], help="only such days")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes side by side")
    chosen = parser.parse_args()
    if chosen.mutant and bug(chosen.mutant, chosen.level) is None:
        parser.error(f"{chosen.mutant} is planted inside the store of level 1")
    jobs = max(1, chosen.jobs)
    searches = [
        Search(
            chosen.seed + job,
            -(-(chosen.count - job) // jobs),
            chosen.seconds,
            chosen.steps,
            chosen.mutant,
            chosen.level,
            chosen.day,
            jobs,
        )
        for job in range(jobs)
    ]
    tally, began_s = nothing(), time.monotonic()
    if jobs == 1:
        tally.add(search(searches[0]))
    else:
        with ProcessPoolExecutor(jobs) as pool:
            for part in pool.map(search, searches):
                tally.add(part)
    sys.stdout.write(told(tally, time.monotonic() - began_s))
    failed = tally.violated.total()
    return int((failed == 0) if chosen.mutant else (failed > 0))


if __name__ == "__main__":
    sys.exit(main())
