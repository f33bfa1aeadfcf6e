"""FHIR R4 shapes of what the demonstration writes and no screen builds yet: results, vaccines, documents,
consultations, family, consents.
"""

from decimal import Decimal
from html import escape
from typing import Any

from dossier.fhir import lifestyle
from dossier.fhir.elements import Signature, coded
from dossier.fhir.lifestyle import Habit, NewHabit, Smoking

Json = dict[str, Any]

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
_CONSENT_CATEGORY = "http://terminology.hl7.org/CodeSystem/consentcategorycodes"
LABELS = "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument"
_SMOKING = {"Non-f": Smoking.NEVER, "Ex-fu": Smoking.FORMER, "Fumeu": Smoking.CURRENT}
CONSENT_WORDING = (
    "J’autorise l’équipe de soins de la Maison de santé du Port à consulter mon dossier."
)


def quantity(value: float, unit: str, ucum: str, *, decimals: int = 0) -> Json:
    """`decimals`: a laboratory writes 7.0 where it measures tenths."""
    whole = float(value).is_integer() and not decimals
    shown: float = int(value) if whole else float(value)
    found: Json = {"value": shown, "unit": unit}
    return {**found, "system": UCUM, "code": ucum} if ucum else found


def result(  # noqa: PLR0913 - one keyword an element
    *,
    rid: str,
    patient: str,
    at: str,
    issued: str,
    code: str,
    label: str,
    value: Json,
    low: Json | None,
    high: Json | None,
    performer: Json,
) -> Json:
    """A laboratory result with the range the laboratory sent."""
    body: Json = {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "category": [coded(_CATEGORY, "laboratory")],
        "code": {"coding": [{"system": LOINC, "code": code, "display": label}], "text": label},
        "subject": {"reference": patient},
        "effectiveDateTime": at,
        "issued": issued,
        "performer": [performer],
        "valueQuantity": value,
    }
    if flag := _flag(value, low, high):
        body["interpretation"] = [coded(_INTERPRETATION, flag)]
    if low or high:
        body["referenceRange"] = [
            {**({"low": low} if low else {}), **({"high": high} if high else {})}
        ]
    return body


def _flag(value: Json, low: Json | None, high: Json | None) -> str:
    if high and value["value"] > high["value"]:
        return "H"
    if low and value["value"] < low["value"]:
        return "L"
    return ""


def in_unit(body: Json, factor: int, unit: str, ucum: str) -> Json:
    """The same result as another laboratory writes it; its range goes with it."""

    def written(value: Json) -> Json:
        return quantity(round(value["value"] * factor, 1), unit, ucum)

    ranges = [{k: written(v) for k, v in one.items()} for one in body.get("referenceRange", ())]
    changed = {**body, "valueQuantity": written(body["valueQuantity"])}
    return {**changed, "referenceRange": ranges} if ranges else changed


def out_of_range(body: Json, share: float, decimals: int) -> Json:
    """The same result beyond the range it came with, by this share of its bound, and flagged."""
    bounds = body.get("referenceRange", [{}])[0]
    bound, beyond = (
        bounds.get("high") or bounds.get("low"),
        share if "high" in bounds else 1 / share,
    )
    if not bound:
        return body
    value = {**body["valueQuantity"], "value": round(bound["value"] * beyond, decimals)}
    if not decimals:
        value["value"] = int(value["value"])
    flagged = {k: v for k, v in body.items() if k != "interpretation"} | {"valueQuantity": value}
    if flag := _flag(value, bounds.get("low"), bounds.get("high")):
        flagged["interpretation"] = [coded(_INTERPRETATION, flag)]
    return flagged


def corrected(body: Json, share: float, decimals: int) -> Json:
    """The result that takes the place of one sent before, which was this share of it and is told in a note."""
    value = body["valueQuantity"]
    before = f"{value['value'] * share:.{decimals}f}".replace(".", ",")
    said = f"Résultat corrigé par le laboratoire : {before} {value['unit']} rendu d’abord."
    return {**body, "status": "corrected", "note": [{"text": said}]}


def vital(
    *, rid: str, patient: str, at: str, code: str, label: str, value: Json, author: Json
) -> Json:
    """A measure taken in the surgery."""
    return {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "category": [coded(_CATEGORY, "vital-signs")],
        "code": {"coding": [{"system": LOINC, "code": code, "display": label}], "text": label},
        "subject": {"reference": patient},
        "effectiveDateTime": at,
        "performer": [author],
        "valueQuantity": value,
    }


def pressure(
    *, rid: str, patient: str, at: str, systolic: int, diastolic: int, author: Json
) -> Json:
    """A blood pressure: one observation with its two components."""
    body = vital(
        rid=rid,
        patient=patient,
        at=at,
        code="85354-9",
        label="Pression artérielle",
        value={},
        author=author,
    )
    del body["valueQuantity"]
    body["component"] = [
        {
            "code": {"coding": [{"system": LOINC, "code": code}], "text": text},
            "valueQuantity": quantity(number, "mmHg", "mm[Hg]"),
        }
        for code, text, number in (
            ("8480-6", "Systolique", systolic),
            ("8462-4", "Diastolique", diastolic),
        )
    ]
    return body


