"""Membership of the R4 patient compartment, and how its references are read."""

from typing import Any

import pytest

from dossier.fhir.compartment import MEMBER_TYPES, patient_references


@pytest.mark.parametrize(
    ("resource", "patients"),
    [
        ({"resourceType": "Observation", "subject": {"reference": "Patient/1"}}, ("Patient/1",)),
        (
            {
                "resourceType": "Appointment",
                "participant": [
                    {"actor": {"reference": "Practitioner/9"}},
                    {"actor": {"reference": "Patient/1"}},
                    {"actor": {"reference": "Patient/2"}},
                ],
            },
            ("Patient/1", "Patient/2"),
        ),
        (
            {
                "resourceType": "Communication",
                "subject": {"reference": "Patient/1"},
                "sender": {"reference": "Patient/1"},
                "recipient": [{"reference": "Patient/3"}],
            },
            ("Patient/1", "Patient/3"),
        ),
        (
            {
                "resourceType": "Patient",
                "id": "1",
                "link": [{"other": {"reference": "Patient/2"}}],
            },
            ("Patient/1", "Patient/2"),
        ),
        (
            {
                "resourceType": "Procedure",
                "subject": {"reference": "urn:uuid:a"},
                "performer": [{"actor": {"reference": "Practitioner/1"}}],
            },
            ("urn:uuid:a",),
        ),
        (
            {"resourceType": "Flag", "subject": {"reference": "https://h/fhir/Patient/7"}},
            ("https://h/fhir/Patient/7",),
        ),
        ({"resourceType": "Flag", "subject": {"reference": "#x", "type": "Patient"}}, ()),
        ({"resourceType": "Flag", "subject": {"reference": "urn:uuid:a", "type": "Group"}}, ()),
        ({"resourceType": "Flag", "subject": {"identifier": {"value": "2580744990901"}}}, ()),
        ({"resourceType": "Organization", "subject": {"reference": "Patient/1"}}, ()),
        ({"resourceType": "Flag", "subject": ["odd", None, 3]}, ()),
        ({"resourceType": 4}, ()),
        ({}, ()),
    ],
)
def test_patients_of_a_resource(resource: dict[str, Any], patients: tuple[str, ...]) -> None:
    assert patient_references(resource) == patients


def test_the_table_has_the_66_member_types_of_r4_and_none_of_the_directory() -> None:
    assert len(MEMBER_TYPES) == 66
    assert not MEMBER_TYPES & {"Practitioner", "Organization", "Location", "Slot", "Task"}
