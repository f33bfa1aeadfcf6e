"""Run schedules by hand: `python -m tests.simulation.run --seed N [--mutant X] [--count K]`.

One line per failing seed, which is its reproduction. Exit code 1 when an invariant does not hold (with a
mutant: when nothing caught it).
"""

import argparse
import sys
import time

from tests.simulation.days import STEPS
from tests.simulation.levels import LEVELS, Bug, bug
from tests.simulation.monitors import Violated
from tests.simulation.mutants import BY_NAME
from tests.simulation.ports import Level
from tests.simulation.scenario import Outcome, run_seed, sync_all
from tests.simulation.scene import build


def reproduction(seed: int, mutant: str, level: int = 1) -> str:
    """The one line that plays a schedule again."""
    planted = f" --mutant {mutant}" if mutant else ""
    deep = f" --level {level}" if level != 1 else ""
    return f"python -m tests.simulation.run{deep} --seed {seed}{planted}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds")
    parser.add_argument("--seconds", type=float, help="stop after so long instead")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps with faults in each")
    parser.add_argument("--mutant", default="", choices=["", *BY_NAME])
    parser.add_argument("--level", type=int, default=1, choices=sorted(LEVELS))
    chosen = parser.parse_args()
    planted = bug(chosen.mutant, chosen.level) if chosen.mutant else {}
    if planted is None:
        parser.error(f"{chosen.mutant} is planted inside the store of level 1")
    with LEVELS[chosen.level]() as level:
        return search(level, chosen, planted)


def search(level: Level, chosen: argparse.Namespace, planted: Bug) -> int:
    """Run what was asked over one level; the exit code."""
    built = build(level)
    synced = sync_all(built)
    began, cpu = time.perf_counter(), time.process_time()
    failed, done = 0, 0
    total = [0] * len(Outcome._fields)
    seed = chosen.seed
    while (
        time.perf_counter() - began < chosen.seconds
        if chosen.seconds
        else seed < chosen.seed + chosen.count
    ):
        try:
            outcome = run_seed(built, seed, steps=chosen.steps, synced=synced, **planted)
            total = [one + other for one, other in zip(total, outcome, strict=True)]
        except Violated as violated:
            failed += 1
            sys.stdout.write(f"{reproduction(seed, chosen.mutant, chosen.level)}  # {violated}\n")
        seed += 1
        done += 1
    took_s = time.perf_counter() - began
    means = ", ".join(
        f"{name} {value / max(1, done - failed):.1f}"
        for name, value in zip(Outcome._fields, total, strict=True)
    )
    rate = done / (time.process_time() - cpu)
    sys.stdout.write(
        f"{done} schedules, {failed} violated, {done / took_s:.0f}/s, {rate:.0f} per CPU-s; mean: {means}\n"
    )
    return int((failed == 0) if chosen.mutant else (failed > 0))


if __name__ == "__main__":
    sys.exit(main())
