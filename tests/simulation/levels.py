"""The two levels, and what a mutant is on each."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any

from tests.simulation.level_one import level_one
from tests.simulation.level_two import level_two
from tests.simulation.mutants import BY_NAME
from tests.simulation.ports import Level
from tests.simulation.sealed_mutants import sealed

Bug = Mapping[str, Any]
"""What a schedule is given instead of the right thing."""


@contextmanager
def _first() -> Iterator[Level]:
    yield level_one()


LEVELS: Mapping[int, Callable[[], AbstractContextManager[Level]]] = MappingProxyType(
    {1: _first, 2: level_two}
)


def bug(name: str, level: int) -> Bug | None:
    """The mutant of this name as the arguments of `run_seed`; None where this level has no such place."""
    mutant = BY_NAME[name] if level == 1 else sealed(BY_NAME[name])
    if mutant is None:
        return None
    return {
        key: value for key, value in mutant._asdict().items() if key not in ("name", "by", "seeds")
    }
