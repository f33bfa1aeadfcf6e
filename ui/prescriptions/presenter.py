"""From a draft and what was checked of it to the page: pure, no Qt widget, no service."""

from collections.abc import Sequence
from datetime import datetime

from dossier.fhir.prescriptions import Mention, Zone
from dossier.terminology.drug_search import DrugChoice
from dossier.terminology.posology_reading import read
from dossier.terminology.units import counted
from practitioner_app.services.prescription_checks import Checked, LineCheck, Trouble
from practitioner_app.services.prescription_draft import Draft, DraftLine
from ui.formats import Formats
from ui.i18n import Texts
from ui.prescriptions.state import (
    ChoiceState,
    EntryLine,
    LineState,
    PrescriptionState,
    StripState,
    WeightState,
)
from ui.prescriptions.words import (
    allergy_about,
    allergy_sentence,
    checked_sentence,
    duplicate_sentence,
    per_kilo_sentence,
    rest_sentence,
    trouble_sentence,
    unsure_sentence,
)
from ui.speaking import Speaking
from ui.theme.tokens import Size, Tone, Weight
from ui.typography import french
from ui.widgets.chip import ChipState
from ui.widgets.text import Run, bold, quiet

FREE = "free"
ZONE_HEADS = {
    Zone.ALD: (
        "AFFECTION EXONÉRANTE",
        "Prescriptions relatives au traitement de l’affection de longue durée reconnue (liste ou hors liste)",
    ),
    Zone.OTHER: (
        "MALADIES INTERCURRENTES",
        "Prescriptions SANS RAPPORT avec l’affection de longue durée",
    ),
}
"""The words of the two-zone form, the same on the screen and on paper, whatever the language (wr.two_zone)."""


def page_state(
    draft: Draft, checked: Checked, speaking: Speaking, *, kept: datetime | None, entry: EntryLine
) -> PrescriptionState:
    """The page of a draft; `checked` may still be that of the draft before."""
    texts = speaking.texts
    tr = texts.tr
    return PrescriptionState(
        owner=draft.owner,
        replaced=replaced_words(draft, speaking),
        kept=tr("kept on this computer at {time}", time=speaking.formats.time(kept))
        if kept
        else "",
        rows=_rows(draft, checked, speaking),
        empty="" if draft.lines else tr("Type a drug above, or renew everything with Alt+R."),
        strips=_strips(draft, checked, speaking),
        weight=_weight(draft, checked, speaking),
        entry=entry,
        checked=checked_sentence(speaking, checked),
        unsure=unsure_sentence(speaking, checked),
        interactions=tr("Drug interactions are not checked by Colloque."),
        to_settle=_to_settle(draft, checked, speaking),
        can_sign=not checked.to_settle,
        zones=checked.ald,
        secured=checked.secured,
    )


def replaced_words(draft: Draft, speaking: Speaking) -> str:
    """`annule et remplace l'ordonnance du 03/11/2026` (HZ-14)."""
    if not draft.replaces:
        return ""
    day = speaking.formats.day(draft.replaces_day)
    return speaking.texts.tr("cancels and replaces the prescription of {day}", day=day)


def _rows(draft: Draft, checked: Checked, speaking: Speaking) -> tuple[LineState, ...]:
    rows: list[LineState] = []
    printed = draft.printed
    if checked.ald and draft.lines:
        for zone, (title, about) in ZONE_HEADS.items():
            rows.append(_head(zone, title, about))
            rows += [
                line_state(line, checked.of(line.key), draft, checked, speaking)
                for line in printed
                if line.zone is zone
            ]
    else:
        rows += [line_state(one, checked.of(one.key), draft, checked, speaking) for one in printed]
    stopped = [line for line in draft.lines if line.stop]
    if stopped:
        title = speaking.texts.tr("Stopped by this prescription")
        rows.append(LineState(key="head:stop", words=title, is_head=True, title=title))
        rows += [line_state(one, checked.of(one.key), draft, checked, speaking) for one in stopped]
    return tuple(rows)


def _head(zone: Zone, title: str, about: str) -> LineState:
    return LineState(
        key=f"head:{zone}",
        words=f"{title}. {about}",
        is_head=True,
        title=title,
        about=about,
        accent=zone is Zone.ALD,
    )


