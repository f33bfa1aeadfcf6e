"""From a comparison and the choices made so far to the three panes."""

import re
from collections.abc import Mapping

from dossier.fhir.allergies import Certainty, Criticality
from dossier.fhir.medications import Taking
from dossier.fhir.problems import Course
from practitioner_app.services.conflicts import AS_NEEDED, Choice, Comparison, Field, Side
from ui.conflicts.state import ConflictState, FieldRow
from ui.i18n import Texts
from ui.patient_words import patient_line, version_of
from ui.speaking import Speaking
from ui.theme.tokens import Weight
from ui.widgets.text import Run, bold
from ui.words import (
    certainty_word,
    course_word,
    criticality_word,
    says_if_needed,
    taking_word,
)

_NUMBERS = frozenset({"drug", "dosage", "quantity"})
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_STATED = frozenset({"certainty", "course"})
_CERTAINTIES = {
    "confirmed": Certainty.CONFIRMED,
    "presumed": Certainty.PROBABLE,
    "provisional": Certainty.PROBABLE,
    "unconfirmed": Certainty.UNCONFIRMED,
    "refuted": Certainty.REFUTED,
    "entered-in-error": Certainty.ERRONEOUS,
}
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?)?")


def field_label(texts: Texts, key: str) -> str:
    """The name of a field; an element we have no word for keeps its own name."""
    tr, trc = texts.tr, texts.trc
    return {
        "agent": tr("Agent"),
        "reaction": tr("Reaction"),
        "criticality": tr("Criticality"),
        "certainty": tr("Certainty"),
        "since": tr("Since"),
        "until": tr("Until"),
        "note": tr("Note"),
        "author": tr("Author"),
        "label": trc("field", "Problem"),
        "course": tr("Course"),
        "category": tr("Category"),
        "drug": tr("Drug"),
        "dosage": tr("Posology"),
        "taking": trc("field", "Status"),
        "reason": tr("Reason"),
        "quantity": tr("Quantity"),
        "type": trc("field", "Type"),
        "recordedDate": tr("Recorded on"),
        "dateAsserted": tr("Recorded on"),
    }.get(key, key)


def conflict_state(
    comparison: Comparison,
    choices: Mapping[str, Choice],
    preview: str,
    speaking: Speaking,
    *,
    problem: str = "",
) -> ConflictState:
    """What the screen shows now; no side is ever chosen by anything but a person (HZ-18)."""
    texts = speaking.texts
    tr, decimals = texts.tr, speaking.formats.decimals
    rows = tuple(
        _row(field, choices.get(field.key), comparison, speaking) for field in comparison.fields
    )
    differing = sum(not row.same for row in rows)
    open_ = sum(not row.decided for row in rows)
    author = comparison.theirs.author
    who = author or tr("a colleague")
    patient = patient_line(comparison.patient, speaking) if comparison.patient else ""
    return ConflictState(
        op_id=comparison.op_id,
        owner=comparison.owner,
        title=tr("1 disagreement to settle: {what}", what=decimals(comparison.title)),
        subtitle=tr(
            "Nothing is lost: both versions are kept. Colloque never combines two changes by itself."
        ),
        since=" · ".join(
            part
            for part in (
                patient,
                tr("open since {moment}", moment=speaking.formats.moment(comparison.opened_at)),
            )
            if part
        ),
        base=line_runs(comparison.line_base, speaking)
        or (Run(tr("none: the line was created twice")),),
        mine_head=tr("My version"),
        mine_who=_who(comparison.mine, speaking),
        theirs_head=version_of(who, texts) if author else tr("The other version"),
        theirs_who=_who(comparison.theirs, speaking),
        kept_who=texts.trn(
            "{count} field chosen of {total}",
            "{count} fields chosen of {total}",
            differing - open_,
            total=differing,
        ),
        rows=rows,
        preview=(*line_runs(preview, speaking), *_missing(rows, texts)),
        why_not=_why_not(rows, texts) if comparison.ready else _not_here(texts),
        after=_after(who, texts),
        problem=problem,
    )


