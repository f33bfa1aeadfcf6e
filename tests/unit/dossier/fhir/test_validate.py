"""R4 validation on resources of our own: each rule has one that passes and one that does not."""

from typing import Any

import msgspec
import pytest

from dossier.errors import Invalid
from dossier.fhir.definitions.table import parse, r4
from dossier.fhir.validate import Validator

Json = dict[str, Any]


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


def an_allergy(**changes: Any) -> Json:
    body = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": {"text": "Pénicillines"},
        "patient": {"reference": "Patient/p1"},
        "recordedDate": "2026-11-23",
        "reaction": [{"manifestation": [{"text": "Urticaire"}], "severity": "severe"}],
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not None}


def rules(validator: Validator, resource: Json) -> list[tuple[str, str]]:
    return [(i.path, i.rule) for i in validator.issues(resource["resourceType"], resource)]


def test_a_sound_resource_has_no_issue_as_value_or_as_bytes(validator: Validator) -> None:
    body = an_allergy()

    assert validator.issues("AllergyIntolerance", body) == ()
    assert validator.issues("AllergyIntolerance", msgspec.json.encode(body)) == ()
    validator.check(body)


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"colour": "red"}, ".colour", "unknown_element"),
        ({"patient": None}, ".patient", "cardinality"),
        ({"category": "medication"}, ".category", "wrong_type"),
        ({"code": [{"text": "x"}]}, ".code", "wrong_type"),
        ({"reaction": [{"description": "x"}]}, ".reaction[0].manifestation", "cardinality"),
        ({"onsetDateTime": "2020", "onsetString": "x"}, "", "choice"),
        ({"criticality": "huge"}, ".criticality", "required_code"),
        ({"category": ["medication", "stone"]}, ".category[1]", "required_code"),
        ({"recordedDate": "23/11/2026"}, ".recordedDate", "pattern"),
        ({"recordedDate": "2026-11-31"}, ".recordedDate", "not_a_date"),
        ({"id": "a_1"}, ".id", "pattern"),
        ({"patient": {"reference": "p1"}}, ".patient.reference", "reference"),
        ({"patient": {"reference": "#p1"}}, ".patient.reference", "reference"),
        ({"code": {}}, ".code", "empty"),
        ({"note": []}, ".note", "empty"),
        ({"meta": "x"}, ".meta", "wrong_type"),
        ({"extension": [{"url": "urn:x"}]}, ".extension[0]", "ext-1"),
        ({"extension": [{"valueString": "x"}]}, ".extension[0]", "cardinality"),
        ({"clinicalStatus": None}, ".clinicalStatus", "ait-1"),
        (
            {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
            ".clinicalStatus",
            "ait-2",
        ),
        ({"onsetPeriod": {"start": "2021", "end": "2020"}}, ".onsetPeriod", "per-1"),
        (
            {"text": {"status": "generated", "div": "<div onclick='x'>a</div>"}},
            ".text.div",
            "narrative",
        ),
        ({"text": {"status": "generated", "div": "plain"}}, ".text.div", "pattern"),
    ],
)
def test_each_fault_is_named_with_its_place(
    validator: Validator, changes: Json, path: str, rule: str
) -> None:
    assert (f"AllergyIntolerance{path}", rule) in rules(validator, an_allergy(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"onsetPeriod": {"start": "2020-05", "end": "2020"}},
        {
            "onsetPeriod": {
                "start": "2020-01-01T23:00:00+01:00",
                "end": "2020-01-01T22:30:00Z",
            }
        },
        {"note": [{"text": "7,4\u00a0% le 31/02"}]},
        {"patient": {"reference": "urn:uuid:0"}},
        {"patient": {"reference": "Patient?identifier=urn:oid:1.2|3"}},
        {"patient": {"reference": "https://h/fhir/Patient/1/_history/2"}},
        {"patient": {"identifier": {"value": "2580744990901"}}},
        {"recordedDate": None, "_recordedDate": {"extension": [{"url": "u", "valueCode": "x"}]}},
        {"category": ["food", None], "_category": [None, {"id": "x"}]},
        {"extension": [{"url": "urn:unknown", "extension": [{"url": "y", "valueString": "z"}]}]},
    ],
)
def test_unusual_but_sound_elements_are_accepted(validator: Validator, changes: Json) -> None:
    assert rules(validator, an_allergy(**changes)) == []


