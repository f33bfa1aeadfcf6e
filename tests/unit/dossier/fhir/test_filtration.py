"""CKD-EPI 2009 against values worked out by hand from the published equation."""

from decimal import Decimal

import pytest

from dossier.fhir.filtration import filtration


@pytest.mark.parametrize(
    ("creatinine", "ucum", "female", "age", "rate"),
    [
        ("118", "umol/L", False, 80, 50),
        ("126", "umol/L", False, 82, 45),
        ("138", "umol/L", False, 84, 40),
        ("15.61", "mg/L", False, 84, 40),
        ("0.7", "mg/dL", True, 40, 108),
        ("0.9", "mg/dL", False, 40, 106),
        ("62", "umol/L", True, 18, 126),
    ],
)
def test_an_adult_has_the_rate_of_the_published_equation(creatinine, ucum, female, age, rate):
    assert filtration(Decimal(creatinine), ucum, female=female, age=age) == rate


@pytest.mark.parametrize(
    ("creatinine", "ucum", "age"),
    [("60", "umol/L", 17), ("60", "umol/l", 40), ("60", "", 40), ("0", "umol/L", 40)],
)
def test_hz11_nothing_is_computed_for_a_child_or_in_a_unit_it_does_not_know(creatinine, ucum, age):
    assert filtration(Decimal(creatinine), ucum, female=True, age=age) is None
