"""AllergyIntolerance read and written."""

import pytest

from dossier.errors import Invalid
from dossier.fhir import allergies
from dossier.fhir.allergies import Activity, Certainty, Criticality, Severity
from tests.builders import SIGNATURE, a_patient, an_allergy, encoded, no_known_allergy


def test_what_was_said_is_read_back():
    body = an_allergy(
        agent="amoxicilline",
        reactions=("urticaire + œdème", "bronchospasme"),
        severity=Severity.SEVERE,
        criticality=Criticality.HIGH,
        certainty=Certainty.CONFIRMED,
        since="1994",
        note="dit par sa mère",
    )
    found = allergies.decode(encoded(body))
    assert found.agent == "amoxicilline"
    assert found.reactions == ("urticaire + œdème", "bronchospasme")
    assert (found.severity, found.criticality) == (Severity.SEVERE, Criticality.HIGH)
    assert (found.certainty, found.activity) == (Certainty.CONFIRMED, Activity.ACTIVE)
    assert (found.since, found.note) == ("1994", "dit par sa mère")
    assert found.recorder_name == "Dr Claire FONTAINE"
    assert found.counts
    assert not found.asserts_none


def test_no_certainty_said_is_none_written():
    assert "verificationStatus" not in an_allergy()


def test_no_known_allergy_is_a_coded_assertion():
    found = allergies.decode(encoded(no_known_allergy()))
    assert found.asserts_none
    assert not found.counts


@pytest.mark.parametrize("code", ["409137002", "428607008"])
def test_no_allergy_of_one_kind_is_not_no_allergy_at_all(code):
    body = no_known_allergy()
    body["code"]["coding"][0]["code"] = code
    found = allergies.decode(encoded(body))
    assert found.none_known
    assert not found.asserts_none
    assert not found.counts


def test_an_error_has_no_clinical_status_and_keeps_unknown_elements():
    body = an_allergy(note="premier") | {"_extra": {"x": 1}, "futureElement": [1]}
    marked = allergies.entered_in_error(body, reason="mauvais patient", signature=SIGNATURE)
    assert "clinicalStatus" not in marked
    assert marked["futureElement"] == [1]
    found = allergies.decode(encoded(marked))
    assert found.certainty is Certainty.ERRONEOUS
    assert not found.counts
    assert found.note == "premier mauvais patient"


@pytest.mark.parametrize("status", ["resolved", "inactive"])
def test_a_resolved_allergy_does_not_count(status):
    body = an_allergy()
    body["clinicalStatus"]["coding"][0]["code"] = status
    assert not allergies.decode(encoded(body)).counts


def test_codes_we_do_not_know_and_nulls_in_lists_are_read():
    body = an_allergy() | {
        "criticality": "martian",
        "reaction": [{"manifestation": [{"coding": [{"display": "prurit"}]}]}],
        "category": [None, "food"],
    }
    found = allergies.decode(encoded(body))
    assert found.criticality is Criticality.UNKNOWN
    assert found.reactions == ("prurit",)


def test_an_entry_of_the_patient_is_told_apart():
    body = an_allergy() | {"asserter": {"reference": "Patient/p1"}}
    assert allergies.decode(encoded(body)).by_patient


@pytest.mark.parametrize("body", [b"[]", b'{"code": 3}', b"\xff", b'{"id": "a"'])
def test_what_is_not_r4_is_unreadable_and_quotes_nothing(body):
    with pytest.raises(Invalid) as caught:
        allergies.decode(body)
    assert caught.value.issues[0].rule == "unreadable"
    assert str(caught.value) == "$: unreadable"


def test_another_type_reads_as_an_empty_allergy():
    assert allergies.decode(encoded(a_patient())).agent == ""
