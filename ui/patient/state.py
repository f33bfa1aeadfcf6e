"""What the record screen shows, ready to be painted: no resource, no service, no decision left.

`Ref` names the resource behind a line, so that a click or Enter can ask for it.
"""

from enum import StrEnum

from msgspec import Struct

from ui.widgets.chip import ChipState
from ui.widgets.text import Run
from ui.widgets.trend import PlotState


class Ref(Struct, frozen=True):
    """A resource by its type and id."""

    rtype: str
    id: str


class SummaryLine(Struct, frozen=True, kw_only=True):
    """One line of a summary card. `caption` stands in its own column at the left."""

    runs: tuple[Run, ...]
    words: str
    caption: str = ""
    caption_tone: str = "muted"
    glyph: str = ""
    aside: str = ""
    chips: tuple[ChipState, ...] = ()
    ref: Ref | None = None
    struck: bool = False


class Disagreement(Struct, frozen=True, kw_only=True):
    """A treatment of which two versions wait: both are shown, neither wins (HZ-18)."""

    title: str
    head: tuple[Run, ...]
    versions: tuple[tuple[Run, ...], ...]
    words: str
    op_id: str
    ref: Ref
    key: str = ""


class SummaryCard(Struct, frozen=True, kw_only=True):
    """`why_empty` says why there is no line (HZ-17); it is empty when there are some."""

    key: str
    title: str
    count: str = ""
    aside: str = ""
    add: str = ""
    add_key: str = ""
    lines: tuple[SummaryLine | Disagreement, ...] = ()
    why_empty: str = ""
    caption_width: int = 0


class GroupKind(StrEnum):
    TODAY = "today"
    NEW = "new"
    BEFORE = "before"


class TimelineRow(Struct, frozen=True, kw_only=True):
    """One line of the timeline, or the head of a group when `group` is set."""

    key: str
    words: str
    group: GroupKind | None = None
    head: str = ""
    head_aside: str = ""
    date: str = ""
    glyph: str = "page"
    kind: str = ""
    summary: tuple[Run, ...] = ()
    values: bool = False
    """The summary is a list of values: those that do not fit are counted, none is cut."""
    second: tuple[Run, ...] = ()
    chips: tuple[ChipState, ...] = ()
    versions: int = 0
    """How many older versions are folded under it."""
    is_open: bool = False
    is_older: bool = False
    """A replaced version, under the one that stands for it."""
    unread: bool = False
    new: bool = False
    struck: bool = False
    refs: tuple[Ref, ...] = ()


class FilterState(Struct, frozen=True):
    """One filter of the timeline and how many lines it would leave, said where it calls for an act."""

    key: str
    word: str
    count: int
    counted: bool = False


class Action(StrEnum):
    """What can be done to the line in the side panel."""

    UNDO = "undo"
    EDIT = "edit"
    END = "end"
    ERROR = "error"
    SIGN = "sign"
    WRITE = "write"
    ADD = "add"
    COPY = "copy"
    ACCEPT = "accept"
    APART = "apart"
    ANSWER = "answer"
    PRINT = "print"
    SETTLE = "settle"
    WITHDRAW = "withdraw"
    VACCINATE = "vaccinate"
    MEASURE = "measure"
    DONE = "done"
    DISMISS = "dismiss"
    RESUME = "resume"


class ActionState(Struct, frozen=True):
    action: Action
    label: str
    key: str = ""
    primary: bool = False


class FactLine(Struct, frozen=True):
    label: str
    value: str


class GridRow(Struct, frozen=True):
    """One analyte of a report: value, sign and range as the laboratory sent them."""

    label: str
    value: str
    unit: str
    flag: str = ""
    band: str = ""
    plot: str = ""
    note: str = ""


class PaperState(Struct, frozen=True, kw_only=True):
    """A document as a page: its letterhead, who sent it, its day, its object, its words."""

    heading: str = ""
    place: str = ""
    sender: str = ""
    day: str = ""
    title: str = ""
    about: str = ""
    lines: tuple[str, ...] = ()
    foot: str = ""


class Prose(Struct, frozen=True):
    """One paragraph of a note. `head`: a heading of it; `aside`: who wrote what follows, and when."""

    text: str
    head: bool = False
    aside: bool = False


class DetailState(Struct, frozen=True, kw_only=True):
    """The side panel about one line. `paper` is a document: it stays white in the dark. `prose` is a
    text written here (a consultation note), in the colours of the screen.
    """

    title: str
    second: str = ""
    chips: tuple[ChipState, ...] = ()
    facts: tuple[FactLine, ...] = ()
    grid: tuple[GridRow, ...] = ()
    plots: tuple[PlotState, ...] = ()
    paper: PaperState | None = None
    pdf: bytes = b""
    """The page itself, of what a desktop of the practice signed; `paper` then holds its words."""
    prose: tuple[str, ...] = ()
    note: tuple[Prose, ...] = ()
    """A consultation note under its headings."""
    sections: tuple[SummaryCard, ...] = ()
    """Lists of lines, each of which opens its own: the sheet of the vaccinations, of the prevention."""
    notice: str = ""
    footnote: str = ""
    """What the curves leave out, in small words under them."""
    decision: str = ""
    """What became of something the patient added, or that it waits."""
    actions: tuple[ActionState, ...] = ()
    may_sign: bool = False
    ref: Ref | None = None
    op_id: str = ""
