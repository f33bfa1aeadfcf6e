"""What the prescription page shows: values that are ready to be laid out."""

from msgspec import Struct

from ui.widgets.chip import ChipState
from ui.widgets.text import Run


class LineState(Struct, frozen=True, kw_only=True):
    """One line of the list, or the head of a zone (`is_head`, with what the zone is `about`).

    `first`: the drug; `second`: what is taken; `notes`: what is to be known or settled, one each.
    """

    key: str
    words: str
    is_head: bool = False
    title: str = ""
    about: str = ""
    accent: bool = False
    number: str = ""
    red: bool = False
    first: tuple[Run, ...] = ()
    second: tuple[Run, ...] = ()
    notes: tuple[tuple[Run, ...], ...] = ()
    chip: ChipState | None = None


class StripState(Struct, frozen=True, kw_only=True):
    """An allergy that concerns a line: what is known of it, and the reason that is asked."""

    key: int
    title: str
    about: str
    sentence: str
    reason: str


class ChoiceState(Struct, frozen=True, kw_only=True):
    """One drug that the words name; `free`: the words themselves."""

    key: str
    words: str
    is_head: bool = False
    runs: tuple[Run, ...] = ()
    second: str = ""


class EntryLine(Struct, frozen=True, kw_only=True):
    """The input: what may be chosen, which drug was, what is understood of the rest."""

    choices: tuple[ChoiceState, ...] = ()
    chosen: str = ""
    told: str = ""
    warned: bool = False
    hint: str = ""


class WeightState(Struct, frozen=True, kw_only=True):
    """`asked`: nothing is signed before it is typed."""

    shown: bool = False
    asked: bool = False
    sentence: str = ""
    value: str = ""


class PrescriptionState(Struct, frozen=True, kw_only=True):
    """The page. `owner` None: nothing is written."""

    owner: int | None = None
    replaced: str = ""
    kept: str = ""
    rows: tuple[LineState, ...] = ()
    empty: str = ""
    strips: tuple[StripState, ...] = ()
    weight: WeightState = WeightState()
    entry: EntryLine = EntryLine()
    checked: str = ""
    unsure: str = ""
    interactions: str = ""
    to_settle: str = ""
    can_sign: bool = False
    zones: bool = False
    secured: bool = False
    page: str = ""
