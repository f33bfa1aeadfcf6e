"""Way of life: Observation of category `social-history`, one a habit, the newest one counts.

Tobacco has a coded status (LOINC answers of list LL2201-3) and pack-years as a component; the other habits
are words. Codes of LOINC are used under its notice.
"""

from decimal import Decimal
from enum import StrEnum
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
from dossier.fhir.measures import CATEGORY
from dossier.fhir.results import Result

PACK_YEARS: Final = "8664-5"
TERM: Final = "11778-8"
"""Estimated day of delivery: not a habit, asked among them; its value is a date."""


class Habit(StrEnum):
    """By the LOINC code of its Observation."""

    TOBACCO = "72166-2"
    ALCOHOL = "11331-6"
    ACTIVITY = "73985-4"
    OCCUPATION = "11341-5"
    PREGNANCY = TERM


class Smoking(StrEnum):
    """The status, by its LOINC answer."""

    NEVER = "LA18978-9"
    FORMER = "LA15920-4"
    CURRENT = "LA18976-3"
    UNKNOWN = ""


class NewHabit(Struct, frozen=True, kw_only=True):
    """What a person says of one habit; `text` in full words. `pack_years` goes with tobacco alone."""

    habit: Habit
    label: str
    text: str
    smoking: Smoking = Smoking.UNKNOWN
    pack_years: Decimal | None = None
    note: str = ""


def build(said: NewHabit, *, rid: str, patient: str, at: str, signature: Signature) -> Json:
    """`at` is the R4 date at which it holds."""
    body: Json = {
        "resourceType": "Observation",
        "id": rid,
        "status": "final",
        "category": [coded(CATEGORY, "social-history")],
        "code": concept(said.label, Coding(system=LOINC, code=said.habit)),
        "subject": {"reference": patient},
        "effectiveDateTime": at,
        "issued": signature.at,
        "performer": [signature.author],
        **said_elements(said),
    }
    if said.note:
        body["note"] = [annotation(said.note, signature)]
    return body


def said_elements(said: NewHabit) -> Json:
    """The elements a person words, without the note; of a pregnancy, the R4 date of its term."""
    if said.habit is Habit.PREGNANCY:
        return {"valueDateTime": said.text}
    codes = (Coding(system=LOINC, code=said.smoking),) if said.smoking else ()
    found: Json = {"valueCodeableConcept": concept(said.text, *codes)}
    if said.pack_years is not None:
        amount = {"value": json_number(said.pack_years), "unit": "paquets-années"}
        code = concept("Paquets-années", Coding(system=LOINC, code=PACK_YEARS))
        quantity = {**amount, "system": UCUM, "code": "{pack-years}"}
        found["component"] = [{"code": code, "valueQuantity": quantity}]
    return found


def habit_of(result: Result) -> Habit | None:
    """Which habit an Observation speaks of, None for any other."""
    code = result.value.code
    return Habit(code) if code in Habit._value2member_map_ else None
