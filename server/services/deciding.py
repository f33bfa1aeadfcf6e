"""T1: what one op may do to one owner, decided under its lock (DATA-MODEL §4).

A method raises before it has written anything, or writes everything. Raises Invalid (what is wrong, where),
Conflict (which elements moved) and Unavailable: moved, erased, blocked, narrowed and unknown are one answer.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dossier.access.home import Home
from dossier.errors import Conflict, Invalid, Issue, Refused, Unavailable
from dossier.wire import codec
from dossier.wire.messages import Op, Version
from server.ports import ResourceRow
from server.services import bodies, conflict
from server.services.access import Access
from server.services.consenting import Consenting, Parties
from server.services.consents import CONSENT
from server.services.facets import IDENTITY, access_facet
from server.services.homing import home_of, labels_of
from server.services.journal import entry
from server.services.premises import Premises
from server.services.rights import Right, Standing, standing_of
from server.services.session import Session
from server.services.unit import OwnerUnit, Put

Validate = Callable[[str, dict[str, Any]], Sequence[Issue]]
"""R4 structure and our invariants of one resource: what is wrong with it, empty when nothing is."""

DOCUMENT = "DocumentReference"
AUDIT = "AuditEvent"
"""What happened is told by the journal; nobody writes it."""


class Tools(NamedTuple):
    """What deciding needs besides the unit of work."""

    premises: Premises
    access: Access
    consenting: Consenting
    validate: Validate


class Desk:
    """One session's ops on one locked owner, one after the other."""

    def __init__(
        self, tools: Tools, session: Session, book: OwnerUnit, mine: Standing, parties: Parties
    ) -> None:
        self._tools, self._session, self._book = tools, session, book
        self.mine, self._parties = mine, parties
        self._premises = tools.premises

    async def create(self, op: Op) -> Version:
        """Store a new resource under a fresh id."""
        raw = bytes(op.body or b"")
        value = self._valid(op, raw)
        body = bodies.Body(self._session.account, self._session.unit, self._session.profession, raw)
        labels = await self._labels(op)
        lies_in = await self._home(value, body, labels, op.root)
        if await self._is_used(op.rtype, op.id):
            raise Unavailable
        tag = self._book.tag(lies_in.facet)
        opened = await self._opened(tag, lies_in.facet)
        self._demand(self.mine.right(tag), "wd")
        if op.rtype == CONSENT:
            self._check_consent(op, value, tag)
        await self._tools.access.open(self._book, opened)
        put = Put(op.rtype, op.id, tag, self._book.subject, op.root, body)
        (version,) = await self._book.put([put])
        await self._acted(op, lies_in.facet, version)
        if op.rtype == CONSENT:
            await self._tools.consenting.record(self._book, op.id, value, self._parties)
            await self._again()
        return version

    async def change(self, op: Op) -> Version:
        """Change top-level elements of a resource against the version its author saw."""
        row = await self._book.tx.resources.get(op.rtype, op.id)
        right = self.mine.right(row.facet) if row is not None else None
        if row is None or right is None or not right.allows("r"):
            raise Unavailable
        self._demand(right, "wg" if op.rtype == CONSENT else "w")
        old = await self._opened_body(row)
        new = conflict.changed(op.rtype, old.resource, await self._seen(op, row), op.changes)
        value = self._valid(op, new)
        facet = self._premises.tags.name(self._book.owner, row.facet)
        lies_in = await self._home(value, old, labels_of(facet), row.root)
        if op.rtype == CONSENT:
            self._tools.consenting.check_change(op.changes)
        tag = self._book.tag(lies_in.facet)
        opened = await self._opened(tag, lies_in.facet)
        await self._tools.access.open(self._book, opened)
        put = Put(
            row.rtype, row.id, tag, row.subject, row.root, old._replace(resource=new), (row, old)
        )
        (version,) = await self._book.put([put])
        await self._acted(op, lies_in.facet, version)
        if op.rtype == CONSENT and value.get("status") != "active":
            await self._tools.consenting.withdraw(self._book, self._session, op.id, op.op_id)
            await self._again()
        return version

    def _check_consent(self, op: Op, value: dict[str, Any], tag: str) -> None:
        """Who is blocked or gone collects none; for others than one's own team a reason is named (ACC-05)."""
        if self.mine.only_deposits:
            raise Unavailable
        self._tools.consenting.check(value, self._parties)
        if not self.mine.right(tag).allows("g") and not op.reason:
            self._tools.consenting.check_own(value, self._parties, self._session)

    def _valid(self, op: Op, raw: bytes) -> dict[str, Any]:
        value = codec.resource(raw)
        issues = []
        if value["resourceType"] != op.rtype:
            issues.append(Issue("resourceType", "not_the_type_of_the_op"))
        if value.get("id") != op.id:
            issues.append(Issue("id", "not_the_id_of_the_op"))
        if op.rtype == AUDIT:
            issues.append(Issue("resourceType", "written_by_the_server_only"))
        issues += self._tools.validate(op.rtype, value)
        if issues:
            raise Invalid(tuple(issues))
        return value

    async def _labels(self, op: Op) -> frozenset[str]:
        if op.root is None:
            return frozenset(op.labels)
        root = await self._book.tx.resources.get(DOCUMENT, op.root)
        if root is None or not self.mine.right(root.facet).allows("r"):
            raise Unavailable
        return labels_of(self._premises.tags.name(self._book.owner, root.facet))

    async def _home(
        self,
        value: dict[str, Any],
        body: bodies.Body,
        labels: frozenset[str],
        root: str | None,
    ) -> Home:
        found = home_of(self._premises, value, body, labels, root)
        if found.kind != self._book.row.kind:
            raise Invalid((Issue("$", "not_for_this_owner", found.kind),))
        if found.kind == "patient":
            known = await patient_ids(self._book)
            if known and found.patients[0].rpartition("/")[2] not in known:
                raise Invalid((Issue("subject", "another_patient"),))
        return found

    async def _is_used(self, rtype: str, rid: str) -> bool:
        resources = self._book.tx.resources
        if await resources.get(rtype, rid) is not None:
            return True
        return await resources.tombstone_of(rtype, rid) is not None

    async def _opened(self, tag: str, facet: str) -> list[Any]:
        if not await self._book.is_new(tag):
            return []
        rows = await self._tools.access.opening(self._book, facet)
        self.mine.replace(tag, rows)
        return rows

    def _demand(self, right: Right, letters: str) -> None:
        if any(right.allows(letter) for letter in letters):
            return
        if self.mine.readable():
            raise Refused("not_allowed")
        raise Unavailable

    async def _seen(self, op: Op, row: ResourceRow) -> bytes | None:
        if op.base == row.version:
            return None
        for past in await self._book.tx.resources.history(op.rtype, op.id):
            if past.version == op.base:
                place = bodies.past_place(self._book.owner, past)
                plain = await self._premises.sealer.open(place, past.cell)
                return bodies.unpack(plain).resource
        raise Conflict(tuple(sorted(change.element for change in op.changes)))

    async def _opened_body(self, row: ResourceRow) -> bodies.Body:
        place = bodies.place_of(self._book.owner, row)
        return bodies.unpack(await self._premises.sealer.open(place, row.cell))

    async def _acted(self, op: Op, facet: str, version: Version) -> None:
        said = entry(
            self._premises,
            self._session,
            "acted",
            kind=op.kind,
            rtype=op.rtype,
            id=op.id,
            version=version,
            op_id=op.op_id,
            claimed=op.at,
            reason=op.reason,
        )
        await self._book.log(access_facet(facet), said)

    async def _again(self) -> None:
        await self._tools.access.recompute(self._book)
        await self.look_again()

    async def look_again(self) -> None:
        """Rights moved inside this unit: the ops that follow see them."""
        self.mine = await standing_of(self._premises, self._session, self._book.tx, self._book.row)


async def patient_ids(book: OwnerUnit) -> frozenset[str]:
    """The ids of the Patient resources of this owner: several where sources number one person each."""
    lies_in = book.tag(IDENTITY)
    rows = await book.tx.resources.of_type("Patient")
    return frozenset(row.id for row in rows if row.facet == lies_in)
