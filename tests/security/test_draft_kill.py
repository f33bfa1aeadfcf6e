"""kill -9 while a person types: after a restart at most the last second is missing."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from tests.contracts.local_store_practice import opened
from tests.security.typing_child import NOTE, key_of

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, MOST_KEYS, WORST_S = 30, 60, 1.0


def typed(number: int) -> str:
    return "".join(map(key_of, range(1, number + 1)))


def one_round(child: "subprocess.Popen[str]", folder: Path, last: int) -> float:
    """Kill the typist at key `last`; returns how many seconds of typing are missing afterwards."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{folder}\n")
    child.stdin.flush()
    word, _, pid = child.stdout.readline().partition(" ")
    assert word == "pid"
    pressed: list[float] = []
    for line in child.stdout:
        if line == "ended\n":
            raise AssertionError("it ended by itself")
        number, _, moment = line.partition(" ")
        assert number != "error", line
        pressed.append(float(moment))
        if int(number) == last:
            break
    os.kill(int(pid), signal.SIGKILL)
    killed = time.monotonic()
    for line in child.stdout:
        if line == "ended\n":
            break
        pressed.append(float(line.split()[1]))
    with opened(folder) as store:
        text = store.drafts.get(NOTE.key)
    kept = "" if text is None else msgspec.json.decode(text)["values"]["reason"]
    assert kept == typed(len(kept)), "what is kept is what was typed, from its beginning"
    missing = pressed[len(kept) :]
    return killed - missing[0] if missing else 0.0


def test_law_8_a_crash_at_any_key_press_costs_at_most_the_last_second(
    tmp_path: Path, record_property: "object"
) -> None:
    chance = random.Random(20261123)
    lost: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.security.typing_child"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        for number in range(ROUNDS):
            folder = tmp_path / str(number)
            lost.append(one_round(child, folder, chance.randint(1, MOST_KEYS)))
        assert child.stdin is not None
        child.stdin.close()
    record_property("told", f"killed {ROUNDS} times while typing: {max(lost):.2f} s lost at most")  # type: ignore[operator]
    assert max(lost) <= WORST_S
    assert min(lost) < max(lost)
