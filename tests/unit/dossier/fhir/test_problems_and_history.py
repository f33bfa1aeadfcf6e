"""Problems, past history, people, documents, consultations, vaccines."""

import pytest

from dossier.fhir import documents, encounters, history, immunizations, people, problems
from dossier.fhir.problems import Chapter, Course, NewProblem
from tests.builders import SIGNATURE, a_practitioner, a_problem, encoded


def test_a_long_term_condition_is_a_category_with_its_number():
    found = problems.decode(encoded(a_problem(ald=True, ald_number="8", since="2017")))
    assert (found.ald, found.ald_number, found.since) == (True, "8", "2017")
    assert found.current


@pytest.mark.parametrize("text", ["ALD 8", "ALD n°8", "ald 8 - diabète"])
def test_other_wordings_of_a_long_term_condition_are_read(text):
    body = a_problem() | {"category": [{"coding": [{"display": text}]}]}
    assert problems.decode(encoded(body)).ald_number == "8"


def test_a_word_that_holds_ald_is_not_a_long_term_condition():
    body = a_problem() | {"category": [{"text": "Caldwell"}]}
    assert not problems.decode(encoded(body)).ald


def test_a_closed_problem_is_past_history():
    body = problems.closed(a_problem(), until="2024-06")
    found = problems.decode(encoded(body))
    assert (found.course, found.until, found.current) == (Course.RESOLVED, "2024-06", False)


def test_an_error_has_no_clinical_status():
    body = problems.entered_in_error(a_problem(), reason="doublon", signature=SIGNATURE)
    assert "clinicalStatus" not in body
    assert not problems.decode(encoded(body)).counts


@pytest.mark.parametrize("chapter", [Chapter.SURGICAL, Chapter.OBSTETRIC])
def test_the_sub_title_of_a_history_survives(chapter):
    said = NewProblem(label="appendicectomie", chapter=chapter, course=Course.RESOLVED)
    body = problems.build(said, rid="c", patient="Patient/p1", signature=SIGNATURE)
    assert problems.decode(encoded(body)).chapter is chapter


def test_an_operation_is_surgical_history_by_its_category():
    body = {"resourceType": "Procedure", "id": "x", "status": "completed"}
    body["category"] = {"coding": [{"system": "http://snomed.info/sct", "code": "387713003"}]}
    body["code"] = {"text": "cholécystectomie"}
    body["performedDateTime"] = "2009"
    found = history.decode_procedure(encoded(body))
    assert (found.chapter, found.label, found.at) == (Chapter.SURGICAL, "cholécystectomie", "2009")


def test_a_family_history_has_one_line_per_condition():
    body = {
        "resourceType": "FamilyMemberHistory",
        "id": "x",
        "status": "completed",
        "relationship": {"text": "père"},
        "condition": [
            {"code": {"text": "infarctus"}, "onsetAge": {"value": 52, "unit": "ans"}},
            {"code": {"text": "diabète"}},
        ],
    }
    lines = history.decode_family(encoded(body))
    assert [(line.relation, line.label, line.at_age) for line in lines] == [
        ("père", "infarctus", "52 ans"),
        ("père", "diabète", ""),
    ]


def test_a_professional_is_named_title_given_name_capitals():
    assert people.decode(encoded(a_practitioner())).name == "Dr Hugues LEMAIRE"


def test_an_organisation_is_named_by_its_name():
    body = {"resourceType": "Organization", "id": "b", "name": "Biolab du Port"}
    assert people.decode(encoded(body)).name == "Biolab du Port"


def test_a_role_is_named_by_its_practitioner():
    body = {"resourceType": "PractitionerRole", "id": "b", "practitioner": {"display": "Dr X"}}
    assert people.decode(encoded(body)).name == "Dr X"


def test_a_document_has_the_date_of_care_and_its_own():
    body = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "superseded",
        "type": {"text": "Compte rendu"},
        "date": "2026-11-23T07:41:00Z",
        "content": [{"attachment": {"contentType": "application/pdf", "title": "CR"}}],
        "context": {"period": {"start": "2026-11-12"}},
        "securityLabel": [{"coding": [{"code": "INVISIBLE_PATIENT"}]}],
    }
    found = documents.decode(encoded(body))
    assert (found.at, found.made, found.title) == ("2026-11-12", "2026-11-23T07:41:00Z", "CR")
    assert found.replaced
    assert found.labels == ("INVISIBLE_PATIENT",)


def test_a_consultation_and_its_note():
    note = encounters.build_note(
        "PA 138/82", title="Renouvellement", rid="n", patient="Patient/p1", signature=SIGNATURE
    )
    found = encounters.decode_note(encoded(note))
    assert (found.title, found.text, found.signed) == ("Renouvellement", "PA 138/82", True)
    body = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [{"text": "Consultation"}],
        "period": {"start": "2026-11-03"},
        "participant": [{"individual": {"display": "Dr Claire FONTAINE"}}],
    }
    encounter = encounters.decode(encoded(body))
    assert (encounter.kind, encounter.title, encounter.at) == ("AMB", "Consultation", "2026-11-03")


def test_a_vaccine_with_words_for_a_date():
    body = {
        "resourceType": "Immunization",
        "id": "i",
        "status": "completed",
        "vaccineCode": {"text": "ROR"},
        "occurrenceString": "enfance",
        "lotNumber": "AB12C345",
        "protocolApplied": [{"doseNumberPositiveInt": 2}],
    }
    found = immunizations.decode(encoded(body))
    assert (found.vaccine, found.at, found.dose_number) == ("ROR", "enfance", "2")
    assert found.given
