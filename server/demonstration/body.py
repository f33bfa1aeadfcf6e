"""One body a person: a weight that follows one line over the years, a blood pressure around one level."""

from datetime import date
from itertools import pairwise
from random import Random
from typing import Protocol

_CHILDHOOD = ((0, 3.4), (1, 9.8), (2, 12.2), (4, 16.3), (6, 20.5), (8, 26), (10, 32))
_HEIGHT = ((0, 50), (1, 75), (2, 87), (4, 102), (6, 115), (8, 127), (10, 138))
WEIGHTS = {
    "female": (*_CHILDHOOD, (12, 41), (14, 49), (16, 54), (18, 56)),
    "male": (*_CHILDHOOD, (12, 40), (14, 51), (16, 61), (18, 67)),
}
HEIGHTS = {
    "female": (*_HEIGHT, (12, 151), (14, 160), (16, 163), (18, 164)),
    "male": (*_HEIGHT, (12, 149), (14, 164), (16, 173), (18, 176)),
}
"""By age in years: kilograms, centimetres."""
_GROWN = 18


class Subject(Protocol):
    """Who the body belongs to."""

    @property
    def birth(self) -> date: ...
    @property
    def sex(self) -> str: ...


class Body:
    """Drawn once for a person; what is measured later only moves around it."""

    def __init__(self, random: Random, subject: Subject, first: date) -> None:
        self._random, self._subject, self._first = random, subject, first
        self._own = random.uniform(0.9, 1.12)
        low, high = (58, 94) if subject.sex == "male" else (50, 84)
        self._adult = random.uniform(low, high)
        if self._years(first) < _GROWN:
            self._adult = along(WEIGHTS[subject.sex], _GROWN) * self._own
        self._a_year = random.uniform(-0.3, 0.7)
        self._systolic, self._diastolic = random.randrange(114, 138), random.randrange(66, 82)

    def weight(self, day: date) -> float:
        """In kg; a child's to 100 g, an adult's to 500 g."""
        years = self._years(day)
        if years < _GROWN:
            return round(along(WEIGHTS[self._subject.sex], years) * self._own, 1)
        grown = years - max(_GROWN, self._years(self._first))
        kilograms = self._adult + self._a_year * grown + self._random.uniform(-0.7, 0.7)
        return round(kilograms * 2) / 2

    def height(self, day: date) -> float:
        """In cm, of a child."""
        return round(
            along(HEIGHTS[self._subject.sex], self._years(day)) * (0.7 + self._own * 0.3), 1
        )

    def pressure(self) -> tuple[int, int]:
        """An adult's, systolic and diastolic in mmHg."""
        moved = self._random.randrange(-8, 9)
        return self._systolic + moved, self._diastolic + moved // 2

    def _years(self, day: date) -> float:
        return (day - self._subject.birth).days / 365.25


def along(curve: tuple[tuple[int, float], ...], years: float) -> float:
    """A curve of points (years, value) read between them."""
    for (a, low), (b, high) in pairwise(curve):
        if years <= b:
            return low + (high - low) * (years - a) / (b - a)
    return curve[-1][1]
