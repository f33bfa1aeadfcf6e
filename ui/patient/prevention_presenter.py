"""From the prevention of a record to its card, its sheet and the side panel of one recommendation.

The words never say that somebody is up to date, nor late where the history is not known.
"""

from dossier.prevention.due import Standing
from practitioner_app.services.act_rows import PreventionKind, PreventionRow
from practitioner_app.services.rows import Listing, Record
from ui.patient.line_words import joined
from ui.patient.state import (
    Action,
    ActionState,
    DetailState,
    FactLine,
    Ref,
    SummaryCard,
    SummaryLine,
)
from ui.speaking import Speaking
from ui.theme.tokens import Tone, Weight
from ui.widgets.chip import ChipState
from ui.widgets.text import Run, quiet
from ui.words import empty_word

RULE, SHEET = "Recommendation", "Sheet"
PREVENTION = Ref(SHEET, "prevention")
MOST = 4
_TO_THINK_OF = (Standing.DUE, Standing.UNKNOWN, Standing.NOT_RECORDED)
UNKNOWN_HISTORY = "history"
"""The id of the one line of somebody whose whole history is unknown."""


def label_of(row: PreventionRow, speaking: Speaking) -> str:
    return row.fr if speaking.texts.language == "fr" else row.en


def standing_words(row: PreventionRow, speaking: Speaking) -> str:
    """`2e dose à prévoir`, `non renseignée`, `à partir du 18/01/2027`."""
    tr, formats = speaking.texts.tr, speaking.formats
    dose = _dose_word(row, speaking)
    texts, is_dose = speaking.texts, row.kind is PreventionKind.VACCINE
    if row.standing is Standing.UNKNOWN:
        return tr("Vaccination history unknown")
    if row.standing is Standing.DISMISSED:
        return texts.trc("dose", "put aside") if is_dose else texts.trc("screening", "put aside")
    if row.standing is Standing.NOT_RECORDED:
        return (
            texts.trc("dose", "not on record")
            if is_dose
            else texts.trc("screening", "not on record")
        )
    if row.standing is Standing.PLANNED:
        since = formats.day(row.since) if row.since else ""
        until = formats.day(row.until) if row.until else ""
        words = tr("from {date} to {end}", date=since, end=until) if until else ""
        words = words or tr("from {date}", date=since)
        return f"{dose}, {words}" if dose else words
    return tr("{dose} to think of", dose=dose) if dose else tr("to think of")


def _dose_word(row: PreventionRow, speaking: Speaking) -> str:
    texts = speaking.texts
    if row.kind is not PreventionKind.VACCINE or not row.dose:
        return ""
    if row.dose == 1:
        return texts.tr("1st dose")
    return texts.tr("dose no. {number}", number=row.dose)


def _line(row: PreventionRow, speaking: Speaking) -> SummaryLine:
    words = standing_words(row, speaking)
    if row.standing is Standing.UNKNOWN:
        title = (Run(words, Weight.SEMIBOLD),)
        return SummaryLine(runs=title, words=words, ref=Ref(RULE, UNKNOWN_HISTORY))
    label = label_of(row, speaking)
    season = f" {row.since.year}" if _is_yearly(row) and row.since else ""
    is_due = row.standing is Standing.DUE
    sign = " : " if speaking.texts.language == "fr" else ": "
    runs = (
        Run(f"{label}{season}{sign}"),
        Run(words, Weight.SEMIBOLD if is_due else Weight.REGULAR, "text" if is_due else "muted"),
    )
    chips: tuple[ChipState, ...] = ()
    if row.late_since is not None:
        word = speaking.texts.tr("usual delay over")
        chips = (ChipState(word, Tone.WARN, "alert"),)
    return SummaryLine(
        runs=runs,
        words=joined(f"{label}{season}: {words}", *(chip.word for chip in chips)),
        chips=chips,
        ref=Ref(RULE, row.code),
    )


def _is_yearly(row: PreventionRow) -> bool:
    """A dose of a season bears its year: `Grippe 2026`."""
    return (
        row.since is not None
        and row.until is not None
        and not row.dose
        and row.kind is (PreventionKind.VACCINE)
    )


def prevention_card(listing: Listing[PreventionRow], speaking: Speaking) -> SummaryCard:
    """What is to be thought of now; the rest is counted and one key away."""
    tr = speaking.texts.tr
    wanted = [row for row in listing.rows if row.standing in _TO_THINK_OF]
    wanted.sort(key=lambda row: _TO_THINK_OF.index(row.standing))
    lines = [_line(row, speaking) for row in wanted[:MOST]]
    left = len(wanted) - len(lines)
    if left > 0:
        more = speaking.texts.trn("{count} more", "{count} more", left)
        lines.append(SummaryLine(runs=(quiet(more),), words=more, ref=PREVENTION))
    why = ""
    if not lines:
        why = empty_word(
            speaking.texts,
            listing.emptiness,
            listing.received_percent,
            tr("Nothing to think of by the public tables"),
        )
        why = why or tr("Nothing to think of now by the public tables")
    return SummaryCard(
        key="immunizations",
        title=tr("Prevention to think of"),
        lines=tuple(lines),
        why_empty=why,
        add=tr("Add a vaccination"),
        add_key="Alt+I",
    )


