"""What happens to a closed record and when: pure rules over its row (security.md §4.5).

    open      -> closed     by a person; undone within thirty days by a person
    closed    -> archived   thirty days later, if the server has an archive key and nobody destroys it
    any       -> destroyed  ten years after the closing, or because one person asked and a second one agreed;
                            in both cases after thirty days on the list of what is about to be destroyed

A record that is held stays as it is.
"""

from typing import Literal, NamedTuple

from server.ports.closures import ARCHIVED, CLOSED, DESTROYED, ENDING, ClosureRow

DAY_MS = 86_400_000
OFFERED_MS = 30 * DAY_MS
LISTED_MS = 30 * DAY_MS
KEPT_YEARS = 10
KEPT_MS = (KEPT_YEARS * 365 + KEPT_YEARS // 4 + 1) * DAY_MS

Act = Literal["archive", "list", "destroy", "finish"]


class Step(NamedTuple):
    """The next thing that happens to a record by itself."""

    act: Act
    due_ms: int


def next_step(row: ClosureRow, *, archives: bool) -> Step | None:
    """None for a record that is held, destroyed, or of which nobody wants anything."""
    if row.state == ENDING:
        return Step("finish", 0)
    if row.held or row.state == DESTROYED:
        return None
    steps = [_end(row)] if row.agreed.at_ms or row.closed.at_ms else []
    if row.state == CLOSED and archives and not row.agreed.at_ms:
        steps.append(Step("archive", row.closed.at_ms + OFFERED_MS))
    return min(steps, key=lambda step: step.due_ms, default=None)


def _end(row: ClosureRow) -> Step:
    due_ms = row.agreed.at_ms + LISTED_MS if row.agreed.at_ms else row.closed.at_ms + KEPT_MS
    if not row.listed_ms:
        return Step("list", due_ms - LISTED_MS)
    return Step("destroy", max(due_ms, row.listed_ms + LISTED_MS))


def state_of(row: ClosureRow) -> str:
    """What the record's own row has to say; empty when that is not decided here."""
    if row.state in {CLOSED, ARCHIVED}:
        return CLOSED
    return DESTROYED if row.state in {ENDING, DESTROYED} else ""
