"""Everything the record screen shows of one patient, in one value."""

from msgspec import Struct

from ui.patient.rows import TimelineRows
from ui.patient.state import FilterState, SummaryCard
from ui.widgets.banner import BannerState
from ui.widgets.strip import StripCell
from ui.widgets.trend import PlotState


class RecordState(Struct, frozen=True, kw_only=True):
    """Everything under one banner is about `owner` (HZ-01)."""

    owner: int
    banner: BannerState
    strip: tuple[StripCell, ...]
    cards: tuple[SummaryCard, ...]
    curves: tuple[PlotState, ...]
    timeline: TimelineRows
    filters: tuple[FilterState, ...]
    why_empty: str = ""
    hidden_notice: str = ""
