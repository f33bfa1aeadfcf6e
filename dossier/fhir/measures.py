"""Measures taken in the surgery: Observation of category `vital-signs` (R4 §10.1.8), one a value.

A blood pressure is one Observation with its two components. The body mass index is never written here: it
is computed where it is shown, and said to be.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from dossier.fhir.elements import (
    LOINC,
    UCUM,
    Coding,
    Json,
    Signature,
    annotation,
    coded,
    concept,
    json_number,
)

PRESSURE: Final = "85354-9"
SYSTOLIC: Final = "8480-6"
DIASTOLIC: Final = "8462-4"
_GROWN_MONTHS, _INFANT_MONTHS = 144, 24
_CHILD_DAYS, _INFANT_DAYS = 92, 31
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"


class Taken(Struct, frozen=True, kw_only=True):
    """One value as it was typed. `second` is the diastolic pressure. `label` and `unit` are shown, `ucum`
    is the code of the unit.
    """

    code: str
    label: str
    number: Decimal
    second: Decimal | None = None
    unit: str
    ucum: str


def body_mass_index(kilograms: Decimal, centimetres: Decimal) -> Decimal | None:
    """Kg over the square of the height in metres, to one decimal; None for a height of nothing."""
    if centimetres <= 0:
        return None
    metres = centimetres / 100
    return (kilograms / (metres * metres)).quantize(Decimal("0.1"))


def is_old_weight(birth: date, at: date, today: date) -> bool:
    """A child's weight that no dose may rest on any more: over three months under 12 years, over one month
    under 2 years (HZ-13).
    """
    months = (today.year - birth.year) * 12 + today.month - birth.month - (today.day < birth.day)
    if months >= _GROWN_MONTHS:
        return False
    return (today - at).days > (_INFANT_DAYS if months < _INFANT_MONTHS else _CHILD_DAYS)


def build(taken: Taken, *, rid: str, patient: str, at: str, signature: Signature) -> Json:
    """`at` is the R4 date or instant of the measure."""
    return {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "category": [coded(CATEGORY, "vital-signs")],
        "code": concept(taken.label, Coding(system=LOINC, code=taken.code)),
        "subject": {"reference": patient},
        "effectiveDateTime": at,
        "issued": signature.at,
        "performer": [signature.author],
        **value_elements(taken),
    }


def value_elements(taken: Taken) -> Json:
    """The element of the value, or the two of a pressure."""
    if taken.second is None:
        return {"valueQuantity": _quantity(taken.number, taken)}
    return {
        "component": [
            {
                "code": concept(label, Coding(system=LOINC, code=code)),
                "valueQuantity": _quantity(number, taken),
            }
            for code, label, number in (
                (SYSTOLIC, "Systolique", taken.number),
                (DIASTOLIC, "Diastolique", taken.second),
            )
        ]
    }


def corrected(body: Json, taken: Taken, *, note: str, signature: Signature) -> Json:
    """The same measure with another value: `status` says that it was corrected, the old one stays in the
    history.
    """
    found = {**body, "status": "corrected", **value_elements(taken)}
    if note:
        found["note"] = [*body.get("note", []), annotation(note, signature)]
    return found


def _quantity(number: Decimal, taken: Taken) -> Json:
    return {"value": json_number(number), "unit": taken.unit, "system": UCUM, "code": taken.ucum}
