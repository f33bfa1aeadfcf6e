"""Sentences about a prescription: what keeps it from being signed, what an allergy says, what was checked."""

from decimal import ROUND_HALF_UP, Decimal

from dossier.terminology.concepts import RegulatedSubstance, Rule
from practitioner_app.services.prescription_checks import (
    Allergen,
    Checked,
    LineCheck,
    PerKilo,
    Trouble,
)
from practitioner_app.services.rows import TreatmentRow
from ui.formats import Formats
from ui.i18n import Texts
from ui.speaking import Speaking
from ui.words import certainty_word

_VOWELS = frozenset("aàâeéèêiîoôœuûhy")


def allergy_sentence(speaking: Speaking, allergen: Allergen) -> str:
    """`Allergie connue à la pénicilline (urticaire). Pour prescrire quand même, indiquez le motif.`"""
    texts, row = speaking.texts, allergen.row
    agent = to_agent(texts, row.agent)
    if row.reactions:
        agent = f"{agent} ({', '.join(row.reactions)})"
    if row.undecided:
        known = texts.tr("Disputed allergy {to_agent}.", to_agent=agent)
    elif row.by_patient:
        known = texts.tr("Allergy declared by the patient {to_agent}.", to_agent=agent)
    else:
        known = texts.tr("Known allergy {to_agent}.", to_agent=agent)
    if allergen.concern.class_label:
        same = texts.tr("Same class: {name}.", name=allergen.concern.class_label)
        known = f"{known} {same}"
    why = texts.tr("To prescribe all the same, give the reason.")
    return f"{known} {why}"


def allergy_about(speaking: Speaking, allergen: Allergen) -> str:
    """`urticaire 1994, certaine · vérifiée le 03/11/2026`: what is known of it, at the right of the strip."""
    texts, formats, row = speaking.texts, speaking.formats, allergen.row
    since = formats.day(row.since) if row.since else ""
    parts = [", ".join((*row.reactions, since)).strip(", ")]
    if row.certainty:
        parts.append(certainty_word(texts, row.certainty).lower())
    shown = ", ".join(part for part in parts if part)
    if row.recorded:
        day = texts.tr("recorded on {day}", day=formats.day(row.recorded))
        shown = f"{shown} · {day}" if shown else day
    return shown


def to_agent(texts: Texts, agent: str) -> str:
    """`à la pénicilline`, `à l'ibuprofène`, `aux pénicillines`; English: `to penicillin`."""
    name = _lowered(agent)
    if texts.language != "fr":
        return f"to {name}"
    first = name.split(" ")[0]
    if first.endswith(("s", "x")) and not first.endswith(("us", "ex")):
        return f"aux {name}"
    if name[:1].lower() in _VOWELS:
        return f"à l'{name}"
    return f"à la {name}" if _is_feminine(first) else f"au {name}"


def the_drug(texts: Texts, substance: str) -> str:
    """`Le périndopril`, `La metformine`, `L'ibuprofène`; English: the name alone."""
    name = _lowered(substance)
    if texts.language != "fr":
        return name[:1].upper() + name[1:]
    if name[:1].lower() in _VOWELS:
        return f"L'{name}"
    return f"La {name}" if _is_feminine(name.split(" ")[0]) else f"Le {name}"


def _is_feminine(word: str) -> bool:
    return word.endswith(("ine", "one", "ase", "ose"))


