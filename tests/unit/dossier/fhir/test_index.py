"""The columns extracted of a resource: dates with their precision, people, words, and no surprise."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.fhir.index import TEXT_CHARS, IndexRow, extract, extract_words, references

PATIENT = {"reference": "Patient/p1"}


@pytest.mark.parametrize(
    ("resource", "at"),
    [
        ({"resourceType": "Observation", "effectiveDateTime": "2026-03"}, "2026-03"),
        (
            {"resourceType": "Observation", "effectivePeriod": {"start": "2026-01-02"}},
            "2026-01-02",
        ),
        (
            {"resourceType": "Observation", "effectiveTiming": {"event": ["2026-01-03"]}},
            "2026-01-03",
        ),
        ({"resourceType": "Observation", "issued": "2026-01-04T08:00:00Z"}, "2026-01-04T08:00:00Z"),
        ({"resourceType": "Condition", "onsetDateTime": "1999", "recordedDate": "2026"}, "1999"),
        ({"resourceType": "Condition", "onsetAge": {"value": 5}, "recordedDate": "2026"}, "2026"),
        (
            {"resourceType": "AllergyIntolerance", "onsetDateTime": "1980", "recordedDate": "2026"},
            "2026",
        ),
        ({"resourceType": "MedicationRequest", "authoredOn": "2026-05-01"}, "2026-05-01"),
        (
            {"resourceType": "MedicationStatement", "effectivePeriod": {"start": "2020-02"}},
            "2020-02",
        ),
        ({"resourceType": "Immunization", "occurrenceDateTime": "2024-10-12"}, "2024-10-12"),
        ({"resourceType": "Immunization", "occurrenceString": "in childhood"}, ""),
        (
            {
                "resourceType": "DocumentReference",
                "date": "2026-02-02T10:00:00Z",
                "context": {"period": {"start": "2026-02-01"}},
            },
            "2026-02-01",
        ),
        (
            {"resourceType": "DocumentReference", "date": "2026-02-02T10:00:00Z", "context": {}},
            "2026-02-02T10:00:00Z",
        ),
        ({"resourceType": "DiagnosticReport", "effectiveDateTime": "2026-01-05"}, "2026-01-05"),
        ({"resourceType": "Encounter", "period": {"start": "2026-01-06T09:00:00+01:00"}}, None),
        ({"resourceType": "Procedure", "performedPeriod": {"start": "2011"}}, "2011"),
        ({"resourceType": "Communication", "sent": "2026-01-07T09:00:00Z"}, "2026-01-07T09:00:00Z"),
        ({"resourceType": "Appointment", "start": "2026-01-08T09:00:00Z"}, "2026-01-08T09:00:00Z"),
        ({"resourceType": "Consent", "dateTime": "2026-01-09"}, "2026-01-09"),
        ({"resourceType": "Organization", "name": "Maison de santé"}, ""),
    ],
)
def test_the_date_is_the_clinical_one_with_its_own_precision(
    resource: dict[str, Any], at: str | None
) -> None:
    expected = "2026-01-06T09:00:00+01:00" if at is None else at

    assert extract(resource).at == expected


def test_an_allergy_gives_its_people_words_and_code() -> None:
    row = extract(
        {
            "resourceType": "AllergyIntolerance",
            "id": "a1",
            "clinicalStatus": {"coding": [{"system": "s", "code": "active"}]},
            "patient": PATIENT,
            "recorder": {"reference": "PractitionerRole/r1"},
            "asserter": {"reference": "#inside"},
            "code": {"coding": [{"system": "urn:x", "code": "PENI", "display": "Pénicillines"}]},
            "reaction": [{"manifestation": [{"text": "Urticaire géante"}]}],
            "note": [{"text": "Aux urgences"}],
        }
    )

    assert (row.rtype, row.id, row.subject) == ("AllergyIntolerance", "a1", "Patient/p1")
    assert row.authors == ("PractitionerRole/r1",)
    assert (row.title, row.code, row.status) == ("Pénicillines", "urn:x|PENI", "active")
    assert row.text == "Pénicillines\nUrticaire géante\nAux urgences"


def test_a_refuted_allergy_says_refuted_and_not_active() -> None:
    row = extract(
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "verificationStatus": {"coding": [{"code": "refuted"}]},
        }
    )

    assert row.status == "refuted"


def test_a_drug_inside_the_prescription_names_it() -> None:
    row = extract(
        {
            "resourceType": "MedicationRequest",
            "contained": [
                {"resourceType": "Medication", "id": "m", "code": {"text": "Metformine 1 g"}}
            ],
            "medicationReference": {"reference": "#m"},
        }
    )

    assert row.title == "Metformine 1 g"


def test_a_french_patient_keeps_both_names_and_the_matricule() -> None:
    row = extract(
        {
            "resourceType": "Patient",
            "id": "p1",
            "identifier": [
                {"system": "urn:oid:9.9", "value": "local"},
                {"use": "old", "system": "urn:oid:1.2.250.1.213.1.4.10", "value": "1"},
                {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "258074499090110"},
            ],
            "name": [
                {"use": "official", "family": "DUPUIS", "given": ["ELODIE", "MARIE"]},
                {"use": "usual", "family": "Martineau", "given": ["Élodie"]},
            ],
            "gender": "female",
            "birthDate": "1958-07-14",
            "deceasedDateTime": "2026-03-02",
        }
    )

    assert (row.family, row.given, row.birth_name) == ("Martineau", "Élodie", "DUPUIS")
    assert (row.birth_date, row.sex, row.deceased) == ("1958-07-14", "female", True)
    assert row.ins == "258074499090110"
    assert row.subject == "Patient/p1"


def test_narrative_loses_its_tags_and_entities_and_text_is_bounded() -> None:
    row = extract(
        {
            "resourceType": "Composition",
            "title": "Lettre",
            "text": {"div": "<div xmlns='x'><b>Bilan</b>&nbsp;&lt;stable&gt;</div>"},
            "section": [{"title": "S" * 10_000}],
        }
    )

    assert row.text.startswith("Lettre\nBilan <stable>\nSSS")
    assert len(row.text) == TEXT_CHARS


def test_the_name_of_the_patient_is_not_among_the_words_of_each_result() -> None:
    row = extract(
        {
            "resourceType": "Observation",
            "code": {"text": "Ferritine"},
            "subject": {"reference": "Patient/p1", "display": "MARTINEAU"},
        }
    )

    assert "MARTINEAU" not in row.text


def test_references_are_listed_once_in_order_without_contained_ones() -> None:
    resource = {
        "resourceType": "DiagnosticReport",
        "contained": [{"resourceType": "Specimen", "subject": {"reference": "Patient/p2"}}],
        "subject": PATIENT,
        "result": [{"reference": "Observation/1"}, {"reference": "#s"}, PATIENT],
    }

    assert references(resource) == ("Patient/p2", "Patient/p1", "Observation/1")


_KEYS = st.sampled_from(
    (
        "resourceType",
        "id",
        "code",
        "coding",
        "name",
        "subject",
        "reference",
        "period",
        "given",
        "text",
        "div",
        "performer",
        "actor",
        "context",
        "contained",
        "medicationReference",
    )
)
_WORDS = st.sampled_from(["Patient", "Observation", "DocumentReference", "2020", "#x", "é", ""])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


def _of_a_copy(row: IndexRow) -> IndexRow:
    """What a copy keeps: of a Patient everything."""
    if row.rtype == "Patient":
        return row
    return IndexRow(rtype=row.rtype, id=row.id, at=row.at, title=row.title, text=row.text)


@given(st.dictionaries(_KEYS, _JSON, max_size=8))
@settings(max_examples=30, deadline=None)
def test_no_json_object_makes_extraction_fail(resource: dict[str, Any]) -> None:
    row = extract(resource)

    assert isinstance(row.at, str)
    assert all(isinstance(author, str) for author in row.authors)
    assert all(isinstance(reference, str) for reference in references(resource))
    assert _of_a_copy(extract_words(resource)) == _of_a_copy(row)


@pytest.mark.shared
def test_every_official_example_has_its_type_and_id(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "data" / "fhir-r4-official-examples").glob("*.ndjson.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            resource = msgspec.json.decode(line)
            row = extract(resource)
            assert (row.rtype, row.id) == (resource["resourceType"], resource.get("id", ""))
            assert _of_a_copy(extract_words(resource)) == _of_a_copy(row)
            seen += 1
    assert seen == 699
