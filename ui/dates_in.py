"""Reading a date as a person types it, with the precision they gave."""

import re
from calendar import monthrange
from datetime import date

_FULL = re.compile(r"^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$")
_COMPACT = re.compile(r"^(\d{2})(\d{2})(\d{4})$")
_MONTH = re.compile(r"^(\d{1,2})[/. -](\d{4})$")
_YEAR = re.compile(r"^\d{4}$")
_YEAR_ONLY = 4
_ISO = re.compile(r"^\d{4}-\d{2}(-\d{2})?$")


def read_date(text: str, today: date) -> str:
    """`14/07/1958`, `14071958`, `07/1958`, `1958` or ISO as an R4 date; ValueError otherwise.

    A day that has not come is refused: what is recorded has happened.
    """
    text = text.strip()
    if not text:
        return ""
    found = _r4(text)
    if found is None:
        raise ValueError("not a date")
    if found > today.isoformat()[: len(found)]:
        raise ValueError("in the future")
    return found


def typed_date(iso: str) -> str:
    """An R4 date as a person types it (`31/03/2015`, `03/2015`, `2015`), which `read_date` reads back."""
    return "/".join(reversed(iso[:10].split("-")))


def _r4(text: str) -> str | None:
    if _YEAR.match(text):
        return text if text > "1850" else None
    full = _FULL.match(text) or _COMPACT.match(text)
    if full:
        return date(int(full[3]), int(full[2]), int(full[1])).isoformat()
    month = _MONTH.match(text)
    if month:
        return date(int(month[2]), int(month[1]), 1).isoformat()[:7]
    if _ISO.match(text):
        date.fromisoformat(text if len(text) > 7 else text + "-01")
        return text
    return None


def coming_date(text: str) -> str:
    """A day that may lie ahead, as an R4 date: the last day of the month for a month; ValueError otherwise."""
    text = text.strip()
    if not text:
        return ""
    found = _r4(text)
    if found is None or len(found) == _YEAR_ONLY:
        raise ValueError("not a date")
    if len(found) > len("2027-05"):
        return found
    year, month = int(found[:4]), int(found[5:])
    return date(year, month, monthrange(year, month)[1]).isoformat()
