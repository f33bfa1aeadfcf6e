"""Days of a letter: whole, past or to come."""

import re
from datetime import date

_TYPED = re.compile(r"^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def read_day(text: str) -> date | None:
    """`23/12/2026` or ISO; None for anything else."""
    text = text.strip()
    try:
        if _ISO.match(text):
            return date.fromisoformat(text)
        typed = _TYPED.match(text)
        return date(int(typed[3]), int(typed[2]), int(typed[1])) if typed else None
    except ValueError:
        return None


def shown_day(day: date) -> str:
    """As it is typed, and read back by `read_day`."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
