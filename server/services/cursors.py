"""Positions as sealed tokens (DATA-MODEL §5): a cursor of one compartment, and how far heads were told.

at   restore, seq, hidden, bound to owner, facet and term; `hidden`: tombstones up to this seq are never
     shown while a copy from zero is under way, 0 once it is complete
v    restore, account, situation, moved_v of the team, moved_v of the account, head of the directory
"""

from typing import NamedTuple

from dossier.errors import SealBroken
from server.services.premises import Premises
from server.services.session import Session


class Cursor(NamedTuple):
    """`seq` 0 is the beginning."""

    seq: int
    hidden: int


class HeadsAt(NamedTuple):
    """How far the two projections of a reader, and the directory, were told."""

    team: int
    own: int
    public: int


ZERO = Cursor(0, 0)


def seal_cursor(premises: Premises, owner: int, facet: str, term: str, cursor: Cursor) -> str:
    """The token of a position."""
    return premises.tokens.seal(_at(owner, facet, term), *_wide(premises.restore, *cursor))


def open_cursor(premises: Premises, owner: int, facet: str, term: str, token: str) -> Cursor | None:
    """The position, or None: empty, garbage, another compartment, another term or another restore."""
    if not token:
        return None
    try:
        restore, seq, hidden = premises.tokens.open(_at(owner, facet, term), token)
    except (SealBroken, ValueError):
        return None
    return Cursor(int(seq), int(hidden)) if int(restore) == premises.restore else None


def _at(owner: int, facet: str, term: str) -> str:
    return f"at {owner} {facet} {term}"


def seal_heads(premises: Premises, session: Session, at: HeadsAt) -> str:
    """The `v` of this reader."""
    who = (session.account, session.situation)
    return premises.tokens.seal("v", *_wide(premises.restore), *who, *_wide(*at))


def open_heads(premises: Premises, session: Session, token: str) -> HeadsAt | None:
    """How far, or None: from the beginning."""
    if not token:
        return None
    try:
        parts = premises.tokens.open("v", token)
    except SealBroken:
        return None
    mine = (*_wide(premises.restore), str(session.account), session.situation)
    if len(parts) != 6 or parts[:3] != mine:
        return None
    return HeadsAt(int(parts[3]), int(parts[4]), int(parts[5]))


def _wide(*numbers: int) -> tuple[str, ...]:
    """All of one length: the length of a token tells nothing of what it counts."""
    return tuple(f"{number:019d}" for number in numbers)
