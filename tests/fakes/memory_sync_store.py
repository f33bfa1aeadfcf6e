"""The desktop's store in memory: the same contract as the sealed one, with a disk that survives a crash.

`Disk` is what is durable, in two parts as on a real desktop: `work` (precious) and `cache` (disposable).
A `MemorySyncStore` is one process over it; everything else in it is volatile. Each durable step calls the
failpoint before and after it; a failpoint that raises `Crash` is the death of the process.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from dossier.clock import Clock, to_wire
from dossier.entropy import Entropy
from dossier.ids import uuid7
from dossier.wire import codec
from dossier.wire.messages import Head, Heads, Op, Page, Row, Verdict, Version
from practitioner_app.ports import ConflictCase, CurrentRow, ItemState, PendingOp
from sync.ports import Applied, Held, KeptSession, Key, Receipt


class Crash(BaseException):
    """The process died here. Not an Exception: nothing may survive it by catching."""


class CrashAt:
    """Dies at the n-th durable step from now, of those whose name begins with `only`; counts when `n` is
    None.
    """

    def __init__(self, n: int | None = None) -> None:
        self.n, self.only = n, ""
        self.steps: list[str] = []

    def __call__(self, name: str) -> None:
        if not name.startswith(self.only):
            return
        self.steps.append(name)
        if self.n is not None and len(self.steps) == self.n:
            raise Crash(name)


class _Op:
    __slots__ = ("code", "live", "op", "saw", "settled", "shows", "state", "told", "verdict")

    def __init__(self, op: Op, shows: bytes, saw: bytes) -> None:
        self.op, self.shows, self.saw = op, shows, saw
        self.state = ItemState.PENDING
        self.verdict: Verdict | None = None
        self.live = op.kind in ("create", "change")
        self.told = True
        self.settled = False


class _Owed:
    __slots__ = ("purge", "receipt", "told", "verdict")

    def __init__(self, receipt: Receipt, purge: tuple[int, str, str, int]) -> None:
        self.receipt, self.purge = receipt, purge
        self.verdict: Verdict | None = None
        self.told = False


class _Compartment:
    __slots__ = (
        "at",
        "complete",
        "generation",
        "head",
        "purging",
        "rows",
        "sweeping",
        "term",
        "unseen",
        "wanted",
    )

    def __init__(self, head: Head, generation: int) -> None:
        self.generation = generation
        self.rows: dict[tuple[str, str], Row] = {}
        self.purging: tuple[str, int] | None = None
        self.begin(head)

    def begin(self, head: Head) -> None:
        self.head, self.term, self.wanted = head, head.term, head.at
        self.at, self.complete = "", False
        self.unseen: set[tuple[str, str]] = set()
        self.sweeping = False

    def lose(self) -> None:
        self.purging = (self.term, self.generation)
        self.term = self.at = self.wanted = ""
        self.complete = self.sweeping = False
        self.generation += 1


class Work:
    """work.db: what a person did and what is owed."""

    def __init__(self) -> None:
        self.restore = 0
        self.ops: dict[str, _Op] = {}
        self.owed: dict[str, _Owed] = {}
        self.archive: list[Op] = []
        self.session: KeptSession | None = None
        self.contact: datetime | None = None
        self.lease: datetime | None = None
        self.member_until: datetime | None = None


class Cache:
    """cache.db: what the server told."""

    def __init__(self) -> None:
        self.v = ""
        self.compartments: dict[Key, _Compartment] = {}
        self.generations = 0


class Disk:
    """Both files."""

    def __init__(self) -> None:
        self.work, self.cache = Work(), Cache()

    def lose_cache(self) -> None:
        """The disposable file is corrupt: it is rebuilt from nothing, above every receipt that is owed."""
        self.cache = Cache()
        erased = [one.purge[3] for one in self.work.owed.values()]
        self.cache.generations = max(erased) + 1 if erased else 0

    def take_from(self, other: "Disk") -> None:
        """Become an independent copy of another disk."""
        self.work.__dict__ |= other.work.__dict__
        self.work.ops = {key: copy(item) for key, item in other.work.ops.items()}
        self.work.owed = {key: copy(item) for key, item in other.work.owed.items()}
        self.work.archive = list(other.work.archive)
        self.cache.__dict__ |= other.cache.__dict__
        self.cache.compartments = {}
        for key, one in other.cache.compartments.items():
            twin = self.cache.compartments[key] = copy(one)
            twin.rows, twin.unseen = dict(one.rows), set(one.unseen)


class ShownRow(NamedTuple):
    """A confirmed row and the compartment it is read from."""

    key: Key
    row: Row


def _ignore(_name: str) -> None:
    """No crash."""


class MemorySession:
    """SessionBoard over a Disk."""

    def __init__(self, store: "MemorySyncStore") -> None:
        self._store = store

    def session(self) -> KeptSession | None:
        return self._store.disk.work.session

    def keep(self, was: str, kept: KeptSession | None) -> None:
        present = self.session()
        if ("" if present is None else present.refresh) == was:
            work = self._store.disk.work
            self._store._commit("session", lambda: setattr(work, "session", kept))


class MemorySyncStore:
    """SyncStore, Outbox and the two row readers of RecordReader, over one Disk."""

    def __init__(
        self,
        disk: Disk,
        clock: Clock,
        entropy: Entropy,
        failpoint: Callable[[str], None] = _ignore,
    ) -> None:
        self.disk = disk
        self._clock, self._entropy, self._failpoint = clock, entropy, failpoint
        self.board = MemorySession(self)
        self._finish_purges()

    # --- SyncStore: restore, heads, terms --------------------------------------------------------------

    def restore(self) -> int:
        return self.disk.work.restore

    def begin_restore(self, restore: int) -> None:
        self._commit("restore.cache", self._wipe)
        self._commit("restore.work", lambda: self._requeue(restore))

    def heads_v(self) -> str:
        return self.disk.cache.v

    def apply_heads(self, heads: Heads) -> None:
        def write() -> None:
            for head in heads.heads:
                self._note(head)
            self.disk.cache.v = heads.v

        self._owe_unheld(heads.heads)
        self._owe_no_more(heads.heads)
        self._commit("heads", write)
        self._finish_purges()

    def apply_terms(self, asked: Sequence[Key], heads: Sequence[Head]) -> None:
        def write() -> None:
            readable = {(head.owner, head.facet) for head in heads if not head.gone}
            for key in asked:
                if key not in readable:
                    self._lose(key)
            for head in heads:
                self._note(head)

        self._owe_unheld(heads)
        self._owe_no_more(heads)
        self._commit("terms", write)
        self._finish_purges()

    def held(self) -> Sequence[Held]:
        found = [self._held(key, one) for key, one in self.disk.cache.compartments.items()]
        return sorted((h for h in found if h.term), key=lambda h: (h.rank, h.owner, h.facet))

    def held_one(self, owner: int, facet: str) -> Held | None:
        one = self.disk.cache.compartments.get((owner, facet))
        return self._held((owner, facet), one) if one is not None and one.term else None

    # --- SyncStore: pages ------------------------------------------------------------------------------

    def apply_page(self, page: Page, generation: int) -> Applied:
        key = (page.owner, page.facet)
        one = self.disk.cache.compartments.get(key)
        if one is None or not self._fits(one, page, generation):
            return Applied(stale=True, rows=0, digest_ok=True, touched={})
        if page.kind == "gone":
            self._commit("gone", lambda: self._lose(key))
            self._finish_purges()
            return Applied(False, 0, True, {page.owner: frozenset()})
        outcome: list[bool] = []
        self._commit("page", lambda: outcome.append(self._write_page(key, one, page)))
        self._seen(page.owner, page.rows)
        return Applied(
            stale=False,
            rows=len(page.rows),
            digest_ok=outcome[0],
            touched={page.owner: frozenset(row.rtype for row in page.rows)},
        )

    def together(self, _owners: Collection[int]) -> AbstractContextManager[None]:
        return nullcontext()

    def forget(self, owner: int, facet: str) -> None:
        one = self.disk.cache.compartments.get((owner, facet))
        if one is not None and one.term:
            self._commit("forget", lambda: self._forget(one))

    def digest(self, owner: int, facet: str) -> str:
        one = self.disk.cache.compartments.get((owner, facet))
        return f"{_digest(one.rows.values() if one is not None else ()):064x}"

    # --- SyncStore: ops --------------------------------------------------------------------------------

    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        chosen: list[_Op] = []
        weight = 0
        for item in self.disk.work.ops.values():
            if item.state not in (ItemState.PENDING, ItemState.SENT) or item.verdict is not None:
                continue
            if not self._may_follow(item, {c.op.op_id for c in chosen}):
                continue
            weight += len(codec.encode(item.op))
            if chosen and (weight > max_bytes or len(chosen) >= limit):
                break
            chosen.append(item)
        fresh = [item for item in chosen if item.state is ItemState.PENDING]
        if fresh:
            self._commit("sent", lambda: [_set_sent(item) for item in fresh])
        return [self._as_sent(item.op) for item in chosen]

    def _as_sent(self, op: Op) -> Op:
        """Another owner's op is not named: no server could look for it in this one."""
        first = self.disk.work.ops.get(op.depends_on or "")
        foreign = first is not None and first.op.owner != op.owner
        return structs.replace(op, depends_on=None) if foreign else op

    def apply_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        final = [v for v in verdicts if v.code != "later"]
        if final:
            self._commit("verdicts", lambda: [self._decide(verdict) for verdict in final])

    def unacknowledged(self, limit: int) -> Sequence[tuple[int, str]]:
        work = self.disk.work
        ops = [
            (i.op.owner, i.op.op_id)
            for i in work.ops.values()
            if i.verdict and not i.told and self._is_told(i)
        ]
        owed = [
            (o.receipt.owner, o.receipt.op_id)
            for o in work.owed.values()
            if o.verdict and not o.told
        ]
        return (ops + owed)[:limit]

    def acknowledged(self, ops: Sequence[tuple[int, str]]) -> None:
        def write() -> None:
            for _, op_id in ops:
                item = self.disk.work.ops.get(op_id) or self.disk.work.owed.get(op_id)
                if item is not None and item.verdict is not None:
                    item.told = True

        if ops:
            self._commit("acknowledged", write)

    def receipts_owed(self, limit: int) -> Sequence[Receipt]:
        owed = [o.receipt for o in self.disk.work.owed.values() if o.verdict is None]
        return owed[:limit]

    def contact(self, at: datetime, lease_until: datetime | None) -> None:
        work = self.disk.work
        work.contact, work.lease = at, lease_until or work.lease

    def membership(self, until: datetime | None) -> None:
        self.disk.work.member_until = until

    # --- Outbox ----------------------------------------------------------------------------------------

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:
        self._commit("put", lambda: self.disk.work.ops.setdefault(op.op_id, _Op(op, shows, saw)))

    def withdraw(self, op_id: str) -> bool:
        item = self.disk.work.ops.get(op_id)
        if item is None or item.state is not ItemState.PENDING:
            return False
        self._commit("withdraw", lambda: self.disk.work.ops.pop(op_id))
        return True

    def pending(self) -> Sequence[PendingOp]:
        return [
            PendingOp(
                op_id=i.op.op_id,
                owner=i.op.owner,
                rtype=i.op.rtype,
                id=i.op.id,
                kind=i.op.kind,
                state=i.state,
                at=i.op.at,
                size_bytes=len(codec.encode(i.op)),
                reason=i.verdict.reason or i.verdict.code if i.verdict else "",
                body=i.shows,
            )
            for i in self.disk.work.ops.values()
            if i.state in (ItemState.PENDING, ItemState.SENT, ItemState.REFUSED) and not i.settled
        ]

    def conflicts(self) -> Sequence[ConflictCase]:
        found = []
        for item in self.disk.work.ops.values():
            if item.state is ItemState.CONFLICT and item.verdict and not item.settled:
                op = item.op
                confirmed = self.confirmed(op.owner).get((op.rtype, op.id))
                theirs = confirmed.row.body if confirmed and confirmed.row.body else b""
                mine, differ = item.shows, item.verdict.elements
                found.append(
                    ConflictCase(
                        op.op_id, op.owner, op.rtype, op.id, op.at, item.saw, mine, theirs, differ
                    )
                )
        return found

    def settle(self, op_id: str) -> None:
        self._archive(op_id, ItemState.CONFLICT)

    def discard_refused(self, op_id: str) -> None:
        self._archive(op_id, ItemState.REFUSED)

    # --- reading ---------------------------------------------------------------------------------------

    def confirmed(self, owner: int) -> dict[tuple[str, str], ShownRow]:
        """What the server told and may still be shown."""
        best: dict[tuple[str, str], ShownRow] = {}
        now = ""
        for key, one in self.disk.cache.compartments.items():
            if key[0] != owner or not one.term:
                continue
            if one.head.until is not None:
                now = now or to_wire(self._clock.now())
                if one.head.until <= now:
                    continue
            for name, row in one.rows.items():
                if row.body is not None:
                    best[name] = ShownRow(key, row)
        return best

    def rows(self, owner: int, rtypes: Sequence[str] = ()) -> Sequence[CurrentRow]:
        """Confirmed rows overlaid by what a person did and the feed has not yet shown."""
        shown = {
            name: CurrentRow(
                owner, *name, one.row.version, one.row.body or b"", ItemState.CONFIRMED, "", ""
            )
            for name, one in self.confirmed(owner).items()
        }
        for item in self.disk.work.ops.values():
            name = (item.op.rtype, item.op.id)
            below = shown.get(name)
            if item.op.owner != owner or not item.live or self._is_shown(item, below):
                continue
            version = below.version if below else Version(0, 0)
            body = item.shows or (below.body if below else b"")
            answered = {ItemState.CONFIRMED: ItemState.SENT, ItemState.SENT: ItemState.PENDING}
            state = answered.get(item.state, item.state)
            shown[name] = CurrentRow(owner, *name, version, body, state, item.op.op_id, "")
        wanted = [row for row in shown.values() if not rtypes or row.rtype in rtypes]
        return sorted(wanted, key=lambda row: (row.rtype, row.at, row.id))

    def resource(self, owner: int, rtype: str, rid: str) -> CurrentRow | None:
        return next((row for row in self.rows(owner, (rtype,)) if row.id == rid), None)

    # --- durable steps ---------------------------------------------------------------------------------

    def _commit(self, name: str, write: Callable[[], object]) -> None:
        self._failpoint(f"{name}.before")
        write()
        self._failpoint(f"{name}.after")

    def _fits(self, one: _Compartment, page: Page, generation: int) -> bool:
        if not one.term or one.purging is not None or one.generation != generation:
            return False
        return page.kind == "gone" or (one.term, one.at) == (page.term, page.since)

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        if page.since == "":
            one.sweeping, one.unseen = True, set(one.rows)
        for row in page.rows:
            name = (row.rtype, row.id)
            old = one.rows.get(name)
            one.unseen.discard(name)
            if row.body is None:
                if old is not None and old.version <= row.version:
                    del one.rows[name]
            elif old is None or old.version < row.version:
                one.rows[name] = self._won(key, name, row)
        one.at = page.to
        if page.more:
            return True
        if one.sweeping:
            for name in one.unseen:
                one.rows.pop(name, None)
            one.sweeping, one.unseen = False, set()
        ok = not page.digest or page.digest == f"{_digest(one.rows.values()):064x}"
        if ok:
            one.complete, one.wanted = True, page.to
        return ok

    def _won(self, key: Key, name: tuple[str, str], row: Row) -> Row:
        """The highest version of an id is held once; elsewhere only its version stays, for the digest."""
        for other, one in self.disk.cache.compartments.items():
            held = one.rows.get(name) if other[0] == key[0] and other != key else None
            if held is None or held.body is None:
                continue
            if held.version > row.version:
                return _shadow(row)
            one.rows[name] = _shadow(held)
        return row

    def _seen(self, owner: int, rows: Iterable[Row]) -> None:
        versions = {(row.rtype, row.id): row.version for row in rows}
        covered = [
            item
            for item in self.disk.work.ops.values()
            if item.live
            and item.state is ItemState.CONFIRMED
            and item.op.owner == owner
            and item.verdict is not None
            and item.verdict.version <= versions.get((item.op.rtype, item.op.id), Version(-1, 0))
        ]
        if covered:
            self._commit("seen", lambda: [_hide(item) for item in covered])

    def _forget(self, one: _Compartment) -> None:
        one.at, one.complete = "", False
        one.sweeping, one.unseen = False, set()

    def _note(self, head: Head) -> None:
        cache, key = self.disk.cache, (head.owner, head.facet)
        one = cache.compartments.get(key)
        if head.gone:
            self._lose(key)
        elif one is None:
            cache.compartments[key] = _Compartment(head, cache.generations)
        elif one.term != head.term:
            if one.term:
                one.lose()
            one.begin(head)
        else:
            one.head, one.wanted = head, head.at

    def _lose(self, key: Key) -> None:
        one = self.disk.cache.compartments.get(key)
        if one is not None and one.term:
            one.lose()

    def _finish_purges(self) -> None:
        """Hidden already: erase, then owe the receipt, then clean. Resumed here after a crash."""
        for key, one in list(self.disk.cache.compartments.items()):
            if one.purging is None:
                continue
            self._commit("purge.erase", lambda one=one, key=key: self._erase(key, one))
            term, generation = one.purging
            purge = (*key, term, generation)
            if all(owed.purge != purge for owed in self.disk.work.owed.values()):
                self._owe(purge)
            self._commit("purge.clean", lambda one=one: setattr(one, "purging", None))

    def _owe_unheld(self, heads: Iterable[Head]) -> None:
        """Lost copies that the server counts and this cache does not know (any more)."""
        for head in heads:
            key = (head.owner, head.facet)
            one = self.disk.cache.compartments.get(key)
            if not head.gone or not head.term or (one is not None and one.term == head.term):
                continue
            copy_of = (*key, head.term)
            if all(owed.purge[:3] != copy_of for owed in self.disk.work.owed.values()):
                self._owe((*copy_of, -1))

    def _owe_no_more(self, heads: Iterable[Head]) -> None:
        """Copies readable again under their very term, before they are noted as held."""
        owed = self.disk.work.owed
        readable = {(head.owner, head.facet, head.term) for head in heads if not head.gone}
        again = [n for n, one in owed.items() if not one.verdict and one.purge[:3] in readable]
        if again:
            self._commit("purge.owed", lambda: [owed.pop(op_id) for op_id in again])

    def _owe(self, purge: tuple[int, str, str, int]) -> None:
        op_id = uuid7(self._clock, self._entropy)
        owed = _Owed(Receipt(op_id, *purge[:3], to_wire(self._clock.now())), purge)
        self._commit("purge.owed", lambda: self.disk.work.owed.update({op_id: owed}))

    def _erase(self, key: Key, one: _Compartment) -> None:
        names = set(one.rows)
        one.rows = {}
        for item in self.disk.work.ops.values():
            if item.op.owner == key[0] and (item.op.rtype, item.op.id) in names:
                item.saw = b""
                if item.state is ItemState.CONFIRMED:
                    item.live = False
                if item.op.kind == "change":
                    item.shows = b""

    def _wipe(self) -> None:
        cache = self.disk.cache
        top = max((one.generation for one in cache.compartments.values()), default=0)
        cache.generations = max(cache.generations, top) + 1
        cache.compartments.clear()
        cache.v = ""

    def _requeue(self, restore: int) -> None:
        work = self.disk.work
        work.restore = restore
        for item in work.ops.values():
            item.saw = b""
            if item.state is ItemState.CONFIRMED:
                item.state, item.verdict, item.told = ItemState.PENDING, None, True
                item.live = item.op.kind in ("create", "change")
            elif item.state is ItemState.SENT:
                item.state = ItemState.PENDING
        work.owed = {op_id: owed for op_id, owed in work.owed.items() if not owed.told}
        for owed in work.owed.values():
            owed.verdict = None

    def _decide(self, verdict: Verdict) -> None:
        work = self.disk.work
        item = work.ops.get(verdict.op_id)
        if item is None:
            owed = work.owed.get(verdict.op_id)
            if owed is not None:
                owed.verdict = verdict
            return
        if item.verdict is not None:
            return
        item.verdict, item.told = verdict, False
        states = {
            "conflict": ItemState.CONFLICT,
            "rejected": ItemState.REFUSED,
            "unavailable": ItemState.REFUSED,
        }
        typed = item.op.kind in ("create", "change")
        item.state = states.get(verdict.code, ItemState.CONFIRMED) if typed else ItemState.CONFIRMED
        if verdict.code == "done":
            item.live = False

    def _may_follow(self, item: _Op, before: set[str]) -> bool:
        first = self.disk.work.ops.get(item.op.depends_on or "")
        if first is None or first.state is ItemState.CONFIRMED:
            return True
        if first.op.owner != item.op.owner:
            return False
        if first.state in (ItemState.PENDING, ItemState.SENT):
            return first.op.op_id in before
        return item.state is ItemState.SENT

    def _is_told(self, item: _Op) -> bool:
        """Whether its verdict may be forgotten: an op that left with a refused one is asked first."""
        return item.state is ItemState.CONFIRMED or all(
            later.op.depends_on != item.op.op_id or later.state is not ItemState.SENT
            for later in self.disk.work.ops.values()
        )

    def _is_shown(self, item: _Op, below: CurrentRow | None) -> bool:
        """An acknowledged op whose effect the feed already showed covers nothing."""
        if item.state is not ItemState.CONFIRMED or item.verdict is None or below is None:
            return False
        return item.verdict.version <= below.version

    def _archive(self, op_id: str, state: ItemState) -> None:
        item = self.disk.work.ops.get(op_id)
        if item is not None and item.state is state and not item.settled:
            self._commit("archive", lambda: self.disk.work.archive.append(self._leave(op_id)))

    def _leave(self, op_id: str) -> Op:
        item = self.disk.work.ops[op_id]
        item.live, item.settled = False, True
        for later in self.disk.work.ops.values():
            if later.op.depends_on == op_id and later.state is ItemState.PENDING:
                reason = "dependency_refused"
                later.state, later.told = ItemState.REFUSED, True
                later.verdict = Verdict(op_id=later.op.op_id, code="rejected", reason=reason)
        return item.op

    def _held(self, key: Key, one: _Compartment) -> Held:
        return Held(
            owner=key[0],
            facet=key[1],
            kind=one.head.kind,
            term=one.term,
            at=one.at,
            wanted=one.wanted,
            generation=one.generation,
            complete=one.complete,
            rank=one.head.rank,
            rows=len(one.rows),
            rows_wanted=one.head.rows,
            size_wanted=one.head.size,
            until=one.head.until,
        )


def _digest(rows: Iterable[Row]) -> int:
    total = sum(codec.row_digest(r.id, r.version.restore, r.version.k) for r in rows)
    return total % codec.DIGEST_MODULUS


def _shadow(row: Row) -> Row:
    return Row(row.rtype, row.id, row.version, row.subject, row.root, None)


def _set_sent(item: _Op) -> None:
    item.state = ItemState.SENT


def _hide(item: _Op) -> None:
    item.live = False
