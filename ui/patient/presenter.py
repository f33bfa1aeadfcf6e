"""From the record to the summary cards and the timeline: pure functions, no Qt, no service."""

from typing import Any

from msgspec import structs

from dossier.fhir.problems import Chapter
from dossier.fhir.results import Flag
from practitioner_app.ports import ItemState
from practitioner_app.services.rows import (
    AllergyPanel,
    AllergyRow,
    AllergyState,
    Emptiness,
    Fact,
    HistoryRow,
    Kind,
    Listing,
    ProblemRow,
    Record,
    Series,
    TimelineItem,
    TreatmentRow,
    TreatmentVersion,
)
from ui.formats import dose_taken
from ui.patient import banner as zone
from ui.patient.state import (
    Disagreement,
    FilterState,
    GroupKind,
    RecordState,
    Ref,
    SummaryCard,
    SummaryLine,
    TimelineRow,
)
from ui.results.presenter import plot_of
from ui.speaking import Speaking
from ui.theme.tokens import Size, Tone, Weight
from ui.widgets.chip import ChipState
from ui.widgets.text import Run, bold, quiet
from ui.widgets.trend import PlotState
from ui.words import (
    KIND_GLYPHS,
    by_patient_word,
    certainty_word,
    chapter_word,
    empty_word,
    flag_sign,
    flag_words,
    kind_word,
    short_label,
    state_chip,
)

CURVES = 2
FILTERS: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("laboratory", frozenset({Kind.LABORATORY})),
    ("letters", frozenset({Kind.LETTER, Kind.DOCUMENT})),
    ("imaging", frozenset({Kind.IMAGING})),
    ("prescriptions", frozenset({Kind.PRESCRIPTION, Kind.TREATMENT})),
)


def record_state(record: Record, speaking: Speaking, *, filter_key: str, words: str) -> RecordState:
    """The whole record screen, consistent with itself: everything comes from one `Record`."""
    tr = speaking.texts.tr
    rows, why = timeline(record, speaking, filter_key=filter_key, words=words)
    receiving = zone.missing_words(record, speaking)
    return RecordState(
        owner=record.owner,
        banner=zone.banner(record, speaking),
        strip=zone.strip(record.strip, speaking),
        cards=(
            history_card(record, speaking),
            problems_card(record.problems, speaking),
            allergies_card(record.allergies, speaking),
            treatments_card(record.treatments, speaking),
        ),
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


def chips_of(
    state: ItemState, speaking: Speaking, *, undecided: bool = False
) -> tuple[ChipState, ...]:
    if undecided:
        state = ItemState.CONFLICT
    chip = state_chip(speaking.texts, state)
    return (chip,) if chip and state is not ItemState.SENT else ()


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


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
        lines=tuple(lines),
        caption_width=80,
        add=texts.tr("Add to the past history"),
        add_key="Alt+H",
    )


def _history_line(row: HistoryRow, caption: str, speaking: Speaking) -> SummaryLine:
    parts = f"{row.relation} : {row.label}" if row.relation else row.label
    since = speaking.formats.year(row.since) if row.since else ""
    text = f"{parts}, {since}" if since else parts
    return SummaryLine(
        runs=(Run(text),),
        words=_words(caption.strip(), text),
        caption=caption,
        chips=chips_of(row.state, speaking),
        ref=Ref(row.rtype, row.id),
    )


def problems_card(listing: Listing[ProblemRow], speaking: Speaking) -> SummaryCard:
    tr = speaking.texts.tr
    lines = tuple(_problem_line(row, speaking) for row in listing.rows if not row.struck)
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
    since = tr("since {date}", date=speaking.formats.year(row.since)) if row.since else ""
    return SummaryLine(
        runs=(Run(row.label),),
        words=_words(row.label, *(chip.word for chip in chips), since),
        aside=since,
        chips=tuple(chips),
        ref=Ref(row.rtype, row.id),
    )


def allergies_card(panel: AllergyPanel, speaking: Speaking) -> SummaryCard:
    texts, formats = speaking.texts, speaking.formats
    aside = ""
    if panel.verified_at:
        aside = texts.trc("allergies", "verified on {date}", date=formats.day(panel.verified_at))
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
        words=_words(row.agent, text, sure, *(chip.word for chip in chips)),
        caption=row.agent,
        caption_tone="danger",
        glyph="allergy",
        aside="" if chips else sure,
        chips=tuple(chips),
        ref=Ref(row.rtype, row.id),
    )


