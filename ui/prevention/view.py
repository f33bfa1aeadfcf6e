"""What is asked of a screening or an examination done, and of a recommendation put aside."""

from datetime import date

from dossier.fhir.prevention import Outcome
from ui.dates_in import typed_date
from ui.forms import FieldSpec, FormSpec, Option
from ui.i18n import Texts


def done_form(texts: Texts, about: str, code: str, label: str, today: date) -> FormSpec:
    tr = texts.tr
    return FormSpec(
        key=f"rule:{code}",
        title=label,
        about=about,
        save=texts.trc("verb", "Record"),
        values={"at": typed_date(today.isoformat()), "outcome": str(Outcome.DONE)},
        fields=(
            FieldSpec(
                key="outcome",
                label=tr("Outcome"),
                options=(
                    Option(str(Outcome.DONE), tr("done")),
                    Option(str(Outcome.NEVER), tr("never done, says the patient")),
                ),
            ),
            FieldSpec(
                key="at",
                label=tr("Date"),
                required=True,
                placeholder=tr("1994 or 05/1994 or 14/05/1994"),
            ),
        ),
    )


def dismiss_form(texts: Texts, about: str, code: str, label: str) -> FormSpec:
    tr = texts.tr
    return FormSpec(
        key=f"dismiss:{code}",
        title=tr("Put aside: {what}", what=label),
        about=about,
        save=tr("Put aside"),
        note=tr("It stays in the list, with your name and the reason, and can be taken up again."),
        fields=(
            FieldSpec(
                key="reason",
                label=tr("Reason"),
                hint=tr("For example: followed elsewhere, declined, contraindicated."),
                required=True,
            ),
        ),
    )
