"""What kinds of days there are: how likely each thing is, what the network does, how long it lasts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

PAGE_SIZES = (600, 3_000, 1_048_576)
STEPS = 300
"""With faults, per schedule."""
_DEATHS = ("", "page", "cursor", "heads", "terms", "purge", "sent", "verdicts", "seen", "put")
"""Kinds of durable steps at which a desktop may die; any where empty."""
CALM_ROUNDS, CALM_STEPS = 60, 4_000
"""Bounds on the rest once faults stopped: rounds (each asks heads everywhere), and steps in all."""
WEIGHTS = {
    "begin": 30,
    "deliver": 30,
    "arrive": 3,
    "advance": 90,
    "answer": 30,
    "write": 10,
    "act": 8,
    "scribble": 9,
    "index": 20,
    "hint": 14,
    "time": 10,
    "give_up": 2,
    "crash": 5,
    "restart": 0.5,
}


class Faults(NamedTuple):
    """Chances of each accident of the network, per message."""

    lose_request: float = 0.05
    repeat_request: float = 0.12
    delay_request: float = 0.12
    delay_answer: float = 0.15
    lose_answer: float = 0.06
    garble_answer: float = 0.04


CALM = Faults(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class Day(NamedTuple):
    """What kind of day a schedule is: some rare meetings need their own."""

    name: str
    weights: Mapping[str, float] = MappingProxyType({})
    faults: Faults = Faults()
    length: int = 1
    whole_pages: bool = False
    """Large answers and two engines everywhere."""
    deaths: tuple[str, ...] = _DEATHS
    labels: bool = True
    """The patient also masks and shows documents; else consents and blocks only."""


ORDINARY = Day("ordinary")
CROWDED = Day(
    "crowded",
    {
        "begin": 60,
        "scribble": 14,
        "hint": 25,
        "index": 40,
        "write": 3,
        "act": 2,
        "crash": 0.5,
        "give_up": 0.2,
        "time": 4,
    },
    Faults(0.01, 0.02, 0.05, 0.4, 0.01, 0.0),
    length=3,
    whole_pages=True,
)
FICKLE = Day(
    "fickle",
    {"act": 30, "arrive": 12, "scribble": 15, "crash": 1, "index": 40},
    Faults(delay_request=0.4, repeat_request=0.3),
    labels=False,
)
FRAGILE = Day(
    "fragile",
    {"crash": 15, "give_up": 0.5, "scribble": 15, "index": 40, "act": 4},
    deaths=("page", "cursor", "heads", "terms", "purge", "verdicts"),
)
DAYS = (ORDINARY, FICKLE, ORDINARY, FRAGILE, CROWDED)
