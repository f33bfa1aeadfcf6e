"""Treatments read and written."""

from decimal import Decimal

import pytest

from dossier.fhir import medications
from dossier.fhir.elements import Coding, Quantity
from dossier.fhir.medications import Dose, Drug, NewTreatment, Taking
from tests.builders import SIGNATURE, a_treatment, encoded

METFORMIN = NewTreatment(
    drug=Drug(
        substance="metformine",
        form="comprimé",
        strength=Decimal(1000),
        strength_unit="mg",
        coding=Coding(system="http://www.whocc.no/atc", code="A10BA02"),
    ),
    dose=Dose(quantity=Decimal(1), unit="comprimé", posology="matin et soir"),
    since="2018-05",
    reason="diabète de type 2",
)


def test_a_medi_line_keeps_substance_form_strength_dose_apart():
    body = medications.build(METFORMIN, rid="m1", patient="Patient/p1", signature=SIGNATURE)
    found = medications.decode(encoded(body))
    assert (found.substance, found.form, found.strength) == ("metformine", "comprimé", "1000 mg")
    assert (found.dose, found.posology) == ("1 comprimé", "matin et soir")
    assert (found.code, found.reason, found.since) == ("A10BA02", "diabète de type 2", "2018-05")
    assert found.status is Taking.ACTIVE
    assert found.current


def test_the_reference_carries_the_whole_line_for_other_readers():
    body = medications.build(METFORMIN, rid="m1", patient="Patient/p1", signature=SIGNATURE)
    assert body["medicationReference"]["display"] == "metformine, comprimé, 1000 mg"
    assert body["medicationReference"]["reference"] == "#" + body["contained"][0]["id"]


def test_a_stop_ends_the_period_and_says_why():
    body = a_treatment(since="2026-01-05")
    stopped = medications.stopped(body, on="2026-11-23", reason="toux", signature=SIGNATURE)
    found = medications.decode(encoded(stopped))
    assert (found.status, found.since, found.until) == (Taking.STOPPED, "2026-01-05", "2026-11-23")
    assert found.note == "toux"
    assert not found.current


def test_a_stop_of_a_single_date_makes_it_the_start():
    body = a_treatment()
    del body["effectivePeriod"]
    body["effectiveDateTime"] = "2025"
    stopped = medications.stopped(body, on="2026-11-23", reason="", signature=SIGNATURE)
    assert "effectiveDateTime" not in stopped
    assert stopped["effectivePeriod"] == {"start": "2025", "end": "2026-11-23"}


def test_a_foreign_order_is_read_without_contained_drug():
    body = {
        "resourceType": "MedicationRequest",
        "id": "x",
        "status": "active",
        "medicationCodeableConcept": {
            "coding": [{"code": "310965", "display": "Ibuprofen 200 MG"}]
        },
        "authoredOn": "2017-03-21",
        "dosageInstruction": [
            {"timing": {"repeat": {"frequency": 3, "period": 1.0, "periodUnit": "d"}}}
        ],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 3, "unit": "mois"}},
    }
    found = medications.decode(encoded(body))
    assert (found.substance, found.posology) == ("Ibuprofen 200 MG", "3 / 1 d")
    assert (found.duration, found.rtype) == ("3 mois", "MedicationRequest")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("5.0", "5 mg"),
        ("0.5", "0.5 mg"),
        ("1000", "1000 mg"),
        ("2.50", "2.5 mg"),
        ("1E+3", "1000 mg"),
    ],
)
def test_hz13_no_trailing_zero_no_exponent_unit_after_a_space(value, shown):
    assert medications.amount(Quantity(value=Decimal(value), unit="mg")) == shown


def test_a_strength_per_volume_keeps_its_denominator():
    body = medications.build(METFORMIN, rid="m", patient="Patient/p", signature=SIGNATURE)
    ratio = body["contained"][0]["ingredient"][0]["strength"]
    ratio["denominator"] = {"value": 1, "unit": "mL"}
    assert medications.decode(encoded(body)).strength == "1000 mg/mL"
