"""Curves by the rules of the NHS CUI guide on displaying graphs and tables (GTAB).

Time runs proportionally; points are measurements and the thin line only joins them; the band is the
range the laboratory sent; the last point is larger and its value is written, with the one before; the
scale starts from the data and the band, and never zooms by itself. One unit per curve. A blood pressure
is a bar with a cap at each end, the upper and the lower value, and no line joins the bars. The focus line
moves by the arrow keys and is read out.
"""

from datetime import date
from math import ceil, floor, log10
from typing import Protocol

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.look import Look
from ui.theme.tokens import Size, Weight
from ui.widgets.roles import Role
from ui.widgets.text import shade

_DAYS_OF_YEAR = 365.25
_CLOSE = 12
_CROWD = 60
"""Of more points than this, a small curve is drawn once, and marks that would cover one another too."""
_TOUCHING = 2.0


class PlotPoint(Struct, frozen=True):
    """One measurement. `day` is an ordinal, with the hour as a fraction; `words` is the read-out."""

    day: float
    value: float
    shown: str = ""
    words: str = ""
    abnormal: bool = False
    second: float | None = None
    pending: bool = False


class PointWords(Protocol):
    """The words of the points of one curve, each made when it is read out. Equal when they say the same."""

    def shown(self, place: int) -> str: ...
    def words(self, place: int) -> str: ...


