"""From the work lists to the lines of the tasks page, each in words."""

from collections.abc import Sequence

from practitioner_app.ports import ItemState
from practitioner_app.services.review_lines import Urgency
from practitioner_app.services.work_lists import ListKind, WorkLine, WorkList
from ui.i18n import Texts
from ui.patient_words import born_line, patient_name
from ui.reviews.presenter import said_of, whose_of
from ui.speaking import Speaking
from ui.sync_status.presenter import reason_words, rtype_word
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.words import state_chip
from ui.work_lists.state import ListRow, WorkListsState, WorkRow

_GLYPHS = {
    ListKind.DAY: "calendar",
    ListKind.RESULTS: "flask",
    ListKind.HANDED: "people",
    ListKind.AWAITED: "hourglass",
    ListKind.UNSIGNED: "note",
    ListKind.DRAFTS: "pencil",
    ListKind.TO_FIX: "wrench",
    ListKind.SUMMARIES: "page",
}
_NOT_TO_DO = frozenset((ListKind.DAY, ListKind.RESULTS))
"""What the badge leaves out: the day is no duty, the results have a badge of their own."""
_QUOTED = 80


def work_lists_state(
    lists: Sequence[WorkList], speaking: Speaking, *, kind: str, line: str
) -> WorkListsState:
    """The chosen list and the chosen line stay while they are there."""
    order = list(ListKind)
    known = sorted(lists, key=lambda one: order.index(one.kind))
    kinds = [one.kind for one in known]
    chosen = ListKind(kind) if kind in kinds else _first(known)
    lines = next((one.lines for one in known if one.kind is chosen), ())
    rows = tuple(_row(one, speaking) for one in lines)
    keys = [row.key for row in rows]
    return WorkListsState(
        lists=tuple(_list(one, speaking) for one in known),
        kind=chosen,
        title=list_word(speaking.texts, chosen),
        about=_about(speaking.texts, chosen),
        rows=rows,
        line=line if line in keys else next(iter(keys), ""),
        empty="" if rows else _nothing(speaking.texts, chosen),
        to_do=sum(len(one.lines) for one in known if one.kind not in _NOT_TO_DO),
    )


def _first(lists: Sequence[WorkList]) -> ListKind:
    """The first list that asks for something, else the day."""
    asked = (one.kind for one in lists if one.lines and one.kind is not ListKind.DAY)
    return next(asked, ListKind.DAY)


def list_word(texts: Texts, kind: ListKind) -> str:
    tr = texts.tr
    return {
        ListKind.DAY: tr("My day"),
        ListKind.RESULTS: tr("Results to sign"),
        ListKind.HANDED: tr("Handed to me"),
        ListKind.AWAITED: tr("Ordered, never came back"),
        ListKind.UNSIGNED: tr("Notes to sign"),
        ListKind.DRAFTS: tr("Drafts"),
        ListKind.TO_FIX: tr("To fix"),
        ListKind.SUMMARIES: tr("Yearly summaries due"),
    }[kind]


def _about(texts: Texts, kind: ListKind) -> str:
    tr = texts.tr
    return {
        ListKind.DAY: tr(
            "Consultations of today and records opened on this computer. Appointments come with the diary."
        ),
        ListKind.RESULTS: tr("Alert values first, then what waited too long."),
        ListKind.HANDED: tr("By a colleague, or while you stand in for one."),
        ListKind.AWAITED: tr("You ordered it, its day has passed, and no result answers."),
        ListKind.UNSIGNED: tr("Consultation notes that wait for your signature."),
        ListKind.DRAFTS: tr("What you began to write; nobody else reads it."),
        ListKind.TO_FIX: tr("Refused by the server, or written twice. It stays until you decide."),
        ListKind.SUMMARIES: tr(
            "Long-term conditions (ALD) of your patients, without a medical summary for a year."
        ),
    }[kind]


def _nothing(texts: Texts, kind: ListKind) -> str:
    tr = texts.tr
    return {
        ListKind.DAY: tr("No record was opened today."),
        ListKind.RESULTS: tr("Nothing to sign."),
        ListKind.HANDED: tr("Nothing was handed to you."),
        ListKind.AWAITED: tr("Everything that was expected has come back."),
        ListKind.UNSIGNED: tr("No note waits for your signature."),
        ListKind.DRAFTS: tr("No draft."),
        ListKind.TO_FIX: tr("Nothing to fix."),
        ListKind.SUMMARIES: tr("No summary is due, in the copy of this computer."),
    }[kind]


