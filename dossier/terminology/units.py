"""What is taken at once and how long: the units of a French posology, in full, never abbreviated.

Source: wording of prescriptions (`comprimé, gélule, goutte, bouffée`, never `cp`); UCUM for times.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from dossier.terminology.numerals import decimal_in_letters

_PLURAL_FROM: Final = 2


class Unit(Struct, frozen=True):
    """`plural` as written from two on; `measured`: a quantity of substance, which is also how strengths are said."""

    name: str
    plural: str
    feminine: bool = False
    measured: bool = False
    short: tuple[str, ...] = ()

    def of(self, number: Decimal) -> str:
        return self.plural if number >= _PLURAL_FROM else self.name


def _taken(name: str, *short: str, feminine: bool = False) -> Unit:
    return Unit(name, f"{name}s", feminine, short=short)


UNITS: Final = (
    Unit("cuillère à café", "cuillères à café", True, short=("cac", "c à c", "cuillere a cafe")),
    Unit("cuillère à soupe", "cuillères à soupe", True, short=("cas", "c à s")),
    Unit("dose-poids", "doses-poids", True),
    _taken("comprimé", "cp", "cpr", "cps", "comp", "comprime"),
    _taken("gélule", "gel", "gél", "glle", feminine=True),
    _taken("capsule", "caps", feminine=True),
    _taken("sachet", "sach"),
    _taken("goutte", "gtte", "gttes", "gte", "gtt", feminine=True),
    _taken("bouffée", "bouf", "bouff", feminine=True),
    _taken("inhalation", "inh", feminine=True),
    _taken("pulvérisation", "pulv", feminine=True),
    _taken("ampoule", "amp", feminine=True),
    _taken("dosette", feminine=True),
    _taken("dose", feminine=True),
    _taken("mesure", feminine=True),
    _taken("injection", "inj", feminine=True),
    _taken("application", "appli", feminine=True),
    _taken("suppositoire", "suppo"),
    _taken("ovule"),
    Unit("patch", "patchs"),
    _taken("pastille", feminine=True),
    _taken("pipette", feminine=True),
    _taken("flacon"),
    _taken("film"),
    _taken("lavement"),
    _taken("unité", "u", feminine=True),
    Unit("UI", "UI", True, True),
    Unit("mL", "mL", False, True, ("ml", "millilitre", "millilitres")),
    Unit("mg", "mg", False, True, ("milligramme", "milligrammes")),
    Unit("microgramme", "microgrammes", False, True, ("µg", "ug", "mcg")),
    Unit("g", "g", False, True, ("gramme", "grammes")),
)
_IN_FULL: Final = {
    "mg": "milligramme",
    "g": "gramme",
    "mL": "millilitre",
    "UI": "unité internationale",
}
_BY_NAME: Final = {
    word.casefold(): unit for unit in UNITS for word in (unit.name, unit.plural, *unit.short)
}


def unit_named(word: str) -> Unit | None:
    """By its name, plural or usual abbreviation."""
    return _BY_NAME.get(word.casefold())


def unit_words() -> tuple[str, ...]:
    """Everything that names a unit, longest first."""
    return tuple(sorted(_BY_NAME, key=len, reverse=True))


def plain_number(number: Decimal) -> str:
    """`0,5`, `5`, `1000`: a leading zero, no trailing one, a comma."""
    return f"{number.normalize():f}".replace(".", ",")


def counted(number: Decimal, unit: str) -> str:
    """`2 comprimés`; an unknown unit is written as it came."""
    known = unit_named(unit)
    return f"{plain_number(number)} {known.of(number) if known else unit}".strip()


def counted_in_letters(number: Decimal, unit: str) -> str:
    """`deux comprimés`, `dix milligrammes`: as a secured prescription says it."""
    known = unit_named(unit)
    if known is None:
        return f"{decimal_in_letters(number)} {unit}".strip()
    name = _IN_FULL.get(known.name)
    words = known.of(number) if name is None else name if number < _PLURAL_FROM else _plural(name)
    return f"{decimal_in_letters(number, feminine=known.feminine)} {words}"


def _plural(name: str) -> str:
    return " ".join(f"{word}s" for word in name.split())


DAYS_OF: Final = {
    "h": Decimal(1) / 24,
    "d": Decimal(1),
    "wk": Decimal(7),
    "mo": Decimal(30),
    "a": Decimal(365),
}
"""Days that a span is counted as when a maximum is checked: a month is 30 days, a year 365."""
_TIME_NAMES: Final = {
    "h": ("heure", "heures"),
    "d": ("jour", "jours"),
    "wk": ("semaine", "semaines"),
    "mo": ("mois", "mois"),
    "a": ("an", "ans"),
}


class Span(Struct, frozen=True):
    """A length of time: `number` of `unit`, a UCUM code (h, d, wk, mo, a)."""

    number: int
    unit: str

    @property
    def days(self) -> Decimal:
        return self.number * DAYS_OF[self.unit]

    def words(self) -> str:
        """`3 mois`."""
        return f"{self.number} {time_name(self.unit, self.number)}"

    def letters(self) -> str:
        """`vingt-huit jours`."""
        feminine = self.unit in ("h", "wk")
        number = decimal_in_letters(Decimal(self.number), feminine=feminine)
        return f"{number} {time_name(self.unit, self.number)}"


def time_name(unit: str, number: int) -> str:
    """`jour`, `jours`."""
    return _TIME_NAMES[unit][number >= _PLURAL_FROM]


_TIME_CODES: Final = {
    "heure": "h", "heures": "h", "h": "h", "jour": "d", "jours": "d", "j": "d", "jr": "d", "jrs": "d",
    "semaine": "wk", "semaines": "wk", "sem": "wk", "mois": "mo", "an": "a", "ans": "a", "annee": "a", "annees": "a",
}  # fmt: skip


def time_code(word: str) -> str:
    """The UCUM code of a French word without accents, "" when it names no time."""
    return _TIME_CODES.get(word, "")


def time_words() -> tuple[str, ...]:
    """Everything that names a time, longest first."""
    return tuple(sorted(_TIME_CODES, key=len, reverse=True))
