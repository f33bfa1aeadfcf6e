"""Whether a typed measure may be a slip of the hand (HZ-13): a question, never a refusal of a true value."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from dossier.terminology.concepts import Measure as Known
from practitioner_app.services.act_rows import MeasureRow

_FACTOR: Final = Decimal(5)
_WEIGHT_FACTOR: Final = Decimal("1.5")
WEIGHT: Final = "29463-7"


class Slip(StrEnum):
    """What makes one ask."""

    OUTSIDE = "outside"
    """Outside what a person measures."""
    FAR = "far"
    """Very far from the value before."""
    REVERSED = "reversed"
    """The diastolic pressure is not under the systolic one."""


class Doubt(Struct, frozen=True, kw_only=True):
    """`last` is the value before, of FAR."""

    slip: Slip
    last: MeasureRow | None = None


def doubt(
    number: Decimal, second: Decimal | None, known: Known, last: MeasureRow | None, *, grown: bool
) -> Doubt | None:
    """The first reason to ask again; `grown`: of two years or more, whose weight moves slowly."""
    if second is not None and second >= number:
        return Doubt(slip=Slip.REVERSED)
    if not known.plausible(float(number)) or (second is not None and not _is_low(second)):
        return Doubt(slip=Slip.OUTSIDE)
    if last is None or last.ucum != known.ucum or not last.number or not number:
        return None
    factor = _WEIGHT_FACTOR if known.code == WEIGHT and grown else _FACTOR
    low, high = sorted((number, last.number))
    return Doubt(slip=Slip.FAR, last=last) if high / low >= factor else None


def _is_low(diastolic: Decimal) -> bool:
    return Decimal(20) <= diastolic <= Decimal(200)
