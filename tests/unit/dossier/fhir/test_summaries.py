"""The patient summary as an IPS document."""

from uuid import UUID

import msgspec
import pytest

from dossier.errors import Invalid
from dossier.fhir import summaries
from dossier.fhir.elements import Json
from dossier.fhir.patients import IdentityStatus
from dossier.fhir.summaries import REQUIRED, Head, Part, Section
from dossier.fhir.validate import Validator
from tests.builders import a_patient, a_practitioner, a_problem, a_result, a_treatment, an_allergy

NUMBER = UUID("01931f0e-7e00-7000-8000-000000000001")
FONTAINE = a_practitioner("fontaine", "Claire", "Fontaine")


def head(**more: object) -> Head:
    said: dict[str, object] = {
        "title": "Synthèse médicale",
        "language": "fr",
        "at": "2026-11-23T08:00:00.000Z",
        "patient": a_patient(),
        "author": {"reference": "Practitioner/fontaine", "display": "Dr Claire FONTAINE"},
    }
    return Head(**(said | more))  # type: ignore[arg-type]  # fields of a test


def made(*sections: Section, directory: dict[str, Json] | None = None, **more: object) -> Json:
    known = {"Practitioner/fontaine": FONTAINE} if directory is None else directory
    return summaries.document(head(**more), sections, known, NUMBER)


def an_allergy_section(body: Json | None = None) -> Section:
    body = body or an_allergy()
    return Section(
        part=Part.ALLERGIES,
        title="Allergies",
        lines=("pénicilline : urticaire",),
        resources=(body,),
    )


def resources(bundle: Json, rtype: str) -> list[Json]:
    return [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == rtype]


def sections(bundle: Json) -> dict[str, Json]:
    return {
        one["code"]["coding"][0]["code"]: one for one in bundle["entry"][0]["resource"]["section"]
    }


def test_eur_01_every_reference_of_a_summary_leads_inside_it():
    problem = a_problem() | {"encounter": {"reference": "Encounter/e1", "display": "Consultation"}}
    observed = a_result() | {"basedOn": [{"reference": "ServiceRequest/s1"}]}
    bundle = made(
        an_allergy_section(),
        Section(part=Part.PROBLEMS, title="Problèmes", lines=("Diabète",), resources=(problem,)),
        Section(
            part=Part.RESULTS, title="Résultats", lines=("HbA1c 7,4 %",), resources=(observed,)
        ),
    )
    inside = {one["fullUrl"] for one in bundle["entry"]}
    assert len(inside) == len(bundle["entry"])
    assert set(summaries.references(bundle)) <= inside
    assert resources(bundle, "Condition")[0]["encounter"] == {"display": "Consultation"}
    assert "basedOn" not in resources(bundle, "Observation")[0]
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"


def test_hz05_a_required_section_without_a_line_says_that_nothing_is_known_of_it():
    bundle = made()
    assert set(sections(bundle)) == {str(part) for part in REQUIRED}
    codes = [
        body.get("code", body.get("medicationCodeableConcept"))["coding"][0]["code"]
        for rtype in ("AllergyIntolerance", "MedicationStatement", "Condition")
        for body in resources(bundle, rtype)
    ]
    assert codes == ["no-allergy-info", "no-medication-info", "no-problem-info"]


def test_an_optional_section_without_a_line_is_left_out():
    empty = Section(part=Part.RESULTS, title="Résultats")
    assert str(Part.RESULTS) not in sections(made(empty))


@pytest.mark.parametrize("status", list(IdentityStatus))
def test_the_ins_travels_with_a_qualified_identity_only(status):
    bundle = made(patient=a_patient(status=status))
    words = msgspec.json.encode(bundle).decode()
    assert ("258074499090110" in words) is (status is IdentityStatus.QUALIFIED)


def test_d9_what_a_line_holds_is_never_markup():
    section = Section(
        part=Part.ALLERGIES,
        title="Allergies",
        lines=("<script>x</script> & \x01",),
        resources=(an_allergy(),),
    )
    div = sections(made(section))[str(Part.ALLERGIES)]["text"]["div"]
    assert "<li>&lt;script&gt;x&lt;/script&gt; &amp; </li>" in div


def test_stamps_and_narratives_of_others_stay_behind_and_unknown_elements_come_along():
    body = an_allergy() | {
        "meta": {
            "versionId": "7",
            "lastUpdated": "2026-01-01T00:00:00Z",
            "tag": [{"code": "PATAST"}],
        },
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
        "extension": [{"url": "http://example.org/x", "valueString": "y"}],
    }
    copied = resources(made(an_allergy_section(body)), "AllergyIntolerance")[0]
    assert copied["meta"] == {"tag": [{"code": "PATAST"}]}
    assert "text" not in copied
    assert copied["extension"] == body["extension"]


def test_who_is_named_comes_along_as_far_as_the_directory_holds_them():
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/fontaine"},
        "organization": {"reference": "Organization/unknown", "display": "Cabinet"},
    }
    directory = {"PractitionerRole/r": role, "Practitioner/fontaine": FONTAINE}
    bundle = made(author={"reference": "PractitionerRole/r"}, directory=directory)
    assert len(resources(bundle, "Practitioner")) == 1
    assert resources(bundle, "PractitionerRole")[0]["organization"] == {"display": "Cabinet"}


def test_an_author_the_directory_does_not_hold_is_named_all_the_same():
    bundle = made(
        author={"display": "Dr Inès ROCHE"}, custodian={"display": "Maison"}, directory={}
    )
    assert resources(bundle, "Practitioner")[0]["name"] == [{"text": "Dr Inès ROCHE"}]
    assert resources(bundle, "Organization")[0]["name"] == "Maison"


def test_one_resource_under_two_sections_is_one_entry():
    both = a_problem()
    bundle = made(
        Section(part=Part.PROBLEMS, title="P", lines=("a",), resources=(both,)),
        Section(part=Part.PAST_ILLNESS, title="H", lines=("a",), resources=(both,)),
    )
    assert len(resources(bundle, "Condition")) == 1


def test_a_summary_of_nobody_is_refused():
    with pytest.raises(Invalid):
        made(patient={"resourceType": "Patient"})


def test_eur_01_a_summary_passes_our_own_validator():
    bundle = made(
        an_allergy_section(),
        Section(part=Part.MEDICATIONS, title="T", lines=("x",), resources=(a_treatment(),)),
    )
    validator = Validator()
    assert not validator.issues("Bundle", bundle)
    for one in bundle["entry"]:
        assert not validator.issues(one["resource"]["resourceType"], one["resource"])