def _lowered(name: str) -> str:
    """A name in a sentence; an abbreviation keeps its capitals."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def duplicate_sentence(speaking: Speaking, row: TreatmentRow) -> str:
    """`Le périndopril figure déjà dans les traitements en cours (depuis le 03/11/2026, Dr Fontaine).`"""
    texts = speaking.texts
    since = speaking.formats.day(row.since) if row.since else ""
    details = [texts.tr("since {day}", day=since)] if since else []
    if row.author:
        details.append(row.author)
    said = texts.tr(
        "{drug} is already among the current treatments", drug=the_drug(texts, row.substance)
    )
    return f"{said} ({', '.join(details)})." if details else f"{said}."


def trouble_sentence(speaking: Speaking, trouble: Trouble, check: LineCheck) -> str:
    """What is wrong with a line and what to do."""
    texts = speaking.texts
    tr = texts.tr
    if trouble is Trouble.TOO_LONG:
        return _too_long(speaking, check)
    if trouble is Trouble.NO_DURATION and check.rule is not None:
        return tr(
            "{rule}: give for how long, {days} at most.",
            rule=rule_words(texts, check.rule),
            days=days_words(texts, check.most_days),
        )
    sentences = {
        Trouble.NO_LINE: tr("Add a line."),
        Trouble.NO_DRUG: tr("Give the name of the drug."),
        Trouble.NO_POSOLOGY: tr("Give what is taken, when and for how long."),
        Trouble.ALLERGY: tr("Allergy: a reason is to be given."),
        Trouble.UNDECIDED: tr("Two versions of this treatment are to be settled first (Alt+D)."),
        Trouble.NOT_RENEWABLE: tr("This substance may not be renewed on the same prescription."),
        Trouble.NOT_IN_LETTERS: tr(
            "Secured form: begin with the dose, and write nothing that cannot be put in letters."
        ),
        Trouble.EFG_AGE: tr("EFG is for a child younger than six."),
        Trouble.WEIGHT: tr("Give the weight of the child."),
    }
    return sentences.get(trouble, "")


def _too_long(speaking: Speaking, check: LineCheck) -> str:
    texts = speaking.texts
    covered = days_words(texts, round(check.days or 0))
    most = days_words(texts, check.most_days)
    if check.rule is None:
        return texts.tr(
            "A prescription covers {most} at most; this line covers {days}.",
            most=most,
            days=covered,
        )
    return texts.tr(
        "{rule}: {most} at most (rule to be checked again by {day}); this line covers {days}.",
        rule=rule_words(texts, check.rule),
        most=most,
        day=speaking.formats.day(check.rule.check_by),
        days=covered,
    )


def rule_words(texts: Texts, rule: RegulatedSubstance) -> str:
    """`Stupéfiant`, `Hypnotique`: why there is a rule, with the substance."""
    kinds = {
        Rule.NARCOTIC: texts.tr("narcotic"),
        Rule.ASSIMILATED: texts.tr("assimilated to narcotics"),
        Rule.HYPNOTIC: texts.tr("hypnotic"),
        Rule.ANXIOLYTIC: texts.tr("anxiolytic"),
    }
    name = rule.label("fr" if texts.language == "fr" else "en")
    return f"{name[:1].upper()}{name[1:]} ({kinds[rule.rule]})"


def days_words(texts: Texts, days: int) -> str:
    """Weeks where they are whole and many are meant, else days."""
    if days == 365:
        return texts.trn("{count} month", "{count} months", 12)
    if days >= 84 and days % 7 == 0:
        return texts.trn("{count} week", "{count} weeks", days // 7)
    return texts.trn("{count} day", "{count} days", days)


def rest_sentence(texts: Texts, rest: tuple[str, ...]) -> str:
    """What was not understood stays, and is told."""
    return texts.tr("Kept as text, not understood: {words}", words=" · ".join(rest))


def per_kilo_sentence(speaking: Speaking, found: PerKilo, weight: Decimal) -> str:
    """Arithmetic and nothing else: `240 mg par prise = 15 mg/kg ; 960 mg par jour = 60 mg/kg (16 kg)`."""
    texts, formats = speaking.texts, speaking.formats
    said = texts.tr(
        "{dose} mg at once = {rate} mg/kg",
        dose=_rounded(formats, found.once),
        rate=_rounded(formats, found.by_weight_once),
    )
    if found.a_day is not None and found.by_weight_a_day is not None:
        daily = texts.tr(
            "{dose} mg a day = {rate} mg/kg",
            dose=_rounded(formats, found.a_day),
            rate=_rounded(formats, found.by_weight_a_day),
        )
        said = f"{said} ; {daily}" if texts.language == "fr" else f"{said}; {daily}"
    return texts.tr("{sum} for {weight} kg", sum=said, weight=formats.number(weight))


def _rounded(formats: Formats, value: Decimal) -> str:
    return formats.number(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


def checked_sentence(speaking: Speaking, checked: Checked) -> str:
    """What was checked, on which copy; never that it is safe (HZ-15)."""
    texts, panel = speaking.texts, checked.allergies
    copy = panel.copy_at if panel is not None else None
    if copy is None:
        allergies = texts.tr("allergies")
    else:
        moment = speaking.formats.moment(copy)
        allergies = texts.tr("allergies of the copy of {moment}", moment=moment)
    return texts.tr(
        "Checked here: {allergies}, same substance already taken, dated maximum durations. Nothing else is checked.",
        allergies=allergies,
    )


def unsure_sentence(speaking: Speaking, checked: Checked) -> str:
    """Where the allergies are not all known here, that is said first (HZ-17)."""
    panel = checked.allergies
    if panel is None or not (panel.partial or panel.narrowed):
        return ""
    return speaking.texts.tr("The allergies of this patient are not all on this computer.")
