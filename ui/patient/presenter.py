"""From the record to the summary cards and the timeline: pure functions, no Qt, no service."""

from typing import Any

from msgspec import structs

from dossier.fhir.problems import Chapter
from practitioner_app.services.rows import (
    AllergyPanel,
    AllergyRow,
    AllergyState,
    HistoryRow,
    Listing,
    ProblemRow,
    Record,
    Series,
    TreatmentRow,
    TreatmentVersion,
)
from ui.formats import dose_taken
from ui.patient import banner as zone
from ui.patient.addition_words import declared_cards
from ui.patient.line_words import chips_of, joined
from ui.patient.prevention_presenter import prevention_card
from ui.patient.rows import RowPresenter
from ui.patient.screen import RecordState
from ui.patient.sought import Excerpts
from ui.patient.state import Disagreement, Ref, SummaryCard, SummaryLine
from ui.patient.timeline_presenter import filters, rows_presenter, timeline
from ui.results.presenter import plot_of
from ui.speaking import Speaking
from ui.theme.tokens import Size, Tone, Weight
from ui.widgets.chip import ChipState
from ui.widgets.text import Run, bold, quiet
from ui.widgets.trend import PlotState
from ui.words import (
    certainty_word,
    chapter_word,
    empty_word,
    flag_sign,
    says_if_needed,
)

CURVES = 2
SETTLE_KEY = "Alt+D"


def record_state(
    record: Record,
    speaking: Speaking,
    presenter: RowPresenter | None = None,
    *,
    filter_key: str,
    words: str = "",
    excerpts: Excerpts | None = None,
    unfolded: frozenset[str] = frozenset(),
) -> RecordState:
    """The whole record screen, consistent with itself: everything comes from one `Record`."""
    tr = speaking.texts.tr
    presenter = presenter or rows_presenter(record, speaking)
    rows, why = timeline(
        record,
        speaking,
        presenter,
        filter_key=filter_key,
        words=words,
        excerpts=excerpts,
        unfolded=unfolded,
    )
    receiving = zone.missing_words(record, speaking)
    return RecordState(
        owner=record.owner,
        banner=zone.banner(record, speaking),
        strip=zone.strip(record.strip, speaking),
        cards=_cards(record, speaking),
        curves=curves(record.series, speaking),
        timeline=rows,
        filters=filters(record, speaking),
        why_empty=why,
        hidden_notice=" · ".join(
            part
            for part in (
                receiving,
                tr("Some information in this record may not be accessible to you."),
            )
            if part
        ),
    )


# -- cards --------------------------------------------------------------------


def _cards(record: Record, speaking: Speaking) -> tuple[SummaryCard, ...]:
    """Every card; where only reading is possible, none offers to write."""
    cards = (
        history_card(record, speaking),
        problems_card(record.problems, speaking),
        allergies_card(record.allergies, speaking),
        treatments_card(record.treatments, speaking),
        *declared_cards(record, speaking),
        prevention_card(record.prevention, speaking),
    )
    if not record.narrowed:
        return cards
    return tuple(structs.replace(card, add="", add_key="") for card in cards)


def history_card(record: Record, speaking: Speaking) -> SummaryCard:
    """Past history under its four sub-titles; one that has nothing says why."""
    texts = speaking.texts
    lines: list[SummaryLine | Disagreement] = []
    for chapter in Chapter:
        listing: Listing[HistoryRow] = record.history.get(chapter, Listing())
        caption = chapter_word(texts, chapter)
        if chapter is Chapter.OBSTETRIC and not listing.rows:
            continue
        if not listing.rows:
            why = empty_word(
                texts, listing.emptiness, listing.received_percent, texts.tr("none recorded")
            )
            lines.append(
                SummaryLine(
                    runs=(quiet(why, Size.BODY),), words=f"{caption}: {why}", caption=caption
                )
            )
        for place, row in enumerate(row for row in listing.rows if not row.struck):
            lines.append(_history_line(row, caption if not place else "\u00a0", speaking))
    return SummaryCard(
        key="history",
        title=texts.tr("Past history"),
        aside=_reviewed_words(record, speaking),
        lines=tuple(lines),
        caption_width=80,
        add=texts.tr("Add to the past history"),
        add_key="Alt+H",
    )


def _reviewed_words(record: Record, speaking: Speaking) -> str:
    if record.reviewed is None:
        return ""
    day = speaking.formats.day(record.reviewed.at)
    return speaking.texts.trc("history", "reviewed on {date}", date=day)


