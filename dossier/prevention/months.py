"""Days, months and seasons of the calendar."""

from calendar import monthrange
from datetime import date


def plus_months(day: date, months: int) -> date:
    """The same day so many months later; the last day of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_between(birth: date, day: date) -> int:
    """Completed months."""
    return (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)


def month_day(year: int, text: str) -> date:
    """`02-28` of a year."""
    month, day = text.split("-")
    return date(year, int(month), int(day))
