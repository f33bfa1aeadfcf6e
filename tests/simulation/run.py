"""Run schedules by hand: `python -m tests.simulation.run --seed N [--mutant X] [--count K]`.

One line per failing seed, which is its reproduction. Exit code 1 when an invariant does not hold (with a
mutant: when nothing caught it).
"""

import argparse
import sys
import time

from tests.simulation.days import STEPS
from tests.simulation.level_one import level_one
from tests.simulation.monitors import Violated
from tests.simulation.mutants import BY_NAME
from tests.simulation.scenario import Outcome, run_seed, sync_all
from tests.simulation.scene import build


def reproduction(seed: int, mutant: str) -> str:
    """The one line that plays a schedule again."""
    planted = f" --mutant {mutant}" if mutant else ""
    return f"python -m tests.simulation.run --seed {seed}{planted}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds")
    parser.add_argument("--seconds", type=float, help="stop after so long instead")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps with faults in each")
    parser.add_argument("--mutant", default="", choices=["", *BY_NAME])
    chosen = parser.parse_args()
    built = build(level_one())
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
        planted = BY_NAME.get(chosen.mutant)
        more = planted._asdict() if planted else {}
        for name in ("name", "seeds"):
            more.pop(name, None)
        try:
            outcome = run_seed(built, seed, steps=chosen.steps, synced=synced, **more)
            total = [one + other for one, other in zip(total, outcome, strict=True)]
        except Violated as violated:
            failed += 1
            sys.stdout.write(f"{reproduction(seed, chosen.mutant)}  # {violated}\n")
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
