"""From one line of the record to the side panel: facts, curve, state, and what may be done with it."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from dossier.fhir.results import Flag
from practitioner_app.ports import ItemState
from practitioner_app.services.act_rows import HabitRow, MeasureRow, VaccinationRow
from practitioner_app.services.documents import Letter
from practitioner_app.services.rows import (
    AllergyRow,
    Fact,
    HistoryRow,
    Item,
    Kind,
    ProblemRow,
    Record,
    Struck,
    TimelineItem,
    TreatmentRow,
)
from ui.formats import Formats, band_words
from ui.patient.addition_words import addition_actions, decision_sentence
from ui.patient.banner import full_name
from ui.patient.line_words import chips_of
from ui.patient.note_presenter import (
    consultation_second,
    is_consultation,
    note_actions,
    note_chips,
    prose,
)
from ui.patient.page_presenter import page_actions
from ui.patient.presenter import SETTLE_KEY, medication_runs
from ui.patient.prevention_presenter import RULE, SHEET
from ui.patient.sheets import sheet
from ui.patient.state import (
    Action,
    ActionState,
    DetailState,
    FactLine,
    GridRow,
    PaperState,
    Ref,
)
from ui.patient.timeline_presenter import dose_words, reading_chips
from ui.patient.vaccination_presenter import vaccination_facts
from ui.results.presenter import both_values, plot_of
from ui.speaking import Speaking
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.widgets.trend import PlotState
from ui.words import (
    by_patient_word,
    certainty_word,
    course_word,
    criticality_word,
    flag_words,
    kind_word,
    severity_word,
    struck_chips,
    taking_word,
)

R = TypeVar("R", bound=Item)

EDITABLE = frozenset(
    {
        "AllergyIntolerance",
        "Condition",
        "MedicationStatement",
        "Immunization",
        "Observation",
        "Procedure",
        "FamilyMemberHistory",
    }
)


class Lines(NamedTuple):
    """What is known of one reference."""

    allergy: AllergyRow | None = None
    problem: ProblemRow | None = None
    history: HistoryRow | None = None
    treatment: TreatmentRow | None = None
    vaccination: VaccinationRow | None = None
    measures: tuple[MeasureRow, ...] = ()
    habit: HabitRow | None = None
    event: TimelineItem | None = None


def lines_of(record: Record, ref: Ref) -> Lines:
    """Every row of the record that shows this resource."""
    panel = record.allergies
    allergies = (*panel.rows, *panel.declared_by_patient, *panel.struck)
    return Lines(
        allergy=_find(allergies, ref),
        problem=_find(record.problems.rows, ref),
        history=_find([row for part in record.history.values() for row in part.rows], ref),
        treatment=_find((*record.treatments.rows, *record.past_treatments.rows), ref),
        vaccination=_find(record.vaccinations.rows, ref),
        measures=_measures_of(record, ref),
        habit=_find(record.habits.rows, ref),
        event=event_of(record, ref),
    )


def _measures_of(record: Record, ref: Ref) -> tuple[MeasureRow, ...]:
    if ref.rtype != "Observation":
        return ()
    ids = {rid for rtype, rid in members_of(record, ref) if rtype == "Observation"}
    return tuple(row for row in record.measures.rows if row.id in ids)


def _find(rows: Sequence[R], ref: Ref) -> R | None:
    return next((row for row in rows if row.rtype == ref.rtype and row.id == ref.id), None)


def event_of(record: Record, ref: Ref) -> TimelineItem | None:
    """The line of the timeline that speaks for a resource, older versions too."""
    wanted = (ref.rtype, ref.id)
    for item in record.timeline.rows:
        if (item.rtype, item.id) == wanted or wanted in item.members:
            return item
        for older in item.versions:
            if (older.rtype, older.id) == wanted or wanted in older.members:
                return older
    return None


def members_of(record: Record, ref: Ref) -> tuple[tuple[str, str], ...]:
    """The resources that the line of a reference speaks for."""
    event = event_of(record, ref)
    return (event.members or ((event.rtype, event.id),)) if event else ((ref.rtype, ref.id),)


def detail(
    record: Record, ref: Ref, speaking: Speaking, letter: Letter | None = None
) -> DetailState | None:
    """The side panel for a reference; None when the record does not hold it any more."""
    if ref.rtype in {RULE, SHEET}:
        return sheet(record, ref, speaking)
    lines = lines_of(record, ref)
    row: Item | None = lines.allergy or lines.problem or lines.treatment
    row = row or lines.vaccination or lines.history
    if row is None and lines.event is None:
        return None
    chosen = row or lines.event
    assert chosen is not None
    title, facts = _facts(lines, speaking)
    event = lines.event
    shown = letter if row is None else None
    second = ""
    if event is not None:
        when = speaking.formats.moment(event.at) if event.at else speaking.texts.tr("undated")
        received = _received(shown, speaking) if shown else ""
        by = consultation_second(event, speaking) or event.author
        second = " · ".join(part for part in (when, by, received) if part)
    elif chosen.author:
        second = chosen.author
    return DetailState(
        title=title,
        second=second,
        chips=_chips(chosen, record, speaking),
        facts=() if shown else facts,
        grid=_grid(event, speaking) if row is None else (),
        plots=_plots(event, record, speaking) if row is None else (),
        paper=_paper(shown, record, speaking) if shown and not shown.note else None,
        pdf=shown.pdf if shown else b"",
        note=prose(event, shown, speaking) if event and shown and shown.note else (),
        notice=_notice(chosen, speaking) or _unpainted(shown, speaking),
        decision=decision_sentence(event, speaking) if event else "",
        actions=(
            *_actions(chosen, lines, speaking, narrowed=record.narrowed),
            *page_actions(shown, chosen, speaking, narrowed=record.narrowed),
        ),
        may_sign=event is not None and row is None and may_sign(event) and not record.narrowed,
        ref=Ref(chosen.rtype, chosen.id),
        op_id=chosen.op_id,
    )


def _chips(row: Item, record: Record, speaking: Speaking) -> tuple[ChipState, ...]:
    texts = speaking.texts
    chips = list(chips_of(row.state, speaking, undecided=getattr(row, "undecided", False)))
    if row.state is ItemState.SENT:
        chips.append(ChipState(texts.tr("Recorded"), Tone.NEUTRAL))
    chips += struck_chips(texts, getattr(row, "struck", Struck.NO), row.rtype)
    if isinstance(row, TimelineItem):
        chips += note_chips(row, texts)
    if row.by_patient:
        chips.append(ChipState(by_patient_word(texts, record.identity.sex), Tone.OK, "person"))
    said = reading_chips(row, speaking) if isinstance(row, TimelineItem) else ()
    if row.new and not said:
        chips.append(ChipState(texts.tr("New"), Tone.ACCENT))
    chips += said
    return tuple(chips)


def _notice(row: Item, speaking: Speaking) -> str:
    tr = speaking.texts.tr
    return {
        ItemState.PENDING: tr("Kept on this computer; it leaves as soon as there is a connection."),
        ItemState.REFUSED: tr(
            "The server refused this entry; the reason is in the sending centre."
        ),
        ItemState.CONFLICT: tr(
            "Somebody else changed this line. Nothing is lost: both versions are kept."
        ),
    }.get(row.state, "")


def _unpainted(letter: Letter | None, speaking: Speaking) -> str:
    """Why the pages of a document are not seen."""
    tr = speaking.texts.tr
    if letter is None or not letter.unpainted:
        return ""
    if letter.lines:
        return tr("The pages of this document are not opened here: its words alone are shown.")
    return tr("The pages of this document are not opened here, and it holds no words beside them.")


def _facts(lines: Lines, speaking: Speaking) -> tuple[str, tuple[FactLine, ...]]:
    if lines.allergy is not None:
        return lines.allergy.agent, _allergy_facts(lines.allergy, speaking)
    if lines.problem is not None:
        return lines.problem.label, _problem_facts(lines.problem, speaking)
    if lines.treatment is not None:
        return lines.treatment.substance, _treatment_facts(lines.treatment, speaking)
    if lines.vaccination is not None:
        return lines.vaccination.vaccine, vaccination_facts(lines.vaccination, speaking)
    if lines.history is not None:
        return lines.history.label, _history_facts(lines.history, speaking)
    event = lines.event
    assert event is not None
    kind = kind_word(speaking.texts, event.kind)
    return event.title or kind, _event_facts(event, kind, speaking)


def _kept(*facts: FactLine) -> tuple[FactLine, ...]:
    return tuple(fact for fact in facts if fact.value)


def _allergy_facts(row: AllergyRow, speaking: Speaking) -> tuple[FactLine, ...]:
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    return _kept(
        FactLine(tr("Reaction"), ", ".join(row.reactions) or tr("reaction not stated")),
        FactLine(tr("Certainty"), certainty_word(texts, row.certainty)),
        FactLine(tr("Severity of the reaction"), severity_word(texts, row.severity)),
        FactLine(tr("Risk in case of a new exposure"), criticality_word(texts, row.criticality)),
        FactLine(tr("Date"), formats.day(row.since) if row.since else tr("not recorded")),
        FactLine(tr("Recorded on"), formats.moment(row.recorded) if row.recorded else ""),
        FactLine(tr("Author"), row.author),
        FactLine(tr("Note"), row.note),
    )


def _problem_facts(row: ProblemRow, speaking: Speaking) -> tuple[FactLine, ...]:
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    ald = f"{tr('ALD')} {row.ald_number}".strip() if row.ald else ""
    return _kept(
        FactLine(tr("Course"), course_word(texts, row.course)),
        FactLine(tr("Since"), formats.day(row.since) if row.since else tr("not recorded")),
        FactLine(tr("Ended on"), formats.day(row.until) if row.until else ""),
        FactLine(tr("Recorded on"), formats.moment(row.recorded) if row.recorded else ""),
        FactLine(tr("Long-term condition (ALD)"), ald),
        FactLine(tr("Code"), row.code),
        FactLine(tr("Author"), row.author),
        FactLine(tr("Note"), row.note),
    )


def _history_facts(row: HistoryRow, speaking: Speaking) -> tuple[FactLine, ...]:
    tr, formats = speaking.texts.tr, speaking.formats
    return _kept(
        FactLine(tr("Relative"), row.relation),
        FactLine(tr("Date"), formats.day(row.since) if row.since else ""),
        FactLine(tr("Author"), row.author),
        FactLine(tr("Note"), row.note),
    )


def _treatment_facts(row: TreatmentRow, speaking: Speaking) -> tuple[FactLine, ...]:
    texts, formats = speaking.texts, speaking.formats
    tr = texts.tr
    return _kept(
        FactLine(tr("Line"), "".join(run.text for run in medication_runs(row, speaking))),
        FactLine(tr("Status"), taking_word(texts, row.status)),
        FactLine(tr("Since"), formats.day(row.since) if row.since else tr("not recorded")),
        FactLine(tr("Ended on"), formats.day(row.until) if row.until else ""),
        FactLine(tr("Reason"), row.reason),
        FactLine(tr("Author"), row.author),
        FactLine(tr("Note"), row.note),
    )


def _event_facts(event: TimelineItem, kind: str, speaking: Speaking) -> tuple[FactLine, ...]:
    tr, formats = speaking.texts.tr, speaking.formats
    if event.facts:
        return ()
    return _kept(
        FactLine(tr("Kind"), kind),
        FactLine(tr("Date"), formats.moment(event.at) if event.at else tr("undated")),
        FactLine(tr("Author"), event.author),
        FactLine(speaking.texts.trc("vaccine", "Dose"), dose_words(event, speaking)),
        FactLine(tr("Batch number"), event.lot),
        FactLine(tr("Summary"), event.summary),
    )


def _received(letter: Letter, speaking: Speaking) -> str:
    """When it came, where that is another day than the one of the care."""
    formats = speaking.formats
    if letter.note or not letter.made or formats.day(letter.made) == formats.day(letter.at):
        return ""
    return speaking.texts.tr("received on {date}", date=formats.day(letter.made))


def _paper(letter: Letter, record: Record, speaking: Speaking) -> PaperState:
    """The page of a document: the words are its own, in its own order."""
    formats, identity = speaking.formats, record.identity
    born = formats.day(identity.birth_date) if identity.birth_date else ""
    telephone = speaking.texts.tr("tel. {number}", number=letter.telephone.replace(" ", "\u00a0"))
    where = (letter.address, telephone if letter.telephone else "")
    sent = (letter.author, letter.speciality.lower())
    return PaperState(
        heading=letter.organisation,
        place=" · ".join(part for part in where if part),
        sender=", ".join(part for part in sent if part),
        day=formats.day(letter.at) if letter.at else "",
        title=letter.title or letter.type,
        about=", ".join(part for part in (full_name(identity, speaking.today), born) if part),
        lines=letter.lines,
        foot=letter.type if letter.type != letter.title else "",
    )


def number_of(fact: Fact, formats: Formats) -> str:
    """7,0 or < 5 or 132/78; the words of a result that has no number."""
    if fact.number is None:
        return fact.text
    shown = formats.measured(fact.number)
    if fact.second is not None:
        shown += "/" + formats.measured(fact.second)
    return f"{fact.comparator} {shown}".strip()


def _grid(event: TimelineItem | None, speaking: Speaking) -> tuple[GridRow, ...]:
    if event is None:
        return ()
    return tuple(
        GridRow(
            label=fact.label,
            value=number_of(fact, speaking.formats),
            unit=speaking.formats.unit(fact.unit) if fact.number is not None else "",
            flag=flag_words(speaking.texts, fact.flag) if fact.flag is not Flag.UNKNOWN else "",
            band=band_words(fact.band, speaking.formats, fact.number),
            note=fact.note,
        )
        for fact in event.facts
    )


def _plots(event: TimelineItem | None, record: Record, speaking: Speaking) -> tuple[PlotState, ...]:
    """Curves of the analytes this line speaks of, in the unit of the line (HZ-11)."""
    if event is None:
        return ()
    wanted = {(fact.label.casefold(), speaking.formats.unit(fact.unit)) for fact in event.facts}
    return tuple(
        plot_of(series, speaking)
        for series in record.series.rows
        if (series.label.casefold(), speaking.formats.unit(series.unit)) in wanted
        and len(series.points) > 1
    )[:3]


_SHOWN = 40
_TO_SIGN = frozenset((Kind.LABORATORY, Kind.IMAGING, Kind.LETTER, Kind.DOCUMENT))


def may_sign(event: TimelineItem) -> bool:
    """What others sent is signed as read once; one's own writing is signed when it is written."""
    if event.struck or event.undecided or event.by_patient:
        return False
    reading = event.reading
    if reading is not None:
        return not reading.signed
    return event.kind in _TO_SIGN and not event.mine and event.state is ItemState.CONFIRMED