def treatments_card(listing: Listing[TreatmentRow], speaking: Speaking) -> SummaryCard:
    tr = speaking.texts.tr
    lines = tuple(_treatment_line(row, speaking) for row in listing.rows if not row.struck)
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
    if row.as_needed:
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
        words=_words("".join(run.text for run in runs), *(chip.word for chip in chips)),
        chips=chips,
        ref=Ref(row.rtype, row.id),
    )


def _disagreement(row: TreatmentRow, speaking: Speaking) -> Disagreement:
    tr = speaking.texts.tr
    head = [bold(row.substance)]
    if row.form:
        head.append(Run(f" — {row.form}"))
    versions = tuple(_version(version, speaking) for version in row.versions)
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


def _version(version: TreatmentVersion, speaking: Speaking) -> tuple[Run, ...]:
    tr = speaking.texts.tr
    source = quiet(f" · {version.author}, {speaking.formats.day(version.at)}")
    if version.stopped:
        return (bold(tr("stopped")), source)
    runs = [Run(tr("DOSE") + " ", Weight.SEMIBOLD, "muted", Size.CAPTION)]
    formats = speaking.formats
    runs.append(bold(formats.in_text(version.strength or version.dose)))
    if version.strength and version.dose:
        runs.append(Run(f" — {dose_taken(version.dose, formats, speaking.texts.language)}"))
    runs.append(Run(f" {version.posology}"))
    return (*runs, source)


def curves(listing: Listing[Series], speaking: Speaking) -> tuple[PlotState, ...]:
    """The two curves that say most: abnormal last value first, then the longest."""
    drawn = [series for series in listing.rows if len(series.points) > 2]
    drawn.sort(key=lambda s: (not flag_sign(s.last.flag), -len(s.points)))
    return tuple(plot_of(series, speaking) for series in drawn[:CURVES])


# -- timeline -----------------------------------------------------------------


def _passes(item: TimelineItem, filter_key: str) -> bool:
    if filter_key == "unread":
        return item.unread
    if filter_key == "patient":
        return item.by_patient
    kinds = dict(FILTERS).get(filter_key)
    return kinds is None or item.kind in kinds


def filters(record: Record, speaking: Speaking) -> tuple[FilterState, ...]:
    """Every filter that would leave something, with how much."""
    tr, trc = speaking.texts.tr, speaking.texts.trc
    calling = {"unread", "patient"}
    names = {
        "unread": tr("Unread items"),
        "laboratory": trc("timeline", "Laboratory"),
        "letters": tr("Letters"),
        "imaging": trc("timeline", "Imaging"),
        "prescriptions": tr("Prescriptions"),
        "patient": tr("Additions of the patient"),
    }
    items = record.timeline.rows
    found = [FilterState("all", tr("All"), len(items))]
    for key, word in names.items():
        count = sum(_passes(item, key) for item in items)
        if count:
            found.append(FilterState(key, word, count, key in calling))
    return tuple(found)


def timeline(
    record: Record, speaking: Speaking, *, filter_key: str, words: str
) -> tuple[tuple[TimelineRow, ...], str]:
    """Rows under their heads, and why there is none. Newest first in each group."""
    listing, texts = record.timeline, speaking.texts
    wanted = words.casefold().split()
    items = [i for i in listing.rows if _passes(i, filter_key)]
    shown = [(item, timeline_row(item, record, speaking)) for item in items]
    if wanted:
        shown = [p for p in shown if all(w in p[1].words.casefold() for w in wanted)]
    if not shown:
        emptiness, none = listing.emptiness, texts.tr("Nothing in this record")
        if listing.rows:
            emptiness = Emptiness.FILTERED
        return (), empty_word(texts, emptiness, listing.received_percent, none)
    today = speaking.today.isoformat()
    groups: dict[GroupKind, list[TimelineRow]] = {kind: [] for kind in GroupKind}
    for item, row in shown:
        if item.new and record.last_look is not None:
            groups[GroupKind.NEW].append(row)
        elif item.order[:10] == today:
            groups[GroupKind.TODAY].append(row)
        else:
            groups[GroupKind.BEFORE].append(row)
    rows: list[TimelineRow] = []
    for kind, members in groups.items():
        if members:
            rows.append(_head(kind, len(members), record, speaking))
            rows += members
    return tuple(rows), ""


