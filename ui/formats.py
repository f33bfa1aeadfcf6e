"""Dates, ages, numbers, doses and sizes as a person reads them, in French and in English.

Clinical dates keep their precision (`1994`, `1994-05`, `1994-05-12`, an instant); an unknown part is
said in words, never invented. Numbers have a decimal comma in French, a leading zero, no useless
final zero; thousands are set apart by U+202F in both languages.
"""

import itertools
import re
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from dossier.fhir.results import Band
from ui.i18n import Texts
from ui.typography import NBSP, NNBSP

_EN_SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEAR, _MONTH, _DAY = 4, 7, 10
_DAYS_NEWBORN, _MONTHS_BABY, _MONTHS_TODDLER, _YEARS_CHILD = 28, 3, 24, 6
_SECONDS_SURE, _MINUTE, _HOUR = 5, 60, 3600
_KILO = 1000
_INS_CHARS = 15
_DECIMALS_SENT = 3
_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?")
_LARGE_DOSE = re.compile(r"(?<![\w.,/-])\d{5,7}(?=[ \u00a0](?:UI|IU|U|mg|g|mL|unités?|units?)\b)")
"""Digits that a unit follows: never a number of a file, a telephone or a code."""
_DECIMAL = re.compile(r"(?<![\w.,/-])(\d+)\.(\d+)(?![\w.,/-])")
_TWO = 2
_TAKEN = frozenset(
    (
        "ampoule", "application", "bouffée", "capsule", "comprimé", "cuillère", "drop", "goutte", "gélule",
        "injection", "puff", "sachet", "spoon", "tablet", "unit", "unité",
    )
)  # fmt: skip
_TWO_DECIMALS = Decimal("0.01")


def week_days(texts: Texts) -> tuple[str, ...]:
    tr = texts.tr
    return (
        tr("Monday"),
        tr("Tuesday"),
        tr("Wednesday"),
        tr("Thursday"),
        tr("Friday"),
        tr("Saturday"),
        tr("Sunday"),
    )


def months(texts: Texts) -> tuple[str, ...]:
    tr = texts.tr
    return (
        tr("January"),
        tr("February"),
        tr("March"),
        tr("April"),
        tr("May"),
        tr("June"),
        tr("July"),
        tr("August"),
        tr("September"),
        tr("October"),
        tr("November"),
        tr("December"),
    )


class Clinical(NamedTuple):
    """A date as precise as it was written. `when` is None for a date without a time."""

    year: int
    month: int
    day: int
    when: datetime | None

    @property
    def exact(self) -> date | None:
        return date(self.year, self.month, self.day) if self.day else None


def parse_clinical(text: str, zone: tzinfo) -> Clinical | None:
    """A FHIR date, dateTime or instant in local time; None when it is none of them."""
    try:
        if len(text) == _YEAR:
            return Clinical(int(text), 0, 0, None)
        if len(text) == _MONTH:
            return Clinical(int(text[:4]), int(text[5:]), 0, None)
        if len(text) == _DAY:
            day = date.fromisoformat(text)
            return Clinical(day.year, day.month, day.day, None)
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    local = when.astimezone(zone) if when.tzinfo else when.replace(tzinfo=zone)
    return Clinical(local.year, local.month, local.day, local)


