"""Pages of compartments: rows first, rights and `facets_v` after, cells opened last (DATA-MODEL §3, §5).

Nothing is filtered: a right opens a whole compartment. From zero a reader sees no tombstone of before. An
item the answer had no room for is absent: it is asked again.
"""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from msgspec import structs

from dossier.errors import Busy, Refused
from dossier.wire import limits
from dossier.wire import messages as wire
from server.ports import CompartmentRow, OwnerTx, ResourceRow, Tombstone
from server.services import bodies, cursors
from server.services.access import Access
from server.services.copies import Copies, Key
from server.services.cursors import Cursor
from server.services.heads import HeadsFeed
from server.services.premises import Premises
from server.services.rights import NOTHING, Standing, standing
from server.services.session import Session

_Item = ResourceRow | Tombstone
_ROW_BYTES = 96
"""What a row weighs in a page besides its body."""
_TRIES = 4
_seq = attrgetter("seq")


class _Slice(NamedTuple):
    """A page before its cells are opened."""

    want: wire.Want
    zero: bool
    rows: tuple[_Item, ...]
    weight: int
    cursor: Cursor
    more: bool
    digest: bytes


class Feed:
    """Answers `heads`, `terms`, `changes` and `digests`."""

    def __init__(self, premises: Premises, copies: Copies) -> None:
        self._premises, self._copies = premises, copies
        self._access = Access(premises)
        self._heads = HeadsFeed(premises, self._access)

    async def heads(self, session: Session, since: str) -> wire.Heads | None:
        """What moved since the token; None when nothing did. From zero: all that is readable."""
        found = await self._heads.heads(session, since)
        if found is None:
            return None
        heads = await self._named(
            session, [*found.heads, *await self._unheld(session, since, found)]
        )
        await self._note_gone(session, heads)
        return structs.replace(found, heads=tuple(heads))

    async def terms(self, session: Session, request: wire.TermsRequest) -> wire.TermsReply:
        """The heads of those readable now; the others come back `gone`."""
        reply = await self._heads.terms(session, request.items)
        heads = await self._named(session, reply.heads)
        await self._note_gone(session, heads)
        return structs.replace(reply, heads=tuple(heads))

    async def _unheld(self, session: Session, since: str, found: wire.Heads) -> list[wire.Head]:
        """What this device was given and is not told of here: a device that asks from zero forgot its copies,
        one that goes back a little may have forgotten those of an owner to ask again (decision 008).
        """
        if cursors.open_heads(self._premises, session, since) is None:
            given = await self._copies.still_open(session)
        else:
            held = await self._copies.held(session, found.recheck)
            given = [key for key, row in held.items() if row.receipt_ms is None]
        told = {(head.owner, head.facet) for head in found.heads}
        refs = [wire.CompartmentRef(owner=o, facet=f) for o, f in given if (o, f) not in told]
        return list((await self._heads.terms(session, refs)).heads) if refs else []

    async def _named(self, session: Session, heads: Sequence[wire.Head]) -> list[wire.Head]:
        """A lost compartment names the term of the copy this device was given, if a receipt is owed for it."""
        held = await self._copies.held(session, [head.owner for head in heads if head.gone])
        terms = {key: row.term for key, row in held.items() if row.receipt_ms is None}
        return [
            structs.replace(head, term=terms.get(Key(head.owner, head.facet), ""))
            if head.gone
            else head
            for head in heads
        ]

    async def _note_gone(self, session: Session, heads: Sequence[wire.Head]) -> None:
        gone = [Key(head.owner, head.facet) for head in heads if head.gone]
        await self._copies.mark_gone(session, gone)

    async def changes(self, session: Session, request: wire.ChangesRequest) -> wire.Pages:
        """Pages of what is asked, in its order. Raises Refused above the limits."""
        items = request.items
        if len(items) > limits.ITEMS_PER_REQUEST:
            raise Refused("too_many_items")
        await self._copies.open(session, [w for w in items if self._cursor(w) is None])
        room = max(1, min(request.max_bytes, limits.PAGE_BYTES))
        pages: list[wire.Page] = []
        for owner, wants in _by_owner(items):
            if room <= 0:
                break
            for page, weight in await self._pages(session, owner, wants, room):
                pages.append(page)
                room -= weight
        await self._copies.mark_gone(
            session, [Key(page.owner, page.facet) for page in pages if page.kind == "gone"]
        )
        return wire.Pages(restore=self._premises.restore, pages=tuple(pages))

    async def digests(self, session: Session, request: wire.TermsRequest) -> wire.DigestsReply:
        """Rows and digest of those readable; the others are absent."""
        found: list[wire.CompartmentDigest] = []
        for item in request.items[: limits.ITEMS_PER_REQUEST]:
            look = partial(self._head, session, item.facet)
            row, mine = await self._premises.store.read(item.owner, look)
            right = NOTHING if mine is None else mine.right(item.facet)
            if row is None or not right.term:
                continue
            at = self._seal(item.owner, item.facet, right.term, Cursor(row.head, 0))
            found.append(
                wire.CompartmentDigest(
                    owner=item.owner,
                    facet=item.facet,
                    at=at,
                    rows=row.rows,
                    digest=row.digest.hex(),
                )
            )
        return wire.DigestsReply(restore=self._premises.restore, digests=tuple(found))

    async def _head(
        self, session: Session, facet: str, tx: OwnerTx
    ) -> tuple[CompartmentRow | None, Standing | None]:
        row = await tx.compartments.get(facet)
        return row, await standing(self._premises, session, tx)

    async def _pages(
        self, session: Session, owner: int, wants: Sequence[wire.Want], room: int
    ) -> list[tuple[wire.Page, int]]:
        open_to = frozenset(wants)
        for _ in range(_TRIES):
            read = partial(self._read, session, wants=wants, room=room, open_to=open_to)
            slices, mine, same = await self._premises.store.read(owner, read)
            if mine is not None and mine.is_stale:
                await self._access.refresh(owner)
                continue
            still = frozenset(want for want in open_to if _is_open(mine, want))
            if still != open_to:  # what is not readable takes no room: read again without it
                open_to = still
            elif same:
                return [
                    await self._page(session, owner, one, mine if one.want in open_to else None)
                    for one in slices
                ]
        raise Busy

    async def _read(
        self,
        session: Session,
        tx: OwnerTx,
        wants: Sequence[wire.Want],
        room: int,
        open_to: frozenset[wire.Want],
    ) -> tuple[list[_Slice], Standing | None, bool]:
        before = await tx.owner.get()
        slices: list[_Slice] = []
        for want in wants:
            if room <= 0:
                break
            one = await self._slice(tx, want, room) if want in open_to else _empty(want)
            slices.append(one)
            room -= one.weight
        mine = await standing(self._premises, session, tx)
        same = (before and before.facets_v) == (mine and mine.row.facets_v)
        return slices, mine, same

    async def _slice(self, tx: OwnerTx, want: wire.Want, room: int) -> _Slice:
        row = await tx.compartments.get(want.facet)
        if row is None:
            return _empty(want)
        cursor = self._cursor(want)
        zero = cursor is None or not row.floor <= max(cursor.seq, cursor.hidden) <= row.head
        start = Cursor(0, row.head) if zero or cursor is None else cursor
        limit = limits.PAGE_ROWS + 1
        rows = await tx.resources.since(want.facet, start.seq, limit)
        gone: list[Tombstone] = []
        if (
            len(rows) != row.head - start.seq
        ):  # else every position is a row's: none is a tombstone's
            after = max(start.seq, start.hidden)
            gone = await tx.resources.tombstones_since(want.facet, after, limit)
        found: list[_Item] = [*rows, *gone]
        ordered = sorted(found, key=_seq) if gone else found
        if len(rows) == limit or len(gone) == limit:
            last = _complete_to(rows, gone, limit)
            ordered = [one for one in ordered if one.seq <= last]
        taken, weight = _fit(ordered, room)
        more = len(taken) < len(rows) + len(gone)
        end = Cursor(taken[-1].seq, start.hidden) if more else Cursor(row.head, 0)
        return _Slice(want, zero, tuple(taken), weight, end, more, row.digest)

    async def _page(
        self, session: Session, owner: int, one: _Slice, mine: Standing | None
    ) -> tuple[wire.Page, int]:
        want = one.want
        right = NOTHING if mine is None else mine.right(want.facet)
        if not right.term or right.term != want.term:
            return wire.Page(owner=owner, facet=want.facet, kind="gone"), 1
        rows = await self._opened(session.unit, owner, one.rows)
        page = wire.Page(
            owner=owner,
            facet=want.facet,
            kind="page",
            term=right.term,
            since="" if one.zero else want.since,
            to=self._seal(owner, want.facet, right.term, one.cursor),
            more=one.more,
            replace=one.zero,
            rows=rows,
            digest="" if one.more else one.digest.hex(),
        )
        return page, max(1, one.weight)

    async def _opened(self, unit: int, owner: int, items: Sequence[_Item]) -> tuple[wire.Row, ...]:
        """The rows of a page; one whose key is destroyed is left out."""
        held = [
            (bodies.place_of(owner, item), item.cell)
            for item in items
            if isinstance(item, ResourceRow)
        ]
        plain = iter(await self._premises.sealer.open_all(held))
        rows: list[wire.Row] = []
        for item in items:
            if isinstance(item, Tombstone):
                rows.append(wire.Row(item.rtype, item.id, item.version))
            elif (found := next(plain)) is not None:
                author, body = bodies.told_by(found)
                row = wire.Row(
                    item.rtype,
                    item.id,
                    item.version,
                    item.subject,
                    item.root,
                    body,
                    author == unit,
                )
                rows.append(row)
        return tuple(rows)

    def _cursor(self, want: wire.Want) -> Cursor | None:
        return cursors.open_cursor(self._premises, want.owner, want.facet, want.term, want.since)

    def _seal(self, owner: int, facet: str, term: str, cursor: Cursor) -> str:
        return cursors.seal_cursor(self._premises, owner, facet, term, cursor)


