"""From the chronology of a record to the rows, the heads and the filters of the timeline."""

from collections import Counter

from dossier.fhir.medications import Taking
from dossier.fhir.results import Flag
from practitioner_app.services.rows import DRAFT, Emptiness, Fact, Kind, Record, TimelineItem
from ui.patient.addition_words import addition_chip
from ui.patient.line_words import chips_of, joined
from ui.patient.note_presenter import consultation_second, note_chips
from ui.patient.rows import Presenter, RowPresenter, TimelineRows, key_of
from ui.patient.sought import Excerpts, MarkingPresenter, Sought, says
from ui.patient.state import FilterState, GroupKind, Ref, TimelineRow
from ui.speaking import Speaking
from ui.theme.tokens import Size, Tone, Weight
from ui.widgets.chip import ChipState
from ui.widgets.text import Run
from ui.words import (
    KIND_GLYPHS,
    additions_word,
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
    ("vaccines", frozenset({Kind.VACCINE})),
)


def rows_presenter(record: Record, speaking: Speaking) -> RowPresenter:
    """Presents the events of this record."""
    older = {key_of(one) for item in record.timeline.rows for one in item.versions}
    return RowPresenter(
        lambda item: timeline_row(item, record, speaking, older=key_of(item) in older)
    )


_KINDS = dict(FILTERS)
_NOT_TAKEN = frozenset({Taking.STOPPED, Taking.COMPLETED, Taking.ON_HOLD, Taking.NOT_TAKEN})
_IMPLIED = frozenset(
    ("DFG", unit) for unit in ("mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min/1,73 m²")
)
"""A measure has one unit only: a line that must be short leaves it out, the report says it."""


def _passes(item: TimelineItem, filter_key: str) -> bool:
    if filter_key == "unread":
        return item.unread
    if filter_key == "to_sign":
        return item.reading is not None and item.reading.mine and not item.reading.signed
    if filter_key == "patient":
        return item.by_patient
    kinds = _KINDS.get(filter_key)
    return kinds is None or item.kind in kinds


def filters(record: Record, speaking: Speaking) -> tuple[FilterState, ...]:
    """Every filter that would leave something, with how much."""
    tr, trc = speaking.texts.tr, speaking.texts.trc
    calling = {"unread", "to_sign", "patient"}
    names = {
        "unread": tr("Unread items"),
        "to_sign": tr("To sign"),
        "laboratory": trc("timeline", "Laboratory"),
        "letters": tr("Letters"),
        "imaging": trc("timeline", "Imaging"),
        "prescriptions": tr("Prescriptions"),
        "vaccines": trc("timeline", "Vaccines"),
        "patient": additions_word(speaking.texts, record.identity.sex),
    }
    items = record.timeline.rows
    found = [FilterState("all", tr("All"), len(items))]
    kinds = Counter(item.kind for item in items)
    for key, word in names.items():
        if key in _KINDS:
            count = sum(kinds[kind] for kind in _KINDS[key])
        else:
            count = sum(_passes(item, key) for item in items)
        if count:
            found.append(FilterState(key, word, count, key in calling))
    return tuple(found)


def timeline(
    record: Record,
    speaking: Speaking,
    presenter: RowPresenter,
    *,
    filter_key: str,
    words: str = "",
    excerpts: Excerpts | None = None,
    unfolded: frozenset[str] = frozenset(),
) -> tuple[TimelineRows, str]:
    """Rows under their heads, and why there is none. Newest first in each group. Only words asked for
    need the rows presented here. `unfolded`: the lines whose older versions are shown; `excerpts`: of the
    documents that hold the words, by (type, id).
    """
    listing, texts = record.timeline, speaking.texts
    shown = [item for item in listing.rows if _passes(item, filter_key)]
    presents: Presenter = presenter
    sought = Sought(words=words, excerpts=excerpts or {})
    if sought.tokens:
        shown = [item for item in shown if _holds(item, presenter, sought)]
        presents = MarkingPresenter(presenter, sought)
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
        elif item.order[:10] == today or item.rtype == DRAFT:
            groups[GroupKind.TODAY].append(item)
        else:
            groups[GroupKind.BEFORE].append(item)
    entries: list[TimelineRow | TimelineItem] = []
    for kind, members in groups.items():
        if members:
            entries.append(_head(kind, members, record, speaking))
            for item in members:
                entries.append(item)
                if item.versions and key_of(item) in unfolded:
                    entries += item.versions
    return TimelineRows(entries, presents, unfolded), ""


