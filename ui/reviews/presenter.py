"""From the reviews to the lines of the list, most urgent first, each in words."""

from itertools import groupby

from practitioner_app.services.review_lines import Alert, ReviewLine, Urgency, Whose
from practitioner_app.services.reviews import CurrentKey, Reviews
from practitioner_app.services.rows import Measure
from ui.patient_words import born_line, patient_name
from ui.reviews.state import OTHERS, SIGNED, TO_SIGN, AlertState, ReviewRow, ReviewsState
from ui.speaking import Speaking
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.words import flag_sign, flag_words, short_label, state_chip

_NAMED, _NAMES = 1, 2


def reviews_state(
    reviews: Reviews,
    speaking: Speaking,
    *,
    tab: str,
    chosen: str,
    joined: frozenset[CurrentKey] = frozenset(),
) -> ReviewsState:
    """The list of one tab; the chosen line stays chosen while it is there, else the first is. `joined`: what is
    to be signed together; a line that changed since is not among it any more.
    """
    tr = speaking.texts.tr
    lines = {SIGNED: reviews.signed, OTHERS: reviews.others}.get(tab, reviews.mine)
    rows: list[ReviewRow] = []
    for title, members in groupby(lines, key=lambda line: _group(line, speaking)):
        group = list(members)
        if tab != SIGNED:
            rows.append(_heading(title, group, speaking))
        rows += [_row(line, speaking, joined=current_key(line) in joined) for line in group]
    keys = [row.key for row in rows if row.owner is not None]
    chosen = chosen if chosen in keys else next(iter(keys), "")
    line = next((line for line in lines if _key(line) == chosen), None)
    many = sum(row.joined for row in rows)
    why_not = "" if line is None or tab == SIGNED else _why_not(line, speaking)
    none = {
        TO_SIGN: tr("Nothing to sign."),
        OTHERS: tr("Nothing waits for a colleague."),
        SIGNED: tr("Nothing was signed yet."),
    }[tab]
    return ReviewsState(
        rows=tuple(rows),
        tab=tab,
        to_sign=len(reviews.mine),
        late=reviews.late,
        others=len(reviews.others),
        signed=len(reviews.signed),
        chosen=chosen,
        alert=_alert(line, line.alert, speaking) if line is not None and line.alert else None,
        joined=many,
        can_sign=tab == TO_SIGN and (many > 0 or (line is not None and not why_not)),
        can_hand=line is not None and tab != SIGNED,
        why_not="" if many else why_not,
        empty="" if rows else none,
    )


def _why_not(line: ReviewLine, speaking: Speaking) -> str:
    tr = speaking.texts.tr
    if line.whose >= Whose.HANDED:
        return tr("To sign it, take it over first: Hand over…")
    if line.alert is not None and not line.acknowledged:
        return tr("Take note of the alert value first.")
    return ""


def _key(line: ReviewLine) -> str:
    return f"{line.owner}/{line.id}"


def current_key(line: ReviewLine) -> CurrentKey:
    """The line as it is shown now."""
    return CurrentKey(line.owner, line.id, line.version)


def _group(line: ReviewLine, speaking: Speaking) -> str:
    tr = speaking.texts.tr
    if line.whose >= Whose.HANDED:
        if line.late:
            return tr("Late, not signed by a colleague")
        return tr("Handed over by you") if line.whose is Whose.HANDED else tr("For your colleagues")
    if line.late and line.urgency is not Urgency.ALERT:
        return tr("Waiting for too long")
    return {
        Urgency.ALERT: tr("Alert value"),
        Urgency.OUT: tr("Outside the reference values"),
        Urgency.WITHIN: tr("Within the reference values"),
    }[line.urgency]


def _heading(title: str, group: list[ReviewLine], speaking: Speaking) -> ReviewRow:
    count = len(group)
    return ReviewRow(
        key=f"head:{title}",
        title=title,
        alert=group[0].urgency is Urgency.ALERT and group[0].whose < Whose.HANDED,
        count=speaking.formats.number(count),
        words=f"{title} : {count}",
    )