class PlotState(Struct, frozen=True, kw_only=True):
    """One analyte in one unit, oldest point first; texts ready to be shown."""

    key: str = ""
    title: str
    unit: str
    points: tuple[PlotPoint, ...]
    spoken: PointWords | None = None
    """Of points without words of their own."""
    low: float | None = None
    high: float | None = None
    band_words: str = ""
    last: str = ""
    last_flag: str = ""
    previous: str = ""
    note: str = ""
    abnormal: bool = False
    ages: tuple[tuple[float, str], ...] = ()
    """Days and the ages reached on them, in place of the years: a curve of growth."""

    def shown(self, place: int) -> str:
        """The value of a point as it is written beside it."""
        own = self.points[place].shown
        return own if own or self.spoken is None else self.spoken.shown(place)

    def words(self, place: int) -> str:
        """The read-out of a point."""
        own = self.points[place].words
        return own if own or self.spoken is None else self.spoken.words(place)


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round values that frame [low, high], about `wanted` of them."""
    if high <= low:
        pad = abs(high) * 0.1 or 1.0
        low, high = low - pad, high + pad
    raw = (high - low) / max(1, wanted - 1)
    power = 10.0 ** floor(log10(raw))
    step = next(power * k for k in (1, 2, 2.5, 5, 10) if power * k >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(step * i, 10) for i in range(first, last + 1)]


def marks_of(state: PlotState, wanted: int) -> list[float]:
    """The figures of the scale: every value and the band lie between the first and the last."""
    values = [p.value for p in state.points]
    values += [p.second for p in state.points if p.second is not None]
    values += [edge for edge in (state.low, state.high) if edge is not None]
    return ticks(min(values), max(values), wanted)


def scales(state: PlotState, *, compact: bool) -> tuple[list[float], float, float]:
    """The figures of the scale, the first and the last day of the area."""
    first, last = state.points[0].day, state.points[-1].day
    if last - first < 1:
        first, last = first - 30, last + 30
    pad = (last - first) * (0.03 if compact else 0.04)
    return marks_of(state, 3 if compact else 5), first - pad, last + pad * 0.6


def widest_of(look: Look, marks: list[float], size: Size) -> int:
    """The room the figures of a scale need: 1,25 is never cut to ,25."""
    metrics = look.metrics(size)
    return max(metrics.horizontalAdvance(look.formats.number(mark)) for mark in marks)


def year_marks(first: float, last: float, room: int) -> list[tuple[float, str]]:
    """Ordinals of the first of January and their years, at most `room` of them."""
    years = range(date.fromordinal(int(first)).year, date.fromordinal(int(last)).year + 2)
    inside = [(float(date(year, 1, 1).toordinal()), str(year)) for year in years]
    inside = [mark for mark in inside if first <= mark[0] <= last]
    every = max(1, ceil(len(inside) / max(1, room)))
    return inside[::every]


def time_marks(state: PlotState, first: float, last: float, room: int) -> list[tuple[float, str]]:
    """The ages of a curve of growth, the years of any other."""
    if not state.ages:
        return year_marks(first, last, room)
    inside = [mark for mark in state.ages if first <= mark[0] <= last]
    return inside[:: max(1, ceil(len(inside) / max(1, room)))]


def valley(spots: list[QPointF], index: int) -> bool:
    """Whether a point lies under the line of its neighbours: its value is then written below."""
    around = [spots[i].y() for i in (index - 1, index + 1) if 0 <= i < len(spots)]
    return bool(around) and spots[index].y() > sum(around) / len(around) + 4


Mark = tuple[QPointF, PlotPoint, int]


def thinned(marks: list[Mark]) -> list[Mark]:
    """The marks of a crowd without those that another of their kind covers; abnormal ones lie on top."""
    kept: dict[bool, list[Mark]] = {False: [], True: []}
    for mark in marks[:-1]:
        alike = kept[mark[1].abnormal]
        if not alike or not _near(mark[0], alike[-1][0]):
            alike.append(mark)
    return [*kept[False], *kept[True], *marks[-1:]]


def extremes(spots: list[QPointF]) -> list[QPointF]:
    """Of the spots of each column of pixels, the highest and the lowest: the line looks the same."""
    found: list[QPointF] = []
    column: list[QPointF] = []
    for spot in spots:
        if column and int(column[0].x()) != int(spot.x()):
            found += _ends(column)
            column = []
        column.append(spot)
    return found + _ends(column)


def _ends(column: list[QPointF]) -> list[QPointF]:
    """In the order in which they follow each other, one where both are the same."""
    ends = {column.index(pick(column, key=QPointF.y)) for pick in (min, max)} if column else set()
    return [column[place] for place in sorted(ends)]


def _near(one: QPointF, other: QPointF) -> bool:
    return abs(one.x() - other.x()) < _TOUCHING and abs(one.y() - other.y()) < _TOUCHING


def beside(x: float, width: float, *, crossed: bool) -> float:
    """Where the value of a point at `x` begins: centred; where the focus line crosses, on the side with room."""
    if not crossed:
        return x - width / 2
    return x - width - 6 if x > width + 40 else x + 6


class TrendPlot(QWidget):
    """A curve. `compact` is the small one of the summary; the other has words and a focus line."""

    spoken_role = Role.Chart
    moved = Signal()

    def __init__(self, look: Look, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._compact = compact
        self._state: PlotState | None = None
        self._drawn: QPixmap | None = None
        self._band_words = QRectF()
        self._focus = -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if compact else Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(not compact)

    def show_plot(self, state: PlotState | None) -> None:
        """Show a curve in the place of another, or none."""
        self._state, self._drawn, self._band_words = state, None, QRectF()
        self._focus = len(state.points) - 1 if state else -1
        self.setAccessibleName(f"{state.title} {state.unit}" if state else "")
        self.setAccessibleDescription(self.read_out)
        self.update()

    @property
    def focused(self) -> PlotPoint | None:
        """The point under the focus line."""
        if self._state is None or not 0 <= self._focus < len(self._state.points):
            return None
        return self._state.points[self._focus]

    @property
    def read_out(self) -> str:
        """The words of that point."""
        return self._state.words(self._focus) if self._state and self.focused else ""

    def sizeHint(self) -> QSize:
        return QSize(320, self._look.px(72) if self._compact else max(240, self._look.px(220)))

    # -- geometry -------------------------------------------------------------

    def _plot_area(self) -> QRectF:
        left = self._look.px(28 if self._compact else 40)
        if self._state is not None and self._state.points:
            size = Size.LABEL if self._compact else Size.CAPTION
            marks = marks_of(self._state, 3 if self._compact else 5)
            left = max(left, widest_of(self._look, marks, size) + 8)
        bottom = self._look.metrics(Size.CAPTION).height() + 4
        top = 8 if self._compact else 22
        return QRectF(left, top, self.width() - left - 10, self.height() - top - bottom)

    def _xy(self, state: PlotState, *, lower: bool = False) -> list[QPointF]:
        """Where each value stands; `lower`: the second value where there is one."""
        area = self._plot_area()
        marks, first, last = scales(state, compact=self._compact)
        low, high = marks[0], marks[-1]
        values = [p.second if lower and p.second is not None else p.value for p in state.points]
        return [
            QPointF(
                area.left() + (p.day - first) / (last - first) * area.width(),
                area.bottom() - (value - low) / (high - low) * area.height(),
            )
            for p, value in zip(state.points, values, strict=True)
        ]

    # -- paint ----------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        state = self._state
        if state is None or not state.points:
            return
        painter = QPainter(self)
        if self._compact and len(state.points) > _CROWD:
            painter.drawPixmap(0, 0, self._picture(state))
        else:
            self._paint_curve(painter, state)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._look.colour("accent"), 2.0))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _picture(self, state: PlotState) -> QPixmap:
        """A small curve of very many points, drawn once for its size and screen."""
        ratio, size = self.devicePixelRatioF(), self.size() * self.devicePixelRatioF()
        if self._drawn is None or self._drawn.size() != size:
            self._drawn = QPixmap(size)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(Qt.GlobalColor.transparent)
            self._paint_curve(QPainter(self._drawn), state)
        return self._drawn

    def _paint_curve(self, painter: QPainter, state: PlotState) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter, state)
        self._paint_points(painter, state)

    def _paint_frame(self, painter: QPainter, state: PlotState) -> None:
        look, area = self._look, self._plot_area()
        marks, first, last = scales(state, compact=self._compact)
        low, high = marks[0], marks[-1]
        scale = area.height() / (high - low)
        self._paint_band(painter, state, area, low, scale)
        painter.setFont(look.font(Size.CAPTION if not self._compact else Size.LABEL))
        for mark in marks:
            y = area.bottom() - (mark - low) * scale
            painter.setPen(QPen(look.colour("line"), 1.0))
            if mark in (marks[0], marks[-1]) or not self._compact:
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(look.colour("muted"))
            box = QRectF(0, y - 9, area.left() - 6, 18)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, flags, look.formats.number(mark))
        widest = "24 mois" if state.ages else "2026"
        width = look.metrics(Size.LABEL).horizontalAdvance(widest) + 24
        for day, year in time_marks(state, first, last, int(area.width() // width)):
            x = area.left() + (day - first) / (last - first) * area.width()
            painter.setPen(QPen(look.colour("line"), 1.0))
            if not self._compact:
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(look.colour("muted"))
            half = painter.fontMetrics().horizontalAdvance(year) / 2 + 1
            if x + half > self.width():
                continue
            box = QRectF(x - 24, area.bottom() + 3, 48, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, year)

    def _paint_band(
        self, painter: QPainter, state: PlotState, area: QRectF, low: float, scale: float
    ) -> None:
        if state.low is None and state.high is None:
            return
        top = area.top() if state.high is None else area.bottom() - (state.high - low) * scale
        bottom = area.bottom() if state.low is None else area.bottom() - (state.low - low) * scale
        band = QRectF(area.left(), top, area.width(), bottom - top)
        painter.fillRect(band, self._look.colour("okbg"))
        if state.band_words and not self._compact:
            painter.setFont(self._look.font(Size.CAPTION, Weight.MEDIUM))
            painter.setPen(self._look.colour("ok"))
            words = self._look.texts.shown(state.band_words)
            inner = band.adjusted(8, 3, -8, -3)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            self._band_words = painter.boundingRect(inner, int(flags), words)
            painter.drawText(inner, flags, words)

    def _paint_points(self, painter: QPainter, state: PlotState) -> None:
        look, spots = self._look, self._xy(state)
        accent = look.colour("accent")
        area = self._plot_area()
        if not self._compact and 0 <= self._focus < len(spots):
            x = spots[self._focus].x()
            painter.setPen(QPen(accent, 2.0))
            painter.drawLine(QPointF(x, area.top() - 8), QPointF(x, area.bottom()))
        if all(point.second is not None for point in state.points):
            self._paint_bars(painter, state, spots)
        else:
            self._paint_line(painter, state, spots)
        if not self._compact:
            self._paint_values(painter, state, spots)

    def _paint_line(self, painter: QPainter, state: PlotState, spots: list[QPointF]) -> None:
        look, accent = self._look, self._look.colour("accent")
        last = len(spots) - 1
        is_dense = last > _CROWD and last > self._plot_area().width() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not is_dense)
        painter.setPen(QPen(accent, 1.0 if is_dense else 1.4))
        painter.drawPolyline(QPolygonF(extremes(spots) if is_dense else spots))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marks = list(zip(spots, state.points, range(last + 1), strict=True))
        if last >= (_CROWD if self._compact else 4 * _CROWD):
            marks = thinned(marks)
        for spot, point, index in marks:
            colour = look.colour("danger") if point.abnormal else accent
            radius = (4.5 if index == last else 2.8) + (0.0 if self._compact else 1.0)
            painter.setPen(QPen(look.colour("surface"), 1.5))
            painter.setBrush(colour)
            painter.drawEllipse(spot, radius, radius)

    def _paint_bars(self, painter: QPainter, state: PlotState, spots: list[QPointF]) -> None:
        """Double-ended T: each cap is a value, the stem joins what was measured together."""
        look, last = self._look, len(spots) - 1
        lower = self._xy(state, lower=True)
        for index, (top, bottom, point) in enumerate(zip(spots, lower, state.points, strict=True)):
            colour = look.colour("danger" if point.abnormal else "accent")
            cap = 5.0 if index == last else 3.5
            painter.setPen(QPen(colour, 2.4 if index == last else 1.4))
            painter.drawLine(top, bottom)
            for end in (top, bottom):
                painter.drawLine(QPointF(end.x() - cap, end.y()), QPointF(end.x() + cap, end.y()))

    def _paint_values(self, painter: QPainter, state: PlotState, spots: list[QPointF]) -> None:
        """Values above their points, from the last backwards, where they do not touch."""
        look, taken = self._look, 1e9
        painter.setFont(look.font(Size.LABEL, Weight.SEMIBOLD))
        metrics = painter.fontMetrics()
        for index, spot in reversed([*enumerate(spots)]):
            is_crossed = index == self._focus
            if not is_crossed and spot.x() + 8 > taken:
                continue  # whatever its width, it would touch the one after it
            point, shown = state.points[index], state.shown(index)
            width = metrics.horizontalAdvance(shown)
            place = beside(spot.x(), width, crossed=is_crossed)
            left = min(place, self.width() - width - 2)
            if left + width + 8 > taken:
                continue
            taken = left
            below = QRectF(left - 2, spot.y() + 8, width + 4, metrics.height())
            fits = below.top() + metrics.ascent() < self._plot_area().bottom() - 2
            is_free = fits and not below.intersects(self._band_words)
            hangs = point.second is None and valley(spots, index) and is_free
            baseline = max(below.top() + metrics.ascent() if hangs else spot.y() - 10, 14.0)
            halo = QRectF(left - 2, baseline - metrics.ascent(), width + 4, metrics.height())
            painter.fillRect(halo, shade(look.colour("surface"), 0.75))
            painter.setPen(look.colour("danger" if point.abnormal else "text"))
            painter.drawText(QPointF(left, baseline), shown)

    # -- the focus line -------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        state = self._state
        last = len(state.points) - 1 if state else -1
        targets = {
            Qt.Key.Key_Left: self._focus - 1,
            Qt.Key.Key_Right: self._focus + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        target = targets.get(Qt.Key(event.key()))
        if target is None or last < 0:
            super().keyPressEvent(event)
        else:
            self._go(max(0, min(last, target)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._state is None or self._compact:
            super().mousePressEvent(event)
            return
        spots = self._xy(self._state)
        x = event.position().x()
        nearest = min(range(len(spots)), key=lambda i: abs(spots[i].x() - x))
        if abs(spots[nearest].x() - x) <= _CLOSE:
            self._go(nearest)

    def _go(self, index: int) -> None:
        self._focus = index
        self.setAccessibleDescription(self.read_out)
        self.update()
        self.moved.emit()