def prevention_sheet(record: Record, speaking: Speaking) -> DetailState:
    """Everything the tables say of this person: due, not on record, planned, put aside."""
    tr = speaking.texts.tr
    heads = {
        Standing.DUE: tr("To think of"),
        Standing.UNKNOWN: tr("Unknown"),
        Standing.NOT_RECORDED: tr("Not on record: to be asked"),
        Standing.PLANNED: tr("Later"),
        Standing.DISMISSED: tr("Put aside, with a reason"),
    }
    rows = record.prevention.rows
    cards = []
    for standing, head in heads.items():
        lines = tuple(_line(row, speaking) for row in rows if row.standing is standing)
        if lines:
            cards.append(SummaryCard(key=str(standing), title=head, lines=lines))
    listing = record.prevention
    why = empty_word(
        speaking.texts,
        listing.emptiness,
        listing.received_percent,
        tr("Nothing to think of by the public tables"),
    )
    tables = sorted({row.table for row in rows if row.table})
    second = tr("Public tables of {date}", date=speaking.formats.day(tables[-1])) if tables else ""
    return DetailState(
        title=tr("Prevention to think of"),
        second=second,
        sections=tuple(cards),
        prose=(why,) if not cards and why else (),
        ref=PREVENTION,
    )


def recommendation(record: Record, code: str, speaking: Speaking) -> DetailState | None:
    """One recommendation: why it is shown, whose it is, what may be done with it."""
    wanted = "" if code == UNKNOWN_HISTORY else code
    row = next((row for row in record.prevention.rows if row.code == wanted), None)
    if row is None:
        return None
    tr = speaking.texts.tr
    if row.standing is Standing.UNKNOWN:
        return DetailState(
            title=tr("Vaccination history unknown"),
            prose=(
                tr("No vaccination is on record. Nothing can be said of what is due."),
                tr("Ask for a booklet or a certificate; a catch-up is to be discussed."),
            ),
            actions=_may_write(record, _add(speaking)),
            ref=Ref(RULE, UNKNOWN_HISTORY),
        )
    return DetailState(
        title=label_of(row, speaking),
        second=standing_words(row, speaking),
        facts=_facts(row, speaking),
        actions=_may_write(record, *_acts(row, speaking)),
        ref=Ref(RULE, row.code),
    )


def _may_write(record: Record, *actions: ActionState) -> tuple[ActionState, ...]:
    return () if record.narrowed else actions


def _add(speaking: Speaking) -> ActionState:
    tr = speaking.texts.tr
    return ActionState(Action.VACCINATE, tr("Add a vaccination"), "Alt+I", primary=True)


def _acts(row: PreventionRow, speaking: Speaking) -> tuple[ActionState, ...]:
    tr = speaking.texts.tr
    if row.standing is Standing.DISMISSED:
        return (ActionState(Action.RESUME, tr("Think of it again…"), primary=True),)
    done = ActionState(Action.DONE, tr("Done…"), primary=True)
    if row.kind is PreventionKind.VACCINE:
        done = ActionState(Action.DONE, tr("Dose given…"), primary=True)
    return (done, ActionState(Action.DISMISS, tr("Put aside…")))


def _facts(row: PreventionRow, speaking: Speaking) -> tuple[FactLine, ...]:
    tr, formats = speaking.texts.tr, speaking.formats
    table = formats.day(row.table)
    reason = tr("Recommended by the public calendar, table of {date}", date=table)
    if row.mandatory:
        reason = tr("Mandatory by the public calendar, table of {date}", date=table)
    late = ""
    if row.late_since is not None:
        late = tr(
            "The usual delay after the dose before ended on {date}.", date=_day(row, speaking)
        )
    facts = [
        FactLine(tr("Reason"), reason),
        FactLine(tr("Delay"), late),
        FactLine(tr("From"), formats.day(row.since) if row.since else ""),
        FactLine(tr("To"), formats.day(row.until) if row.until else ""),
        FactLine(tr("Last on record"), formats.day(row.last) if row.last else ""),
        FactLine(tr("In force since"), formats.day(row.valid_from) if row.valid_from else ""),
        FactLine(tr("Source"), row.source),
    ]
    if not row.checked:
        facts.append(
            FactLine(tr("Reserve"), tr("Part of the bounds was not checked against the source."))
        )
    aside = row.dismissed
    if aside is not None:
        facts[:0] = [
            FactLine(tr("Put aside because"), aside.reason),
            FactLine(tr("Put aside on"), formats.day(aside.at)),
            FactLine(tr("Author"), aside.by),
        ]
    return tuple(fact for fact in facts if fact.value)


def _day(row: PreventionRow, speaking: Speaking) -> str:
    return speaking.formats.day(row.late_since) if row.late_since else ""