def line_runs(line: str, speaking: Speaking) -> tuple[Run, ...]:
    """A whole version on one line: the substance (the agent, the problem) in bold, then its attributes."""
    if not line:
        return ()
    formats, texts = speaking.formats, speaking.texts
    name, *attributes = line.split(" — ")
    told = [part for part in attributes if part != AS_NEEDED]
    if AS_NEEDED in attributes and not any(map(says_if_needed, told)):
        told.insert(attributes.index(AS_NEEDED), texts.tr("if needed"))
    rest = "".join(f" — {formats.decimals(part)}" for part in told)
    return (bold(formats.decimals(name)), Run(rest)) if rest else (bold(formats.decimals(name)),)


def _missing(rows: tuple[FieldRow, ...], texts: Texts) -> tuple[Run, ...]:
    """What is not decided yet is said where it will stand: a dose that is missing is never read as none."""
    return tuple(
        Run(
            " — " + texts.tr("{field} to choose", field=row.label.lower()),
            Weight.SEMIBOLD,
            "warn",
        )
        for row in rows
        if not row.decided
    )


def _why_not(rows: tuple[FieldRow, ...], texts: Texts) -> str:
    """Why the decision cannot be recorded yet; empty when every field is decided."""
    open_ = [row.label for row in rows if not row.decided]
    if not open_:
        return ""
    names = ", ".join(f"« {name} »" if texts.language == "fr" else f"“{name}”" for name in open_)
    return texts.trn(
        "{count} field to choose: {names}",
        "{count} fields to choose: {names}",
        len(open_),
        names=names,
    )


def _not_here(texts: Texts) -> str:
    return texts.tr("The other version has not arrived yet: it comes with the next update.")


def _after(who: str, texts: Texts) -> tuple[str, ...]:
    tr = texts.tr
    return (
        tr("Both original versions stay in the history of this line, with authors and times."),
        tr("{person} receives the version kept.", person=who),
        tr(
            "Offline, the decision leaves when the connection is back; if somebody changes the line "
            "meanwhile, it is shown to you again."
        ),
    )


def _who(side: Side, speaking: Speaking) -> str:
    when = speaking.formats.moment(side.at) if side.at else ""
    return " · ".join(part for part in (side.author, when) if part)


def field_text(field: Field, text: str, speaking: Speaking) -> str:
    """Data as it is, but for dates and the closed lists we have words for."""
    texts = speaking.texts
    if field.key in _NUMBERS:
        line, sign, _ = text.partition(f" · {AS_NEEDED}")
        if sign and not says_if_needed(line):
            line += ", " + texts.tr("if needed")
        return _POINT.sub(",", line) if texts.language == "fr" else line
    return " · ".join(_part_text(field.key, part, speaking) for part in text.split(" · "))


def _part_text(key: str, text: str, speaking: Speaking) -> str:
    texts = speaking.texts
    if key == "taking" and text in set(Taking):
        return taking_word(texts, Taking(text))
    if key == "criticality" and text in set(Criticality):
        return criticality_word(texts, Criticality(text))
    if key in _STATED and text in set(Course):
        return course_word(texts, Course(text))
    if key in _STATED and text in _CERTAINTIES:
        return certainty_word(texts, _CERTAINTIES[text])
    if _DATE.fullmatch(text):
        return speaking.formats.moment(text)
    return text


def _row(
    field: Field, choice: Choice | None, comparison: Comparison, speaking: Speaking
) -> FieldRow:
    tr = speaking.texts.tr
    absent = tr("(nothing)")
    mine = field_text(field, field.mine, speaking) or absent
    theirs = field_text(field, field.theirs, speaking) or absent
    if not comparison.ready:
        theirs = tr("not received yet")
    kept, source = "", ""
    if field.same:
        kept = mine
    elif choice is Choice.MINE:
        kept, source = mine, comparison.mine.author
    elif choice is Choice.THEIRS:
        kept, source = theirs, comparison.theirs.author
    elif choice is Choice.BOTH:
        kept, source = f"{theirs} · {mine}", tr("both")
    return FieldRow(
        key=field.key,
        label=field_label(speaking.texts, field.key),
        mine=mine,
        theirs=theirs,
        kept=kept,
        kept_from=source,
        same=field.same,
        joinable=field.joinable,
        mine_chosen=choice in {Choice.MINE, Choice.BOTH},
        theirs_chosen=choice in {Choice.THEIRS, Choice.BOTH},
    )