def _actions(
    row: Item, lines: Lines, speaking: Speaking, *, narrowed: bool
) -> tuple[ActionState, ...]:
    """What the state of the line allows; nothing that would not work."""
    tr = speaking.texts.tr
    undecided = row.state is ItemState.CONFLICT or getattr(row, "undecided", False)
    if undecided and row.op_id:
        return (ActionState(Action.SETTLE, tr("Settle"), SETTLE_KEY, primary=True),)
    actions: list[ActionState] = []
    if lines.event is not None and row is lines.event and is_consultation(lines.event):
        return () if narrowed else note_actions(lines.event, speaking)
    if row.state is ItemState.PENDING:
        actions.append(ActionState(Action.UNDO, tr("Undo"), "Ctrl+Z"))
    if row.state is ItemState.REFUSED:
        actions.append(ActionState(Action.WITHDRAW, tr("Withdraw…")))
    event = lines.event
    if row is event and event is not None and not narrowed and may_sign(event):
        actions.append(ActionState(Action.SIGN, tr("Sign as read"), "Alt+V", primary=True))
    if event is not None and event.waits and not narrowed:
        return (*actions, *addition_actions(event, speaking))
    if row.by_patient or not _may_correct(row, lines):
        return tuple(actions)
    actions.insert(0, ActionState(Action.EDIT, tr("Correct"), tr("Alt+E"), primary=True))
    if lines.problem is not None:
        actions.append(ActionState(Action.END, tr("Resolved…")))
    if lines.treatment is not None:
        actions.append(ActionState(Action.END, tr("Stop…")))
    if row.state is ItemState.CONFIRMED:
        actions.append(ActionState(Action.ERROR, tr("Entered in error…")))
    return tuple(actions)


