"""What is asked for a set of measures: only what is typed is written."""

from collections.abc import Sequence
from typing import Final

from practitioner_app.services.act_rows import MeasureRow
from ui.formats import Formats
from ui.forms import FieldSpec, FormSpec, Option
from ui.i18n import Texts
from ui.speaking import Speaking

WEIGHT, HEIGHT, HEAD = "29463-7", "8302-2", "8287-5"
PRESSURE, PULSE, TEMPERATURE, OXYGEN = "85354-9", "8867-4", "8310-5", "20564-1"
BREATHS, WAIST = "9279-1", "8280-0"
GLUCOSE, GLUCOSE_MOLES = "41653-7", "14743-9"
GLUCOSES: Final = (GLUCOSE, GLUCOSE_MOLES)
HEAD_YEARS = 6
"""Until which age a head is measured."""
FIELDS: Final = {
    "weight": WEIGHT,
    "height": HEIGHT,
    "head": HEAD,
    "pressure": PRESSURE,
    "pulse": PULSE,
    "temperature": TEMPERATURE,
    "oxygen": OXYGEN,
    "breaths": BREATHS,
    "waist": WAIST,
}
"""Field and code of what has one unit; glucose has two, each a code of its own (HZ-11)."""


def field_of(code: str) -> str:
    """The field of a code, "" where the form has none."""
    if code in GLUCOSES:
        return "glucose"
    return next((field for field, known in FIELDS.items() if known == code), "")


def measures_form(
    speaking: Speaking, about: str, rows: Sequence[MeasureRow], *, small: bool
) -> FormSpec:
    """`rows`: the set to correct, none for a new one. `small`: a child whose head is measured."""
    texts, tr = speaking.texts, speaking.texts.tr
    fields = _fields(texts, small=small)
    if rows:
        shown = {field_of(row.code) for row in rows}
        if "glucose" in shown:
            shown.add("glucose_unit")
        fields = tuple(one for one in fields if one.key in shown)
    return FormSpec(
        key=f"measures:{rows[0].id}" if rows else "measures",
        title=tr("Correct measures") if rows else tr("Add measures"),
        about=about,
        save=texts.trc("verb", "Record"),
        note="" if rows else tr("Only what is typed is recorded."),
        values=_values(speaking, rows),
        fields=fields,
    )


def _fields(texts: Texts, *, small: bool) -> tuple[FieldSpec, ...]:
    tr = texts.tr
    found = [
        FieldSpec(key="weight", label=tr("Weight (kg)"), placeholder=tr("79 or 3.42")),
        FieldSpec(key="height", label=tr("Height (cm)"), placeholder="164"),
    ]
    if small:
        found.append(
            FieldSpec(key="head", label=tr("Head circumference (cm)"), placeholder=tr("43.2"))
        )
    found += [
        FieldSpec(
            key="pressure",
            label=tr("Blood pressure (mmHg)"),
            hint=tr("Both in one go: 138/82."),
            placeholder="138/82",
        ),
        FieldSpec(key="pulse", label=tr("Pulse (per minute)"), placeholder="72"),
        FieldSpec(key="temperature", label=tr("Temperature (°C)"), placeholder=tr("37.2")),
        FieldSpec(key="oxygen", label=tr("Oxygen saturation (%)"), placeholder="98"),
        FieldSpec(
            key="glucose", label=tr("Capillary glucose"), placeholder=tr("1.58 or 8.8 mmol/L")
        ),
        FieldSpec(
            key="glucose_unit",
            label=tr("Unit of the glucose"),
            options=(Option(GLUCOSE, "g/L"), Option(GLUCOSE_MOLES, "mmol/L")),
        ),
        FieldSpec(key="breaths", label=tr("Breathing rate (per minute)"), placeholder="16"),
        FieldSpec(key="waist", label=tr("Waist (cm)"), placeholder="92"),
        FieldSpec(
            key="at",
            label=tr("Measured on"),
            hint=tr("Now, if you leave it empty."),
            placeholder=tr("14/05/2026"),
        ),
    ]
    return tuple(found)


def _values(speaking: Speaking, rows: Sequence[MeasureRow]) -> dict[str, str]:
    values = {"glucose_unit": GLUCOSE}
    for row in rows:
        field = field_of(row.code)
        if not field:
            continue
        values[field] = typed_number(row, speaking.formats)
        if field == "glucose":
            values["glucose_unit"] = row.code
    return values


def typed_number(row: MeasureRow, formats: Formats) -> str:
    """A value as one would type it: 3,42 or 138/82."""
    shown = formats.measured(row.number)
    return shown if row.second is None else f"{shown}/{formats.measured(row.second)}"