def tobacco(text: str, *, rid: str, patient: str, signature: Signature) -> Json:
    """`Ex-fumeuse, 18 paquets-années`: the status coded, the pack-years as a number."""
    words, _, amount = text.partition(", ")
    years = Decimal(amount.split(" ")[0]) if amount.endswith("paquets-années") else None
    said = NewHabit(
        habit=Habit.TOBACCO,
        label="Tabac",
        text=words,
        smoking=_SMOKING.get(words[:5], Smoking.UNKNOWN),
        pack_years=years,
    )
    return lifestyle.build(said, rid=rid, patient=patient, at=signature.at, signature=signature)


def report(
    *, rid: str, patient: str, at: str, issued: str, title: str, results: list[str], performer: Json
) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": rid,
        "status": "final",
        "category": [{"text": "Biologie"}],
        "code": {"coding": [{"system": LOINC, "code": "11502-2"}], "text": title},
        "subject": {"reference": patient},
        "effectiveDateTime": at,
        "issued": issued,
        "performer": [performer],
        "result": [{"reference": f"Observation/{one}"} for one in results],
    }


def vaccine(  # noqa: PLR0913 - one keyword an element
    *,
    rid: str,
    patient: str,
    at: str,
    system: str,
    code: str,
    label: str,
    lot: str,
    site: str,
    dose: int | None,
    author: Json,
) -> Json:
    body: Json = {
        "resourceType": "Immunization",
        "id": rid,
        "status": "completed",
        "vaccineCode": {"coding": [{"system": system, "code": code}], "text": label},
        "patient": {"reference": patient},
        "occurrenceDateTime": at,
        "primarySource": True,
        "lotNumber": lot,
        "performer": [{"actor": author}],
    }
    if site:
        body["site"] = {"text": site}
    if dose:
        body["protocolApplied"] = [{"doseNumberPositiveInt": dose}]
    return body


def consultation(
    *,
    rid: str,
    patient: str,
    start: str,
    end: str,
    reason: str,
    author: Json,
    place: str,
    home: bool = False,
) -> Json:
    return {
        "resourceType": "Encounter",
        "id": rid,
        "status": "finished",
        "class": {"system": _ACT, "code": "HH" if home else "AMB"},
        "type": [{"text": "Visite à domicile" if home else "Consultation"}],
        "subject": {"reference": patient},
        "participant": [{"individual": author}],
        "period": {"start": start, "end": end},
        "reasonCode": [{"text": reason}],
        "serviceProvider": {"reference": f"Organization/{place}"},
    }


def procedure(*, rid: str, patient: str, at: str, label: str, chapter: str) -> Json:
    """An act of the past history; `at` may be empty when the words say when."""
    body: Json = {
        "resourceType": "Procedure",
        "id": rid,
        "status": "completed",
        "category": {"text": chapter},
        "code": {"text": label},
        "subject": {"reference": patient},
    }
    return {**body, "performedDateTime": at} if at else body


def family(*, rid: str, patient: str, relation: str, label: str, age: int | None) -> Json:
    condition: Json = {"code": {"text": label}}
    if age:
        condition["onsetAge"] = quantity(age, "ans", "a")
    return {
        "resourceType": "FamilyMemberHistory",
        "id": rid,
        "status": "completed",
        "patient": {"reference": patient},
        "relationship": {"text": relation},
        "condition": [condition],
    }


def document(  # noqa: PLR0913 - one keyword an element
    *,
    rid: str,
    patient: str,
    day: str,
    received: str,
    system: str,
    code: str,
    label: str,
    title: str,
    text: str,
    author: Json,
    organisation: str,
    labels: tuple[str, ...] = (),
    orders: tuple[str, ...] = (),
) -> Json:
    """A letter or report. Its words are the narrative, so that they can be read and searched offline."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
    body: Json = {
        "resourceType": "DocumentReference",
        "id": rid,
        "text": {
            "status": "additional",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>',
        },
        "status": "current",
        "type": {"coding": [{"system": system, "code": code}], "text": label},
        "subject": {"reference": patient},
        "date": received,
        "author": [author],
        "custodian": {"reference": f"Organization/{organisation}"},
        "description": title,
        "content": [{"attachment": {"contentType": "text/plain", "title": title, "creation": day}}],
        "context": {"period": {"start": day, "end": day}},
    }
    if orders:
        related = [{"reference": f"ServiceRequest/{one}"} for one in orders]
        body["context"]["related"] = related
    if labels:
        body["securityLabel"] = [coded(LABELS, label) for label in labels]
    return body


def consent(*, rid: str, patient: str, at: str, author: Json, organisation: str) -> Json:
    """The patient's initial consent for a care team, collected by one of its members (ACC-02, ACC-03)."""
    return {
        "resourceType": "Consent",
        "id": rid,
        "status": "active",
        "scope": coded(_SCOPE, "patient-privacy"),
        "category": [coded(_CONSENT_CATEGORY, "hcd")],
        "patient": {"reference": patient},
        "dateTime": at,
        "performer": [author],
        "policyRule": {"text": CONSENT_WORDING},
        "provision": {
            "type": "permit",
            "actor": [
                {
                    "role": {"text": "équipe de soins"},
                    "reference": {"reference": f"Organization/{organisation}"},
                }
            ],
        },
    }
