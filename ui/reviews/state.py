"""What the list of results to be signed shows."""

from msgspec import Struct

from ui.widgets.chip import ChipState

TO_SIGN, SIGNED = "to_sign", "signed"


class ReviewRow(Struct, frozen=True, kw_only=True):
    """A heading (`owner` None), or one result: whose it is, what it says, when it came."""

    key: str
    title: str
    owner: int | None = None
    code: str = ""
    born: str = ""
    when: str = ""
    said: str = ""
    abnormal: bool = False
    alert: bool = False
    chip: ChipState | None = None
    words: str = ""
    count: str = ""


class AlertState(Struct, frozen=True, kw_only=True):
    """The strip above the results: value, threshold and whose it is, when it was sampled and arrived."""

    title: str
    sentence: str
    act: str = ""


class ReviewsState(Struct, frozen=True, kw_only=True):
    """`chosen` is a key of `rows`. `why_not`: why the chosen one cannot be signed now."""

    rows: tuple[ReviewRow, ...] = ()
    tab: str = TO_SIGN
    to_sign: int = 0
    signed: int = 0
    chosen: str = ""
    alert: AlertState | None = None
    can_sign: bool = False
    why_not: str = ""
    empty: str = ""

    @property
    def row(self) -> ReviewRow | None:
        """The chosen one."""
        return next((row for row in self.rows if row.key == self.chosen), None)
