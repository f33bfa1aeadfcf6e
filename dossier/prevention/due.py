"""What prevention is to be thought of for a person today: pure, from facts of the record and dated rules.

Never said: that somebody is up to date, or late, when the history is not known. A series of which nothing is
recorded is *asked about* outside the months in which it is first proposed; a person of whom no vaccination at
all is recorded has one line, that the history is unknown. Dates are days of the practice's calendar.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple

from msgspec import Struct, structs

from dossier.prevention.months import month_day, months_between, plus_months
from dossier.terminology.recommendations import ExaminationRule, ScreeningRule, VaccinationRule

TERM_WEEKS: Final = 40
"""Of amenorrhoea, at the estimated day of delivery."""
_NEWBORN_DAYS: Final = 120
"""Until then nobody expects a vaccination on record."""
_HORIZON_MONTHS: Final = 60
"""What is planned later than that is not spoken of yet."""
_BEFORE_SEASON: Final = timedelta(days=45)
"""A dose given that much before a season is a dose of the season."""


class Standing(StrEnum):
    DUE = "due"
    NOT_RECORDED = "not_recorded"
    """Recommended, and nothing in the record says whether it was done: to be asked."""
    UNKNOWN = "unknown"
    """No vaccination at all on record."""
    PLANNED = "planned"
    DISMISSED = "dismissed"


class Dose(Struct, frozen=True, kw_only=True):
    """A dose on record that counts. `at` None: nobody knows the day."""

    atc: str
    at: date | None = None
    number: int = 0


class Dismissed(Struct, frozen=True, kw_only=True):
    """Somebody put a recommendation aside, with a reason. `code` is an ATC code or that of a rule."""

    code: str
    at: date
    reason: str = ""
    by: str = ""
    rtype: str = ""
    id: str = ""


class Done(Struct, frozen=True, kw_only=True):
    """A screening or an examination on record. `never`: asked, and it was never done."""

    code: str
    at: date
    never: bool = False


class Facts(Struct, frozen=True, kw_only=True):
    """What the record says of one person. `term` is the estimated day of delivery."""

    birth: date
    sex: str = ""
    doses: tuple[Dose, ...] = ()
    done: tuple[Done, ...] = ()
    dismissed: tuple[Dismissed, ...] = ()
    risks: frozenset[str] = frozenset()
    term: date | None = None


class Line(Struct, frozen=True, kw_only=True):
    """One thing to think of. `since`: due or planned from that day; `until`: the last day of its window;
    `late_since`: the usual delay after the dose before ended then; `dose`: its number in a series.
    """

    code: str
    standing: Standing
    dose: int = 0
    since: date | None = None
    until: date | None = None
    last: date | None = None
    late_since: date | None = None
    dismissed: Dismissed | None = None


class _Window(NamedTuple):
    start: date
    end: date | None = None


def vaccinations(facts: Facts, rules: Sequence[VaccinationRule], today: date) -> tuple[Line, ...]:
    """The next dose of each series, or one line where the whole history is unknown."""
    if not facts.doses and (today - facts.birth).days > _NEWBORN_DAYS:
        return (Line(code="", standing=Standing.UNKNOWN),)
    found = []
    for _, series in groupby(rules, key=lambda rule: rule.series):
        lines = [line for rule in series if (line := _vaccination(facts, rule, today)) is not None]
        if lines:
            found.append(min(lines, key=_first))
    horizon = plus_months(today, _HORIZON_MONTHS)
    return tuple(line for line in found if line.since is None or line.since <= horizon)


def _first(line: Line) -> tuple[int, date]:
    """Of a series: what is to be done, then what comes first."""
    return _ORDER.index(line.standing), line.since or date.min


_ORDER: Final = (
    Standing.DUE,
    Standing.DISMISSED,
    Standing.NOT_RECORDED,
    Standing.PLANNED,
    Standing.UNKNOWN,
)


def _vaccination(facts: Facts, rule: VaccinationRule, today: date) -> Line | None:
    if rule.valid_from > today or (rule.risks and not rule.risks & facts.risks):
        return None
    if rule.born_from is not None and facts.birth < rule.born_from:
        return None
    doses = [dose for dose in facts.doses if dose.atc in rule.vaccines]
    line = _numbered(facts, rule, doses, today) if rule.dose else _single(facts, rule, doses, today)
    if line is None or line.standing not in (Standing.DUE, Standing.NOT_RECORDED):
        return line
    return _put_aside(facts, rule.vaccines | {rule.code}, line, line.since)


def _put_aside(facts: Facts, codes: frozenset[str], line: Line, since: date | None) -> Line:
    """The same line, dismissed where somebody did so after the last dose and, of a season, since it began."""
    floor = max((day for day in (line.last, since) if day is not None), default=date.min)
    found = [one for one in facts.dismissed if one.code in codes and one.at >= floor]
    if not found:
        return line
    last = max(found, key=lambda one: one.at)
    return Line(code=line.code, standing=Standing.DISMISSED, dose=line.dose, dismissed=last)


def _numbered(
    facts: Facts, rule: VaccinationRule, doses: Sequence[Dose], today: date
) -> Line | None:
    """A dose of a series, once the one before is on record."""
    count = max([len(doses), *(dose.number for dose in doses)])
    if count != rule.dose - 1:
        return None
    days = sorted(dose.at for dose in doses if dose.at is not None)
    first, last = (days[0], days[-1]) if days else (today, None)
    if months_between(facts.birth, first) < (rule.first_from_months or 0):
        return None
    start = plus_months(facts.birth, rule.from_months or 0)
    if last is not None:
        start = max(start, last + timedelta(days=rule.interval_days))
    late = None
    if last is not None and rule.late_days is not None:
        late = last + timedelta(days=rule.late_days)
    proposed, asked = _bounds(facts.birth, rule)
    if asked is not None and max(today, start) >= asked:
        return None
    line = Line(
        code=rule.code,
        standing=Standing.PLANNED,
        dose=rule.dose,
        since=start,
        last=last,
        late_since=late if late is not None and late < today else None,
    )
    if today < start:
        return line
    is_due = count > 0 or (proposed is not None and today < proposed)
    return structs.replace(line, standing=Standing.DUE if is_due else Standing.NOT_RECORDED)


def _bounds(birth: date, rule: VaccinationRule) -> tuple[date | None, date | None]:
    """(until when a missing dose is due, until when anything is said), both exclusive. None in the first: it
    is only asked about; None in the second: for good.
    """
    proposed = None if rule.to_months is None else plus_months(birth, rule.to_months + 1)
    if rule.ask_to_months is None:
        return proposed, proposed
    return proposed, plus_months(birth, rule.ask_to_months + 1)


def _single(facts: Facts, rule: VaccinationRule, doses: Sequence[Dose], today: date) -> Line | None:
    """A booster of an age, a dose of a season, a dose of a pregnancy."""
    window = _window(facts, rule, today)
    if window is None:
        return None
    days = sorted(dose.at for dose in doses if dose.at is not None)
    floor = _counts_from(facts, rule, window)
    if any(day >= floor for day in days):
        return None
    last = days[-1] if days else None
    line = Line(
        code=rule.code,
        standing=Standing.PLANNED,
        since=window.start,
        until=window.end,
        last=last,
    )
    if today < window.start:
        return line
    proposed, _ = _bounds(facts.birth, rule)
    is_due = rule.from_weeks is not None or (proposed is not None and today < proposed)
    return structs.replace(line, standing=Standing.DUE if is_due else Standing.NOT_RECORDED)


def _counts_from(facts: Facts, rule: VaccinationRule, window: _Window) -> date:
    """The first day of a dose that answers the rule."""
    if rule.from_weeks is not None and facts.term is not None:
        return facts.term - timedelta(weeks=TERM_WEEKS)
    if rule.season:
        return window.start - _BEFORE_SEASON
    return plus_months(facts.birth, rule.since_months or 0)


def _window(facts: Facts, rule: VaccinationRule, today: date) -> _Window | None:
    """When the dose is recommended: ages, then weeks of the pregnancy, then the season. None: not any more."""
    start = plus_months(facts.birth, rule.from_months or 0)
    _, ends = _bounds(facts.birth, rule)
    end = None if ends is None else ends - timedelta(days=1)
    if rule.from_weeks is not None and rule.to_weeks is not None:
        if facts.term is None:
            return None
        start = facts.term - timedelta(weeks=TERM_WEEKS - rule.from_weeks)
        end = facts.term - timedelta(weeks=TERM_WEEKS - rule.to_weeks)
    if rule.season:
        return _in_season(rule.season, _Window(start, end), today)
    return None if end is not None and today > end else _Window(start, end)


def _in_season(season: str, window: _Window, today: date) -> _Window | None:
    """The part of a window inside this season, or inside the next one."""
    begins, ends = season.split("/")
    for year in (today.year - 1, today.year, today.year + 1):
        start = month_day(year, begins)
        end = month_day(year + (ends < begins), ends)
        first = max(start, window.start)
        last = end if window.end is None else min(end, window.end)
        if last >= today and first <= last:
            return _Window(first, last)
    return None


def screenings(facts: Facts, rules: Iterable[ScreeningRule], today: date) -> Iterator[Line]:
    """Each programme whose ages hold today."""
    years = months_between(facts.birth, today) // 12
    for rule in rules:
        of_age = rule.from_years <= years <= rule.to_years
        if not of_age or (rule.sex and rule.sex != facts.sex) or rule.valid_from > today:
            continue
        line = _screening(facts, rule, today)
        if line is not None:
            yield _put_aside(facts, frozenset({rule.code}), line, None)


def _screening(facts: Facts, rule: ScreeningRule, today: date) -> Line | None:
    """A test on record answers whoever said that there never was one."""
    known = [one for one in facts.done if one.code == rule.code]
    if not known:
        return Line(code=rule.code, standing=Standing.NOT_RECORDED)
    last = max(known, key=lambda one: (not one.never, one.at))
    if last.never:
        return Line(code=rule.code, standing=Standing.DUE, since=last.at)
    if rule.interval_months is None:
        return None
    again = plus_months(last.at, rule.interval_months)
    standing = Standing.DUE if today >= again else Standing.PLANNED
    return Line(code=rule.code, standing=standing, since=again, last=last.at)


def examinations(facts: Facts, rules: Iterable[ExaminationRule], today: date) -> Iterator[Line]:
    """The examination of this age where it is not on record, and the next one. Those of the past are not
    spoken of.
    """
    known = {one.code for one in facts.done}
    for rule in rules:
        start, end = _ages(facts.birth, rule)
        if today >= end or rule.valid_from > today or rule.code in known:
            continue
        standing = Standing.DUE if today >= start else Standing.PLANNED
        line = Line(code=rule.code, standing=standing, since=start, until=end - timedelta(days=1))
        yield _put_aside(facts, frozenset({rule.code}), line, None)
        if standing is Standing.PLANNED:
            return


def _ages(birth: date, rule: ExaminationRule) -> tuple[date, date]:
    """First day, and the day after the last."""
    if rule.from_days is not None and rule.to_days is not None:
        return birth + timedelta(days=rule.from_days), birth + timedelta(days=rule.to_days)
    return plus_months(birth, rule.from_months or 0), plus_months(birth, rule.to_months or 0)