def _list(one: WorkList, speaking: Speaking) -> ListRow:
    title, count = list_word(speaking.texts, one.kind), len(one.lines)
    warns = any(line.state is not ItemState.CONFIRMED for line in one.lines)
    return ListRow(
        key=one.kind,
        title=title,
        glyph=_GLYPHS[one.kind],
        count=speaking.formats.number(count),
        words=f"{title} : {count}",
        warns=warns and one.kind is ListKind.TO_FIX,
    )


def _row(line: WorkLine, speaking: Speaking) -> WorkRow:
    tr, formats = speaking.texts.tr, speaking.formats
    name, born = tr("Patient not on this computer"), ""
    if line.patient is not None:
        name = patient_name(line.patient, speaking.today)
        born = born_line(line.patient, speaking)
    second = _second(line, speaking)
    undated = line.kind in {ListKind.SUMMARIES, ListKind.AWAITED} or not line.at
    when = "" if undated else formats.moment(line.at)
    if line.kind is ListKind.DAY and line.at:
        when = formats.time(line.at) or when
    chip = _chip(line, speaking)
    words = (name, born, second, when, chip.word if chip is not None else "")
    return WorkRow(
        key=line.key,
        owner=line.owner,
        title=name,
        born=born,
        second=second,
        when=when,
        chip=chip,
        tone=_tone(line),
        words=". ".join(part for part in words if part),
    )


def _tone(line: WorkLine) -> Tone:
    """Red is for values out of range only."""
    review = line.review
    is_out = review is not None and review.urgency is not Urgency.WITHIN and not review.missing
    return Tone.DANGER if is_out else Tone.NEUTRAL


def _chip(line: WorkLine, speaking: Speaking) -> ChipState | None:
    tr = speaking.texts.tr
    if line.kind is ListKind.TO_FIX:
        if line.state is ItemState.REFUSED:
            return ChipState(tr("Refused"), Tone.WARN, "stop", outline=True)
        return ChipState(tr("Two versions to settle"), Tone.WARN, "versions")
    if line.review is not None and line.review.late:
        return ChipState(tr("Late"), Tone.WARN, "warning")
    return state_chip(speaking.texts, line.state)


def _second(line: WorkLine, speaking: Speaking) -> str:
    texts, formats, tr = speaking.texts, speaking.formats, speaking.texts.tr
    if line.review is not None:
        parts = (said_of(line.review, speaking), whose_of(line.review, speaking))
        return " · ".join(part for part in parts if part)
    if line.kind is ListKind.DAY:
        return tr("Record opened") if line.opened else formats.decimals(line.title)
    if line.kind is ListKind.SUMMARIES:
        none = tr("No medical summary in this record")
        return tr("Last medical summary on {day}", day=formats.day(line.at)) if line.at else none
    if line.slot is not None:
        kind = draft_word(texts, line.slot.kind)
        quoted = " ".join(line.title.split())[:_QUOTED]
        return f"{kind} · {quoted}" if quoted else kind
    what = formats.decimals(line.title) or rtype_word(texts, line.rtype)
    if line.kind is ListKind.AWAITED:
        what = tr("{what} · expected on {day}", what=what, day=formats.day(line.at))
    if line.state is not ItemState.REFUSED:
        return what
    because = reason_words(texts, line.reason)
    return tr("{what} · Refused because {reason}", what=what, reason=because)


def draft_word(texts: Texts, kind: str) -> str:
    """What a draft will be, by the word of its form; of a form this version does not know, a draft."""
    return draft_words(texts).get(kind, texts.tr("Draft"))


def draft_words(texts: Texts) -> dict[str, str]:
    """The kind of every form and writing screen that keeps a draft, and its word."""
    tr, trc = texts.tr, texts.trc
    return {
        "allergy": trc("timeline", "Allergy"),
        "problem": trc("timeline", "Problem"),
        "history": tr("Past history"),
        "treatment": trc("timeline", "Treatment"),
        "immunization": trc("timeline", "Vaccination"),
        "measures": trc("timeline", "Measures"),
        "procedure": trc("timeline", "Procedure"),
        "family": trc("timeline", "Family history"),
        "habit": trc("timeline", "Lifestyle"),
        "day": tr("End of a problem or of a treatment"),
        "reason": tr("Entered in error"),
        "note": tr("Consultation note"),
        "addendum": tr("Addendum"),
        "prescription": tr("Prescription"),
        "prescription_line": tr("Prescription"),
        "letter": tr("Letter or order"),
        "letter_template": tr("My template"),
        "chase": tr("Order to chase"),
        "close_order": tr("Order to close"),
        "hand_over": tr("Hand over this result"),
        "rule": tr("Prevention"),
        "dismiss": tr("Prevention"),
        "apart": tr("Keep apart from the record"),
        "answer": tr("An answer is owed"),
    }
