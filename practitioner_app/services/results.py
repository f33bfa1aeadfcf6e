"""Curves and the newest values.

One series is one analyte in one unit: two units are two series, and each says that the other exists
(HZ-11). The band is the one the laboratory sent with the last value that had one; none of ours is ever
drawn here (HZ-12).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from dossier.fhir.dates import sort_key
from dossier.fhir.results import (
    BLOOD_PRESSURE,
    BMI,
    CREATININE,
    DIASTOLIC,
    EGFR,
    HBA1C,
    HEIGHT,
    PACK_YEARS,
    SYSTOLIC,
    TOBACCO,
    WEIGHT,
    Flag,
    Result,
    Value,
)
from practitioner_app.ports import CurrentRow, ItemState
from practitioner_app.services.decoding import Decoded
from practitioner_app.services.rows import Measure, Point, Series

KEY_ANALYTES: Final = (
    HBA1C,
    EGFR,
    BLOOD_PRESSURE,
    WEIGHT,
    frozenset(("13457-7", "18262-6", "2089-1")),
    CREATININE,
    frozenset(("2823-3", "6298-4")),
    frozenset(("3016-3",)),
    frozenset(("6301-6",)),
    frozenset(("718-7",)),
)
"""Order of the key measures: HbA1c, filtration rate, blood pressure, weight, LDL, creatinine, potassium,
TSH, INR, haemoglobin.
"""
_KEY_CODES: Final = frozenset().union(*KEY_ANALYTES)
_KEY_SHOWN: Final = 6
_JUMP: Final = (Decimal(5), Decimal(12))

Observed = tuple[CurrentRow, Result]


def observed(decoded: Iterable[Decoded]) -> list[Observed]:
    """The results that count, oldest first."""
    found = [(row, value) for row, value in decoded if isinstance(value, Result) and value.counts]
    return sorted(found, key=lambda item: sort_key(item[1].at))


def series(results: Sequence[Observed], only: frozenset[str] = frozenset()) -> tuple[Series, ...]:
    """All curves (or those of some codes), key measures first, then those with the most points."""
    groups: dict[tuple[str, str, str], list[Observed]] = defaultdict(list)
    for item in results:
        if only and item[1].value.code not in only:
            continue
        if item[1].value.number is not None or _pressure(item[1]) is not None:
            groups[_analyte(item[1])].append(item)
    units: dict[tuple[str, str], list[str]] = defaultdict(list)
    for system, code, unit in groups:
        units[system, code].append(unit)
    found = [
        _series(items, tuple(unit for unit in units[key[:2]] if unit != key[2]))
        for key, items in groups.items()
    ]
    return tuple(sorted(found, key=lambda item: (_rank(item.code), -len(item.points), item.label)))


def key_series(results: Sequence[Observed]) -> tuple[Series, ...]:
    """The curves of the summary: key measures with at least two points."""
    chosen = [item for item in series(results, _KEY_CODES) if len(item.points) > 1]
    return tuple(chosen[:_KEY_SHOWN])


Newest = Mapping[str, Observed]
"""The newest result of each code."""


def newest(results: Sequence[Observed]) -> Newest:
    return {item[1].value.code: item for item in results}


def latest(found: Newest, codes: frozenset[str]) -> Measure | None:
    """The newest value of an analyte, as a cell of the strip."""
    known = [found[code] for code in codes if code in found]
    if not known:
        return None
    return measure(*max(known, key=lambda item: sort_key(item[1].at)))


def measure(row: CurrentRow, result: Result) -> Measure:
    value = result.value
    pressure = _pressure(result)
    upper = pressure[0] if pressure else value
    return Measure(
        label=value.label,
        at=result.at,
        number=upper.number,
        second=pressure[1].number if pressure else None,
        comparator=value.comparator,
        unit=upper.unit,
        text=value.text,
        flag=_flag(result, pressure),
        band=value.band,
        state=row.state,
        code=value.code,
        id=row.id,
    )


_HEAVIEST_KG, _SHORTEST_M, _TALLEST_M = 1000, Decimal("0.2"), 3
"""Beyond these nothing is computed: a slip of the pen, or worse."""


def body_mass_index(results: Newest) -> Decimal | None:
    """As measured with the newest weight, else weight (kg) over the square of the newest height (cm or m)."""
    weight, height = latest(results, WEIGHT), latest(results, HEIGHT)
    stated = latest(results, BMI)
    if stated is not None and (weight is None or sort_key(stated.at) >= sort_key(weight.at)):
        return stated.number
    if weight is None or height is None or not weight.number or not height.number:
        return None
    metres = {"cm": height.number / 100, "m": height.number}.get(height.unit)
    if weight.unit != "kg" or metres is None:
        return None
    if not (weight.number < _HEAVIEST_KG and _SHORTEST_M < metres < _TALLEST_M):
        return None
    return (weight.number / (metres * metres)).quantize(Decimal("0.1"))


def tobacco(results: Newest) -> tuple[str, Decimal | None]:
    """(words, pack-years) as last recorded; the pack-years are a component of the status, or a result."""
    known = [results[code] for code in TOBACCO if code in results]
    years = latest(results, PACK_YEARS)
    if not known:
        return "", (years.number if years else None)
    _, status = max(known, key=lambda item: sort_key(item[1].at))
    inside = next((part.number for part in status.components if part.code in PACK_YEARS), None)
    return status.value.text, (inside if inside is not None else years.number if years else None)


def _analyte(result: Result) -> tuple[str, str, str]:
    pressure = _pressure(result)
    system, code, unit = result.analyte
    return (
        (system, code, pressure[0].ucum or pressure[0].unit) if pressure else (system, code, unit)
    )


def _pressure(result: Result) -> tuple[Value, Value] | None:
    if not result.components:
        return None
    upper, lower = result.component(SYSTOLIC), result.component(DIASTOLIC)
    if upper is None or lower is None or upper.number is None or lower.number is None:
        return None
    return upper, lower


def _flag(result: Result, pressure: tuple[Value, Value] | None) -> Flag:
    if pressure is None or result.value.flag:
        return result.value.flag
    flags = [side.flag for side in pressure]
    return next((flag for flag in flags if flag not in (Flag.NORMAL, Flag.UNKNOWN)), flags[0])


def _series(items: Sequence[Observed], other_units: tuple[str, ...]) -> Series:
    points = tuple(_point(row, result) for row, result in items)
    last = items[-1][1]
    pressure = _pressure(last)
    band = next((point.band for point in reversed(points) if point.band), None)
    return Series(
        code=last.value.code,
        label=last.value.label,
        unit=(pressure[0] if pressure else last.value).unit,
        points=points,
        band=band,
        other_units=other_units,
        jump=_jumps(points),
    )


def _point(row: CurrentRow, result: Result) -> Point:
    pressure = _pressure(result)
    number = pressure[0].number if pressure else result.value.number
    return Point(
        at=result.at,
        number=number if number is not None else Decimal(0),
        id=row.id,
        second=pressure[1].number if pressure else None,
        comparator=result.value.comparator,
        flag=_flag(result, pressure),
        band=result.value.band,
        state=row.state if row.state is not ItemState.SENT else ItemState.CONFIRMED,
    )


def _jumps(points: Sequence[Point]) -> bool:
    """Two neighbours 5 to 12 times apart look like another unit (HZ-11)."""
    for one, other in pairwise(points):
        low, high = sorted((abs(one.number), abs(other.number)))
        if low and _JUMP[0] <= high / low <= _JUMP[1]:
            return True
    return False


def _rank(code: str) -> int:
    for rank, codes in enumerate(KEY_ANALYTES):
        if code in codes:
            return rank
    return len(KEY_ANALYTES)
