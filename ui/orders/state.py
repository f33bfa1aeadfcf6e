"""What the list of orders that never came back shows."""

from msgspec import Struct

from ui.widgets.chip import ChipState


class AwaitedRow(Struct, frozen=True, kw_only=True):
    """One order of one patient, by two identifiers. `facts`: label and value, for the side."""

    key: str
    owner: int
    id: str
    title: str
    born: str
    second: str
    late: str
    words: str
    label: str
    paper: str = ""
    """The document it stands on."""
    chip: ChipState | None = None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def is_head(self) -> bool:
        return False


class AwaitedState(Struct, frozen=True, kw_only=True):
    """`mine`: how many this person ordered: the badge."""

    rows: tuple[AwaitedRow, ...] = ()
    chosen: str = ""
    mine: int = 0
    empty: str = ""

    @property
    def row(self) -> AwaitedRow | None:
        return next((one for one in self.rows if one.key == self.chosen), None)
