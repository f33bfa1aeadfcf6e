"""Curves: one analyte in one unit, the band of the laboratory."""

from decimal import Decimal

from practitioner_app.services import results
from practitioner_app.services.decoding import Decoded, decode
from tests.builders import a_result, a_row


def observed(*bodies):
    rows = [a_row(body) for body in bodies]
    return results.observed(Decoded(row, decode(row.rtype, row.body)) for row in rows)


def test_hz11_two_units_are_two_series_and_each_says_so():
    found = results.series(
        observed(
            a_result("1", "1558-6", value=1.21, unit="g/L", at="2026-01-01"),
            a_result("2", "1558-6", value=6.7, unit="mmol/L", at="2026-02-01"),
        )
    )
    assert {(item.unit, item.other_units) for item in found} == {
        ("g/L", ("mmol/L",)),
        ("mmol/L", ("g/L",)),
    }


def test_hz11_a_factor_that_looks_like_a_unit_is_marked():
    jumping = results.series(
        observed(a_result("1", value=0.9, at="2026-01-01"), a_result("2", value=9, at="2026-02-01"))
    )
    assert jumping[0].jump
    calm = results.series(
        observed(a_result("1", value=2, at="2026-01-01"), a_result("2", value=9, at="2026-02-01"))
    )
    assert not calm[0].jump


def test_hz12_the_band_is_the_newest_that_was_sent():
    [series] = results.series(
        observed(
            a_result("1", value=6, high=6, at="2024"),
            a_result("2", value=7, high=6.5, at="2025"),
            a_result("3", value=7.4, at="2026"),
        )
    )
    assert series.band is not None
    assert series.band.high == Decimal("6.5")
    assert [str(point.number) for point in series.points] == ["6", "7", "7.4"]
    assert series.last.at == "2026"
    assert series.previous is not None
    assert series.previous.at == "2025"


def test_a_cancelled_result_is_on_no_curve():
    assert observed(a_result("1") | {"status": "entered-in-error"}) == []


def test_the_summary_has_key_measures_with_two_points_only():
    found = results.key_series(
        observed(
            a_result("1", at="2024"),
            a_result("2", at="2025"),
            a_result("3", "62238-1", at="2025"),
            a_result("4", "9999-9", at="2024"),
            a_result("5", "9999-9", at="2025"),
        )
    )
    assert [item.code for item in found] == ["4548-4"]


def test_a_blood_pressure_is_one_curve_with_two_ends():
    def pressure(rid, at, high, low):
        body = a_result(rid, "85354-9", at=at)
        del body["valueQuantity"]
        body["component"] = [
            {
                "code": {"coding": [{"code": code}]},
                "valueQuantity": {"value": value, "unit": "mmHg"},
            }
            for code, value in (("8480-6", high), ("8462-4", low))
        ]
        return body

    [series] = results.series(
        observed(pressure("1", "2025", 158, 94), pressure("2", "2026", 138, 82))
    )
    assert (series.unit, series.last.number, series.last.second) == ("mmHg", 138, 82)
