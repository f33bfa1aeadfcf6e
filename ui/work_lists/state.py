"""What the tasks page shows."""

from msgspec import Struct

from ui.theme.tokens import Tone
from ui.widgets.chip import ChipState


class ListRow(Struct, frozen=True, kw_only=True):
    """One list: its name, how many wait. `key` is its kind."""

    key: str
    title: str
    glyph: str
    count: str = ""
    words: str = ""
    warns: bool = False

    @property
    def is_head(self) -> bool:
        return False


class WorkRow(Struct, frozen=True, kw_only=True):
    """One thing to do, of one patient by two identifiers."""

    key: str
    owner: int
    title: str
    born: str
    second: str
    words: str
    when: str = ""
    chip: ChipState | None = None
    tone: Tone = Tone.NEUTRAL

    @property
    def is_head(self) -> bool:
        return False


class WorkListsState(Struct, frozen=True, kw_only=True):
    """`kind` is the chosen list, `line` the chosen line of it. `to_do`: the badge of the rail."""

    lists: tuple[ListRow, ...] = ()
    kind: str = ""
    title: str = ""
    about: str = ""
    rows: tuple[WorkRow, ...] = ()
    line: str = ""
    empty: str = ""
    to_do: int = 0
