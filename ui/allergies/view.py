"""What is asked to record or correct an allergy."""

from dossier.fhir.allergies import Certainty, Criticality, Severity
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.rows import AllergyRow
from ui.dates_in import typed_date
from ui.forms import FieldSpec, FormSpec, Option
from ui.i18n import Texts
from ui.words import certainty_word, criticality_word, severity_word


def allergy_form(
    texts: Texts, about: str, terms: Terminology, row: AllergyRow | None, *, may_say_none: bool
) -> FormSpec:
    """`row`: the line to correct, None for a new one."""
    tr = texts.tr
    language = texts.language
    agents = tuple(item.label(language) for item in terms.allergens("", 400))
    sure = (Certainty.CONFIRMED, Certainty.PROBABLE, Certainty.UNCONFIRMED)
    severe = (Severity.UNKNOWN, Severity.MILD, Severity.MODERATE, Severity.SEVERE)
    risk = (Criticality.UNKNOWN, Criticality.LOW, Criticality.HIGH, Criticality.UNABLE)
    return FormSpec(
        key=f"allergy:{row.id}" if row else "allergy",
        title=tr("Correct an allergy") if row else tr("Add an allergy"),
        about=about,
        save=texts.trc("verb", "Record"),
        other=tr("No known allergies") if may_say_none and row is None else "",
        values=_values(row),
        fields=(
            FieldSpec(
                key="agent",
                label=tr("Agent"),
                hint=tr("A substance or a drug class, in full: pénicilline, arachide, latex."),
                required=True,
                suggestions=agents,
            ),
            FieldSpec(
                key="reactions",
                label=tr("Reaction"),
                hint=tr("What happened; a comma between two events."),
            ),
            FieldSpec(
                key="certainty",
                label=tr("Certainty"),
                unanswered=True,
                options=tuple(Option(str(one), certainty_word(texts, one)) for one in sure),
            ),
            FieldSpec(
                key="severity",
                label=tr("Severity of the reaction"),
                options=tuple(Option(str(one), severity_word(texts, one)) for one in severe),
            ),
            FieldSpec(
                key="criticality",
                label=tr("Risk in case of a new exposure"),
                options=tuple(Option(str(one), criticality_word(texts, one)) for one in risk),
            ),
            FieldSpec(
                key="since",
                label=tr("Date"),
                placeholder=tr("1994 or 05/1994 or 14/05/1994"),
            ),
            FieldSpec(key="note", label=tr("Note"), lines=3),
        ),
    )


def _values(row: AllergyRow | None) -> dict[str, str]:
    if row is None:
        return {}
    return {
        "agent": row.agent,
        "reactions": ", ".join(row.reactions),
        "severity": str(row.severity),
        "criticality": str(row.criticality),
        "certainty": str(row.certainty),
        "since": typed_date(row.since),
    }