def line_state(
    line: DraftLine, check: LineCheck, draft: Draft, checked: Checked, speaking: Speaking
) -> LineState:
    """A line in the MEDI order: substance, form and strength, DOSE, the rest, the quantity."""
    first = _drug_runs(line, speaking.formats)
    second = dose_runs(line, check, speaking)
    notes = _notes(line, check, checked, speaking)
    red = Trouble.ALLERGY in check.troubles
    chip = _chip(line, check, speaking, red=red)
    number = str(draft.number(line.key) or "")
    said = ["".join(run.text for run in runs) for runs in (first, second, *notes)]
    if chip is not None:
        said.append(chip.word)
    return LineState(
        key=str(line.key),
        words=f"{number}. {' — '.join(part for part in said if part)}" if number else said[0],
        number=number,
        red=red,
        first=first,
        second=second,
        notes=notes,
        chip=chip,
    )


def _drug_runs(line: DraftLine, formats: Formats) -> tuple[Run, ...]:
    rest = " ".join(part for part in (line.form, formats.in_text(line.strength)) if part)
    runs: tuple[Run, ...] = (bold(line.substance, size=Size.EMPHASIS),)
    if rest:
        runs = (*runs, Run(f" — {rest}"))
    return (*runs, quiet(f" · {line.brand}")) if line.brand else runs


def dose_runs(line: DraftLine, check: LineCheck, speaking: Speaking) -> tuple[Run, ...]:
    """What is taken, in the very words that are printed; only the weight of the dose is added.

    The words are French whatever the language of the screen, and so is their typography: no number leaves its unit.
    """
    formats = speaking.formats
    secured = check.rule is not None and check.rule.secured
    posology = line.posology
    runs: list[Run] = []
    dose = posology.dose
    if secured:
        runs.append(Run(french(posology.letters())))
    elif dose is not None:
        runs.append(Run("DOSE ", Weight.MEDIUM, "muted", Size.CAPTION))
        runs.append(bold(formats.in_text(counted(dose.quantity, dose.unit))))
        runs.append(Run(french(posology.words())[len(dose.words()) :]))
    elif line.text:
        runs.append(Run(french(line.text)))
    if quantity := quantity_words(line):
        runs.append(quiet(f" — {french(quantity)}", Size.BODY))
    if line.mention:
        runs.append(quiet(f" — {mention_words(line.mention)}", Size.BODY))
    return tuple(runs)


def quantity_words(line: DraftLine) -> str:
    """`QSP 1 mois, à renouveler 2 fois`: as on paper."""
    quantity = line.quantity
    said = f"QSP {quantity.words()}" if quantity is not None else ""
    if line.renewals:
        again = f"à renouveler {line.renewals} fois"
        said = f"{said}, {again}" if said else again
    return said


def mention_words(mention: Mention) -> str:
    """`Non substituable (MTE)`."""
    return f"Non substituable ({mention})"


def _notes(
    line: DraftLine, check: LineCheck, checked: Checked, speaking: Speaking
) -> tuple[tuple[Run, ...], ...]:
    texts, found = speaking.texts, []
    if line.reason and check.allergens:
        found.append(
            texts.tr("Prescribed in spite of a known allergy: {reason}", reason=line.reason)
        )
    found += [duplicate_sentence(speaking, row) for row in check.duplicates]
    if check.twins:
        numbers = ", ".join(str(number) for number in check.twins)
        found.append(texts.tr("Same substance as line {numbers}.", numbers=numbers))
    if check.rest:
        found.append(rest_sentence(texts, check.rest))
    for trouble in check.troubles:
        if trouble is not Trouble.ALLERGY:
            found.append(trouble_sentence(speaking, trouble, check))
    if not line.stop and line.quantity is None and line.text and check.rule is None:
        found.append(texts.tr("No duration and no quantity is said."))
    notes = [(Run(sentence, Weight.MEDIUM, "warn", Size.LABEL),) for sentence in found if sentence]
    if check.per_kilo is not None and checked.weight.value is not None:
        said = per_kilo_sentence(speaking, check.per_kilo, checked.weight.value)
        notes.append((quiet(said),))
    return tuple(notes)


def _chip(line: DraftLine, check: LineCheck, speaking: Speaking, *, red: bool) -> ChipState | None:
    tr = speaking.texts.tr
    if red:
        return ChipState(tr("Allergy: reason to give"), Tone.DANGER, "allergy")
    if line.stop:
        return ChipState(tr("Treatment stopped"), Tone.WARN, "stop")
    if line.is_changed:
        return ChipState(tr("Changed"), Tone.WAIT, "pencil")
    if line.was:
        return ChipState(tr("As before"), Tone.NEUTRAL, "sync")
    if check.rule is not None and check.rule.secured:
        return ChipState(tr("Secured form"), Tone.NEUTRAL, "shield")
    return None


