"""A prescription is valid R4, its structure and its printed words are one."""

from decimal import Decimal

import msgspec
import pytest
from msgspec import structs

from dossier.fhir import documents, prescriptions
from dossier.fhir.medications import Drug, Taking, decode
from dossier.fhir.prescriptions import Mention, NewLine, Zone
from dossier.fhir.validate import Validator
from dossier.terminology.posology_reading import read
from dossier.terminology.units import Span
from tests.builders import SIGNATURE

METFORMIN = Drug(
    substance="metformine", form="comprimé", strength=Decimal(1000), strength_unit="mg"
)
VALIDATOR = Validator()


def a_line(sentence="1 comprimé matin et soir, au cours des repas, pendant 3 mois", **more):
    fields = dict(number=1, drug=METFORMIN, posology=read(sentence).posology)
    return NewLine(**(fields | more))


def built(line):
    body = prescriptions.build_line(
        line, rid="r1", patient="Patient/p1", group="g", signature=SIGNATURE
    )
    VALIDATOR.check(body)
    return body


@pytest.mark.parametrize(
    "sentence",
    [
        "1 comprimé matin et soir, au cours des repas, pendant 3 mois",
        "2 bouffées si besoin, 4 fois par jour au maximum",
        "1 comprimé en cas de douleur, 3 fois par jour au maximum, à 6 heures d'intervalle, pendant 5 jours",
        "1 dose toutes les 6 heures pendant 2 jours",
        "2 comprimés le 1er jour, puis 1 par jour les 4 jours suivants",
        "selon le protocole remis",
    ],
)
def test_hz_13_every_line_is_r4_and_keeps_its_sentence(sentence):
    line = prescriptions.decode_line(msgspec.json.encode(built(a_line(sentence))))
    assert line.sentence == sentence


def test_hz_13_the_structure_says_what_the_sentence_says():
    [dosage] = built(a_line("2 bouffées si besoin, 4 fois par jour au maximum"))[
        "dosageInstruction"
    ]
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": 2, "unit": "bouffée"}}]
    assert dosage["asNeededBoolean"] is True
    assert dosage["maxDosePerPeriod"]["numerator"] == {"value": 8, "unit": "bouffée"}
    assert dosage["text"] == "si besoin, 4 fois par jour au maximum"
    [other] = built(a_line())["dosageInstruction"]
    assert other["timing"]["repeat"]["when"] == ["MORN", "EVE"]
    assert other["timing"]["repeat"]["boundsDuration"]["code"] == "mo"


def test_a_line_decodes_to_what_was_signed():
    body = built(
        a_line(
            supply=Span(1, "mo"),
            renewals=2,
            mention=Mention.MTE,
            zone=Zone.ALD,
            number=3,
            reason="vu avec elle",
            prior="MedicationRequest/r0",
        )
    )
    line = prescriptions.decode_line(msgspec.json.encode(body))
    assert (line.supply, line.renewals, line.mention, line.zone) == (
        Span(1, "mo"),
        2,
        Mention.MTE,
        Zone.ALD,
    )
    assert (line.number, line.group) == (3, "urn:uuid:g")
    assert line.treatment.note == "vu avec elle"
    assert body["priorPrescription"] == {"reference": "MedicationRequest/r0"}
    treatment = decode(msgspec.json.encode(body))
    assert (treatment.dose, treatment.strength) == ("1 comprimé", "1000 mg")


def test_a_secured_line_is_filed_in_letters():
    body = built(a_line("1 gélule matin et soir pendant 28 jours", letters=True))
    [dosage] = body["dosageInstruction"]
    assert dosage["patientInstruction"] == "une gélule matin et soir pendant vingt-huit jours"
    assert dosage["text"] == "matin et soir pendant vingt-huit jours"


def test_the_document_names_its_lines_until_it_is_replaced():
    said = documents.NewDocument(
        type=prescriptions.DOCUMENT,
        title="Ordonnance",
        pdf=b"%PDF-1.4",
        text="1. metformine",
        at="2026-11-23",
        related=("MedicationRequest/r1", "MedicationRequest/r2"),
        replaces="d0",
    )
    body = documents.build(said, rid="d1", patient="Patient/p1", signature=SIGNATURE)
    VALIDATOR.check(body)
    assert prescriptions.requests_of(msgspec.json.encode(body)) == ("r1", "r2")
    wrong = documents.entered_in_error(body, reason="x", signature=SIGNATURE)
    for ended in (documents.superseded(body), wrong):
        assert prescriptions.requests_of(msgspec.json.encode(ended)) == ()
    letter = structs.replace(said, type=structs.replace(said.type, code="96349-6"))
    body = documents.build(letter, rid="d1", patient="Patient/p1", signature=SIGNATURE)
    assert prescriptions.requests_of(msgspec.json.encode(body)) == ()


def test_a_replaced_line_is_cancelled_with_its_reason():
    body = prescriptions.cancelled(built(a_line()), reason="remplacée")
    VALIDATOR.check(body)
    assert decode(msgspec.json.encode(body)).status is Taking.CANCELLED
