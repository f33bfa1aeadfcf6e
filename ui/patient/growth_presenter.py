"""The measures of a record: growth of a child by age, the newest values, the way of life.

No reference band is drawn behind a child's points: the tables that could be drawn are not free to be typed
again, and a band of unknown source says less than none. The sheet says so.
"""

from datetime import date

from msgspec import structs

from dossier.fhir.dates import day
from dossier.fhir.measures import is_old_weight
from dossier.prevention.months import months_between, plus_months
from practitioner_app.services.act_rows import HabitRow, MeasureRow
from practitioner_app.services.rows import Point, Record, Series
from ui.history.words import habit_word
from ui.patient.line_words import chips_of, joined
from ui.patient.state import Action, ActionState, DetailState, Ref, SummaryCard, SummaryLine
from ui.results.presenter import plot_of
from ui.speaking import Speaking
from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState
from ui.widgets.text import Run, bold
from ui.widgets.trend import PlotState

WEIGHT, HEIGHT, HEAD = "29463-7", "8302-2", "8287-5"
GROWING_MONTHS = 216
_SHORT_MONTHS = 24


def growth_sheet(record: Record, speaking: Speaking, ref: Ref) -> DetailState:
    """Curves by age of a child, the newest of every measure, the habits."""
    tr = speaking.texts.tr
    born = day(record.identity.birth_date)
    grows = born is not None and months_between(born, speaking.today) < GROWING_MONTHS
    plots = growth(record, speaking, born) if grows and born is not None else ()
    cards = tuple(
        card for card in (_newest(record, speaking), _habits(record, speaking)) if card.lines
    )
    notice = ""
    if plots:
        notice = tr(
            "The child’s own points, by age. No reference band: Colloque holds no table of growth."
        )
    actions: tuple[ActionState, ...] = ()
    if not record.narrowed:
        actions = (ActionState(Action.MEASURE, tr("Add measures"), "Alt+M", primary=True),)
    return DetailState(
        title=tr("Measures and growth"),
        plots=plots,
        sections=cards,
        prose=() if plots or cards else (tr("No measure on record"),),
        footnote=notice,
        actions=actions,
        ref=ref,
    )


def growth(record: Record, speaking: Speaking, born: date) -> tuple[PlotState, ...]:
    """Weight, height and head, each in its one unit, joined by age."""
    found = []
    for code in (WEIGHT, HEIGHT, HEAD):
        rows = [row for row in reversed(record.measures.rows) if row.code == code]
        if len(rows) < 2:
            continue
        units = {row.ucum for row in rows}
        rows = [row for row in rows if row.ucum == rows[-1].ucum]
        points = tuple(Point(at=row.at, number=row.number, id=row.id) for row in rows)
        series = Series(
            code=code,
            label=_label(rows[-1], speaking),
            unit=rows[-1].unit,
            points=points,
            other_units=tuple(sorted(units - {rows[-1].ucum})),
        )
        plot = plot_of(series, speaking)
        found.append(_by_age(plot, born, speaking))
    return tuple(found)


def _by_age(plot: PlotState, born: date, speaking: Speaking) -> PlotState:
    last = date.fromordinal(int(plot.points[-1].day)) if plot.points else speaking.today
    months = months_between(born, last)
    step = 1 if months <= 12 else 3 if months <= 36 else 12
    ages = []
    for age in range(0, months + step + 1, step):
        word = _age_word(age, speaking)
        ages.append((float(plus_months(born, age).toordinal()), word))
    return structs.replace(plot, ages=tuple(ages))


def _age_word(months: int, speaking: Speaking) -> str:
    texts = speaking.texts
    if months < _SHORT_MONTHS or months % 12:
        return texts.tr("{count} mo", count=months)
    return texts.trn("{count} yr", "{count} yr", months // 12)


def _label(row: MeasureRow, speaking: Speaking) -> str:
    tr = speaking.texts.tr
    known = {WEIGHT: tr("Weight"), HEIGHT: tr("Height"), HEAD: tr("Head circumference")}
    return known.get(row.code, row.label)


def _newest(record: Record, speaking: Speaking) -> SummaryCard:
    """The newest of every measure, with its day; the weight of a child that grew old says so."""
    texts, formats = speaking.texts, speaking.formats
    seen: dict[str, MeasureRow] = {}
    for row in record.measures.rows:
        seen.setdefault(row.code, row)
    lines = []
    for row in seen.values():
        number = formats.measured(row.number)
        if row.second is not None:
            number += f"/{formats.measured(row.second)}"
        value = formats.joined(number, formats.unit(row.unit))
        chips = list(chips_of(row.state, speaking))
        if row.code == WEIGHT and is_stale(record.identity.birth_date, row.at, speaking.today):
            chips.append(ChipState(texts.tr("old weight"), Tone.WARN, "alert"))
        label, on = _label(row, speaking), formats.day(row.at)
        lines.append(
            SummaryLine(
                runs=(Run(f"{label}  "), bold(value)),
                words=joined(label, value, on, *(chip.word for chip in chips)),
                aside=on,
                chips=tuple(chips),
                ref=Ref(row.rtype, row.id),
            )
        )
    if record.strip.bmi is not None and lines:
        value = texts.tr("BMI {value}, computed", value=formats.number(record.strip.bmi))
        lines.append(SummaryLine(runs=(Run(value),), words=value))
    return SummaryCard(key="newest", title=texts.tr("Latest measures"), lines=tuple(lines))


def is_stale(birth: str, at: str, today: date) -> bool:
    """HZ-13: a child's weight that no dose may rest on any more."""
    born, measured = day(birth), day(at)
    return born is not None and measured is not None and is_old_weight(born, measured, today)


def _habits(record: Record, speaking: Speaking) -> SummaryCard:
    texts = speaking.texts
    lines = tuple(_habit_line(row, speaking) for row in record.habits.rows)
    return SummaryCard(key="habits", title=texts.tr("Lifestyle"), lines=lines)


def _habit_line(row: HabitRow, speaking: Speaking) -> SummaryLine:
    texts, formats = speaking.texts, speaking.formats
    label, on = habit_word(texts, row.habit), formats.day(row.at)
    text = row.text
    if day(text) is not None:
        text = formats.day(text)
    if row.pack_years is not None:
        count = formats.number(row.pack_years)
        text += ", " + texts.tr("{count} pack-years", count=count)
    return SummaryLine(
        runs=(Run(f"{label}  "), bold(text)),
        words=joined(label, text, on),
        aside=on,
        chips=chips_of(row.state, speaking),
        ref=Ref(row.rtype, row.id),
    )