def test_the_type_asked_for_is_the_type_given(validator: Validator) -> None:
    assert rules(validator, {"resourceType": "Dragon"}) == [("resourceType", "unknown_type")]
    found = validator.issues("Patient", an_allergy())
    assert ("Patient.resourceType", "unknown_type") in [(i.path, i.rule) for i in found]
    assert validator.issues("Patient", b"{")[0].rule == "not_json"
    assert validator.issues("Patient", b"[]")[0].rule == "wrong_type"
    with pytest.raises(Invalid, match="unknown_type"):
        validator.check({})


def test_no_issue_shows_what_was_written(validator: Validator) -> None:
    body = an_allergy(code="SECRET", criticality="SECRET", **{"SECRET name é": 1})

    found = validator.issues("AllergyIntolerance", body)

    assert len(found) == 3
    assert "SECRET" not in repr(found)


def test_issues_are_bounded(validator: Validator) -> None:
    body = an_allergy(**{f"wrong{n}": n for n in range(5)}, note=[{}] * 500)

    assert len(validator.issues("AllergyIntolerance", body)) <= 20


@pytest.mark.parametrize(
    ("contained", "reference", "expected"),
    [
        ([{"resourceType": "Practitioner", "id": "p"}], "#p", []),
        ([{"resourceType": "Practitioner", "id": "p"}], "#q", ["dom-3", "reference"]),
        (
            [{"resourceType": "Practitioner", "id": "p", "meta": {"versionId": "1"}}],
            "#p",
            ["dom-4"],
        ),
        (
            [{"resourceType": "Practitioner", "id": "p", "meta": {"security": [{"code": "R"}]}}],
            "#p",
            ["dom-5"],
        ),
        ([{"resourceType": "Dragon", "id": "p"}], "#p", ["unknown_type"]),
        ([{"resourceType": "Practitioner", "id": "p", "colour": 1}], "#p", ["unknown_element"]),
        (
            [{"resourceType": "Practitioner", "id": "p", "contained": []}],
            "#p",
            ["dom-2", "empty"],
        ),
        (["text"], "Practitioner/1", ["unknown_type", "wrong_type"]),
    ],
)
def test_what_is_contained_is_judged_too(
    validator: Validator, contained: list[Any], reference: str, expected: list[str]
) -> None:
    body = an_allergy(contained=contained, recorder={"reference": reference})

    assert sorted(rule for _, rule in rules(validator, body)) == expected


def a_bundle(**changes: Any) -> Json:
    entry = {"fullUrl": "urn:uuid:1", "resource": an_allergy()}
    return {"resourceType": "Bundle", "type": "collection", "entry": [entry], **changes}