def _holds(item: TimelineItem, presenter: RowPresenter, sought: Sought) -> bool:
    """Whether the line, its pages, or one of the versions folded under it say the words."""
    wanted = sought.tokens
    lines = (item, *item.versions)
    return any(says(presenter.row(line), wanted) or sought.is_in(line) for line in lines)


def _head(
    kind: GroupKind, members: list[TimelineItem], record: Record, speaking: Speaking
) -> TimelineRow:
    texts, count = speaking.texts, len(members)
    aside = ""
    if kind is GroupKind.TODAY:
        head = texts.tr("Today")
        if any(item.ongoing for item in members):
            head = texts.tr("Today — consultation in progress")
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


def reading_chips(item: TimelineItem, speaking: Speaking) -> tuple[ChipState, ...]:
    """Whether the line is unread, to be signed or signed as read; where nothing of it, whether it was signed."""
    texts, reading = speaking.texts, item.reading
    chips: list[ChipState] = []
    if reading is not None and not reading.signed:
        word = texts.trc("one", "To sign")
        if not reading.mine and reading.by:
            word = texts.tr("To be signed by {name}", name=reading.by)
        chips.append(ChipState(word, Tone.WAIT if reading.mine else Tone.NEUTRAL))
    if item.unread:
        chips.append(ChipState(texts.tr("Unread"), Tone.WAIT))
    if reading is not None and reading.signed:
        chips.append(ChipState(texts.trc("one", "Signed as read"), Tone.NEUTRAL))
    elif item.signed and not chips:
        chips.append(ChipState(texts.trc("one", "Signed"), Tone.NEUTRAL))
    return tuple(chips)


def second_line(item: TimelineItem, speaking: Speaking) -> str:
    """The hour, who, when it came where that is another day, who signed it as read."""
    texts, formats, reading = speaking.texts, speaking.formats, item.reading
    came = ""
    if item.arrived and formats.day(item.arrived) != formats.day(item.at):
        came = texts.tr("received on {date}", date=formats.moment(item.arrived))
    seen = ""
    if reading is not None and reading.signed and reading.by:
        seen = texts.tr(
            "read and signed by {name} on {date}", name=reading.by, date=formats.moment(reading.at)
        )
    who = consultation_second(item, speaking) or item.author
    return " · ".join(part for part in (formats.time(item.at), who, came, seen) if part)


def timeline_row(
    item: TimelineItem, record: Record, speaking: Speaking, *, older: bool = False
) -> TimelineRow:
    """One event, ready to paint. `older`: a version that another line stands for."""
    texts, formats = speaking.texts, speaking.formats
    chips: list[ChipState] = list(chips_of(item.state, speaking, undecided=item.undecided))
    chips += struck_chips(texts, item.struck, item.rtype)
    chips += taking_chips(item, speaking)
    if item.by_patient:
        word = by_patient_word(texts, record.identity.sex)
        chips.append(ChipState(word, Tone.OK, "person"))
        chips += addition_chip(item, speaking)
    if item.corrected:
        chips.append(ChipState(texts.tr("Corrected"), Tone.NEUTRAL))
    if item.replaced or older:
        chips.append(ChipState(texts.tr("Replaced"), Tone.NEUTRAL))
    if item.versions:
        count = len(item.versions) + 1
        word = texts.trn("{count} version", "{count} versions", count)
        chips.append(ChipState(word, Tone.NEUTRAL))
    chips += note_chips(item, texts)
    chips += reading_chips(item, speaking)
    weight = Weight.BOLD if item.unread else Weight.REGULAR
    facts = fact_runs(item.facts, speaking)
    kind = kind_word(texts, item.kind)
    summary = list(facts) or [Run(told(item, kind, speaking), weight)]
    second = second_line(item, speaking)
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
        second=(Run(second, Weight.REGULAR, "muted", Size.LABEL),) if second else (),
        chips=tuple(chips),
        versions=len(item.versions),
        is_older=older,
        unread=item.unread,
        new=item.new or item.unread,
        struck=bool(item.struck),
        refs=(Ref(item.rtype, item.id), *(Ref(*member) for member in item.members)),
    )
