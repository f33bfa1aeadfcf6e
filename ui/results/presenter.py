"""From a series of results to a curve: one analyte, one unit, the laboratory's own range."""

from datetime import date

from msgspec import structs

from dossier.fhir.dates import day
from practitioner_app.services.rows import Point, Series
from ui.formats import band_words, parse_clinical
from ui.speaking import Speaking
from ui.widgets.trend import PlotPoint, PlotState
from ui.words import flag_sign, flag_words, short_label

_DAY_S = 86_400
_FEW = 60
_DAY_CHARS = 10


def ordinal(at: str, speaking: Speaking) -> float | None:
    """The day of a measurement as a number, with its hour where there is one."""
    if len(at) == _DAY_CHARS:
        known = day(at)
        return None if known is None else known.toordinal() + 0.5
    clinical = parse_clinical(at, speaking.formats.zone)
    if clinical is None:
        return None
    when = clinical.when
    if when is None:
        return date(clinical.year, clinical.month or 7, clinical.day or 1).toordinal() + 0.5
    return when.toordinal() + (when.hour * 3_600 + when.minute * 60 + when.second) / _DAY_S


def value_words(point: Point, unit: str, speaking: Speaking) -> str:
    formats = speaking.formats
    number = formats.measured(point.number)
    if point.second is not None:
        number = f"{number}/{formats.measured(point.second)}"
    return formats.joined(f"{point.comparator} {number}".strip(), formats.unit(unit))


def both_values(point: Point, speaking: Speaking) -> str:
    """7,0 or 132/78, each as precise as it was sent: a blood pressure is never cut in two."""
    numbers = [point.number] if point.second is None else [point.number, point.second]
    shown = "/".join(speaking.formats.measured(number) for number in numbers)
    return f"{point.comparator} {shown}".strip()


def bare_point(point: Point, speaking: Speaking) -> PlotPoint | None:
    """A point without its words."""
    when = ordinal(point.at, speaking)
    if when is None:
        return None
    return PlotPoint(
        day=when,
        value=float(point.number),
        abnormal=bool(flag_sign(point.flag)),
        second=float(point.second) if point.second is not None else None,
    )


class SeriesWords:
    """The words of the points of one series, made when one of them is read out."""

    def __init__(self, points: tuple[Point, ...], unit: str, speaking: Speaking) -> None:
        self._points, self._unit, self._speaking = points, unit, speaking

    def shown(self, place: int) -> str:
        return both_values(self._points[place], self._speaking)

    def words(self, place: int) -> str:
        point, speaking = self._points[place], self._speaking
        value = value_words(point, self._unit, speaking)
        flag = flag_words(speaking.texts, point.flag)
        return f"{speaking.formats.moment(point.at)} : {value} {flag}".strip()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SeriesWords):
            return False
        language = self._speaking.texts.language, other._speaking.texts.language
        return (self._points, self._unit, language[0]) == (other._points, other._unit, language[1])

    def __hash__(self) -> int:
        return hash((len(self._points), self._unit))


def plot_of(series: Series, speaking: Speaking, *, small: bool = False) -> PlotState:
    """The curve of one series. The points of a small one, or of one of very many, have their words when they
    are read out.
    """
    tr, formats = speaking.texts.tr, speaking.formats
    drawn = [(point, bare_point(point, speaking)) for point in series.points]
    known = tuple(point for point, bare in drawn if bare is not None)
    points = tuple(bare for _, bare in drawn if bare is not None)
    spoken = SeriesWords(known, series.unit, speaking)
    is_spoken = not small and len(points) <= _FEW
    if is_spoken:
        points = tuple(
            structs.replace(bare, shown=spoken.shown(place), words=spoken.words(place))
            for place, bare in enumerate(points)
        )
    band = series.band
    sentence, low, high = "", None, None
    if band is not None:
        low = float(band.low) if band.low is not None else None
        high = float(band.high) if band.high is not None else None
        span = band_words(band, formats, series.last.number)
        sentence = tr("Reference values of the laboratory: {span}", span=span)
    previous = series.previous
    notes = []
    if series.jump:
        notes.append(
            tr("Unit to be checked: two values next to each other differ by a factor of 5 or more.")
        )
    if series.other_units:
        units = ", ".join(formats.unit(unit) for unit in series.other_units)
        notes.append(tr("Also measured in another unit, shown apart: {units}.", units=units))
    return PlotState(
        key=f"{series.code}|{series.unit}",
        title=short_label(series.label),
        unit=formats.unit(series.unit),
        points=points,
        spoken=None if is_spoken else spoken,
        low=low,
        high=high,
        band_words=sentence,
        last=both_values(series.last, speaking),
        last_flag=flag_words(speaking.texts, series.last.flag),
        previous=tr("{value} before", value=both_values(previous, speaking)) if previous else "",
        note=" ".join(notes),
        abnormal=bool(flag_sign(series.last.flag)),
    )
