"""The form of one line: everything of it may be changed, and is read back in the words that are printed."""

import re
from typing import Final

from msgspec import structs

from dossier.fhir.prescriptions import Mention
from dossier.terminology.drug_search import plain_strength
from dossier.terminology.posology_reading import read
from dossier.terminology.units import Span
from practitioner_app.services.prescription_draft import DraftLine, worded
from ui.forms import Answers, FieldSpec, FormSpec, Option, WrongField
from ui.i18n import Texts

_COUNT: Final = re.compile(r"^\d{1,2}$")
_NONE = "none"


def line_form(texts: Texts, line: DraftLine, number: int) -> FormSpec:
    """What is asked of a line."""
    tr = texts.tr
    fields = [
        FieldSpec(key="substance", label=tr("Drug (international name)"), required=True),
        FieldSpec(key="form", label=tr("Form"), placeholder=tr("tablet, capsule, solution")),
        FieldSpec(key="strength", label=tr("Strength"), placeholder=tr("500 mg or 2.5 mg")),
        FieldSpec(
            key="text",
            label=tr("Posology"),
            hint=tr("Dose, when, for how long: 1 comprimé matin et soir pendant 3 mois"),
            required=True,
            lines=2,
        ),
        FieldSpec(key="supply", label=tr("Quantity for (QSP)"), placeholder=tr("1 mois, 28 jours")),
        FieldSpec(key="renewals", label=tr("To be renewed, times"), placeholder="0"),
        FieldSpec(
            key="mention",
            label=tr("Not substitutable"),
            hint=tr("MTE: narrow margin. EFG: child under six. CIF: excipient. No other reason."),
            options=(
                Option(_NONE, tr("May be substituted")),
                *(Option(one, one) for one in (Mention.MTE, Mention.EFG, Mention.CIF)),
            ),
            stacked=True,
        ),
    ]
    if line.treatment:
        fields.append(
            FieldSpec(
                key="stop",
                label=tr("This treatment"),
                options=(Option("no", tr("Goes on")), Option("yes", tr("Is stopped"))),
            )
        )
    return FormSpec(
        key=f"prescription_line:{line.key}",
        title=tr("Line {number}", number=number) if number else tr("Treatment stopped"),
        about=line.label,
        save=tr("Keep these words"),
        fields=tuple(fields),
        values={
            "substance": line.substance,
            "form": line.form,
            "strength": line.strength,
            "text": line.text,
            "supply": line.supply.words() if line.supply is not None else "",
            "renewals": str(line.renewals or ""),
            "mention": line.mention or _NONE,
            "stop": "yes" if line.stop else "no",
        },
    )


def line_from(texts: Texts, line: DraftLine, answers: Answers) -> DraftLine:
    """The line with the answers; raises WrongField where one cannot be read."""
    substance = " ".join(answers.get("substance", "").split())
    if not substance:
        raise WrongField("substance", texts.tr("Give the name of the drug."))
    renewals = answers.get("renewals", "").strip()
    if renewals and not _COUNT.match(renewals):
        raise WrongField("renewals", texts.tr("Give a number, or nothing."))
    mention = answers.get("mention", _NONE)
    supply = _span(texts, answers.get("supply", ""))
    found = structs.replace(
        line,
        substance=substance,
        form=" ".join(answers.get("form", "").split()),
        strength=plain_strength(answers.get("strength", "")),
        supply=supply,
        renewals=int(renewals or 0),
        mention=Mention.NONE if mention == _NONE else Mention(mention),
        stop=answers.get("stop") == "yes",
    )
    if found.label != line.label:
        found = structs.replace(found, brand="", system="", code="")
    return worded(found, " ".join(answers.get("text", "").split()))


def _span(texts: Texts, typed: str) -> Span | None:
    if not typed.strip():
        return None
    found = read(f"QSP {typed.strip()}")
    if found.supply is None or found.posology.parts:
        raise WrongField("supply", texts.tr("Give a time: 1 mois, 28 jours, 4 semaines."))
    return found.supply