def _may_correct(row: Item, lines: Lines) -> bool:
    """A line of a kind with a form, that still stands; a dose not given is corrected like one given."""
    if row.rtype not in EDITABLE:
        return False
    if lines.vaccination is not None:
        return lines.vaccination.struck is not Struck.ERROR
    if lines.history is not None or lines.habit is not None:
        return True
    known = lines.allergy or lines.problem or lines.treatment
    return bool(lines.measures) or (known is not None and not known.struck)


def curve_detail(record: Record, key: str, speaking: Speaking) -> DetailState | None:
    """The side panel about one analyte: its curve and its values, newest first."""
    series = next((s for s in record.series.rows if f"{s.code}|{s.unit}" == key), None)
    if series is None:
        return None
    tr, formats = speaking.texts.tr, speaking.formats
    plot = plot_of(series, speaking)
    rows = tuple(
        GridRow(
            label=formats.moment(point.at),
            value=both_values(point, speaking),
            unit=plot.unit,
            flag=flag_words(speaking.texts, point.flag),
            band=band_words(point.band, formats, point.number),
        )
        for point in reversed(series.points[-_SHOWN:])
    )
    return DetailState(
        title=series.label,
        second=tr("One unit only: {unit}", unit=plot.unit) if plot.unit else "",
        plots=(plot,),
        grid=rows,
    )