def _empty(want: wire.Want) -> _Slice:
    """Nothing is there, or nothing that this reader may know of."""
    return _Slice(want, True, (), 0, cursors.ZERO, more=False, digest=bytes(32))


def _is_open(mine: Standing | None, want: wire.Want) -> bool:
    right = NOTHING if mine is None else mine.right(want.facet)
    return bool(right.term) and right.term == want.term


def _by_owner(items: Sequence[wire.Want]) -> list[tuple[int, list[wire.Want]]]:
    """Neighbours of one owner together, in the order asked."""
    grouped: list[tuple[int, list[wire.Want]]] = []
    for want in items:
        if grouped and grouped[-1][0] == want.owner:
            grouped[-1][1].append(want)
        else:
            grouped.append((want.owner, [want]))
    return grouped


def _complete_to(rows: Sequence[ResourceRow], gone: Sequence[Tombstone], limit: int) -> int:
    """The last position up to which both lists are whole."""
    ends = [one[-1].seq for one in (rows, gone) if len(one) == limit]
    return min(ends)


def _fit(ordered: Sequence[_Item], room: int) -> tuple[list[_Item], int]:
    """As many as the page holds, one at least, and what they weigh."""
    taken: list[_Item] = []
    weight = 0
    for one in ordered[: limits.PAGE_ROWS]:
        more = _ROW_BYTES + (one.size if isinstance(one, ResourceRow) else 0)
        if weight + more > room and taken:
            break
        taken.append(one)
        weight += more
    return taken, weight
