"""L2: the real application over its real store, and the real encrypted store, under the same schedules.

`COLLOQUE_SIMULATION_SECONDS` lengthens the search; a failing seed prints its one-line reproduction.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.simulation import run
from tests.simulation.days import CALM
from tests.simulation.level_two import level_two
from tests.simulation.levels import bug
from tests.simulation.monitors import Violated
from tests.simulation.scenario import Schedule, Synced, run_seed, sync_all
from tests.simulation.scene import Built, build
from tests.simulation.twins import Twin

SECONDS = float(
    os.environ.get("COLLOQUE_SIMULATION_SECONDS") or ("15" if "CI" in os.environ else "6")
)
FIRST = int(os.environ.get("COLLOQUE_SIMULATION_SEED", "0"))
CAUGHT = (
    "no_idempotency",
    "no_revoke_check",
    "last_write_wins",
    "verdict_not_stored",
    "no_purge",
    "head_as_cursor",
    "outbox_pop_first",
    "no_receipts",
    "terms_ignored",
    "forgotten_by_our_clock",
    "machines_clock_believed",
    "ends_stand_wrong",
)
SEEDS = 30
"""In so many schedules each of these is found; most are in the first."""


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    with level_two() as level:
        yield build(level)


@pytest.fixture(scope="module")
def synced(built: Built) -> Synced:
    return sync_all(built)


def test_every_invariant_holds_over_real_files(
    built: Built, synced: Synced, record_property: Callable[[str, str], None]
) -> None:
    seed = FIRST
    for seed in run.seeds_for(SECONDS, FIRST):
        try:
            run_seed(built, seed, synced=synced)
        except Violated as violated:
            pytest.fail(f"{run.reproduction(seed, '', 2)}  # {violated}")
    played = seed - FIRST + 1
    record_property("told", run.played(2, played, SECONDS))
    assert played >= 3


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_planted_protocol_bug_is_caught_over_real_files(
    built: Built, synced: Synced, mutant: str
) -> None:
    planted = bug(mutant, 2)
    assert planted is not None
    for seed in range(SEEDS):
        try:
            run_seed(built, seed, synced=synced, **planted)
        except Violated:
            return
    pytest.fail(f"{mutant} survived {SEEDS} schedules")


def test_a_seed_is_played_again_identically_over_real_files(built: Built, synced: Synced) -> None:
    assert run_seed(built, 5, synced=synced) == run_seed(built, 5, synced=synced)


def test_a_calm_network_loses_nothing_over_real_files(built: Built) -> None:
    schedule = Schedule(built, 3, steps=0)
    schedule.faults = CALM
    try:
        outcome = schedule.run()
    finally:
        schedule.end()
    assert outcome.crashes == 0
    assert outcome.exchanges < 80


def test_vis_04_a_hidden_document_changes_no_byte_of_the_real_application(built: Built) -> None:
    told = []
    for hidden in (True, False):
        story = Twin(built, 2, hidden=hidden)
        try:
            told.append(story.run())
        finally:
            story.end()
    assert told[0] == told[1]
