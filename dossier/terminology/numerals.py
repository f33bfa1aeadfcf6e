"""Whole numbers and decimals in French letters, and back: what a secured prescription must write.

Source: the spelling of school grammars, hyphens between tens and units only (`vingt et un`, `quatre-vingts`).
"""

from decimal import Decimal
from functools import cache
from typing import Final

from dossier.errors import Invalid, Issue

MOST: Final = 999_999
_SMALL: Final = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
]
_TENS: Final = ("", "dix", "vingt", "trente", "quarante", "cinquante", "soixante")
_READ: Final = 400
_VIGESIMAL, _SEVENTY = 80, 70


def in_letters(number: int, *, feminine: bool = False) -> str:
    """`vingt et une`, `quatre-vingts`, `mille deux cents`; raises Invalid(`out_of_range`) outside 0..MOST."""
    if not 0 <= number <= MOST:
        raise Invalid((Issue("number", "out_of_range"),))
    thousands, rest = divmod(number, 1_000)
    parts = []
    if thousands:
        parts.append("mille" if thousands == 1 else f"{_hundreds(thousands, last=False)} mille")
    if rest or not thousands:
        parts.append(_hundreds(rest, last=True))
    found = " ".join(parts)
    ends_in_one = number % 10 == 1 and number % 100 not in (11, 71, 91)
    return f"{found}e" if feminine and ends_in_one else found


def decimal_in_letters(number: Decimal, *, feminine: bool = False) -> str:
    """`deux virgule cinq`, `zéro virgule zéro cinq`; a half of something stays a decimal."""
    whole, _, part = f"{number.normalize():f}".partition(".")
    if not part:
        return in_letters(int(whole), feminine=feminine)
    zeros = len(part) - len(part.lstrip("0"))
    after = " ".join([*(["zéro"] * zeros), in_letters(int(part))])
    return f"{in_letters(int(whole))} virgule {after}"


@cache
def spelled() -> dict[str, int]:
    """Spellings of 1 to 400, with spaces and hyphens alike, to their number; both genders."""
    found: dict[str, int] = {}
    for number in range(1, _READ + 1):
        for feminine in (False, True):
            found[in_letters(number, feminine=feminine).replace("-", " ")] = number
    return found


def _hundreds(number: int, *, last: bool) -> str:
    hundreds, rest = divmod(number, 100)
    parts = []
    if hundreds:
        plural = "s" if hundreds > 1 and not rest and last else ""
        parts.append(f"cent{plural}" if hundreds == 1 else f"{_SMALL[hundreds]} cent{plural}")
    if rest or not hundreds:
        parts.append(_below_hundred(rest, last=last))
    return " ".join(parts)


def _below_hundred(number: int, *, last: bool) -> str:
    if number < len(_SMALL):
        return _SMALL[number]
    if number < _SEVENTY:
        tens, unit = divmod(number, 10)
        return _after(_TENS[tens], unit)
    if number < _VIGESIMAL:
        rest = number - 60
        return "soixante et onze" if rest == 11 else f"soixante-{_below_hundred(rest, last=last)}"
    rest = number - _VIGESIMAL
    if not rest:
        return "quatre-vingts" if last else "quatre-vingt"
    return f"quatre-vingt-{_below_hundred(rest, last=last)}"


def _after(tens: str, unit: int) -> str:
    if not unit:
        return tens
    return f"{tens} et un" if unit == 1 and tens != "dix" else f"{tens}-{_SMALL[unit]}"
