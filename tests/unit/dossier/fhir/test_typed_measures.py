"""What may be offered as a measure out of the words of an examination."""

from decimal import Decimal

import pytest

from dossier.fhir import typed_measures
from dossier.terminology.catalogue import Terminology

KNOWN = Terminology.load().vital_signs


def told(text):
    return [(one.code, one.number, one.second) for one in typed_measures.read(text, KNOWN)]


PRESSURE, HEART, WEIGHT = "85354-9", "8867-4", "29463-7"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "PA 138/82, FC 70, poids 79 kg",
            [
                (PRESSURE, Decimal(138), Decimal(82)),
                (HEART, Decimal(70), None),
                (WEIGHT, Decimal(79), None),
            ],
        ),
        ("TA: 12/8 ce jour", []),
        ("pa 138 / 82 mmHg", [(PRESSURE, Decimal(138), Decimal(82))]),
        ("PA 138/82/90", []),
        ("PA 120/80 puis PA 110/70", [(PRESSURE, Decimal(110), Decimal(70))]),
        ("T° 38,2", [("8310-5", Decimal("38.2"), None)]),
        ("température : 38.25 °C", [("8310-5", Decimal("38.25"), None)]),
        ("SpO2 97 % en air ambiant", [("20564-1", Decimal(97), None)]),
        ("poids 79", []),
        ("poids 7900 kg", []),
        ("poids 65-70 kg", []),
        ("PC 42,5 cm", [("8287-5", Decimal("42.5"), None)]),
        ("FR 16/min, FC 300000", [("9279-1", Decimal(16), None)]),
        ("taille 172 cm", [("8302-2", Decimal(172), None)]),
        ("taille 1m72", []),
        ("PAL 80, FCM 120", []),
        ("", []),
    ],
)
def test_hz13_only_what_is_sure_of_its_unit_is_offered(text, found):
    assert told(text) == found


def test_a_long_note_is_read_without_delay():
    assert told("PA " * 2_000 + "PA 120/80") == [(PRESSURE, Decimal(120), Decimal(80))]
