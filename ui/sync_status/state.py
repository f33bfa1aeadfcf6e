"""What the sync centre shows, ready to be painted."""

from msgspec import Struct

from ui.widgets.chip import ChipState


class RankLine(Struct, frozen=True, kw_only=True):
    """One class of the order of copy."""

    title: str
    about: str
    patients: str
    rows: str
    chip: ChipState
    ratio: float | None = None
    """Drawn as a bar while this class is under way."""


class CopyCard(Struct, frozen=True, kw_only=True):
    """Exact progress: patients, items, bytes, rate, time left; the same ratio everywhere."""

    title: str
    aside: str
    big: str
    big_after: str
    left: str
    ratio: float
    figures: str
    percent: str
    ranks: tuple[RankLine, ...]
    notice: str
    alarm: bool = False


class FactRow(Struct, frozen=True):
    label: str
    value: str
    aside: str = ""


class OpLine(Struct, frozen=True, kw_only=True):
    """A waiting or refused item. It stays until a person decides (HZ-21)."""

    op_id: str
    owner: int
    rtype: str
    rid: str
    glyph: str
    title: str
    second: str
    chip: ChipState
    size: str
    because: str = ""
    undoable: bool = False


class ConflictLine(Struct, frozen=True, kw_only=True):
    op_id: str
    title: str
    second: str


class ExchangeLine(Struct, frozen=True):
    time: str
    words: str


class CentreState(Struct, frozen=True, kw_only=True):
    copy: CopyCard
    facts: tuple[FactRow, ...]
    exchanges: tuple[ExchangeLine, ...]
    refused: tuple[OpLine, ...]
    pending: tuple[OpLine, ...]
    conflicts: tuple[ConflictLine, ...]
    openings: str = ""
    """Openings of records that wait for the journal: nobody wrote them."""
    at_risk: str = ""
