"""Results: the range sent with the value, its flag, its unit."""

import pytest

from dossier.fhir import results
from dossier.fhir.results import Flag
from tests.builders import a_result, encoded


@pytest.mark.parametrize(
    ("value", "flag"), [(3.4, Flag.LOW), (3.5, Flag.NORMAL), (5.0, Flag.NORMAL), (5.1, Flag.HIGH)]
)
def test_hz12_a_flag_comes_from_the_range_sent_with_the_value(value, flag):
    found = results.decode(encoded(a_result(value=value, unit="mmol/L", low=3.5, high=5.0)))
    assert found.value.flag is flag
    assert not found.value.flag_stated


def test_hz12_no_range_no_flag():
    assert results.decode(encoded(a_result(value=99))).value.flag is Flag.UNKNOWN


def test_the_laboratory_s_word_wins_over_the_range():
    body = a_result(value=5.0, low=3.5, high=5.5)
    body["interpretation"] = [{"coding": [{"code": "HH"}]}]
    found = results.decode(encoded(body)).value
    assert (found.flag, found.flag_stated) == (Flag.CRITICAL_HIGH, True)


def test_hz12_ranges_of_several_populations_flag_nothing():
    body = a_result(value=9.0)
    body["referenceRange"] = [
        {"low": {"value": 12}, "appliesTo": [{"text": "femme"}], "text": "femme 12-16"},
        {"low": {"value": 13}, "appliesTo": [{"text": "homme"}], "text": "homme 13-17"},
    ]
    found = results.decode(encoded(body)).value
    assert found.flag is Flag.UNKNOWN
    assert found.band is not None
    assert found.band.text == "femme 12-16 ; homme 13-17"


def test_hz11_a_range_in_another_unit_is_shown_but_not_compared():
    body = a_result(value=9.0, unit="mg/L")
    body["referenceRange"] = [{"high": {"value": 104, "unit": "µmol/L"}}]
    found = results.decode(encoded(body)).value
    assert found.flag is Flag.UNKNOWN
    assert found.band is not None
    assert found.band.high is None
    assert "µmol/L" in found.band.text


@pytest.mark.parametrize(
    ("comparator", "value", "flag"),
    [("<", 5, Flag.NORMAL), ("<", 7, Flag.UNKNOWN), (">", 7, Flag.HIGH), (">", 3, Flag.UNKNOWN)],
)
def test_an_inequality_is_flagged_only_when_it_is_certain(comparator, value, flag):
    body = a_result(value=value, unit="mg/L", high=5)
    body["valueQuantity"]["comparator"] = comparator
    assert results.decode(encoded(body)).value.flag is flag


def test_a_blood_pressure_has_its_two_components():
    body = a_result(code="85354-9", label="PA")
    del body["valueQuantity"]
    body["component"] = [
        {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in (("8480-6", 138), ("8462-4", 82))
    ]
    found = results.decode(encoded(body))
    systolic = found.component(results.SYSTOLIC)
    assert systolic is not None
    assert systolic.number == 138
    assert found.component("x") is None


def test_results_in_words_and_booleans_are_read():
    body = a_result()
    del body["valueQuantity"]
    words = results.decode(encoded(body | {"valueCodeableConcept": {"text": "ex-fumeuse"}}))
    assert words.value.text == "ex-fumeuse"
    assert results.decode(encoded(body | {"valueBoolean": False})).value.text == "false"


def test_hz11_the_unit_is_part_of_what_may_share_a_curve():
    one = results.decode(encoded(a_result(unit="g/L")))
    other = results.decode(encoded(a_result(unit="mmol/L")))
    assert one.analyte != other.analyte


def test_d10_a_number_nobody_sends_is_not_written_out():
    """Sixty bytes that would be fifty million characters."""
    body = b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},'
    body += b'"valueRange":{"low":{"value":1e-50000000},"high":{"value":2}}}'
    assert len(results.decode(body).value.text) < 20
