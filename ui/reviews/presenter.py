"""From the reviews to the lines of the list, most urgent first, each in words."""

from itertools import groupby

from practitioner_app.services.reviews import Alert, ReviewLine, Reviews, Urgency
from practitioner_app.services.rows import Measure
from ui.patient_words import born_line, patient_name
from ui.reviews.state import SIGNED, AlertState, ReviewRow, ReviewsState
from ui.speaking import Speaking
from ui.words import flag_sign, flag_words, short_label, state_chip

_NAMED, _NAMES = 1, 2


def reviews_state(reviews: Reviews, speaking: Speaking, *, tab: str, chosen: str) -> ReviewsState:
    """The list of one tab; the chosen line stays chosen while it is there, else the first is."""
    tr = speaking.texts.tr
    lines = reviews.signed if tab == SIGNED else reviews.mine
    rows: list[ReviewRow] = []
    for urgency, members in groupby(lines, key=lambda line: line.urgency):
        group = list(members)
        if tab != SIGNED:
            rows.append(_heading(urgency, len(group), speaking))
        rows += [_row(line, speaking) for line in group]
    keys = [row.key for row in rows if row.owner is not None]
    chosen = chosen if chosen in keys else next(iter(keys), "")
    line = next((line for line in lines if _key(line) == chosen), None)
    needs_note = line is not None and line.alert is not None and not line.acknowledged
    none = tr("Nothing to sign.") if tab != SIGNED else tr("Nothing was signed yet.")
    return ReviewsState(
        rows=tuple(rows),
        tab=tab,
        to_sign=len(reviews.mine),
        signed=len(reviews.signed),
        chosen=chosen,
        alert=_alert(line, line.alert, speaking) if line is not None and line.alert else None,
        can_sign=line is not None and tab != SIGNED and not needs_note,
        why_not=tr("Take note of the alert value first.") if needs_note and tab != SIGNED else "",
        empty="" if rows else none,
    )


def _key(line: ReviewLine) -> str:
    return f"{line.owner}/{line.id}"


def _heading(urgency: Urgency, count: int, speaking: Speaking) -> ReviewRow:
    tr = speaking.texts.tr
    title = {
        Urgency.ALERT: tr("Alert value"),
        Urgency.OUT: tr("Outside the reference values"),
        Urgency.WITHIN: tr("Within the reference values"),
    }[urgency]
    return ReviewRow(
        key=f"head:{urgency.name}",
        title=title,
        alert=urgency is Urgency.ALERT,
        count=speaking.formats.number(count),
        words=f"{title} : {count}",
    )


def _row(line: ReviewLine, speaking: Speaking) -> ReviewRow:
    tr, formats = speaking.texts.tr, speaking.formats
    name, born = tr("Patient not on this computer"), ""
    if line.patient is not None:
        name = patient_name(line.patient, speaking.today)
        born = born_line(line.patient, speaking)
    said = _said(line, speaking)
    when = formats.moment(line.arrived) if line.arrived else ""
    chip = state_chip(speaking.texts, line.state)
    words = [name, born, said, tr("arrived on {when}", when=when) if when else ""]
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
    )


def _said(line: ReviewLine, speaking: Speaking) -> str:
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
    ]
    return AlertState(
        title=title.format(value=value, threshold=threshold),
        sentence=" ".join(part for part in dates if part),
        act="" if line.acknowledged else tr("Acknowledge receipt"),
    )
