"""May this session do R on (o, f), now? (DATA-MODEL §3)

Read after the lock by writers, after the rows by readers. Nothing is cached between requests.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dossier.access.grants import principals
from dossier.access.tables import CLOSED_STATES, READABLE_STATES
from server.ports import GrantRow, OwnerRow, OwnerTx, RelationRow
from server.services.premises import Premises
from server.services.session import Session

UNBLOCKED = "unblocked"
"""A relation that opens nothing: since when a block of this account is over, so that its terms differ."""


class Path(NamedTuple):
    """One way to a right: the grant, and what the reader holds of it (membership or relation)."""

    principal: str
    rights: str
    grant_v: int
    held_v: int
    until_ms: int | None


class Right(NamedTuple):
    """What a session may do on one facet. `term` is empty where it may not read.

    `until_ms` is the first end among the ways to read: the copy under this term is good no longer.
    """

    rights: str
    term: str
    until_ms: int | None

    def allows(self, letter: str) -> bool:
        return letter in self.rights


NOTHING = Right("", "", None)


class Standing:
    """One session's rights on every facet of one owner, from rows read at one moment; `add` gives it the
    grants of its `principals`.
    """

    def __init__(
        self,
        premises: Premises,
        session: Session,
        owner: int,
        row: OwnerRow,
        facts: tuple[Sequence[RelationRow], Sequence[int]],
    ) -> None:
        relations, denied = facts
        self.row = row
        self._premises, self._session, self._owner = premises, session, owner
        self.is_stale = premises.is_stale(row)
        """Computed from an older pack: nothing is answered before `Access.bring`."""
        self._closed = row.state in CLOSED_STATES or self.is_stale
        self._deposit_only = (
            session.account in denied or session.ended or row.state not in READABLE_STATES
        )
        self._now_ms = premises.now_ms
        self._held = held(session, relations, self._now_ms)
        self._unblocked_v = sum(
            r.since_v for r in relations if (r.account, r.kind) == (session.account, UNBLOCKED)
        )
        self._paths: dict[str, list[Path]] = {}
        self._rights: dict[str, Right] = {}

    @property
    def principals(self) -> list[str]:
        """Whose grants are this session's."""
        return list(self._held)

    def add(self, grant: GrantRow) -> None:
        """Take one more grant into account; one of somebody else's principals changes nothing."""
        mine = self._held.get(grant.principal)
        if mine is None or _over(grant.until_ms, self._now_ms):
            return
        held_v, held_until = mine
        path = Path(
            grant.principal,
            grant.rights,
            grant.since_v,
            held_v,
            _first(grant.until_ms, held_until),
        )
        self._paths.setdefault(grant.facet, []).append(path)

    def replace(self, facet: str, grants: Sequence[GrantRow]) -> None:
        """Judge a facet by these grants: it is being opened."""
        self._paths.pop(facet, None)
        self._rights.pop(facet, None)
        for grant in grants:
            self.add(grant)

    def right(self, facet: str) -> Right:
        """The right on a facet tag, NOTHING where there is none."""
        found = self._rights.get(facet)
        if found is None:
            found = self._rights[facet] = self._computed(facet)
        return found

    def readable(self) -> list[str]:
        """The tags this session may read, in order."""
        return [facet for facet in sorted(self._paths) if self.right(facet).term]

    @property
    def only_deposits(self) -> bool:
        """Blocked, gone from the practice, or a space nobody reads: what is left is filing."""
        return self._deposit_only

    @property
    def is_stranger(self) -> bool:
        """No right of any kind on anything here: to this session the owner does not exist."""
        return not any(self.right(facet).rights for facet in self._paths)

    def _computed(self, facet: str) -> Right:
        paths = self._paths.get(facet)
        if not paths or self._closed:
            return NOTHING
        letters = "".join(sorted({letter for path in paths for letter in path.rights}))
        if self._deposit_only:
            return Right("d", "", None) if "d" in letters else NOTHING
        reading = sorted(path for path in paths if "r" in path.rights)
        if not reading:
            return Right(letters, "", None)
        parts: list[str | int] = [self._session.account, self._session.situation]
        parts += [self._session.device, self._owner, facet, self._unblocked_v]
        until: int | None = None
        for path in reading:
            parts += [path.principal, path.grant_v, path.held_v]
            until = _first(until, path.until_ms)
        return Right(letters, self._premises.term(*parts), until)


async def standing(premises: Premises, session: Session, tx: OwnerTx) -> Standing | None:
    """Read the rows that decide, in the present unit of work; None for an unknown owner."""
    row = await tx.owner.get()
    if row is None:
        return None
    return await standing_of(premises, session, tx, row)


async def standing_of(premises: Premises, session: Session, tx: OwnerTx, row: OwnerRow) -> Standing:
    """The same for a writer, whose lock already returned the owner's row."""
    facts = (await tx.access.relations(), await tx.access.denied())
    mine = Standing(premises, session, tx.id, row, facts)
    for grant in await tx.access.held_by(mine.principals):
        mine.add(grant)
    return mine


def held(
    session: Session, relations: Sequence[RelationRow], now_ms: int
) -> dict[str, tuple[int, int | None]]:
    """principals(A, S, o, now): each with its since_v and its end.

    An ended membership counts here; Standing leaves it `deposit` only.
    """
    kinds = {
        row.kind: row
        for row in relations
        if row.account == session.account and not _over(row.until_ms, now_ms)
    }
    mine = principals(session.account, session.unit, session.profession, live=True, relations=kinds)
    return {
        principal: (kinds[kind].since_v, kinds[kind].until_ms)
        if (kind := principal.removeprefix("r:")) in kinds
        else (session.member_v, session.until_ms)
        for principal in mine
    }


def _over(until_ms: int | None, now_ms: int) -> bool:
    return until_ms is not None and until_ms <= now_ms


def _first(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
