"""T2: the rights on one owner, recomputed under its lock from the facts it stores, by the pure engine.

The facts are rows: `relation` (self, representative, attending, trusted; and, with an organisation in the
place of the account, `registering` and `team`; `named:<unit>:<profession>` for one person outside a team)
and `deny`. Every act that narrows is written to the key store before it commits (DATA-MODEL §5).
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from dossier.access import grants as engine
from dossier.access import tables
from dossier.access.home import DOCUMENT_TYPES
from dossier.access.tables import Facts
from dossier.errors import Refused, Unavailable
from dossier.wire import codec
from server.ports import GrantRow, MemberRow, OwnerTx, RelationRow, ResourceRow
from server.services import bodies, journal, narrowing
from server.services.facets import ACCESS
from server.services.homing import home_of, labels_of
from server.services.premises import Premises
from server.services.rights import UNBLOCKED
from server.services.session import Session
from server.services.unit import OwnerUnit, Put

REGISTERING = "registering"
TEAM = "team"
NAMED = "named"
_RELATIONS = frozenset({tables.SELF, tables.REPRESENTATIVE, tables.ATTENDING, tables.TRUSTED})
RESERVED = 6
"""Numbers one T2 may take: journal, moved, due."""

_NEW = -1

Step = Callable[[OwnerUnit], Awaitable[journal.Entry | None]]


class Access:
    """Acts on who may read a patient's record, each one owner, one transaction, effective at once."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    async def relate(
        self,
        owner: int,
        account: int,
        kind: str,
        *,
        by: Session | None = None,
        until_ms: int | None = None,
        cause: str = "",
    ) -> None:
        """Record a relation, or the unit that registered the patient.

        Raises Unavailable, and Refused("attending_needs_a_doctor"): the attending doctor's exceptions
        are granted without looking at a profession again.
        """
        if kind == tables.ATTENDING and not await self.may_attend(account):
            raise Refused("attending_needs_a_doctor")

        async def step(book: OwnerUnit) -> journal.Entry:
            await self.put_relation(book, account, kind, until_ms, cause)
            book.tell(recheck=[account] if kind in _RELATIONS else [])
            return journal.entry(self._premises, by, "related", kind=kind, other=account)

        await self._run(owner, step)

    async def may_attend(self, account: int) -> bool:
        """Whether this person works as a doctor somewhere, now."""

        async def members(tx: OwnerTx) -> list[MemberRow]:
            return await tx.people.members()

        now_ms = self._premises.now_ms
        return any(
            row.profession == tables.ATTENDING_PROFESSION
            and (row.until_ms is None or row.until_ms > now_ms)
            for row in await self._premises.store.read(account, members)
        )

    async def unrelate(
        self, owner: int, account: int, kind: str, *, by: Session | None = None
    ) -> None:
        """End a relation, or the consent a team or person has."""

        async def step(book: OwnerUnit) -> journal.Entry:
            await book.tx.access.drop_relation(account, kind)
            book.tell(recheck=[account] if kind in _RELATIONS else [])
            said = journal.entry(self._premises, by, "unrelated", kind=kind, other=account)
            await self.narrow(book, said)
            return said

        await self._run(owner, step)

    async def block(self, owner: int, account: int, *, by: Session | None = None) -> None:
        """The patient blocks a professional: nothing is answered to them from this commit on (ACC-06)."""

        async def step(book: OwnerUnit) -> journal.Entry | None:
            if account in await book.tx.access.denied():
                return None
            await book.tx.access.deny(account, book.rights_changed())
            book.tell(recheck=[account])
            said = journal.entry(self._premises, by, "blocked", other=account)
            await self.narrow(book, said)
            return said

        await self._run(owner, step)

    async def unblock(self, owner: int, account: int, *, by: Session | None = None) -> None:
        """End a block: what they may read again comes under other terms than before."""

        async def step(book: OwnerUnit) -> journal.Entry | None:
            if account not in await book.tx.access.denied():
                return None
            await book.tx.access.undeny(account)
            since_v = book.rights_changed()
            row = RelationRow(account, UNBLOCKED, since_v, None, "")
            await book.tx.access.put_relation(row)
            book.tell(recheck=[account])
            return journal.entry(self._premises, by, "unblocked", other=account)

        await self._run(owner, step)

    async def bring(self, book: OwnerUnit) -> None:
        """Bring an owner to the pack in force before anything else is decided on it: documents whose
        class changed move, then rights are computed again.
        """
        if not self._premises.is_stale(book.row):
            return
        puts: list[Put] = []
        tags = {row.facet for row in await book.tx.compartments.all()}
        for row in await book.tx.resources.of_facets(sorted(tags)):
            if row.rtype in DOCUMENT_TYPES:
                puts += await self._rehomed(book, row)
        await book.put(puts)
        await self.recompute(book)
        version = self._premises.pack.version
        await book.tx.owner.update(pack=version)
        book.row = book.row._replace(pack=version)

    async def _rehomed(self, book: OwnerUnit, row: ResourceRow) -> list[Put]:
        place = bodies.place_of(book.owner, row)
        try:
            body = bodies.unpack(await self._premises.sealer.open(place, row.cell))
        except Unavailable:
            return []  # its key is gone: nobody reads it, wherever it lies
        labels = labels_of(self._premises.tags.name(book.owner, row.facet))
        value = codec.resource(body.resource)
        tag = book.tag(home_of(self._premises, value, body, labels, row.root).facet)
        if tag == row.facet:
            return []
        return [Put(row.rtype, row.id, tag, row.subject, row.root, body, (row, body))]

    async def refresh(self, owner: int) -> None:
        """Compute the rights again: a right came to its end, or another pack is in force."""

        async def step(_book: OwnerUnit) -> None:
            return None

        await self._run(owner, step)

    async def put_relation(
        self, book: OwnerUnit, account: int, kind: str, until_ms: int | None, cause: str
    ) -> None:
        """Inside a unit of work: record a fact; the same fact keeps its since_v. Then `recompute`."""
        now_ms = self._premises.now_ms
        for row in await book.tx.access.relations():
            alive = row.until_ms is None or row.until_ms > now_ms
            if (row.account, row.kind) == (account, kind) and alive:
                changed = row._replace(until_ms=until_ms, cause=cause)
                if changed != row:
                    await book.tx.access.put_relation(changed)
                return
        since_v = book.rights_changed()
        await book.tx.access.put_relation(RelationRow(account, kind, since_v, until_ms, cause))

    async def opening(self, book: OwnerUnit, facet: str) -> list[GrantRow]:
        """The grants a facet (a name) gets when its first row comes; nothing is written yet."""
        if book.row.kind != "patient":
            return []
        facts = await self._facts(book)
        return [
            self._row(book, grant, book.access_v)
            for grant in sorted(engine.compute(facts, [facet], self._premises.pack))
        ]

    async def open(self, book: OwnerUnit, rows: Sequence[GrantRow]) -> None:
        """Write what `opening` gave; its readers are told of the facet by its first row."""
        if rows:
            await book.tx.access.put_grants(rows)
            await self._owe_end(book, rows)

    async def recompute(self, book: OwnerUnit) -> None:
        """Inside a unit of work: make the grants what the facts say, and tell who gained or lost."""
        if book.row.kind != "patient":
            return
        facts = await self._facts(book)
        names = [
            self._premises.tags.name(book.owner, row.facet)
            for row in await book.tx.compartments.all()
        ]
        names += [self._premises.tags.name(book.owner, tag) for tag in book.opened()]
        wanted = engine.compute(facts, dict.fromkeys(names), self._premises.pack)
        present = {(g.facet, g.principal): g for g in await book.tx.access.grants()}
        await self._make(book, wanted, present)

    async def put_state(self, book: OwnerUnit, state: str) -> None:
        """Inside a unit of work: the state of a record. Then `recompute`."""
        await book.tx.owner.update(state=state)
        book.row = book.row._replace(state=state)

    async def narrow(self, book: OwnerUnit, said: journal.Entry) -> None:
        """Write a narrowing act to the key store, so that no restore undoes it."""
        await narrowing.record(self._premises, book.tx, book.number(), said)

    async def _make(
        self,
        book: OwnerUnit,
        wanted: Iterable[engine.Grant],
        present: dict[tuple[str, str], GrantRow],
    ) -> None:
        relations = await book.tx.access.relations()
        fresh = [self._row(book, grant, _NEW) for grant in sorted(wanted)]
        keys = {(row.facet, row.principal) for row in fresh}
        dropped = [row for key, row in present.items() if key not in keys]
        put: list[GrantRow] = []
        for row in fresh:
            old = present.get((row.facet, row.principal))
            gains = "r" in row.rights and (old is None or "r" not in old.rights)
            since_v = _NEW if old is None or gains else old.since_v
            if old is not None and row._replace(since_v=old.since_v) == old:
                continue
            if gains:
                book.tell(gained=_readers(row, relations))
            elif old is not None and "r" in old.rights and "r" not in row.rights:
                book.tell(lost=_readers(old, relations))
            put.append(row._replace(since_v=since_v))
        for row in dropped:
            if "r" in row.rights:
                book.tell(lost=_readers(row, relations))
        if not put and not dropped:
            return
        access_v = book.rights_changed()
        put = [row._replace(since_v=access_v) if row.since_v == _NEW else row for row in put]
        await book.tx.access.drop_grants([(row.facet, row.principal) for row in dropped])
        await book.tx.access.put_grants(put)
        await self._owe_end(book, fresh)

    async def _run(self, owner: int, step: Step) -> None:
        async def write(tx: OwnerTx) -> None:
            row = await tx.owner.lock(RESERVED)
            if row is None:
                raise Unavailable
            book = OwnerUnit(self._premises, tx, row, RESERVED)
            await self.bring(book)
            said = await step(book)
            await self.recompute(book)
            if said is not None:
                await book.log(ACCESS, said)
            await book.close()

        await self._premises.store.write(owner, write)

    async def _facts(self, book: OwnerUnit) -> Facts:
        relations = await book.tx.access.relations()
        denied = await book.tx.access.denied()
        facts = facts_of(book.row.state, relations, denied)
        return tables.living(facts, self._premises.now_ms)

    async def _owe_end(self, book: OwnerUnit, rows: Iterable[GrantRow]) -> None:
        """The next right that ends makes all be computed again; that finds the one after it."""
        ends = [row.until_ms for row in rows if row.until_ms is not None]
        if ends:
            await book.owe_due(min(ends))

    def _row(self, book: OwnerUnit, grant: engine.Grant, since_v: int) -> GrantRow:
        return GrantRow(
            book.tag(grant.facet),
            grant.principal,
            grant.rights,
            grant.cause,
            since_v,
            grant.until,
        )


