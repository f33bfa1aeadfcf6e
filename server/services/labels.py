"""Labels as acts: masked, not yet for the patient, never for representatives (VIS-01 to VIS-08).

One transaction: every row of the document moves to the facet its labels name, with a tombstone where it
lay and a new version; facets that open get their grants; the journal rows about it move along. Hiding from
more readers is written to the key store first, so that no restore undoes it.
"""

from typing import NamedTuple

from dossier.access.home import MASKED, NOT_PATIENT, NOT_REPRESENTATIVES
from dossier.errors import Refused, Unavailable
from dossier.wire import codec
from server.ports import JournalRow, OwnerTx, ResourceRow
from server.services import bodies, journal
from server.services.access import Access
from server.services.facets import ACCESS, access_facet
from server.services.homing import home_of, labels_of
from server.services.journal import Entry, entry
from server.services.premises import Premises
from server.services.rights import standing_of
from server.services.session import Session
from server.services.unit import OwnerUnit, Put

_NUMBERS = 64
_NONE = "none"
_ALL = (1 << 31) - 1


class _Row(NamedTuple):
    row: ResourceRow
    body: bodies.Body
    tag: str


class Labels:
    """Changes how a document may be seen."""

    def __init__(self, premises: Premises, access: Access) -> None:
        self._premises, self._access = premises, access

    async def relabel(
        self,
        owner: int,
        rtype: str,
        rid: str,
        labels: frozenset[str],
        by: Session | None,
    ) -> None:
        """Give a resource, and what was derived from it, exactly these labels. `by` None: the server
        itself (a clock that came to its end).

        Raises Unavailable, Invalid for labels that cannot be kept together, and Refused
        (`not_allowed`, `labels_follow_document` for a row derived from another).
        """

        async def write(tx: OwnerTx) -> None:
            locked = await tx.owner.lock(_NUMBERS)
            if locked is None:
                raise Unavailable
            book = OwnerUnit(self._premises, tx, locked, _NUMBERS)
            await self._access.bring(book)
            row = await self._allowed(book, rtype, rid, by)
            before = labels_of(self._premises.tags.name(owner, row.facet))
            said = entry(
                self._premises,
                by,
                "relabelled",
                rtype=rtype,
                id=rid,
                reason=f"{_words(before)} > {_words(labels)}",
            )
            if await self.put(book, row, labels, said) and labels - before:
                await self._access.narrow(book, said)
            await book.close()

        await self._premises.store.write(owner, write)

    async def put(
        self, book: OwnerUnit, row: ResourceRow, labels: frozenset[str], said: Entry
    ) -> bool:
        """Inside a unit of work: move a resource and what was derived from it, with their journal rows, and
        write `said`; False when they lie there already. Raises Invalid, before anything is written, for
        labels that cannot be kept together.
        """
        before = self._premises.tags.name(book.owner, row.facet)
        moves = await self._moves(book, row, labels)
        if all(move.tag == move.row.facet for move in moves):
            return False
        after = self._premises.tags.name(book.owner, moves[0].tag)
        await self._move(book, moves)
        await self._move_journal(book, {(m.row.rtype, m.row.id) for m in moves}, before, after)
        await book.log(access_facet(after), said)
        return True

    async def _allowed(
        self, book: OwnerUnit, rtype: str, rid: str, by: Session | None
    ) -> ResourceRow:
        row = await book.tx.resources.get(rtype, rid)
        if by is not None:
            mine = await standing_of(self._premises, by, book.tx, book.row)
            if row is None or not mine.right(row.facet).allows("r"):
                raise Unavailable
            manages = mine.right(book.tag(ACCESS)).allows("g")
            if not (manages or mine.right(row.facet).allows("w")):
                raise Refused("not_allowed")
        if row is None:
            raise Unavailable
        if row.root is not None:
            raise Refused("labels_follow_document")
        return row

    async def _moves(self, book: OwnerUnit, row: ResourceRow, labels: frozenset[str]) -> list[_Row]:
        moves = []
        for one in (row, *(await book.tx.resources.of_root(row.id))):
            place = bodies.place_of(book.owner, one)
            body = bodies.unpack(await self._premises.sealer.open(place, one.cell))
            value = codec.resource(body.resource)
            lies_in = home_of(self._premises, value, body, labels, one.root)
            moves.append(_Row(one, body, book.tag(lies_in.facet)))
        return moves

    async def _move(self, book: OwnerUnit, moves: list[_Row]) -> None:
        for tag in dict.fromkeys(move.tag for move in moves):
            if await book.is_new(tag):
                facet = self._premises.tags.name(book.owner, tag)
                await self._access.open(book, await self._access.opening(book, facet))
        await book.put(
            [
                Put(
                    m.row.rtype,
                    m.row.id,
                    m.tag,
                    m.row.subject,
                    m.row.root,
                    m.body,
                    (m.row, m.body),
                )
                for m in moves
            ]
        )

    async def _move_journal(
        self, book: OwnerUnit, names: set[tuple[str, str]], before: str, after: str
    ) -> None:
        """Re-seal the rows about these resources where they belong now; the log does not change."""
        old, new = access_facet(before), access_facet(after)
        if old == new:
            return
        moved: list[JournalRow] = []
        for row in await book.tx.journal.of_facets([book.tag(old)], _ALL):
            said = await journal.read_row(self._premises, book.owner, row)
            if (said.rtype, said.id) in names:
                moved.append(await journal.moved(self._premises, book.owner, row, book.tag(new)))
        await book.tx.journal.put(moved)


def _words(labels: frozenset[str]) -> str:
    order = (MASKED, NOT_PATIENT, NOT_REPRESENTATIVES)
    return "+".join(label for label in order if label in labels) or _NONE


def relabelled(said: Entry) -> tuple[frozenset[str], frozenset[str]]:
    """The labels before and after an act, as its entry says."""
    before, _, after = said.reason.partition(" > ")
    return _labels(before), _labels(after)


def _labels(words: str) -> frozenset[str]:
    return frozenset() if words == _NONE else frozenset(words.split("+"))
