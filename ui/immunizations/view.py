"""What is asked to record or correct a vaccination, given or not."""

from datetime import date

from dossier.fhir.immunizations import Origin, Refusal
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.act_rows import VaccinationRow
from ui.dates_in import typed_date
from ui.forms import FieldSpec, FormSpec, Option
from ui.i18n import Texts
from ui.immunizations.words import origin_word, refusal_word, routes, sites

GIVEN = "given"


def immunization_form(
    texts: Texts,
    about: str,
    terms: Terminology,
    row: VaccinationRow | None,
    today: date,
    vaccine: str = "",
) -> FormSpec:
    """`row`: the line to correct, None for a new one; `vaccine`: what a new one begins with."""
    tr = texts.tr
    words = tuple(dict.fromkeys(item.label(texts.language) for item in terms.vaccines.entries))
    return FormSpec(
        key=f"immunization:{row.id}" if row else "immunization",
        title=tr("Correct a vaccination") if row else tr("Add a vaccination"),
        about=about,
        save=texts.trc("verb", "Record"),
        values=_values(row, today, vaccine),
        fields=(
            FieldSpec(
                key="vaccine",
                label=tr("Vaccine"),
                hint=tr("By disease or by name: grippe, ROR, hexavalent."),
                required=True,
                suggestions=words,
            ),
            FieldSpec(
                key="at",
                label=tr("Date"),
                placeholder=tr("1994 or 05/1994 or 14/05/1994"),
                required=True,
            ),
            FieldSpec(
                key="origin",
                label=tr("Source"),
                options=_origins(texts, row),
                stacked=True,
            ),
            FieldSpec(
                key="by",
                label=tr("Given by"),
                hint=tr("Only where it is not you: name, profession."),
            ),
            FieldSpec(key="dose", label=tr("Dose number"), placeholder="1"),
            FieldSpec(key="lot", label=tr("Batch number"), placeholder="AB12C345"),
            FieldSpec(key="expires", label=tr("Expiry date"), placeholder=tr("05/2027")),
            FieldSpec(key="site", label=tr("Site"), suggestions=sites(texts)),
            FieldSpec(key="route", label=tr("Route"), suggestions=routes(texts)),
            FieldSpec(key="outcome", label=tr("Outcome"), options=_outcomes(texts), stacked=True),
            FieldSpec(
                key="reason",
                label=tr("Reason, when it was not given"),
                hint=tr("In a few words; it stays written beside the line."),
            ),
            FieldSpec(key="note", label=tr("Note"), lines=2),
        ),
    )


def _origins(texts: Texts, row: VaccinationRow | None) -> tuple[Option, ...]:
    """Of a known line, who gave it stays who gave it, whoever corrects it."""
    here = origin_word(texts, Origin.HERE)
    if row is not None and row.origin is Origin.HERE and row.giver:
        here = texts.tr("given by {person}", person=row.giver)
    others = (Origin.PROFESSIONAL, Origin.DECLARED)
    return (
        Option(str(Origin.HERE), here),
        *(Option(str(one), origin_word(texts, one)) for one in others),
    )


def _outcomes(texts: Texts) -> tuple[Option, ...]:
    tr = texts.tr
    refusals = (
        Refusal.DECLINED,
        Refusal.CONTRAINDICATED,
        Refusal.IMMUNE,
        Refusal.OUT_OF_STOCK,
        Refusal.OTHER,
    )
    found = [Option(GIVEN, tr("Dose given"))]
    for one in refusals:
        words = tr("Not given: {why}", why=refusal_word(texts, one))
        found.append(Option(f"not:{one}", words))
    return tuple(found)


def _values(row: VaccinationRow | None, today: date, vaccine: str) -> dict[str, str]:
    if row is None:
        return {
            "vaccine": vaccine,
            "at": typed_date(today.isoformat()),
            "origin": str(Origin.HERE),
            "outcome": GIVEN,
        }
    return {
        "vaccine": row.vaccine,
        "at": typed_date(row.at),
        "origin": str(row.origin or Origin.PROFESSIONAL),
        "by": row.giver if row.origin is not Origin.HERE else "",
        "dose": row.dose,
        "lot": row.lot,
        "expires": typed_date(row.expires),
        "site": row.site,
        "route": row.route,
        "outcome": GIVEN if row.given else f"not:{row.refusal}",
        "reason": row.reason,
    }