def facts_of(state: str, relations: Iterable[RelationRow], denied: Iterable[int]) -> Facts:
    """The stored rows as the facts the engine takes."""
    registered: set[int] = set()
    teams, named, related = [], [], []
    for row in relations:
        kind, _, rest = row.kind.partition(":")
        if kind == REGISTERING:
            registered.add(row.account)
        elif kind == TEAM:
            teams.append(tables.TeamConsent(row.account, row.until_ms))
        elif kind == NAMED:
            unit, _, profession = rest.partition(":")
            consent = tables.NamedConsent(row.account, int(unit), profession, row.until_ms)
            named.append(consent)
        elif kind in _RELATIONS:
            related.append(tables.Relation(row.account, kind, row.until_ms))
    return Facts(
        state=state,
        registered=frozenset(registered),
        teams=tuple(teams),
        named=tuple(named),
        relations=tuple(related),
        blocked=frozenset(denied),
    )


def readers_of(principal: str, relations: Iterable[RelationRow]) -> list[str]:
    """The readers (keys of the projections) behind a principal."""
    kind, _, rest = principal.partition(":")
    if kind == "m":
        return [] if rest == "*" else [principal]
    if kind == "a":
        return [f"a:{rest.partition(':')[0]}"]
    return [f"a:{row.account}" for row in relations if row.kind == rest]


def _readers(row: GrantRow, relations: Iterable[RelationRow]) -> list[tuple[str, str]]:
    return [(row.facet, reader) for reader in readers_of(row.principal, relations)]
