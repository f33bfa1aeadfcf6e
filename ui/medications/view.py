"""What is asked to record or correct a treatment."""

from datetime import date

from dossier.terminology.catalogue import Terminology
from practitioner_app.services.rows import TreatmentRow
from ui.dates_in import typed_date
from ui.forms import FieldSpec, FormSpec, Option
from ui.i18n import Texts

STRENGTHS = ("mg", "g", "microgrammes", "UI", "mg/mL", "%")


def dose_units(texts: Texts) -> tuple[Option, ...]:
    """Units of what is taken at once, in full: never `cp`."""
    tr = texts.tr
    words = (
        tr("tablet"),
        tr("capsule"),
        tr("drop"),
        tr("puff"),
        tr("sachet"),
        tr("injection"),
        tr("spoon"),
        tr("application"),
        "mL",
        tr("unit"),
    )
    return tuple(Option(word, word) for word in words)


def treatment_form(
    texts: Texts, about: str, terms: Terminology, row: TreatmentRow | None, today: date
) -> FormSpec:
    """`row`: the line to correct, None for a new one. A unit the lists do not know stays as it is: another
    one is never shown in its place (HZ-13).
    """
    tr = texts.tr
    values = _values(texts, row, today)
    drugs = sorted({item.label(texts.language) for item in terms.drugs("", 600)})
    return FormSpec(
        key=f"treatment:{row.id}" if row else "treatment",
        title=tr("Correct a treatment") if row else tr("Add a treatment"),
        about=about,
        save=texts.trc("verb", "Record"),
        values=values,
        note=tr("Drug interactions are not checked by Colloque."),
        fields=(
            FieldSpec(
                key="substance",
                label=tr("Drug (international name)"),
                hint=tr("In lower case and in full: metformine, apixaban."),
                required=True,
                suggestions=tuple(drugs),
            ),
            FieldSpec(key="form", label=tr("Form"), placeholder=tr("tablet, capsule, solution")),
            FieldSpec(key="strength", label=tr("Strength"), placeholder=tr("500 or 2.5")),
            FieldSpec(
                key="strength_unit",
                label=tr("Unit of the strength"),
                options=_with(values["strength_unit"], tuple(Option(u, u) for u in STRENGTHS)),
            ),
            FieldSpec(key="dose", label=tr("Dose"), placeholder=tr("1 or 0.5")),
            FieldSpec(
                key="unit", label=tr("Unit taken"), options=_with(values["unit"], dose_units(texts))
            ),
            FieldSpec(
                key="posology",
                label=tr("When"),
                placeholder=tr("morning and evening, with meals"),
            ),
            FieldSpec(
                key="as_needed",
                label=tr("If needed"),
                options=(Option("no", tr("No")), Option("yes", tr("Yes"))),
            ),
            FieldSpec(
                key="since", label=tr("Since"), placeholder=tr("1994 or 05/1994 or 14/05/1994")
            ),
            FieldSpec(key="reason", label=tr("Reason")),
            FieldSpec(key="note", label=tr("Note"), lines=2),
        ),
    )


def _with(unit: str, options: tuple[Option, ...]) -> tuple[Option, ...]:
    known = any(option.key == unit for option in options)
    return options if known else (*options, Option(unit, unit))


def _values(texts: Texts, row: TreatmentRow | None, today: date) -> dict[str, str]:
    tablet = texts.tr("tablet")
    values = {"as_needed": "no", "unit": tablet, "strength_unit": "mg"}
    if row is None:
        return values | {"since": typed_date(today.isoformat())}
    sign = "," if texts.language == "fr" else "."
    strength, _, unit = row.strength.rpartition(" ")
    dose, _, taken = row.dose.partition(" ")
    return values | {
        "substance": row.substance,
        "form": row.form,
        "strength": strength.replace(".", sign),
        "strength_unit": unit or "mg",
        "dose": dose.replace(".", sign),
        "unit": taken or tablet,
        "posology": row.posology,
        "as_needed": "yes" if row.as_needed else "no",
        "since": typed_date(row.since),
        "reason": row.reason,
    }
