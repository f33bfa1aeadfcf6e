"""Time in the demonstration: the story is told on a Monday and moves by whole weeks.

Cast sheets are written for Monday 23 November 2026. `Story(monday)` shifts every event by whole weeks, so
that a Monday stays a Monday; birth dates stay (ages follow), but for infants, whose story hangs on their age.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WRITTEN_FOR = date(2026, 11, 23)
PARIS = ZoneInfo("Europe/Paris")
_FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
_DAY = re.compile(r"\b(\d\d)/(\d\d)/(20\d\d)\b")


class Story:
    """The reference day and the shift from the day the sheets were written for."""

    def __init__(self, monday: date) -> None:
        if monday.weekday() != 0:
            raise ValueError("the story is told on a Monday")
        self.today = monday
        self._shift = monday - WRITTEN_FOR

    def day(self, written: date) -> date:
        """A written day of the story as it falls for this reference day."""
        return written + self._shift

    def birth(self, written: date) -> date:
        """Birth dates stay where they were written; infants move with the story."""
        return self.day(written) if WRITTEN_FOR - written < timedelta(days=400) else written

    def text(self, written: str) -> str:
        """The same words with the days of the story's last two years moved with it."""
        return _DAY.sub(self._moved, written)

    def _moved(self, found: re.Match[str]) -> str:
        day = date(int(found[3]), int(found[2]), int(found[1]))
        recent = timedelta() <= WRITTEN_FOR - day < timedelta(days=730) or day > WRITTEN_FOR
        return f"{self.day(day):%d/%m/%Y}" if recent else found[0]


def is_holiday(day: date) -> bool:
    """French public holidays (metropolitan)."""
    easter = _easter(day.year)
    moving = {easter + timedelta(days=n) for n in (1, 39, 50)}
    return (day.month, day.day) in _FIXED_HOLIDAYS or day in moving


def working_day(day: date) -> date:
    """That day, or the next weekday that is no holiday."""
    while day.weekday() > 4 or is_holiday(day):
        day += timedelta(days=1)
    return day


def at(day: date, hour_minute: str) -> str:
    """An instant at HH:MM in Paris, as FHIR writes it (UTC)."""
    moment = datetime.combine(day, time.fromisoformat(hour_minute), PARIS)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _easter(year: int) -> date:
    """Gregorian Easter (the anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