def _history_line(row: HistoryRow, caption: str, speaking: Speaking) -> SummaryLine:
    parts = f"{row.relation} : {row.label}" if row.relation else row.label
    since = speaking.formats.year(row.since) if row.since else ""
    text = f"{parts}, {since}" if since else parts
    return SummaryLine(
        runs=(Run(text),),
        words=joined(caption.strip(), text),
        caption=caption,
        chips=chips_of(row.state, speaking),
        ref=Ref(row.rtype, row.id),
    )


def problems_card(listing: Listing[ProblemRow], speaking: Speaking) -> SummaryCard:
    tr = speaking.texts.tr
    shown = (row for row in listing.rows if row.undecided or not row.struck)
    lines = tuple(_problem_line(row, speaking) for row in shown)
    card = SummaryCard(
        key="problems",
        title=tr("Active problems"),
        add=tr("Add a problem"),
        add_key="Alt+P",
    )
    return _filled(card, lines, listing, tr("No active problem recorded"), speaking)


def _filled(
    card: SummaryCard,
    lines: tuple[SummaryLine | Disagreement, ...],
    listing: Listing[Any],
    none: str,
    speaking: Speaking,
) -> SummaryCard:
    """The card with its lines counted, or with why it has none (HZ-17)."""
    if lines:
        return structs.replace(card, lines=lines, count=speaking.formats.number(len(lines)))
    why = empty_word(speaking.texts, listing.emptiness, listing.received_percent, none)
    return structs.replace(card, why_empty=why)


def _problem_line(row: ProblemRow, speaking: Speaking) -> SummaryLine:
    tr = speaking.texts.tr
    chips: list[ChipState] = []
    if row.ald:
        chips.append(ChipState(f"{tr('ALD')} {row.ald_number}".strip(), Tone.ACCENT))
    chips += chips_of(row.state, speaking, undecided=row.undecided)
    year = speaking.formats.year
    since = tr("since {date}", date=year(row.since)) if row.since else ""
    if row.recorded and not row.since:
        since = tr("noted in {date}", date=year(row.recorded))
    return SummaryLine(
        runs=(Run(row.label),),
        words=joined(row.label, *(chip.word for chip in chips), since),
        aside=since,
        chips=tuple(chips),
        ref=Ref(row.rtype, row.id),
    )


def allergies_card(panel: AllergyPanel, speaking: Speaking) -> SummaryCard:
    texts, formats = speaking.texts, speaking.formats
    aside = ""
    if panel.verified_at:
        aside = texts.trc("allergies", "updated on {date}", date=formats.day(panel.verified_at))
    none = " — ".join(
        part
        for part in (texts.tr("No known allergies"), zone.verified_words(panel, speaking))
        if part
    )
    if panel.state is not AllergyState.KNOWN:
        aside = ""
    titles = {
        AllergyState.KNOWN: "",
        AllergyState.NONE: none,
        AllergyState.NOT_RECORDED: texts.tr("Allergies not recorded"),
        AllergyState.UNAVAILABLE: texts.tr("Allergies unavailable"),
    }
    return SummaryCard(
        key="allergies",
        title=texts.tr("Allergies and adverse reactions"),
        aside=aside,
        lines=tuple(
            _allergy_line(row, speaking) for row in (*panel.rows, *panel.declared_by_patient)
        ),
        why_empty=titles[panel.state],
        caption_width=80,
        add=texts.tr("Add an allergy"),
        add_key="Alt+A",
    )


def _allergy_line(row: AllergyRow, speaking: Speaking) -> SummaryLine:
    texts = speaking.texts
    since = speaking.formats.year(row.since) if row.since else ""
    what = ", ".join(row.reactions) or texts.tr("reaction not stated")
    text = f"{what}, {since}" if since else what
    sure = certainty_word(texts, row.certainty)
    chips = list(chips_of(row.state, speaking, undecided=row.undecided))
    if row.by_patient:
        chips.append(ChipState(texts.tr("Declared"), Tone.OK, "person"))
    return SummaryLine(
        runs=(Run(text),),
        words=joined(row.agent, text, sure, *(chip.word for chip in chips)),
        caption=row.agent,
        caption_tone="danger",
        glyph="allergy",
        aside="" if chips else sure,
        chips=tuple(chips),
        ref=Ref(row.rtype, row.id),
    )


