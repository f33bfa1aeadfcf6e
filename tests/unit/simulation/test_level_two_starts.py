"""The shortest look at level 2 of the simulation, so that a change of a port or of what opens a server is seen at
once and not only in the long search.
"""

from collections.abc import Iterator

import pytest

from dossier.errors import DossierError
from tests.simulation.days import TEAM_MINUTE
from tests.simulation.level_two import level_two
from tests.simulation.ports import Level
from tests.simulation.scenario import Schedule
from tests.simulation.scene import build

LONE = TEAM_MINUTE._replace(people=(0,), at_work=0.0)


@pytest.fixture
def level() -> Iterator[Level]:
    opening = level_two()
    try:
        begun = opening.__enter__()
    except (
        ArithmeticError,
        AttributeError,
        DossierError,
        LookupError,
        OSError,
        TypeError,
    ) as error:
        pytest.fail(
            "Level 2 of the simulation does not start: tests/simulation/served_side.py opens a server as "
            "House.open does, sealed_desktops.py a desktop as LocalStore.open does; they no longer agree. "
            f"{type(error).__name__}: {error}"
        )
    yield begun
    opening.__exit__(None, None, None)


def test_the_simulation_over_real_files_starts_and_comes_to_rest(level: Level) -> None:
    schedule = Schedule(build(level), 1, steps=150, day=LONE)
    try:
        assert schedule.run().exchanges > 8
        assert schedule.desktops[0].store.held()
    finally:
        schedule.end()
