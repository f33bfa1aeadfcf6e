"""Two versions to settle, ready to be painted."""

from msgspec import Struct

from practitioner_app.services.conflicts import Choice
from ui.widgets.text import Run


class Pick(Struct, frozen=True):
    """A field and the side a person chose for it."""

    field: str
    choice: Choice


class FieldRow(Struct, frozen=True, kw_only=True):
    """One field on the three panes. `chosen` is None while nobody decided; `same` has nothing to decide."""

    key: str
    label: str
    mine: str
    theirs: str
    kept: str
    kept_from: str
    same: bool
    joinable: bool
    mine_chosen: bool = False
    theirs_chosen: bool = False

    @property
    def decided(self) -> bool:
        return self.same or self.mine_chosen or self.theirs_chosen


class ConflictState(Struct, frozen=True, kw_only=True):
    """`why_not` is the reason why the button is disabled; empty when everything is decided."""

    op_id: str
    owner: int
    title: str
    subtitle: str
    since: str
    base: tuple[Run, ...]
    mine_head: str
    mine_who: str
    theirs_head: str
    theirs_who: str
    kept_who: str
    rows: tuple[FieldRow, ...]
    preview: tuple[Run, ...]
    why_not: str
    after: tuple[str, ...]
    problem: str = ""
