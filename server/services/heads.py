"""What moved for a reader, and which compartments they may read now (`heads`, `terms`).

The projections say where to look and lag behind; each right is read at its owner, now. A reader from zero
is told of no loss.
"""

from collections.abc import Sequence
from datetime import timedelta

from dossier.clock import from_ms, to_wire
from dossier.wire import messages as wire
from server.ports import CompartmentRow, OwnerTx, ProjectionRow
from server.services import cursors
from server.services.access import Access
from server.services.directory import PUBLIC, Directory
from server.services.facets import IDENTITY
from server.services.premises import Premises
from server.services.rights import Standing, standing
from server.services.session import Session

EVERYTHING = "*"
_FIRST, _NAMES, _REST = 0, 1, 3


class HeadsFeed:
    """Answers `heads` and `terms`."""

    def __init__(self, premises: Premises, access: Access) -> None:
        self._premises, self._access = premises, access
        self._directory = Directory(premises)
        self._lease = timedelta(days=premises.policy.lease_days)

    async def heads(self, session: Session, since: str) -> wire.Heads | None:
        """What moved since the token; None when nothing did. From zero: all that is readable."""
        known = cursors.open_heads(self._premises, session, since)
        team_v, team = await self._moved(session.unit, session.team, known and known.team)
        own_v, own = await self._moved(session.account, session.reader, known and known.own)
        public = await self._directory.head()
        at = cursors.HeadsAt(team_v, own_v, public)
        v = cursors.seal_heads(self._premises, session, at)
        if v == since:
            return None
        moved: dict[int, set[str]] = {}
        for row in (*team, *own):
            moved.setdefault(row.target, set()).add(row.facet)
        if public and (known is None or known.public != public):
            directory = self._premises.directory
            moved[directory] = {self._premises.tags.tag(directory, PUBLIC)}
        heads: list[wire.Head] = []
        for target, facets in moved.items():
            heads += await self._target(session, target, facets, from_zero=known is None)
        now = self._premises.clock.now()
        return wire.Heads(
            restore=self._premises.restore,
            v=v,
            heads=tuple(heads),
            recheck=tuple(sorted(t for t, facets in moved.items() if EVERYTHING in facets)),
            lease_until=to_wire(now + self._lease),
            now=to_wire(now),
        )

    async def terms(
        self, session: Session, items: Sequence[wire.CompartmentRef]
    ) -> wire.TermsReply:
        """The heads of those readable now; the others come back `gone`."""
        asked: dict[int, set[str]] = {}
        for item in items:
            asked.setdefault(item.owner, set()).add(item.facet)
        heads: list[wire.Head] = []
        for target, facets in asked.items():
            heads += await self._target(session, target, facets - {EVERYTHING}, from_zero=False)
        return wire.TermsReply(restore=self._premises.restore, heads=tuple(heads))

    async def _moved(
        self, owner: int, reader: str, since: int | None
    ) -> tuple[int, list[ProjectionRow]]:
        async def read(tx: OwnerTx) -> tuple[int, list[ProjectionRow]]:
            moved_v = await tx.projections.moved_v(reader)
            if since is not None and since >= moved_v:
                return moved_v, []
            return moved_v, await tx.projections.since(reader, -1 if since is None else since)

        return await self._premises.store.read(owner, read)

    async def _target(
        self, session: Session, target: int, facets: set[str], *, from_zero: bool
    ) -> list[wire.Head]:
        async def read(tx: OwnerTx) -> tuple[list[CompartmentRow], Standing | None]:
            rows = await tx.compartments.all()
            return rows, await standing(self._premises, session, tx)

        rows, mine = await self._premises.store.read(target, read)
        if mine is not None and mine.is_stale:
            await self._access.refresh(target)
            rows, mine = await self._premises.store.read(target, read)
        kind = mine.row.kind if mine is not None and mine.readable() else "patient"
        found: list[wire.Head] = []
        told = set(facets)
        if mine is not None:
            told |= set(mine.readable()) if EVERYTHING in facets else set()
            found = [
                head
                for row in rows
                if row.facet in told and (head := self._head(target, row, mine)) is not None
            ]
        if from_zero:
            return found
        lost = told - {head.facet for head in found} - {EVERYTHING}
        if mine is not None:
            lost = {facet for facet in lost if not mine.right(facet).term}
        gone = [wire.Head(owner=target, facet=f, kind=kind, gone=True) for f in sorted(lost)]
        return found + gone

    def _head(self, target: int, row: CompartmentRow, mine: Standing) -> wire.Head | None:
        right = mine.right(row.facet)
        if not right.term:
            return None
        cursor = cursors.Cursor(row.head, 0)
        kind = mine.row.kind
        return wire.Head(
            owner=target,
            facet=row.facet,
            kind=kind,
            term=right.term,
            at=cursors.seal_cursor(self._premises, target, row.facet, right.term, cursor),
            rows=row.rows,
            size=row.size,
            until=None if right.until_ms is None else to_wire(from_ms(right.until_ms)),
            own=kind == "practice",
            rank=self._rank(target, row.facet, kind),
        )

    def _rank(self, target: int, facet: str, kind: str) -> int:
        if kind == "patient":
            return _FIRST if facet == self._premises.tags.tag(target, IDENTITY) else _REST
        return _NAMES
