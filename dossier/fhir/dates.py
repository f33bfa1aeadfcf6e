"""Clinical dates keep the precision they were written with (design law 7).

A date is the text of R4: `1958`, `1958-07`, `1958-07-14` or an instant with its offset. These functions
order and read such texts without inventing a month, a day or an hour.
"""

from datetime import UTC, date, datetime
from enum import StrEnum

from msgspec import Struct


class Precision(StrEnum):
    UNKNOWN = "unknown"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    INSTANT = "instant"


_BY_LENGTH = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}


def precision(text: str) -> Precision:
    """How much of a date is known."""
    if not text[:4].isdigit():
        return Precision.UNKNOWN
    if len(text) > 10 and text[10] == "T":
        return Precision.INSTANT
    return _BY_LENGTH.get(len(text), Precision.UNKNOWN)


def sort_key(text: str) -> str:
    """Text that orders dates of any precision; instants in UTC. Equal texts give equal keys."""
    if len(text) <= 10 or text.endswith(("Z", "+00:00")):
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError:
        return text


def day(text: str) -> date | None:
    """The calendar day as written, None where day or month is unknown or the text is no date."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def instant(text: str) -> datetime | None:
    """The aware UTC instant, None below that precision."""
    if len(text) <= 10:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


class AgeUnit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS_MONTHS = "years_months"
    YEARS = "years"


class Age(Struct, frozen=True, kw_only=True, gc=False):
    """An age as it is said: `value` units, and `months` beside years for a small child.

    `approximate`: the day or the month of birth is unknown.
    """

    unit: AgeUnit
    value: int
    months: int = 0
    approximate: bool = False


def age(birth: str, on: date) -> Age | None:
    """The age on a day: days to 28 d, weeks to 3 months, months to 24, years and months to 6 y, then years.

    None for a birth after `on` or unknown.
    """
    born = day(birth)
    if born is None:
        return _rough_age(birth, on)
    return None if born > on else _exact_age(born, on)


def _exact_age(born: date, on: date) -> Age:
    days = (on - born).days
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if days <= 28:
        return Age(unit=AgeUnit.DAYS, value=days)
    if months < 3:
        return Age(unit=AgeUnit.WEEKS, value=days // 7)
    if months < 24:
        return Age(unit=AgeUnit.MONTHS, value=months)
    if months < 72:
        return Age(unit=AgeUnit.YEARS_MONTHS, value=months // 12, months=months % 12)
    return Age(unit=AgeUnit.YEARS, value=months // 12)


def _rough_age(birth: str, on: date) -> Age | None:
    known = precision(birth)
    if known not in (Precision.YEAR, Precision.MONTH) or not (
        birth[:7].isascii() and birth[:4].isdigit()
    ):
        return None
    years = on.year - int(birth[:4])
    if known is Precision.MONTH and birth[5:7].isdigit() and int(birth[5:7]) > on.month:
        years -= 1
    return Age(unit=AgeUnit.YEARS, value=years, approximate=True) if years >= 0 else None
