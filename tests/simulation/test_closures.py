"""L1 of records that end: whatever else happens, a destroyed one is dead everywhere and nobody else is touched."""

import os
import time
from collections.abc import Callable

import pytest

from tests.simulation.closures import CLOSING_MINUTE, PLANTED, ClosingSchedule
from tests.simulation.level_one import level_one
from tests.simulation.monitors import Violated
from tests.simulation.scenario import sync_all
from tests.simulation.scene import Scene, build

SECONDS = float(os.environ.get("COLLOQUE_SIMULATION_SECONDS") or 8) / 2


def right(_scene: Scene) -> None:
    """As it was written."""


def played(seed: int, plant: Callable[[Scene], None] = right) -> ClosingSchedule:
    """One schedule and one destruction, on a server of its own: its keys are not rewound."""
    built = build(level_one(sealed=True))
    schedule = ClosingSchedule(built, seed, plant=plant, synced=sync_all(built), day=CLOSING_MINUTE)
    try:
        schedule.run()
        schedule.destroy(built.patients[seed % 2])
    finally:
        schedule.end()
    return schedule


def test_r13_a_destroyed_record_is_dead_on_server_copies_and_desktops_and_no_other_is(
    record_property: Callable[[str, str], None],
) -> None:
    seed, ends, acts = 0, time.process_time() + SECONDS, 0
    while time.process_time() < ends or seed < 3:
        try:
            acts += played(seed).acts
        except Violated as violated:
            pytest.fail(f"seed {seed}: {violated}")
        seed += 1
    assert acts > seed
    record_property(
        "told", f"closures: {seed} schedules with {acts} acts, a record destroyed in each"
    )


@pytest.mark.parametrize(("bug", "by"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_bug_of_destruction_is_caught(bug: Callable[[Scene], None], by: str) -> None:
    noticed = ""
    for seed in range(20):
        try:
            played(seed, bug)
        except Violated as violated:
            noticed = violated.invariant.partition(" ")[0]
            break
    assert noticed in by.split(), f"{noticed or 'nobody'} noticed it"
