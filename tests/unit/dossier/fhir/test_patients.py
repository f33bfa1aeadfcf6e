"""Identity as FR Core writes it, and as others do."""

import pytest

from dossier.fhir import patients
from dossier.fhir.patients import IdentityStatus, Sex
from tests.builders import a_patient, encoded


def test_birth_traits_and_used_traits_are_told_apart():
    body = a_patient(birth_name="TRAN", used_name="NGUYEN", birth_givens=("MAI",), used_given="")
    found = patients.decode(encoded(body))
    assert (found.birth_name, found.used_name) == ("TRAN", "NGUYEN")
    assert (found.birth_given, found.used_given) == ("MAI", "")


def test_the_list_of_birth_given_names_keeps_the_first_apart():
    found = patients.decode(encoded(a_patient()))
    assert (found.birth_given, found.birth_givens) == ("ELODIE", "ELODIE ANNE")
    assert found.used_given == "Élodie"
    assert (found.civility, found.sex) == ("MME", Sex.FEMALE)


@pytest.mark.parametrize(
    ("status", "ins", "read"),
    [
        (IdentityStatus.QUALIFIED, "258074499090110", IdentityStatus.QUALIFIED),
        (IdentityStatus.RETRIEVED, "258074499090110", IdentityStatus.RETRIEVED),
        (IdentityStatus.VALIDATED, "", IdentityStatus.VALIDATED),
        (IdentityStatus.PROVISIONAL, "", IdentityStatus.PROVISIONAL),
    ],
)
def test_the_status_of_an_identity_survives(status, ins, read):
    assert patients.decode(encoded(a_patient(status=status, ins=ins))).status is read


def test_a_matricule_travels_only_with_an_identity_that_allows_it():
    body = a_patient(status=IdentityStatus.VALIDATED, ins="258074499090110")
    assert "identifier" not in body


def test_a_birth_date_keeps_its_precision():
    assert patients.decode(encoded(a_patient(birth_date="2000"))).birth_date == "2000"


def test_a_foreign_patient_with_a_maiden_name_and_nulls_is_read():
    body = {
        "resourceType": "Patient",
        "id": "x",
        "name": [
            {"use": "official", "family": "Harris", "given": [None, "Ali"], "prefix": ["Mrs."]},
            {"use": "maiden", "family": "Bins", "given": ["Ali"]},
        ],
        "gender": "female",
        "deceasedDateTime": "2019-02-03T10:00:00Z",
        "address": [{"line": ["12 quai"], "city": "Holyoke", "postalCode": "01040"}],
    }
    found = patients.decode(encoded(body))
    assert (found.birth_name, found.used_name) == ("Bins", "Harris")
    assert (found.birth_given, found.civility) == ("Ali", "MME")
    assert found.deceased
    assert found.address == ("12 quai", "01040 Holyoke")


def test_homonym_and_doubtful_attributes_are_warnings():
    body = a_patient()
    body["extension"][0]["extension"].append(
        {"url": "identityStatus", "valueCoding": {"code": "HOMA"}}
    )
    found = patients.decode(encoded(body))
    assert found.warnings == ("HOMA",)
    assert found.status is IdentityStatus.QUALIFIED
