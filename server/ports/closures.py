"""What becomes of the data key of a closed record (security.md §4.5)."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

OPEN, CLOSED, ARCHIVED, ENDING, DESTROYED = "open", "closed", "archived", "ending", "destroyed"
"""`ending`: decided, and repeated until the key is gone."""


class Line(NamedTuple):
    """A line of the operator's journal: when it was written (0: never), and its key there."""

    at_ms: int = 0
    month: int = 0
    n: int = 0


NO_LINE = Line()


class ClosureRow(NamedTuple):
    """One record: since when it is closed, by whom its destruction was asked for and when a second person agreed,
    since when it is on the list of what is about to be destroyed, whether it is held, who asked to release it.
    """

    subject: int
    state: str = OPEN
    closed: Line = NO_LINE
    asked_by: int = 0
    agreed: Line = NO_LINE
    listed_ms: int = 0
    held: bool = False
    release_by: int = 0


class SealedKey(NamedTuple):
    """A data key only the offline archive key opens."""

    space: str
    version: int
    sealed: bytes


class KeyClosures(Protocol):
    """Kept beside the keys, so that no restore of the data forgets it. Raises the StoreError family."""

    async def get(self, subject: int) -> ClosureRow | None: ...
    async def after(self, subject: int, limit: int) -> list[ClosureRow]:
        """Those above `subject`, in order."""
        ...

    async def change(self, before: ClosureRow | None, after: ClosureRow) -> bool:
        """Write `after` if the row is still `before` (None: there is none); False, and nothing, if not."""
        ...

    async def archive(self, subject: int, public: bytes) -> int:
        """Seal every data key of a subject to this public key and erase it here; how many, 0 when they are
        archived or destroyed already. No key is made for the subject any more.
        """
        ...

    async def archived(self, subject: int) -> Sequence[SealedKey]: ...
    async def bring_back(self, subject: int, private: bytes) -> int:
        """Undo `archive`; how many keys. Raises SealBroken for another private key."""
        ...