def plain_decimal(value: str | float | Decimal) -> Decimal | None:
    """The number a person typed or a resource holds; comma or point."""
    text = str(value).replace(NNBSP, "").replace(NBSP, "").replace(" ", "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class Formats:
    """Formats of one language in one time zone."""

    def __init__(self, texts: Texts, zone: tzinfo) -> None:
        self._texts = texts
        self.zone = zone
        self._french = texts.language == "fr"

    # -- dates ----------------------------------------------------------------

    def day(self, value: str | date) -> str:
        """14/07/1958, or 07/1958, or 1958; English: 14 July 1958."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        if isinstance(value, date):
            return self._full(value.year, value.month, value.day)
        clinical = parse_clinical(value, self.zone)
        if clinical is None:
            return value
        return self._full(clinical.year, clinical.month, clinical.day)

    def _full(self, year: int, month: int, day: int) -> str:
        if not month:
            return f"{year:04d}"
        if self._french:
            return f"{day:02d}/{month:02d}/{year:04d}" if day else f"{month:02d}/{year:04d}"
        name = _EN_SHORT[month - 1]
        return f"{day:02d}{NBSP}{name}{NBSP}{year:04d}" if day else f"{name}{NBSP}{year:04d}"

    def year(self, value: str) -> str:
        clinical = parse_clinical(value, self.zone)
        return str(clinical.year) if clinical else value

    def time(self, value: str | datetime) -> str:
        """08:12; empty for a date without a time."""
        if isinstance(value, str):
            clinical = parse_clinical(value, self.zone)
            if clinical is None or clinical.when is None:
                return ""
            return clinical.when.strftime("%H:%M")
        return value.astimezone(self.zone).strftime("%H:%M")

    def moment(self, value: str | datetime) -> str:
        """23/11/2026 à 09:41, or the day alone where there is no time."""
        hour = self.time(value)
        if not hour:
            return self.day(value)
        return self._texts.tr("{day} at {time}", day=self.day(value), time=hour)

    def long_day(self, value: date) -> str:
        """Lundi 23 novembre 2026; lundi 1er janvier 2026."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        weekday = week_days(self._texts)[value.weekday()]
        month = months(self._texts)[value.month - 1]
        number = "1er" if self._french and value.day == 1 else str(value.day)
        return f"{weekday} {number}{NBSP}{month} {value.year}"

    def long_moment(self, value: datetime) -> str:
        return self._texts.tr("{day} at {time}", day=self.long_day(value), time=self.time(value))

    # -- ages -----------------------------------------------------------------

    def age(self, born: str, today: date) -> str:
        """12 jours, 7 semaines, 5 mois, 2 ans et 3 mois, 68 ans; empty where the date says too little."""
        clinical = parse_clinical(born, self.zone)
        if clinical is None:
            return ""
        if not clinical.day:
            return self._years(today.year - clinical.year, about=True)
        start = date(clinical.year, clinical.month, clinical.day)
        days = (today - start).days
        if days < 0:
            return ""
        months = (today.year - start.year) * 12 + today.month - start.month
        months -= today.day < start.day
        return self._age_words(days, months)

    def _age_words(self, days: int, months: int) -> str:
        trn = self._texts.trn
        if days <= _DAYS_NEWBORN:
            return trn("{count} day old", "{count} days old", days)
        if months < _MONTHS_BABY:
            return trn("{count} week old", "{count} weeks old", days // 7)
        if months < _MONTHS_TODDLER:
            return trn("{count} month old", "{count} months old", months)
        years, rest = divmod(months, 12)
        if years < _YEARS_CHILD and rest:
            words = trn("{count} month", "{count} months", rest)
            return self._texts.tr("{years} and {months}", years=self._years(years), months=words)
        return self._years(years)

    def _years(self, years: int, *, about: bool = False) -> str:
        words = self._texts.trn("{count} year", "{count} years", years)
        return self._texts.tr("about {years}", years=words) if about else words

    # -- numbers --------------------------------------------------------------

    def number(self, value: str | float | Decimal) -> str:
        """7,4 and 0,5 and 1 500; what is not a number is shown as it came."""
        number = plain_decimal(value)
        return str(value) if number is None else self._grouped(format(number.normalize(), "f"))

    def in_text(self, text: str) -> str:
        """The numbers of a strength or a dose in the language's form: `1000 mg` as 1 000 mg."""
        return _NUMBER.sub(lambda found: self.number(found[0]), text).replace(" ", NBSP)

    def decimals(self, text: str) -> str:
        """The decimal numbers inside a wording, with the sign of the language, and the thousands of a large dose
        (`50 000 UI`); nothing else is touched.
        """
        text = _LARGE_DOSE.sub(lambda found: self._grouped(found[0]), text)
        return _DECIMAL.sub(r"\1,\2", text) if self._french else text

    def measured(self, value: str | Decimal) -> str:
        """A result with the precision it was sent with: 7,0 stays 7,0. Beyond three decimals, two."""
        number = plain_decimal(value)
        if number is None:
            return str(value)
        if -int(number.as_tuple().exponent) > _DECIMALS_SENT:
            return self.number(number.quantize(_TWO_DECIMALS))
        return self._grouped(format(number, "f"))

    def _grouped(self, text: str) -> str:
        whole, _, part = text.partition(".")
        sign = "−" if whole.startswith("-") else ""
        digits = whole.lstrip("-")
        groups: list[str] = []
        while len(digits) > 3 and len(whole.lstrip("-")) > 3:
            groups.insert(0, digits[-3:])
            digits = digits[:-3]
        shown = NNBSP.join([digits, *groups])
        return sign + (shown + ("," if self._french else ".") + part if part else shown)

    @staticmethod
    def joined(number: str, unit: str) -> str:
        """A number and its unit, held together; `/min` follows without a space."""
        if not unit:
            return number
        return f"{number}{unit}" if unit.startswith("/") else f"{number}{NBSP}{unit}"

    def unit(self, unit: str) -> str:
        """The unit as a reader of the language expects it: litres in capitals, micro with its letter."""
        if not self._french and unit in _ENGLISH_UNITS:
            return _ENGLISH_UNITS[unit]
        return _UNIT_WORDS.get(unit, unit.replace("ug", "µg") if unit.startswith("ug") else unit)

    def span(self, low: str | None, high: str | None) -> str:
        """3,5 à 5,0 keeps the digits as the laboratory sent them."""
        if low and high:
            bounds = {"low": self._as_sent(low), "high": self._as_sent(high)}
            return self._texts.tr("{low} to {high}", **bounds).replace(" ", NBSP)
        if low:
            return f"≥{NBSP}{self._as_sent(low)}"
        return f"≤{NBSP}{self._as_sent(high)}" if high else ""

    def _as_sent(self, value: str) -> str:
        """A decimal with the precision it was sent with: 5,0 stays 5,0 in a range."""
        number = plain_decimal(value)
        if number is None:
            return value
        text = format(number, "f")
        return text.replace(".", ",") if self._french else text

    def percent(self, ratio: float) -> str:
        """15,7 %; never 100 before the end."""
        shown = min(ratio * 100, 99.9) if ratio < 1 else 100.0
        return f"{self.number(f'{shown:.1f}')}{NBSP}%"

    def size(self, octets: int) -> str:
        """84 Mo, 2,1 Ko; decimal units, as disks are sold."""
        letters = ("o", "Ko", "Mo", "Go", "To") if self._french else ("B", "KB", "MB", "GB", "TB")
        value, rank = float(octets), 0
        while value >= _KILO and rank < len(letters) - 1:
            value, rank = value / _KILO, rank + 1
        shown = f"{value:.1f}" if rank and value < 10 * _KILO / 100 else f"{value:.0f}"
        return f"{self.number(shown)}{NBSP}{letters[rank]}"

    def left(self, seconds: float | None) -> str:
        """Time left in words; too short or unknown is said, not guessed."""
        tr = self._texts.tr
        if seconds is None or seconds < _SECONDS_SURE:
            return tr("being worked out")
        minutes, rest = divmod(round(seconds), _MINUTE)
        if not minutes:
            return tr("{count} s", count=rest)
        if minutes < _HOUR // _MINUTE:
            return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
        hours, minutes = divmod(minutes, 60)
        return tr("{hours} h {minutes} min", hours=hours, minutes=minutes)

    def ago(self, then: datetime, now: datetime) -> str:
        """à l’instant, il y a 12 minutes, il y a 2 jours."""
        gap: timedelta = now - then
        minutes = int(gap.total_seconds() // _MINUTE)
        trn = self._texts.trn
        if minutes < 1:
            return self._texts.tr("just now")
        if minutes < _MINUTE:
            return trn("{count} minute ago", "{count} minutes ago", minutes)
        if minutes < _MINUTE * 24:
            return trn("{count} hour ago", "{count} hours ago", minutes // _MINUTE)
        return trn("{count} day ago", "{count} days ago", minutes // (_MINUTE * 24))

    # -- identity -------------------------------------------------------------

    def ins(self, matricule: str) -> str:
        """2 58 07 44 990 901 10, held together; what has another length is shown as it came."""
        if len(matricule) != _INS_CHARS:
            return matricule
        cuts = (0, 1, 3, 5, 7, 10, 13, 15)
        return NBSP.join(matricule[a:b] for a, b in itertools.pairwise(cuts))


def band_words(band: Band | None, formats: Formats, beside: Decimal | None = None) -> str:
    """A reference range as it was sent (HZ-12); its bounds have as many decimals as each other, and as
    the value they stand beside.
    """
    if band is None or (band.low is None and band.high is None):
        return band.text if band else ""
    known = [number for number in (band.low, band.high, beside) if number is not None]
    decimals = min(_DECIMALS_SENT, max(_decimals(number) for number in known))
    low, high = (
        None if edge is None else f"{edge:.{max(decimals, _decimals(edge))}f}"
        for edge in (band.low, band.high)
    )
    return formats.span(low, high)


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


_ENGLISH_UNITS = {
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "mL/min/1.73m2": "mL/min/1.73 m²",
    "mL/min/1,73 m²": "mL/min/1.73 m²",
    "m[IU]/L": "mIU/L",
    "mUI/L": "mIU/L",
    "[IU]/L": "IU/L",
    "UI/L": "IU/L",
    "U/L": "IU/L",
}
_UNIT_WORDS = {
    "mm[Hg]": "mmHg",
    "g/dl": "g/dL",
    "mg/dl": "mg/dL",
    "g/l": "g/L",
    "mmol/l": "mmol/L",
    "umol/L": "µmol/L",
    "umol/l": "µmol/L",
    "mL/min/{1.73_m2}": "mL/min/1,73 m²",
    "mL/min/1.73m2": "mL/min/1,73 m²",
    "10*9/L": "G/L",
    "10*12/L": "T/L",
    "10*3/uL": "G/L",
    "10*6/uL": "T/L",
    "m[IU]/L": "mUI/L",
    "[IU]/L": "UI/L",
    "U/L": "UI/L",
    "kg/m2": "kg/m²",
    "Cel": "°C",
    "/min": "/min",
    "{score}": "",
    "1": "",
}


def dose_taken(text: str, formats: Formats, language: str) -> str:
    """What is taken at once: `2 bouffée` is two bouffées; a unit of measure has no plural."""
    number, _, unit = text.partition(" ")
    taken = plain_decimal(number)
    several = taken is not None and (taken >= _TWO if language == "fr" else taken > 1)
    return formats.in_text(text) + ("s" if several and unit in _TAKEN else "")