def test_a_bundle_is_judged_entry_by_entry(validator: Validator) -> None:
    faulty = {"fullUrl": "urn:uuid:2", "resource": an_allergy(criticality="huge")}
    unknown = {"fullUrl": "urn:uuid:3", "resource": {"resourceType": "Dragon"}}
    good = a_bundle()

    assert rules(validator, good) == []
    assert rules(validator, a_bundle(entry=[good["entry"][0], faulty, unknown])) == [
        ("Bundle.entry[1].resource.criticality", "required_code"),
        ("Bundle.entry[2].resource.resourceType", "unknown_type"),
    ]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"total": 3}, "bdl-1"),
        ({"entry": [{"search": {"mode": "match"}, "resource": an_allergy()}]}, "bdl-2"),
        ({"type": "transaction"}, "bdl-3"),
        ({"type": "batch-response"}, "bdl-4"),
        ({"entry": [{"fullUrl": "urn:uuid:1"}]}, "bdl-5"),
        ({"entry": [{"fullUrl": "urn:uuid:1", "resource": an_allergy()}] * 2}, "bdl-7"),
        ({"entry": [{"fullUrl": "http://h/A/1/_history/2", "resource": an_allergy()}]}, "bdl-8"),
        ({"entry": [{"fullUrl": "Patient/1", "resource": an_allergy()}]}, "full_url"),
        ({"type": "document", "timestamp": "2026-11-23T00:00:00Z"}, "bdl-9"),
        ({"type": "document", "identifier": {"system": "urn:x", "value": "1"}}, "bdl-10"),
        ({"type": "document"}, "bdl-11"),
        ({"type": "message"}, "bdl-12"),
        ({"link": [{"relation": "self", "url": "u"}] * 2}, "repeated_link"),
    ],
)
def test_invariants_of_a_bundle(validator: Validator, changes: Json, rule: str) -> None:
    assert rule in [found for _, found in rules(validator, a_bundle(**changes))]


def test_a_bundle_of_bundles_ends(validator: Validator) -> None:
    body = a_bundle()
    for _ in range(12):
        body = a_bundle(entry=[{"fullUrl": "urn:uuid:1", "resource": body}])

    assert [rule for _, rule in rules(validator, body)] == ["too_deep"]


CONDITION = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (CONDITION, []),
        ({**CONDITION, "abatementString": "x"}, []),
        (
            {
                **CONDITION,
                "abatementDateTime": "2020",
                "clinicalStatus": {"coding": [{"code": "active"}]},
            },
            ["con-4"],
        ),
        (
            {
                **CONDITION,
                "verificationStatus": {"coding": [{"code": "entered-in-error"}]},
                "clinicalStatus": {"coding": [{"code": "active"}]},
            },
            ["con-5"],
        ),
        ({**OBSERVATION, "valueString": "x", "dataAbsentReason": {"text": "y"}}, ["obs-6"]),
        ({**OBSERVATION, "referenceRange": [{"type": {"text": "x"}}]}, ["obs-3"]),
        ({**OBSERVATION, "valueInteger": 2**31}, ["pattern"]),
        ({**OBSERVATION, "valueInteger": 1.5}, ["wrong_type"]),
        ({**OBSERVATION, "valueQuantity": {"value": "7"}}, ["wrong_type"]),
        ({"resourceType": "Patient", "contact": [{"gender": "male"}]}, ["pat-1"]),
        ({"resourceType": "Patient", "gender": "M"}, ["required_code"]),
        (
            {"resourceType": "Parameters", "parameter": [{"name": "x", "valueString": "a"}]},
            [],
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "x", "part": [{"name": "y", "resource": {"id": "1"}}]}],
            },
            ["unknown_type"],
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "x", "valueString": "a", "part": [{"name": "y"}]}],
            },
            ["inv-1"],
        ),
        ({"resourceType": "Binary", "contentType": "text/plain", "data": "a.b"}, ["pattern"]),
    ],
)
def test_rules_of_other_types(validator: Validator, resource: Json, expected: list[str]) -> None:
    assert [rule for _, rule in rules(validator, resource)] == expected


def test_the_table_names_its_source_and_all_types_of_r4(validator: Validator) -> None:
    table = r4()

    assert len(validator.types) == 146
    assert "sha256" in validator.source
    gender = next(e for e in table.structures["Patient"].elements if e.name == "gender")
    assert table.codes[gender.codes] == ("male", "female", "other", "unknown")
    assert not gender.required
    assert not gender.repeats


@pytest.mark.parametrize("text", ["dragon Patient - id?id", "resource Patient - id=id"])
def test_a_table_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        parse(text)
