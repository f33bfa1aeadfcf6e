"""Entries of the packs of public recommendations: facts with the day from which they hold, never code.

Ages are in completed months (days, weeks and years where the column says so); `to` bounds are inclusive in
the calendar and in the screenings, exclusive in the examinations, as the public tables word them.
"""

from datetime import date
from typing import Literal

from dossier.terminology.concepts import Concept

RISKS = ("chronic", "heart_lung", "pregnancy")


class Rule(Concept, frozen=True, kw_only=True):
    """What a rule of any kind says of itself: the day from which it holds, and who says so."""

    valid_from: date
    rule_source: str = ""


class VaccinationRule(Rule, frozen=True, kw_only=True):
    """One dose. `dose` is its number in `series`; 0 is a booster or a single dose, given by any dose since
    `since_months` of age, in this `season` (MM-DD/MM-DD) or in this pregnancy.

    From `from_months` to `to_months` a missing dose is due; to `ask_to_months` (no bound: for good) a series of
    which nothing is recorded is asked about and never said to be due. `late_days` after the dose before, the
    usual delay is over. `first_from_months`: only where the first dose was given at that age or later.
    `checked`: whether bounds were checked against the source (`yes`, `partly`).
    """

    vaccine: str
    series: str
    dose: int
    obligation: Literal["mandatory", "recommended"]
    from_months: int | None = None
    to_months: int | None = None
    ask_to_months: int | None = None
    since_months: int | None = None
    interval_days: int = 0
    late_days: int | None = None
    season: str = ""
    born_from: date | None = None
    first_from_months: int | None = None
    risk: str = ""
    from_weeks: int | None = None
    to_weeks: int | None = None
    checked: Literal["yes", "partly"]

    @property
    def vaccines(self) -> frozenset[str]:
        """ATC codes of what counts as this dose."""
        return frozenset(self.vaccine.split("|"))

    @property
    def risks(self) -> frozenset[str]:
        return frozenset(part for part in self.risk.split("|") if part)


class ScreeningRule(Rule, frozen=True, kw_only=True):
    """A programme: every `interval_months`, once in the band of ages where there is none."""

    sex: str = ""
    from_years: int
    to_years: int
    interval_months: int | None = None
    checked: Literal["yes", "partly"]


class ExaminationRule(Rule, frozen=True, kw_only=True):
    """An examination of a child, by days of age or by months."""

    from_days: int | None = None
    to_days: int | None = None
    from_months: int | None = None
    to_months: int | None = None


class RiskGroup(Concept, frozen=True, kw_only=True):
    """A CIM-10 code, which stands for what begins with it, and the groups it puts a person in."""

    groups: str

    @property
    def risks(self) -> frozenset[str]:
        return frozenset(self.groups.split("|"))
