"""What the results page shows: lines ready to be painted, one curve, its read-outs."""

from msgspec import Struct

from practitioner_app.services.rows import Series
from ui.widgets.trend import PlotState


class CellState(Struct, frozen=True, kw_only=True, gc=False):
    """One value, its sign apart so that decimals stay aligned; `words` is the whole, read aloud."""

    text: str = ""
    sign: str = ""
    abnormal: bool = False
    absent: bool = False
    waiting: bool = False
    words: str = ""


class LineState(Struct, frozen=True, kw_only=True):
    """A heading (no cells), or one analyte in one unit."""

    key: str
    label: str
    code: str = ""
    about: str = ""
    unit: str = ""
    band: str = ""
    cells: tuple[CellState, ...] = ()
    curve: Series | None = None
    seconds: dict[str, str] = {}
    """The value in the second unit, by the id of its result."""

    @property
    def is_heading(self) -> bool:
        return not self.cells


class GridState(Struct, frozen=True, kw_only=True):
    """One patient's results (HZ-01); `why_empty` where there is no line. `days`: one a column, oldest first."""

    owner: int
    days: tuple[str, ...] = ()
    lines: tuple[LineState, ...] = ()
    why_empty: str = ""


class ReadOut(Struct, frozen=True, kw_only=True):
    """The value under the focus line, and how far it is from the one before."""

    at: str
    value: str
    unit: str
    second: str = ""
    flag: str = ""
    before: str = ""
    before_at: str = ""
    change: str = ""


class PeriodState(Struct, frozen=True):
    key: str
    label: str


class CurveState(Struct, frozen=True, kw_only=True):
    """The curve of the chosen line. `sentence` stands where there is nothing to draw."""

    title: str
    unit: str = ""
    plot: PlotState | None = None
    outs: tuple[ReadOut, ...] = ()
    period: str = ""
    note: str = ""
    sentence: str = ""


LABORATORY, MEASURES = "laboratory", "measures"


class ResultsState(Struct, frozen=True, kw_only=True):
    """`grid` None: none is open, or it is being read. `kind`: whether it shows the laboratory or measures."""

    owner: int | None = None
    grid: GridState | None = None
    kind: str = LABORATORY
    chosen: str = ""
    curve: CurveState | None = None
    problem: str = ""
