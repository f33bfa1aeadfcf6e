"""A French posology read into parts that say themselves again: the structure and the printed words are one (HZ-13).

`posology_reading.read` cuts a sentence (`1 comprimé matin et soir pendant 3 mois`) into a dose, moments, a frequency, a condition, a
maximum, an interval, a duration; every part knows its own words, so what is printed is made of the structure alone.
What is not understood stays as the text it was, in its place, and is told (`rest`). A sentence that has a second step
(`puis`), two doses or two durations is not cut at all: half an understanding would be worse than none. Reading what
was said gives the same parts again.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from dossier.terminology.numerals import decimal_in_letters
from dossier.terminology.units import (
    DAYS_OF,
    Span,
    counted,
    counted_in_letters,
    plain_number,
    time_name,
    unit_named,
)

_VOWELS: Final = frozenset("aâàeéèêëiîïoôœuûùhy")


class Dose(Struct, frozen=True, tag=True):
    """What is taken at once; `most` of a range (`1 à 2 sachets`)."""

    quantity: Decimal
    unit: str
    most: Decimal | None = None

    def words(self) -> str:
        if self.most is None:
            return counted(self.quantity, self.unit)
        return f"{plain_number(self.quantity)} à {counted(self.most, self.unit)}"

    def letters(self) -> str:
        if self.most is None:
            return counted_in_letters(self.quantity, self.unit)
        unit = unit_named(self.unit)
        first = decimal_in_letters(self.quantity, feminine=unit is not None and unit.feminine)
        return f"{first} à {counted_in_letters(self.most, self.unit)}"


class Moments(Struct, frozen=True, tag=True):
    """Times of the day, in their order; each is one taking."""

    codes: tuple[str, ...]

    def words(self) -> str:
        names = [_MOMENTS[code] for code in self.codes]
        if len(names) == 1:
            article = "au" if self.codes[0] == "HS" else "le"
            return f"{article} {names[0]}"
        return f"{', '.join(names[:-1])} et {names[-1]}"

    letters = words


_MOMENTS: Final = {"MORN": "matin", "NOON": "midi", "AFT": "goûter", "EVE": "soir", "HS": "coucher"}


class Rhythm(Struct, frozen=True, tag=True):
    """`times` in every `period` of `unit` (UCUM); `bare`: said without a number (`par jour`)."""

    times: int
    period: int
    unit: str
    bare: bool = False

    def words(self) -> str:
        return self._said(str(self.times), str(self.period))

    def letters(self) -> str:
        """In full letters."""
        feminine = self.unit in ("h", "wk")
        return self._said(
            decimal_in_letters(Decimal(self.times), feminine=True),
            decimal_in_letters(Decimal(self.period), feminine=feminine),
        )

    def _said(self, times: str, period: str) -> str:
        if self.bare:
            return f"par {time_name(self.unit, 1)}"
        if self.times == 1 and (self.period > 1 or self.unit == "h"):
            every = "toutes" if self.unit in ("h", "wk") else "tous"
            return f"{every} les {period} {time_name(self.unit, self.period)}"
        return f"{times} fois par {time_name(self.unit, 1)}"


class Needed(Struct, frozen=True, tag=True):
    """Only if needed; `reason` as it was written, "" for `si besoin`."""

    reason: str = ""

    def words(self) -> str:
        if not self.reason:
            return "si besoin"
        elided = self.reason[0].lower() in _VOWELS
        return f"en cas d'{self.reason}" if elided else f"en cas de {self.reason}"

    letters = words


class Ceiling(Struct, frozen=True, tag=True):
    """At most so many in a day; `unit` "" counts takings (`4 fois par jour au maximum`)."""

    count: Decimal
    unit: str = ""

    def words(self) -> str:
        what = counted(self.count, self.unit) if self.unit else f"{plain_number(self.count)} fois"
        return f"{what} par jour au maximum"

    def letters(self) -> str:
        """In full letters."""
        what = decimal_in_letters(self.count, feminine=True) + " fois"
        if self.unit:
            what = counted_in_letters(self.count, self.unit)
        return f"{what} par jour au maximum"


class Interval(Struct, frozen=True, tag=True):
    """The shortest time between two takings, in hours."""

    hours: int

    def words(self) -> str:
        return f"à {self.hours} {time_name('h', self.hours)} d'intervalle"

    def letters(self) -> str:
        """In full letters."""
        hours = decimal_in_letters(Decimal(self.hours), feminine=True)
        return f"à {hours} {time_name('h', self.hours)} d'intervalle"


class Lasting(Struct, frozen=True, tag=True):
    """For how long."""

    span: Span

    def words(self) -> str:
        return f"pendant {self.span.words()}"

    def letters(self) -> str:
        """In full letters."""
        return f"pendant {self.span.letters()}"


class Circumstance(Struct, frozen=True, tag=True):
    """A known phrase about how or at which meal it is taken; `code` of EventTiming where there is one."""

    phrase: str
    code: str = ""

    def words(self) -> str:
        return self.phrase

    letters = words


class Free(Struct, frozen=True, tag=True):
    """What was not understood, as it was written."""

    text: str

    def words(self) -> str:
        return self.text

    letters = words


Part = Dose | Moments | Rhythm | Needed | Ceiling | Interval | Lasting | Circumstance | Free


class Posology(Struct, frozen=True):
    """Parts in the order they were written, each with the sign before it ("", `,`, `;` or `.`)."""

    parts: tuple[tuple[str, Part], ...] = ()

    def words(self) -> str:
        """The sentence: what is shown, printed and filed."""
        return self._joined(lambda part: part.words())

    def letters(self) -> str:
        """The same sentence with every number in letters."""
        return self._joined(lambda part: part.letters())

    @property
    def dose(self) -> Dose | None:
        """Only where the sentence begins with one quantity: then the rest says when."""
        first = self.parts[0][1] if self.parts else None
        return first if isinstance(first, Dose) and first.most is None else None

    def after_dose(self) -> "Posology":
        """Without the dose it begins with; itself where it begins with none."""
        if self.dose is None or not self.parts[1:]:
            return self if self.dose is None else Posology()
        return Posology((("", self.parts[1][1]), *self.parts[2:]))

    @property
    def rest(self) -> tuple[str, ...]:
        """What was not understood."""
        return tuple(part.text for _, part in self.parts if isinstance(part, Free))

    @property
    def duration(self) -> Span | None:
        part = self.one(Lasting)
        return part.span if part is not None else None

    @property
    def as_needed(self) -> bool:
        return self.one(Needed) is not None

    def one(self, kind: type[Any]) -> Any:
        """The first part of a kind; None."""
        return next((part for _, part in self.parts if isinstance(part, kind)), None)

    def without_duration(self) -> "Posology":
        return Posology(tuple(item for item in self.parts if not isinstance(item[1], Lasting)))

    @property
    def takings_a_day(self) -> Decimal | None:
        """How often a day, at most: moments, a rhythm or a ceiling; None where none is said, or two are."""
        ceiling, moments, rhythm = self.one(Ceiling), self.one(Moments), self.one(Rhythm)
        if ceiling is not None:
            return None if ceiling.unit else ceiling.count
        if moments is not None and rhythm is not None:
            return None
        if moments is not None:
            return Decimal(len(moments.codes))
        return rhythm.times / (rhythm.period * DAYS_OF[rhythm.unit]) if rhythm is not None else None

    def _joined(self, say: Callable[[Part], str]) -> str:
        found = ""
        for mark, part in self.parts:
            found += (f"{mark} " if found else "") + say(part)
        return found
