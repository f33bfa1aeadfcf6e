"""What every store of ours does alike: driving a unit of work, and the keys two tables share."""

from collections.abc import Awaitable
from typing import NamedTuple, TypeVar

T = TypeVar("T")

LOG_OWNER = 0
"""Owner of the journal's log and checkpoints; no application id is ever 0 (dossier.ids)."""

COUNTER_SPAN = 1 << 40
"""Counters start at restore x this + 1, so no number is used twice after a restore (DATA-MODEL §5)."""


class WaitingUnit(RuntimeError):
    """A unit of work waited for something other than its own store: a programming error."""


class NestedUnit(RuntimeError):
    """A unit of work opened another one: two owners in one transaction, a programming error."""


class ReadOnlyUnit(RuntimeError):
    """A reading unit of work wrote, or a unit was used after its end: a programming error."""


def drive(work: Awaitable[T]) -> T:
    """Run an awaitable that never suspends to its end, without an event loop.

    Raises WaitingUnit when it suspends (a lock or socket must never be waited for inside a
    transaction), and whatever the work raises.
    """
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        value: T = end.value
        return value
    close = getattr(steps, "close", None)
    if close is not None:
        close()
    raise WaitingUnit("a unit of work must not wait")


def is_team(reader: str, owner: int) -> bool:
    """True for `m:<unit>:<profession>` (a row of `granted`), False for `a:<account>` (of `reader`).

    Raises ValueError when the reader's shard is not `owner`: a projection lies with its reader.
    """
    kind, _, rest = reader.partition(":")
    if kind not in {"a", "m"} or rest.partition(":")[0] != str(owner):
        raise ValueError("this reader does not lie with this owner")
    return kind == "m"


def check_own(owner: int, named: int) -> None:
    """Raise ValueError when a row of an account is written under another owner."""
    if owner != named:
        raise ValueError("an account's rows lie under the account")


class Placed(NamedTuple):
    """Where a leaf of the log came from: the key of its journal row."""

    owner: int
    month: int
    n: int