def _strips(draft: Draft, checked: Checked, speaking: Speaking) -> tuple[StripState, ...]:
    """One for each line that an allergy concerns; the gravest allergy speaks."""
    found = []
    for line in draft.printed:
        check = checked.of(line.key)
        if not check.allergens:
            continue
        worst = check.allergens[0]
        title = speaking.texts.tr(
            "Line {number}, {drug}", number=draft.number(line.key), drug=line.substance
        )
        found.append(
            StripState(
                key=line.key,
                title=title,
                about=allergy_about(speaking, worst),
                sentence=allergy_sentence(speaking, worst),
                reason=line.reason,
            )
        )
    return tuple(found)


def _weight(draft: Draft, checked: Checked, speaking: Speaking) -> WeightState:
    weight, texts, formats = checked.weight, speaking.texts, speaking.formats
    if not weight.child:
        return WeightState()
    typed = formats.number(draft.weight) if draft.weight is not None else ""
    if weight.fresh and weight.value is not None:
        sentence = texts.tr(
            "Weight {weight} kg, on {day}",
            weight=formats.number(weight.value),
            day=formats.day(weight.day),
        )
    elif weight.value is not None:
        sentence = texts.tr(
            "The last weight, {weight} kg on {day}, is too old for a child of this age: weigh again.",
            weight=formats.number(weight.value),
            day=formats.day(weight.day),
        )
    else:
        sentence = texts.tr("No weight is known: weigh the child before prescribing.")
    return WeightState(shown=True, asked=not weight.fresh, sentence=sentence, value=typed)


def _to_settle(draft: Draft, checked: Checked, speaking: Speaking) -> str:
    """`1 point à régler : motif de la ligne 5`."""
    texts, points = speaking.texts, checked.to_settle
    if not points or not draft.lines:
        return ""
    key, trouble = points[0]
    what = _short(texts, trouble)
    if key:
        what = texts.tr("{what}, line {number}", what=what, number=draft.number(key))
    head = texts.trn("{count} point to settle", "{count} points to settle", len(points))
    return texts.tr("{head}: {what}", head=head, what=what)


def _short(texts: Texts, trouble: Trouble) -> str:
    tr = texts.tr
    words = {
        Trouble.NO_LINE: tr("no line"),
        Trouble.NO_DRUG: tr("drug"),
        Trouble.NO_POSOLOGY: tr("posology"),
        Trouble.ALLERGY: tr("reason"),
        Trouble.UNDECIDED: tr("two versions"),
        Trouble.NO_DURATION: tr("duration"),
        Trouble.TOO_LONG: tr("duration"),
        Trouble.NOT_RENEWABLE: tr("renewal"),
        Trouble.NOT_IN_LETTERS: tr("letters"),
        Trouble.EFG_AGE: tr("EFG"),
        Trouble.WEIGHT: tr("weight of the child"),
    }
    return words[trouble]


def entry_line(
    typed: str,
    posology: str,
    chosen: DrugChoice | None,
    found: Sequence[DrugChoice],
    speaking: Speaking,
) -> EntryLine:
    """The list under the input while a drug is named, then what is understood of its posology."""
    texts, formats = speaking.texts, speaking.formats
    if chosen is not None:
        told, warned = _told(posology, texts)
        usual = (
            texts.tr("Usual words, as an example: {words}", words=chosen.posology)
            if chosen.posology
            else ""
        )
        return EntryLine(
            chosen=formats.decimals(chosen.label()), told=told, warned=warned, hint=usual
        )
    if not typed.strip():
        return EntryLine()
    choices = [
        ChoiceState(
            key=str(place),
            words=", ".join(part for part in (one.label(), one.brand) if part),
            runs=_choice_runs(one, formats),
            second=one.brand,
        )
        for place, one in enumerate(found)
    ]
    own = texts.tr("Write as it is: {words}", words=typed.strip())
    choices.append(ChoiceState(key=FREE, words=own, runs=(Run(own, Weight.REGULAR, "muted"),)))
    told, warned = _told(posology, texts)
    return EntryLine(choices=tuple(choices), told=told, warned=warned)


def _choice_runs(one: DrugChoice, formats: Formats) -> tuple[Run, ...]:
    rest = " ".join(part for part in (one.form, formats.in_text(one.strength)) if part)
    runs = (bold(one.substance), Run(f" — {rest}" if rest else ""))
    return (*runs, quiet(f" · {one.brand}")) if one.brand else runs


def _told(posology: str, texts: Texts) -> tuple[str, bool]:
    """What was understood, and whether something was not."""
    found = read(posology)
    if not posology.strip():
        return "", False
    rest = found.posology.rest
    if rest:
        return rest_sentence(texts, rest), True
    said = found.posology.words()
    if found.supply is not None:
        said = f"{said} — QSP {found.supply.words()}"
    if found.renewals:
        said = f"{said}, à renouveler {found.renewals} fois"
    return texts.tr("Read: {words}", words=said), False
