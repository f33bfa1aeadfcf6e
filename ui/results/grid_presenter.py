"""From the grid of the service to what the page paints; every word of it is made here."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from msgspec import structs

from dossier.fhir.dates import day
from dossier.terminology.concepts import Panel
from practitioner_app.ports import ItemState
from practitioner_app.services.result_grid import GridCell, GridLine, Group, Heading, ResultGrid
from practitioner_app.services.rows import Emptiness, Measure, Point, Series
from ui.formats import band_words
from ui.i18n import Texts
from ui.results.presenter import plot_of, value_words
from ui.results.state import (
    MEASURES,
    CellState,
    CurveState,
    GridState,
    LineState,
    PeriodState,
    ReadOut,
)
from ui.speaking import Speaking
from ui.words import empty_word, flag_sign, flag_words

EVERYTHING = "all"
_DAYS = {"6m": 183, "1y": 366, "2y": 731, "5y": 1827}
_MONTH = 30.44


def periods(texts: Texts) -> tuple[PeriodState, ...]:
    tr = texts.tr
    return (
        PeriodState("6m", tr("6 months")),
        PeriodState("1y", tr("1 year")),
        PeriodState("2y", tr("2 years")),
        PeriodState("5y", tr("5 years")),
        PeriodState(EVERYTHING, tr("Everything")),
    )


def heading_word(texts: Texts, heading: Heading) -> str:
    tr = texts.tr
    return {
        Panel.KIDNEY: tr("Electrolytes and kidney"),
        Panel.HEART: tr("Heart"),
        Panel.SUGAR: tr("Diabetes"),
        Panel.LIPIDS: tr("Lipids"),
        Panel.LIVER: tr("Liver"),
        Panel.BLOOD: tr("Blood count and iron"),
        Panel.INFLAMMATION: tr("Inflammation"),
        Panel.HORMONES: tr("Hormones and vitamins"),
        Panel.CLOTTING: tr("Clotting"),
        Panel.PROSTATE: tr("Prostate"),
        Group.OTHER: tr("Other analyses"),
        Group.MEASURES: tr("Measures"),
    }[heading]


def grid_state(grid: ResultGrid, kind: str, speaking: Speaking) -> GridState:
    """The lines of one kind under their headings, only on days that have one of them; and why there is none
    (HZ-17).
    """
    wanted = [
        line for line in grid.lines.rows if (line.heading is Group.MEASURES) == (kind == MEASURES)
    ]
    places = [i for i in range(len(grid.days)) if any(line.cells[i] for line in wanted)]
    days = [grid.days[i] for i in places]
    lines: list[LineState] = []
    for heading, members in groupby(wanted, key=lambda line: line.heading):
        lines.append(LineState(key=heading, label=heading_word(speaking.texts, heading)))
        for line in members:
            cells = tuple(line.cells[i] for i in places)
            lines.append(_line(structs.replace(line, cells=cells), days, speaking))
    listed, why = grid.lines, ""
    if not wanted:
        none = speaking.texts.tr("No result is recorded.")
        emptiness = Emptiness.NONE if listed.rows and not listed.partial else listed.emptiness
        if emptiness is Emptiness.FILLED:
            emptiness = Emptiness.NOT_RECEIVED
        why = empty_word(speaking.texts, emptiness, listed.received_percent, none)
    shown = tuple(speaking.formats.day(at) for at in days)
    return GridState(owner=grid.owner, days=shown, lines=tuple(lines), why_empty=why)


def _line(line: GridLine, days: Sequence[str], speaking: Speaking) -> LineState:
    tr, formats = speaking.texts.tr, speaking.formats
    label = tr("Filtration rate (CKD-EPI 2009)") if line.computed else line.label
    about = []
    if line.computed:
        about.append(tr("computed by Colloque"))
    if line.by_patient:
        about.append(tr("measured by the patient"))
    newest = next((cell.value.number for cell in reversed(line.cells) if cell), None)
    cells = (
        _cell(cell, line, f"{label}, {formats.day(at)}", speaking)
        for cell, at in zip(line.cells, days, strict=True)
    )
    return LineState(
        key=line.key,
        label=label,
        code="" if line.computed else line.code,
        about=", ".join(about),
        unit=formats.unit(line.unit),
        band=band_words(line.band, formats, newest),
        cells=tuple(cells),
        curve=structs.replace(line.curve, label=label) if line.curve else None,
        seconds={
            cell.value.id: _second(cell.second, line, speaking)
            for cell in line.cells
            if cell is not None and cell.second is not None
        },
    )


def _cell(cell: GridCell | None, line: GridLine, where: str, speaking: Speaking) -> CellState:
    tr, formats = speaking.texts.tr, speaking.formats
    if cell is None:
        absent = tr("not measured")
        return CellState(text=absent, absent=True, words=f"{where} : {absent}")
    value = cell.value
    shown = _shown(value, speaking)
    words = [f"{where} : {formats.joined(shown, formats.unit(value.unit))}"]
    if cell.second is not None:
        words.append(_second(cell.second, line, speaking))
    words.append(flag_words(speaking.texts, value.flag))
    waiting = value.state not in (ItemState.CONFIRMED, ItemState.SENT)
    if waiting:
        words.append(tr("not sent yet"))
    if cell.earlier:
        before = ", ".join(_shown(one, speaking) for one in cell.earlier)
        words.append(tr("earlier the same day: {values}", values=before))
        shown = f"{shown} (+{len(cell.earlier)})"
    return CellState(
        text=shown,
        sign=flag_sign(value.flag),
        abnormal=bool(flag_sign(value.flag)),
        waiting=waiting,
        words=" — ".join(part for part in words if part),
    )


def _second(number: Decimal, line: GridLine, speaking: Speaking) -> str:
    formats = speaking.formats
    value = formats.joined(formats.measured(number), formats.unit(line.second_unit))
    return speaking.texts.tr("that is {value}", value=value)


def _shown(value: Measure, speaking: Speaking) -> str:
    if value.number is None:
        return value.text
    shown = speaking.formats.measured(value.number)
    if value.second is not None:
        shown = f"{shown}/{speaking.formats.measured(value.second)}"
    return f"{value.comparator} {shown}".strip()


def curve_state(line: LineState, period: str, speaking: Speaking) -> CurveState:
    """The curve of a line in a period that ends today, or the sentence that says why there is none."""
    tr, series = speaking.texts.tr, line.curve
    if series is None:
        sentence = tr("These results are words: there is no curve.")
        return CurveState(title=line.label, unit=line.unit, sentence=sentence)
    kept = _within(series, period, speaking)
    if not kept:
        last = speaking.formats.day(series.last.at)
        told = tr("Nothing was measured in this period. The last value is of {day}.", day=last)
        return CurveState(title=line.label, unit=line.unit, period=period, sentence=told)
    plot = plot_of(structs.replace(series, points=kept), speaking)
    older = series.points[: len(series.points) - len(kept)]
    previous = (older[-1] if older else None, *kept[:-1])
    outs = tuple(
        _read_out(point, before, line, speaking)
        for point, before in zip(kept, previous, strict=True)
    )
    return CurveState(
        title=line.label, unit=line.unit, plot=plot, outs=outs, period=period, note=plot.note
    )


def _within(series: Series, period: str, speaking: Speaking) -> tuple[Point, ...]:
    length = _DAYS.get(period)
    if length is None:
        return series.points
    first = speaking.now.date() - timedelta(days=length)
    return tuple(point for point in series.points if (day(point.at) or first) >= first)


def _read_out(point: Point, before: Point | None, line: LineState, speaking: Speaking) -> ReadOut:
    tr, formats = speaking.texts.tr, speaking.formats
    shown = value_words(point, "", speaking)
    out = ReadOut(
        at=formats.moment(point.at),
        value=shown,
        unit=line.unit,
        second=line.seconds.get(point.id, ""),
        flag=flag_words(speaking.texts, point.flag),
    )
    if before is None:
        return out
    change = ""
    if point.second is None and not point.comparator and not before.comparator:
        gap = point.number - before.number
        signed = f"{'+' if gap > 0 else ''}{formats.measured(gap)}"
        change = tr("difference {value}", value=formats.joined(signed, line.unit))
    return structs.replace(
        out,
        before=value_words(before, "", speaking),
        before_at=formats.day(before.at),
        change=" ".join(part for part in (change, _interval(before, point, speaking)) if part),
    )


def _interval(one: Point, other: Point, speaking: Speaking) -> str:
    first, last = day(one.at), day(other.at)
    if first is None or last is None:
        return ""
    days, trn = (last - first).days, speaking.texts.trn
    months = round(days / _MONTH)
    if months < 1:
        return trn("in {count} day", "in {count} days", days)
    return trn("in {count} month", "in {count} months", months)
