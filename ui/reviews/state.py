"""What the list of results to be signed shows."""

from msgspec import Struct

from ui.widgets.chip import ChipState

TO_SIGN, OTHERS, SIGNED = "to_sign", "others", "signed"


class ReviewRow(Struct, frozen=True, kw_only=True):
    """A heading (`owner` None), or one result: whose it is, what it says, when it came. `whose` says whom it is
    asked of, or who handed it over; `may_join`: it may be signed with others; `joined`: it is among them.
    """

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
    whose: str = ""
    late: bool = False
    may_join: bool = False
    joined: bool = False

    @property
    def is_head(self) -> bool:
        return self.owner is None


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
    late: int = 0
    others: int = 0
    signed: int = 0
    chosen: str = ""
    alert: AlertState | None = None
    joined: int = 0
    can_sign: bool = False
    can_hand: bool = False
    why_not: str = ""
    empty: str = ""

    @property
    def row(self) -> ReviewRow | None:
        """The chosen one."""
        return next((row for row in self.rows if row.key == self.chosen), None)
