"""Small FHIR R4 bodies and rows for tests. Invented people; never a real identifier."""

from itertools import count
from typing import Any

import msgspec

from dossier.fhir import allergies, medications, patients, problems
from dossier.fhir.elements import Json, Signature
from dossier.wire.messages import Version
from practitioner_app.ports import CurrentRow, ItemState
from practitioner_app.services.writing import Actor

OWNER = 4711
OTHER_OWNER = 4712
AT = "2026-11-23T08:00:00.000Z"
SIGNATURE = Signature(
    author={"reference": "Practitioner/fontaine", "display": "Dr Claire FONTAINE"}, at=AT
)
ACTOR = Actor(
    account=9, acting="situation-1", name="Dr Claire FONTAINE", reference="Practitioner/fontaine"
)
_numbers = count(1)


def encoded(resource: Json) -> bytes:
    return msgspec.json.encode(resource)


def a_row(resource: Json, *, owner: int = OWNER, **more: Any) -> CurrentRow:
    """A confirmed row unless told otherwise."""
    fields: dict[str, Any] = {
        "owner": owner,
        "rtype": resource["resourceType"],
        "id": resource["id"],
        "version": Version(1, next(_numbers)),
        "body": encoded(resource),
        "state": ItemState.CONFIRMED,
        "op_id": "",
        "at": "",
    }
    return CurrentRow(**(fields | more))


def a_patient(rid: str = "p1", **more: Any) -> Json:
    said: dict[str, Any] = {
        "birth_name": "MARTINEAU",
        "birth_givens": ("ELODIE", "ANNE"),
        "birth_date": "1958-07-14",
        "sex": patients.Sex.FEMALE,
        "civility": "MME",
        "used_given": "Élodie",
        "ins": "258074499090110",
        "ins_system": "urn:oid:1.2.250.1.213.1.4.10",
        "status": patients.IdentityStatus.QUALIFIED,
    }
    attending = more.pop("attending", None)
    said |= more
    return patients.build(patients.NewPatient(**said), rid=rid, attending=attending)


def an_allergy(rid: str = "a1", agent: str = "pénicilline", **more: Any) -> Json:
    said = allergies.NewAllergy(agent=agent, **({"reactions": ("urticaire",)} | more))
    return allergies.build(said, rid=rid, patient="Patient/p1", signature=SIGNATURE)


def no_known_allergy(rid: str = "a0", at: str = AT) -> Json:
    signature = Signature(author=SIGNATURE.author, at=at)
    return allergies.build_none_known(rid=rid, patient="Patient/p1", signature=signature)


def a_problem(rid: str = "c1", label: str = "Diabète de type 2", **more: Any) -> Json:
    said = problems.NewProblem(label=label, **more)
    return problems.build(said, rid=rid, patient="Patient/p1", signature=SIGNATURE)


def a_treatment(rid: str = "m1", substance: str = "périndopril arginine", **more: Any) -> Json:
    drug = medications.Drug(
        substance=substance,
        form="comprimé",
        strength=more.pop("strength", None),
        strength_unit=more.pop("strength_unit", ""),
    )
    dose = medications.Dose(posology=more.pop("posology", "le matin"))
    said = medications.NewTreatment(drug=drug, dose=dose, **more)
    return medications.build(said, rid=rid, patient="Patient/p1", signature=SIGNATURE)


def a_result(rid: str = "o1", code: str = "4548-4", **more: Any) -> Json:
    value, unit = more.pop("value", 7.4), more.pop("unit", "%")
    body: Json = {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": code}],
            "text": more.pop("label", "HbA1c"),
        },
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": more.pop("at", "2026-11-18T08:00:00+01:00"),
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": more.pop("ucum", unit),
        },
    }
    low, high = more.pop("low", None), more.pop("high", None)
    if low is not None or high is not None:
        band: Json = {}
        if low is not None:
            band["low"] = {"value": low, "unit": unit}
        if high is not None:
            band["high"] = {"value": high, "unit": unit}
        body["referenceRange"] = [band]
    return body | more


def a_practitioner(rid: str = "lemaire", given: str = "Hugues", family: str = "Lemaire") -> Json:
    return {
        "resourceType": "Practitioner",
        "id": rid,
        "name": [{"family": family, "given": [given], "prefix": ["Dr"]}],
    }