def _head(kind: GroupKind, count: int, record: Record, speaking: Speaking) -> TimelineRow:
    texts = speaking.texts
    aside = ""
    if kind is GroupKind.TODAY:
        head = texts.tr("Today")
    elif kind is GroupKind.NEW and record.last_look is not None:
        moment = speaking.formats.moment(record.last_look)
        head = texts.tr("New since you last looked, on {moment}", moment=moment)
        aside = texts.trn("{count} item", "{count} items", count) + " · F3"
    else:
        head = texts.tr("Before")
    return TimelineRow(
        key=f"head:{kind}", words=f"{head} {aside}".strip(), group=kind, head=head, head_aside=aside
    )


def fact_runs(facts: tuple[Fact, ...], speaking: Speaking) -> tuple[Run, ...]:
    """Values after a title: HbA1c 7,4 % ▲."""
    runs: list[Run] = []
    formats = speaking.formats
    for fact in facts:
        shown = fact.text
        if fact.number is not None:
            shown = formats.measured(fact.number)
            if fact.second is not None:
                shown += "/" + formats.measured(fact.second)
            shown = formats.joined(shown, formats.unit(fact.unit))
            shown = f"{fact.comparator} {shown}".strip()
        text = f"{short_label(fact.label)} {shown}".strip()
        runs.append(Run((", " if runs and not runs[-1].text.endswith(" ") else "") + text))
        if flag_sign(fact.flag):
            tone = "danger" if fact.flag is not Flag.NORMAL else "text"
            runs.append(Run(f" {flag_sign(fact.flag)} ", Weight.SEMIBOLD, tone))
    return tuple(runs)


def dose_words(item: TimelineItem, speaking: Speaking) -> str:
    """`dose 1` where the number alone was sent; words stay as they are."""
    if item.dose.isdecimal():
        return speaking.texts.tr("dose {number}", number=item.dose)
    return item.dose


def told(item: TimelineItem, kind: str, speaking: Speaking) -> str:
    """Title and summary in one line, nothing said twice."""
    if item.kind is Kind.VACCINE:
        batch = speaking.texts.tr("batch {number}", number=item.lot) if item.lot else ""
        about = _words(dose_words(item, speaking), batch, item.summary)
        return f"{item.title} — {about}" if about else item.title
    if item.none_known:
        return speaking.texts.tr("No known allergies")
    title = item.title if item.title.casefold() != kind.casefold() else ""
    if not item.summary or (title and item.kind in {Kind.LETTER, Kind.DOCUMENT, Kind.IMAGING}):
        return title
    summary = " ".join(item.summary.split())
    if item.kind in {Kind.TREATMENT, Kind.PRESCRIPTION}:
        summary = speaking.formats.decimals(summary)
    if summary.casefold().startswith(title.casefold()):
        return summary
    return f"{title} — {summary}"


def timeline_row(item: TimelineItem, record: Record, speaking: Speaking) -> TimelineRow:
    """One event, ready to paint."""
    texts, formats = speaking.texts, speaking.formats
    chips: list[ChipState] = list(chips_of(item.state, speaking, undecided=item.undecided))
    if item.struck:
        chips.append(ChipState(texts.tr("Entered in error"), Tone.NEUTRAL))
    if item.by_patient:
        word = by_patient_word(texts, record.identity.sex)
        chips.append(ChipState(word, Tone.OK, "person"))
    if item.unread:
        chips.append(ChipState(texts.tr("Unread"), Tone.WAIT))
    weight = Weight.BOLD if item.unread else Weight.REGULAR
    facts = fact_runs(item.facts, speaking)
    kind = kind_word(texts, item.kind)
    summary = list(facts) or [Run(told(item, kind, speaking), weight)]
    second = " · ".join(part for part in (formats.time(item.at), item.author) if part)
    flags = [flag_words(texts, fact.flag) for fact in item.facts if flag_sign(fact.flag)]
    said = _words(
        formats.day(item.at),
        kind,
        "".join(run.text for run in summary).strip(),
        *flags,
        second,
        *(chip.word for chip in chips),
    )
    return TimelineRow(
        key=f"{item.rtype}/{item.id}",
        words=said,
        date=formats.day(item.at) if item.at else texts.tr("undated"),
        glyph=KIND_GLYPHS[item.kind],
        kind=kind,
        summary=tuple(summary),
        second=second,
        chips=tuple(chips),
        unread=item.unread,
        new=item.new or item.unread,
        struck=item.struck,
        refs=(Ref(item.rtype, item.id), *(Ref(*member) for member in item.members)),
    )
