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
    "quit": 0.5,
    "restart": 0.5,
    "backup": 0.0,
    "restore": 0.0,
    "roll_back": 0.0,
    "mend": 0.0,
    "replace_key": 0.0,
    "shift": 0.5,
}
_DAY_S = 86_400
SHIFTS_S = (-3_600, 3_600, 90, -90, _DAY_S, 40 * _DAY_S, -400 * _DAY_S, 9_000 * _DAY_S)
"""By how much somebody sets the clock of a desktop on or back."""
SERVER_SHIFTS_S = (90, 300, -300, 3_600, -3_600, 20 * _DAY_S, -20 * _DAY_S, -400 * _DAY_S)
"""By how much somebody sets the clock of the server on or back."""


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
    length: float = 1
    whole_pages: bool = False
    """Large answers everywhere."""
    two_engines: float = 0.5
    """The chance that a desktop runs two engines over one store (a timer and a hint at once)."""
    signed_in: float = 0.8
    """The chance that a desktop begins with a good token."""
    deaths: tuple[str, ...] = _DEATHS
    labels: bool = True
    """The patient also masks and shows documents; else consents and blocks only."""
    elsewhere: float = 0.85
    """The chance that a consent given or withdrawn is that of the other practice."""
    people: tuple[int, ...] = (0, 1, 2)
    """Whose desktops take part, as places in `Built.actors`."""
    depends: float = 0.2
    """The chance that a new resource depends on the last op of its patient."""
    at_work: float = 0.5
    """The chance that a desktop with a copy has its session under way already."""


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
    two_engines=1,
    signed_in=1,
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
RESTORED = Day("restored", {"backup": 5, "restore": 2, "write": 16, "replace_key": 1.5}, length=1.3)
"""The operator goes back to a copy, and says so."""
ROLLED_BACK = Day(
    "rolled_back",
    {"backup": 5, "restore": 2, "roll_back": 4, "mend": 3, "write": 16},
    length=1.6,
)
"""An older copy also stands there without a word, until the operator notices."""
_BRIEF = {
    "begin": 60,
    "deliver": 60,
    "arrive": 12,
    "advance": 200,
    "answer": 60,
    "write": 16,
    "act": 12,
    "scribble": 8,
    "index": 40,
    "hint": 24,
    "time": 6,
    "give_up": 3,
    "crash": 8,
}
_MINUTE = Day("", _BRIEF, length=0.1, at_work=1, signed_in=1, two_engines=0.1)
TEAM_MINUTE = _MINUTE._replace(name="team_minute", people=(0, 1))
CONSENT_MINUTE = _MINUTE._replace(name="consent_minute", people=(0, 2), labels=False)
LABELS_MINUTE = _MINUTE._replace(name="labels_minute", people=(1, 2))
CHAIN_MINUTE = _MINUTE._replace(
    name="chain_minute",
    weights={
        **_BRIEF,
        "write": 40,
        "act": 40,
        "scribble": 0,
        "crash": 2,
        "give_up": 20,
        "arrive": 4,
        "time": 30,
    },
    faults=Faults(delay_request=0.3, repeat_request=0.5, lose_answer=0.1),
    length=0.5,
    people=(2,),
    elsewhere=1.0,
    depends=0.9,
    labels=False,
)
"""Ops that depend on each other, while the right to write comes and goes."""
DUET_MINUTE = _MINUTE._replace(
    name="duet_minute",
    weights={**_BRIEF, "act": 30, "crash": 0, "arrive": 30},
    faults=Faults(0.01, 0.02, 0.05, 0.5, 0.01, 0.0),
    length=0.2,
    people=(0,),
    two_engines=1,
    whole_pages=True,
)
"""Two engines over one store, and documents that move under late answers."""
FRAGILE_MINUTE = _MINUTE._replace(
    name="fragile_minute",
    weights={**_BRIEF, "crash": 60, "act": 30, "scribble": 0},
    faults=Faults(garble_answer=0.25),
    elsewhere=0.1,
    people=(0,),
    deaths=("heads", "purge", "page", "sent", "verdicts", "terms"),
    labels=False,
)
"""Consents come and go under a desktop that dies in its durable steps, on a line that cuts answers."""
LINES_MINUTE = _MINUTE._replace(
    name="lines_minute",
    weights={
        **_BRIEF,
        "act": 30,
        "backup": 6,
        "restore": 5,
        "roll_back": 40,
        "mend": 6,
        "quit": 12,
    },
    length=0.4,
    elsewhere=0.2,
    people=(0,),
)
"""The server goes back to copies, with and without a word."""
CLOCKS_MINUTE = _MINUTE._replace(
    name="clocks_minute",
    weights={
        **_BRIEF,
        "shift": 30,
        "act": 20,
        "restart": 8,
        "quit": 4,
        "time": 30,
        "backup": 2,
        "restore": 1,
    },
    length=0.3,
    people=(0, 2),
)
"""Everybody's clock is set by months and years, the server's too, while memberships and consents end."""
LONG = (ORDINARY, FICKLE, RESTORED, FRAGILE, ROLLED_BACK, CROWDED)
BRIEF = (
    TEAM_MINUTE,
    CONSENT_MINUTE,
    LABELS_MINUTE,
    FRAGILE_MINUTE,
    LINES_MINUTE,
    DUET_MINUTE,
    CHAIN_MINUTE,
    CLOCKS_MINUTE,
)
DAYS = tuple(one for long in LONG for one in (long, *BRIEF))
"""One long day in nine; seeds take them in turn."""
BY_NAME = {day.name: day for day in (*LONG, *BRIEF)}
