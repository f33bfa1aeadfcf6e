"""Dates of any precision, and ages as they are said."""

from datetime import date

import pytest

from dossier.fhir import dates
from dossier.fhir.dates import Age, AgeUnit, Precision

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1958", Precision.YEAR),
        ("1958-07", Precision.MONTH),
        ("1958-07-14", Precision.DAY),
        ("2026-11-23T08:00:00Z", Precision.INSTANT),
        ("enfance", Precision.UNKNOWN),
        ("", Precision.UNKNOWN),
    ],
)
def test_a_date_says_how_much_of_it_is_known(text, found):
    assert dates.precision(text) is found


def test_instants_are_ordered_by_the_moment_not_by_the_offset():
    paris, utc = "2026-11-23T09:30:00+01:00", "2026-11-23T09:00:00Z"
    assert dates.sort_key(paris) < dates.sort_key(utc)


def test_an_unknown_day_stays_unknown():
    assert dates.day("2000") is None
    assert dates.instant("2000-01-01") is None


@pytest.mark.parametrize(
    ("birth", "unit", "value", "months"),
    [
        ("2026-11-23", AgeUnit.DAYS, 0, 0),
        ("2026-10-26", AgeUnit.DAYS, 28, 0),
        ("2026-10-25", AgeUnit.WEEKS, 4, 0),
        ("2026-08-24", AgeUnit.WEEKS, 13, 0),
        ("2026-08-23", AgeUnit.MONTHS, 3, 0),
        ("2024-11-24", AgeUnit.MONTHS, 23, 0),
        ("2024-11-23", AgeUnit.YEARS_MONTHS, 2, 0),
        ("2020-11-24", AgeUnit.YEARS_MONTHS, 5, 11),
        ("2020-11-23", AgeUnit.YEARS, 6, 0),
        ("1958-07-14", AgeUnit.YEARS, 68, 0),
        ("1958-11-24", AgeUnit.YEARS, 67, 0),
    ],
)
def test_an_age_is_said_in_the_unit_of_that_age(birth, unit, value, months):
    assert dates.age(birth, TODAY) == Age(unit=unit, value=value, months=months)


def test_an_age_without_a_day_is_approximate():
    assert dates.age("2000", TODAY) == Age(unit=AgeUnit.YEARS, value=26, approximate=True)
    assert dates.age("2000-12", TODAY) == Age(unit=AgeUnit.YEARS, value=25, approximate=True)


@pytest.mark.parametrize("birth", ["2027-01-01", "", "né hier"])
def test_no_age_without_a_past_birth(birth):
    assert dates.age(birth, TODAY) is None
