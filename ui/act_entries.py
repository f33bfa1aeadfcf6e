"""The forms of what is done and noted: vaccinations, measures, procedures, family, way of life, prevention.

Each maker gives a form, what reads its answers and what writes; `ui.record_entries` opens it.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, structs

from practitioner_app.services.act_rows import (
    HabitRow,
    MeasureRow,
    PreventionKind,
    PreventionRow,
)
from practitioner_app.services.rows import HistoryRow, Record
from practitioner_app.services.striking import Strike
from practitioner_app.services.writing import Written
from ui.context import SessionContext
from ui.forms import Answers, FieldSpec, FormSpec, Option
from ui.history import view_model as history
from ui.history.view import family_form, habit_form, procedure_form
from ui.history.words import habit_word
from ui.immunizations import view_model as immunizations
from ui.immunizations.view import immunization_form
from ui.measures.view import measures_form, typed_number
from ui.measures.view_model import MeasureEntry
from ui.patient.detail_presenter import members_of
from ui.patient.prevention_presenter import label_of
from ui.patient.state import Ref
from ui.prevention import view_model as prevention
from ui.prevention.view import dismiss_form, done_form
from ui.speaking import Speaking

_HISTORY: Final = {
    "procedures": "Procedure",
    "family": "FamilyMemberHistory",
    "lifestyle": "Observation",
}
STRIKABLE = frozenset({"Immunization", "Observation", "Procedure", "FamilyMemberHistory"})
ALL = "all"


class Opened(Struct, frozen=True, kw_only=True):
    """A form and what becomes of its answers."""

    spec: FormSpec
    parse: Callable[[Answers], Any]
    write: Callable[[Any], Written]
    paths: dict[str, str] = {}


class Around(Struct, frozen=True, kw_only=True):
    """Whose record, and what the makers work with."""

    context: SessionContext
    speaking: Speaking
    record: Record
    about: str


def adding(kind: str, around: Around) -> Opened | None:
    """A new line of this kind, None for a kind that is not ours; `rule:`, `dismiss:` and `resume:` name a
    recommendation.
    """
    what, _, code = kind.partition(":")
    row = next((row for row in around.record.prevention.rows if code and row.code == code), None)
    if row is not None:
        return _recommendation(what, row, around)
    if kind == "immunizations":
        return _immunization(around, "")
    if kind == "measures":
        return _measures(around, ())
    return _history(kind, around, None) if kind in _HISTORY else None


def correcting(ref: Ref, around: Around) -> Opened | None:
    """The same form, filled with a known line."""
    if ref.rtype == "Immunization":
        return _immunization(around, ref.id)
    kind = next((kind for kind, rtype in _HISTORY.items() if rtype == ref.rtype), "")
    if kind and (line := _history_line(ref, around.record)) is not None:
        return _history(kind, around, line)
    rows = measures_behind(ref, around.record)
    return _measures(around, rows) if rows else None


def _history_line(ref: Ref, record: Record) -> HistoryRow | HabitRow | None:
    past = [row for rows in record.history.values() for row in rows.rows]
    known: list[HistoryRow | HabitRow] = [*past, *record.habits.rows]
    return next((row for row in known if (row.rtype, row.id) == (ref.rtype, ref.id)), None)


def _history(kind: str, around: Around, row: HistoryRow | HabitRow | None) -> Opened:
    """A form of the past history: an act, the family, the way of life."""
    speaking, context, about = around.speaking, around.context, around.about
    texts, service = speaking.texts, context.services.history
    rid = row.id if row else ""
    entry = history.HistoryEntry(texts, speaking.today, service, around.record.owner, rid)
    parse: Callable[[Answers], Any]
    past, habit = (row, None) if isinstance(row, HistoryRow) else (None, row)
    if kind == "procedures":
        spec, parse = procedure_form(texts, about, past), entry.parse_procedure
    elif kind == "family":
        spec, parse = family_form(texts, about, context.terms, past), entry.parse_relative
    else:
        spec, parse = habit_form(texts, speaking.formats, about, habit), entry.parse_habit
    return Opened(spec=spec, parse=parse, write=entry.write, paths=history.PATHS)


def measures_behind(ref: Ref, record: Record) -> tuple[MeasureRow, ...]:
    """The measures that the line of a reference speaks for."""
    ids = {rid for rtype, rid in members_of(record, ref) if rtype == "Observation"}
    return tuple(row for row in record.measures.rows if row.id in ids)


def striking(ref: Ref, around: Around) -> Opened | None:
    """Entered in error, of the kinds whose status says it; of a set of measures, which one."""
    if ref.rtype not in STRIKABLE:
        return None
    texts, owner = around.speaking.texts, around.record.owner
    service = around.context.services.striking
    words = _words_behind(ref, around)
    fields = [
        FieldSpec(
            key="reason",
            label=texts.tr("Reason"),
            hint=texts.tr("For example: wrong patient. It stays written beside the line."),
            required=True,
        )
    ]
    if len(words) > 1:
        options = tuple(Option(rid, word) for rid, word in words.items())
        every = Option(ALL, texts.tr("All the values of this line"))
        fields.insert(
            0,
            FieldSpec(
                key="which", label=texts.tr("Value"), options=(every, *options), stacked=True
            ),
        )
    ids = tuple(words) or (ref.id,)

    def parse(answers: Answers) -> tuple[Strike, ...]:
        which, reason = answers.get("which", ALL), answers.get("reason", "").strip()
        chosen = ids if which == ALL else (which,)
        return tuple(Strike(owner=owner, rtype=ref.rtype, id=one, reason=reason) for one in chosen)

    def write(commands: tuple[Strike, ...]) -> Written:
        first, *others = [service.strike(one) for one in commands]
        return first._replace(more=tuple(one.op_id for one in others))

    spec = FormSpec(
        key=f"reason:{ref.rtype}:{ref.id}",
        title=texts.tr("Entered in error"),
        about=around.about,
        save=texts.tr("Strike through"),
        fields=tuple(fields),
        values={"which": ALL} if len(words) > 1 else {},
    )
    return Opened(spec=spec, parse=parse, write=write, paths={"reason": "reason"})


def _words_behind(ref: Ref, around: Around) -> dict[str, str]:
    """The measures or habits that a line speaks for, by id, each with its words."""
    record, texts = around.record, around.speaking.texts
    ids = {rid for rtype, rid in members_of(record, ref) if rtype == "Observation"}
    found = {row.id: _measure_word(row, around) for row in measures_behind(ref, record)}
    for row in record.habits.rows:
        if row.id in ids:
            found[row.id] = f"{habit_word(texts, row.habit)} — {row.text}"
    return found


def _measure_word(row: MeasureRow, around: Around) -> str:
    formats = around.speaking.formats
    shown = formats.joined(typed_number(row, formats), formats.unit(row.unit))
    return (
        f"{row.label} : {shown}"
        if around.speaking.texts.language == "fr"
        else f"{row.label}: {shown}"
    )


def _immunization(around: Around, rid: str, vaccine: str = "", dose: int = 0) -> Opened | None:
    speaking, context = around.speaking, around.context
    row = next((one for one in around.record.vaccinations.rows if one.id == rid), None)
    if rid and row is None:
        return None
    entry = immunizations.ImmunizationEntry(
        speaking.texts,
        speaking.today,
        context.terms,
        context.services.immunizations,
        around.record.owner,
        rid,
    )
    spec = immunization_form(
        speaking.texts, around.about, context.terms, row, speaking.today, vaccine
    )
    if dose:
        spec = structs.replace(spec, values={**spec.values, "dose": str(dose)})
    return Opened(spec=spec, parse=entry.parse, write=entry.write, paths=immunizations.PATHS)


def _recommendation(what: str, row: PreventionRow, around: Around) -> Opened | None:
    """What is done with a recommendation: noted as done, put aside, taken up again."""
    speaking, texts = around.speaking, around.speaking.texts
    if what == "resume" and row.dismissed is not None:
        return striking(Ref(row.dismissed.rtype, row.dismissed.id), around)
    if what == "rule" and row.kind is PreventionKind.VACCINE:
        words = row.vaccine_fr if texts.language == "fr" else row.vaccine_en
        return _immunization(around, "", words, row.dose)
    service = around.context.services.prevention
    owner, label = around.record.owner, label_of(row, speaking)
    entry = prevention.PreventionEntry(texts, speaking.today, service, owner, row)
    if what == "rule":
        spec = done_form(texts, around.about, row.code, label, speaking.today)
        return Opened(spec=spec, parse=entry.parse_done, write=entry.write, paths=prevention.PATHS)
    spec = dismiss_form(texts, around.about, row.code, label)
    return Opened(spec=spec, parse=entry.parse_dismissal, write=entry.write, paths=prevention.PATHS)


def _measures(around: Around, rows: tuple[MeasureRow, ...]) -> Opened:
    context = around.context
    entry = MeasureEntry(
        around.speaking, context.terms, context.services.measures, around.record, rows
    )
    spec = measures_form(around.speaking, around.about, rows, small=entry.small)
    spec = structs.replace(spec, doubts=entry.doubts, tell=entry.tell)
    return Opened(spec=spec, parse=entry.parse, write=entry.write)