def _row(line: ReviewLine, speaking: Speaking, *, joined: bool) -> ReviewRow:
    tr, formats = speaking.texts.tr, speaking.formats
    name, born = tr("Patient not on this computer"), ""
    if line.patient is not None:
        name = patient_name(line.patient, speaking.today)
        born = born_line(line.patient, speaking)
    said, whose = said_of(line, speaking), whose_of(line, speaking)
    when = formats.moment(line.arrived) if line.arrived else ""
    chip = state_chip(speaking.texts, line.state)
    if chip is None and line.corrected:
        chip = ChipState(tr("Corrected"), Tone.ACCENT, "pencil")
    if chip is None and line.late:
        chip = ChipState(tr("Late"), Tone.WARN, "warning")
    words = [
        name,
        born,
        said,
        whose,
        tr("arrived on {when}", when=when) if when else "",
        _lateness(line, speaking),
        tr("selected") if joined else "",
    ]
    return ReviewRow(
        key=_key(line),
        title=name,
        owner=line.owner,
        code=line.measures[0].code if line.measures else "",
        born=born,
        when=when,
        said=said,
        abnormal=line.urgency is not Urgency.WITHIN,
        alert=line.urgency is Urgency.ALERT,
        chip=chip,
        words=". ".join(part for part in (*words, chip.word if chip else "") if part),
        whose=whose,
        late=line.late,
        may_join=line.together and line.whose < Whose.HANDED,
        joined=joined,
    )


def whose_of(line: ReviewLine, speaking: Speaking) -> str:
    """Whom it is asked of, who signed it for whom, or who handed it over."""
    tr = speaking.texts.tr
    if line.signed_by:
        if not line.asked_of:
            return ""
        return tr("signed by {person} for {other}", person=line.signed_by, other=line.asked_of)
    if line.whose is Whose.REPLACED:
        return tr("for {person}, absent", person=line.asked_of)
    if line.whose is Whose.UNASKED:
        return tr("asked of nobody")
    if line.whose is Whose.MINE:
        return tr("handed over by {person}", person=line.handed.by_name) if line.handed else ""
    return tr("for {person}", person=line.asked_of) if line.asked_of else ""


def _lateness(line: ReviewLine, speaking: Speaking) -> str:
    """`Waits for more than 7 days`: the longest wait of the dated table, in hours up to two days."""
    if not line.late:
        return ""
    texts, hours = speaking.texts, line.delay_hours
    if hours < 48:
        return texts.trn(
            "Waits for more than {count} hour", "Waits for more than {count} hours", hours
        )
    return texts.trn(
        "Waits for more than {count} day", "Waits for more than {count} days", hours // 24
    )


def said_of(line: ReviewLine, speaking: Speaking) -> str:
    """The values out of range in words and sign; else how many there are, and of what."""
    texts = speaking.texts
    if line.missing:
        return texts.tr("The result is not on this computer.")
    if line.urgency is not Urgency.WITHIN:
        shown = [_value(one, speaking) for one in line.measures[:_NAMED]]
        more = len(line.measures) - len(shown)
        if more:
            shown.append(f"+ {more} {flag_sign(line.measures[_NAMED].flag)}".strip())
        return ", ".join(shown)
    if line.count == 1:
        return _value(line.measures[0], speaking)
    names = ", ".join(short_label(one.label) for one in line.measures[:_NAMES])
    count = texts.trn("{count} value", "{count} values", line.count)
    return f"{names}… {count}"


def _given(line: ReviewLine, speaking: Speaking) -> str:
    """`Handed over by Dr Fontaine on 23/11/2026 at 09:00: home visit.`"""
    handed, tr = line.handed, speaking.texts.tr
    if handed is None:
        return ""
    when = speaking.formats.moment(handed.at) if handed.at else ""
    return tr(
        "Handed over by {person} on {when}: {reason}.",
        person=handed.by_name,
        when=when,
        reason=handed.reason.rstrip("."),
    )


def _value(value: Measure, speaking: Speaking) -> str:
    formats = speaking.formats
    number = formats.measured(value.number) if value.number is not None else value.text
    if value.second is not None:
        number = f"{number}/{formats.measured(value.second)}"
    shown = formats.joined(f"{value.comparator} {number}".strip(), formats.unit(value.unit))
    words = (short_label(value.label), shown, flag_words(speaking.texts, value.flag))
    return " ".join(part for part in words if part)


def _alert(line: ReviewLine, alert: Alert, speaking: Speaking) -> AlertState:
    tr, formats = speaking.texts.tr, speaking.formats
    value, threshold = _value(alert.value, speaking), formats.measured(alert.threshold)
    title = (
        tr("{value} — at or above the alert value of the practice ({threshold})")
        if alert.above
        else tr("{value} — at or below the alert value of the practice ({threshold})")
    )
    dates = [
        tr("Sampled on {when}.", when=formats.moment(line.sampled)) if line.sampled else "",
        tr("Arrived on {when}.", when=formats.moment(line.arrived)) if line.arrived else "",
        line.laboratory and f"{line.laboratory}.",
        tr("Receipt acknowledged.") if line.acknowledged else "",
        f"{late}." if (late := _lateness(line, speaking)) else "",
        _given(line, speaking),
    ]
    return AlertState(
        title=title.format(value=value, threshold=threshold),
        sentence=" ".join(part for part in dates if part),
        act="" if line.acknowledged else tr("Acknowledge receipt"),
    )