def treatments_card(listing: Listing[TreatmentRow], speaking: Speaking) -> SummaryCard:
    tr = speaking.texts.tr
    shown = (row for row in listing.rows if row.versions or not row.struck)
    lines = tuple(_treatment_line(row, speaking) for row in shown)
    first = next((place for place, one in enumerate(lines) if isinstance(one, Disagreement)), None)
    lines = tuple(
        structs.replace(one, key=SETTLE_KEY) if place == first else one
        for place, one in enumerate(lines)
    )
    card = SummaryCard(
        key="treatments",
        title=tr("Current treatments"),
        add=tr("Add a treatment"),
        add_key="Alt+T",
    )
    return _filled(card, lines, listing, tr("No current treatment recorded"), speaking)


def medication_runs(row: TreatmentRow, speaking: Speaking) -> tuple[Run, ...]:
    """MEDI: **substance** — form strength — DOSE **dose** posology — duration."""
    tr = speaking.texts.tr
    runs = [bold(row.substance)]
    formats = speaking.formats
    drug = " ".join(part for part in (row.form, formats.in_text(row.strength)) if part)
    if drug:
        runs.append(Run(f" — {drug}"))
    if row.dose or row.posology:
        runs += [Run(" — "), Run(tr("DOSE") + " ", Weight.SEMIBOLD, "muted", Size.CAPTION)]
        if row.dose:
            runs.append(bold(dose_taken(row.dose, formats, speaking.texts.language)))
        if row.posology:
            runs.append(Run(f" {row.posology}" if row.dose else row.posology))
    if not (row.dose or row.posology):
        runs.append(quiet(" — " + tr("posology not stated"), Size.BODY))
    if row.as_needed and not says_if_needed(row.posology):
        runs.append(Run(", " + tr("if needed")))
    if row.duration:
        runs.append(Run(f" — {row.duration}"))
    return tuple(runs)


def _treatment_line(row: TreatmentRow, speaking: Speaking) -> SummaryLine | Disagreement:
    if row.versions:
        return _disagreement(row, speaking)
    runs = medication_runs(row, speaking)
    chips = chips_of(row.state, speaking, undecided=row.undecided)
    return SummaryLine(
        runs=runs,
        words=joined("".join(run.text for run in runs), *(chip.word for chip in chips)),
        chips=chips,
        ref=Ref(row.rtype, row.id),
    )


def disagreements(record: Record) -> tuple[str, ...]:
    """The acts that wait for a decision in this record, those of the treatments first."""
    rows: tuple[TreatmentRow | AllergyRow | ProblemRow, ...] = (
        *record.treatments.rows,
        *record.allergies.rows,
        *record.problems.rows,
    )
    return tuple(row.op_id for row in rows if row.undecided and row.op_id)


def _disagreement(row: TreatmentRow, speaking: Speaking) -> Disagreement:
    tr = speaking.texts.tr
    strengths = {version.strength for version in row.versions}
    shared = strengths.pop() if len(strengths) == 1 else ""
    drug = f"{row.form} {speaking.formats.in_text(shared)}".strip()
    head = [bold(row.substance)] + ([Run(f" — {drug}")] if drug else [])
    versions = tuple(_version(version, speaking, shared) for version in row.versions)
    said = "; ".join("".join(run.text for run in runs) for runs in versions)
    title = tr("Two versions to settle")
    return Disagreement(
        title=title,
        head=tuple(head),
        versions=versions,
        words=f"{title}: {row.substance}. {said}",
        op_id=row.op_id,
        ref=Ref(row.rtype, row.id),
    )


def _version(version: TreatmentVersion, speaking: Speaking, shared: str) -> tuple[Run, ...]:
    """`shared`: the strength both have, said once with the drug; a strength of its own is said here."""
    texts, formats = speaking.texts, speaking.formats
    source = quiet(f" · {version.author}, {formats.day(version.at)}")
    if version.stopped:
        return (bold(texts.tr("stopped")), source)
    own = "" if version.strength == shared else formats.in_text(version.strength)
    taken = dose_taken(version.dose, formats, texts.language)
    label = Run(texts.tr("DOSE") + " ", Weight.SEMIBOLD, "muted", Size.CAPTION)
    rest = f" — {taken} " if own and taken else " "
    if_needed = ", " + texts.tr("if needed") if version.as_needed else ""
    if says_if_needed(version.posology):
        if_needed = ""
    return (label, bold(own or taken), Run(f"{rest}{version.posology}{if_needed}"), source)


def curves(listing: Listing[Series], speaking: Speaking) -> tuple[PlotState, ...]:
    """The two curves that say most: abnormal last value first, then the longest."""
    drawn = [series for series in listing.rows if len(series.points) > 2]
    drawn.sort(key=lambda s: (not flag_sign(s.last.flag), -len(s.points)))
    return tuple(plot_of(series, speaking, small=True) for series in drawn[:CURVES])
