"""Dates of birth as people type them, and those of which a part is unknown.

ISO text with the precision that is known: `1958`, `1958-07`, `1958-07-14`. Nothing here knows the
present day: a year of two digits is read in both centuries and the caller chooses.
"""

import re
from datetime import date
from typing import Final

from dossier.identity.traits import plain

_MONTHS: Final = {
    "janvier": 1, "janv": 1, "jan": 1, "fevrier": 2, "fevr": 2, "fev": 2, "mars": 3, "mar": 3,
    "avril": 4, "avr": 4, "mai": 5, "juin": 6, "jun": 6, "juillet": 7, "juil": 7, "jul": 7,
    "aout": 8, "aou": 8, "septembre": 9, "sept": 9, "sep": 9, "octobre": 10, "oct": 10,
    "novembre": 11, "nov": 11, "decembre": 12, "dec": 12,
    "january": 1, "february": 2, "feb": 2, "march": 3, "april": 4, "apr": 4, "may": 5, "june": 6,
    "july": 7, "august": 8, "aug": 8, "september": 9, "october": 10, "november": 11, "december": 12,
}  # fmt: skip
_BORN: Final = re.compile(r"^nee? le ")
_PIVOT: Final = 30
_GAP: Final = r"[\s/.\-]*"
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        rf"(?P<y>\d{{4}}){_GAP}(?P<m>\d\d){_GAP}(?P<d>\d\d)(?:t.*)?",
        r"(?P<d>\d{1,2})[\s/.\-]+(?P<m>\d{1,2})[\s/.\-]+(?P<y>\d{4}|\d{2})",
        r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d{4}|\d{2})",
        rf"(?P<d>\d{{1,2}})(?:er)?{_GAP}(?P<n>[a-z]+)\.?{_GAP}(?P<y>\d{{4}}|\d{{2}})",
        rf"(?P<n>[a-z]+)\.?{_GAP}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?[\s]+(?P<y>\d{{4}})",
        r"(?P<m>\d{1,2})[\s/.\-]+(?P<y>\d{4})",
        r"(?P<y>\d{4})-(?P<m>\d\d)",
        rf"(?P<n>[a-z]+)\.?{_GAP}(?P<y>\d{{4}})",
        r"(?P<y>\d{4})",
    )
)


def birth_dates(text: str) -> tuple[str, ...]:
    """Every reading of a typed date, likeliest first; () when it is not one.

    Day first, as in France; `14/07/1958`, `14071958`, `14-07-58`, `14 juil 1958`, `1er janvier 1958`,
    `1958-07-14`, `07/1958`, `1958`. Eight digits that are no day first are tried year first.
    """
    folded = _BORN.sub("", " ".join(plain(text).lower().split()))
    found: dict[str, None] = {}
    for form in _FORMS:
        if match := form.fullmatch(folded):
            for reading in _readings(match.groupdict()):
                found[reading] = None
    return tuple(sorted(found, key=lambda reading: (-len(reading), _unlikely(reading))))


def parse_birth_date(text: str, today: date | None = None) -> str | None:
    """The likeliest reading, None when there is none.

    A year of two digits is the latest one that is not after `today`; without `today`, 00 to 30 are 20xx.
    """
    readings = birth_dates(text)
    if today is not None:
        readings = tuple(reading for reading in readings if reading <= today.isoformat())
        full = tuple(reading for reading in readings if len(reading) == 10)
        if len(full) > 1 and len({reading[2:] for reading in full}) == 1:
            return max(full)
    return readings[0] if readings else None


def strict_birth_date(known: str) -> str:
    """The full date that strict traits carry when a part is unknown (RNIV): first day of a known month,
    31 December of a year of which nothing else is known.
    """
    if len(known) == 4:
        return f"{known}-12-31"
    return f"{known}-01" if len(known) == 7 else known


def _readings(parts: dict[str, str | None]) -> list[str]:
    name = parts.get("n")
    month = _MONTHS.get(name) if name else int(parts.get("m") or 0)
    if month is None or (not name and "m" in parts and not 1 <= month <= 12):
        return []
    year = parts["y"] or ""
    years = (year,) if len(year) == 4 else (f"19{year}", f"20{year}")
    day = parts.get("d")
    found = []
    for full in years:
        if not 1850 <= int(full) <= 2199:
            continue
        if not month:
            found.append(full)
        elif not day:
            found.append(f"{full}-{month:02d}")
        elif _exists(int(full), month, int(day)):
            found.append(f"{full}-{month:02d}-{int(day):02d}")
    return found


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _unlikely(reading: str) -> bool:
    year = int(reading[:4])
    return not (2000 <= year <= 2000 + _PIVOT or 1900 + _PIVOT < year < 2000)
