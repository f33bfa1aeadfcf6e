"""From the chronology of a record to the rows, the heads and the filters of the timeline."""

from dossier.fhir.medications import Taking
from dossier.fhir.results import Flag
from practitioner_app.services.rows import Emptiness, Fact, Kind, Record, TimelineItem
from ui.patient.line_words import chips_of, joined
from ui.patient.rows import RowPresenter, TimelineRows
from ui.patient.state import FilterState, GroupKind, Ref, TimelineRow
from ui.speaking import Speaking
from ui.theme.tokens import Tone, Weight
from ui.widgets.chip import ChipState
from ui.widgets.text import Run
from ui.words import (
    KIND_GLYPHS,
    by_patient_word,
    empty_word,
    flag_sign,
    flag_words,
    kind_word,
    short_label,
    struck_chips,
    taking_word,
)

FILTERS: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("laboratory", frozenset({Kind.LABORATORY})),
    ("letters", frozenset({Kind.LETTER, Kind.DOCUMENT})),
    ("imaging", frozenset({Kind.IMAGING})),
    ("prescriptions", frozenset({Kind.PRESCRIPTION, Kind.TREATMENT})),
)


def rows_presenter(record: Record, speaking: Speaking) -> RowPresenter:
    """Presents the events of this record."""
    return RowPresenter(lambda item: timeline_row(item, record, speaking))


_KINDS = dict(FILTERS)
_NOT_TAKEN = frozenset({Taking.STOPPED, Taking.COMPLETED, Taking.ON_HOLD, Taking.NOT_TAKEN})
_IMPLIED = frozenset(
    ("DFG", unit) for unit in ("mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min/1,73 m²")
)
"""A measure has one unit only: a line that must be short leaves it out, the report says it."""


def _passes(item: TimelineItem, filter_key: str) -> bool:
    if filter_key == "unread":
        return item.unread
    if filter_key == "patient":
        return item.by_patient
    kinds = _KINDS.get(filter_key)
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
    record: Record, speaking: Speaking, presenter: RowPresenter, *, filter_key: str, words: str
) -> tuple[TimelineRows, str]:
    """Rows under their heads, and why there is none. Newest first in each group. Only words asked for
    need the rows presented here.
    """
    listing, texts = record.timeline, speaking.texts
    wanted = words.casefold().split()
    shown = [item for item in listing.rows if _passes(item, filter_key)]
    if wanted:
        shown = [i for i in shown if _says(presenter.row(i).words.casefold(), wanted)]
    if not shown:
        emptiness, none = listing.emptiness, texts.tr("Nothing in this record")
        if listing.rows:
            emptiness = Emptiness.FILTERED
        why = empty_word(texts, emptiness, listing.received_percent, none)
        return TimelineRows((), presenter), why
    today = speaking.today.isoformat()
    groups: dict[GroupKind, list[TimelineItem]] = {kind: [] for kind in GroupKind}
    for item in shown:
        if item.new and record.last_look is not None:
            groups[GroupKind.NEW].append(item)
        elif item.order[:10] == today:
            groups[GroupKind.TODAY].append(item)
        else:
            groups[GroupKind.BEFORE].append(item)
    entries: list[TimelineRow | TimelineItem] = []
    for kind, members in groups.items():
        if members:
            entries.append(_head(kind, len(members), record, speaking))
            entries += members
    return TimelineRows(entries, presenter), ""


def _says(text: str, wanted: list[str]) -> bool:
    return all(word in text for word in wanted)


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
            unit = "" if (short_label(fact.label), fact.unit) in _IMPLIED else fact.unit
            shown = formats.joined(shown, formats.unit(unit))
            shown = f"{fact.comparator} {shown}".strip()
        text = f"{short_label(fact.label)} {shown}".strip()
        runs.append(Run((", " if runs and not runs[-1].text.endswith(" ") else "") + text))
        if flag_sign(fact.flag):
            tone = "danger" if fact.flag is not Flag.NORMAL else "text"
            runs.append(Run(f" {flag_sign(fact.flag)} ", Weight.SEMIBOLD, tone, sign=True))
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
        about = joined(dose_words(item, speaking), batch, item.summary)
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


def taking_chips(item: TimelineItem, speaking: Speaking) -> tuple[ChipState, ...]:
    """A drug that is not taken any more says so where its beginning stands: nobody reads it as current.
    That an old prescription came to its end says nothing.
    """
    texts, until = speaking.texts, item.until
    over = item.taking is Taking.COMPLETED and item.kind is Kind.PRESCRIPTION
    if item.taking not in _NOT_TAKEN or item.struck or over:
        return ()
    word = taking_word(texts, item.taking)
    word = word[:1].upper() + word[1:]
    if until:
        word = texts.tr("{state} on {day}", state=word, day=speaking.formats.day(until))
    return (ChipState(word, Tone.NEUTRAL),)


def timeline_row(item: TimelineItem, record: Record, speaking: Speaking) -> TimelineRow:
    """One event, ready to paint."""
    texts, formats = speaking.texts, speaking.formats
    chips: list[ChipState] = list(chips_of(item.state, speaking, undecided=item.undecided))
    chips += struck_chips(texts, item.struck, item.rtype)
    chips += taking_chips(item, speaking)
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
    said = joined(
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
        values=bool(facts),
        second=second,
        chips=tuple(chips),
        unread=item.unread,
        new=item.new or item.unread,
        struck=bool(item.struck),
        refs=(Ref(item.rtype, item.id), *(Ref(*member) for member in item.members)),
    )
