"""sync.ports.SyncStore over the two files: each method one durable step, or several that resume.

Order between the files: cache.db first for what hides or erases, work.db first for what a person must not
lose. A crash between the two is answered by asking again, which changes nothing. A power cut takes back the
last commits of cache.db, never one on whose word work.db stops showing what a person wrote.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from dossier.clock import Clock, to_ms
from dossier.wire.messages import Head, Heads, Op, Page, Verdict
from local_store import compartments, op_ledger, pages
from local_store.bodies import BodyPacker
from local_store.compartments import fact, put_fact
from local_store.connections import Connection
from local_store.counted_days import CountedDays
from local_store.lanes import Readers, Writer
from local_store.lease import LeaseGate
from local_store.pins import LocalSession
from local_store.purge import Purge
from local_store.rows import RowTables, prepare
from sync.ports import Applied, Held, Key, Receipt

_INDEX_BATCH: Final = 4_096
"""While a first copy runs, words are indexed in batches of this many rows."""

_COVERING: Final = "SELECT 1 FROM op WHERE live = 1 AND owner = ? AND state = 'acked' LIMIT 1"
_FILLING: Final = "SELECT 1 FROM compartment WHERE complete = 0 AND term <> '' LIMIT 1"

STALE: Final = Applied(stale=True, rows=0, digest_ok=True, touched={})


class LocalSyncStore:
    """The device's copy for the engine; see sync.ports.SyncStore for the contract."""

    def __init__(
        self,
        cache: Writer,
        work: Writer,
        readers: Readers,
        purge: Purge,
        clock: Clock,
        lease: LeaseGate,
    ) -> None:
        self._cache = cache
        self._work = work
        self._readers = readers
        self._purge = purge
        self._clock = clock
        self._lease = lease
        self._days = CountedDays()
        self.board = LocalSession(work)
        self._packer = BodyPacker()
        self._grouped = False
        self._applied: list[tuple[int, pages.Outcome]] = []
        with cache.alone() as db:
            self._waiting = int(db.execute("SELECT count(*) FROM unindexed").fetchone()[0])

    def restore(self) -> int:
        """The restore number this device follows; 0 before the first contact."""
        with self._work.alone() as db:
            return int(fact(db, "restore") or 0)

    def begin_restore(self, restore: int) -> None:
        """Drop what the server said, keep what a person wrote; a smaller or equal number changes nothing."""
        if restore <= self.restore():
            return
        with self._cache.transaction() as db:
            RowTables(db).wipe()
            compartments.wipe(db)
            put_fact(db, "heads_v", "")
            put_fact(db, "restore", str(restore))
        self._waiting = 0
        with self._work.transaction() as db:
            op_ledger.requeue(db, restore)
            put_fact(db, "restore", str(restore))
        self._purge.truncate()

    def heads_v(self) -> str:
        """The `v` of the last heads applied, empty at first."""
        with self._cache.alone() as db:
            return fact(db, "heads_v") or ""

    def apply_heads(self, heads: Heads) -> None:
        """Record what is wanted; what was lost is hidden in the same transaction, then erased."""
        self._days.tell(heads.now)
        self._purge.finish()
        self._purge.owe_unheld(heads.heads)
        self._purge.owe_no_more(heads.heads)
        with self._cache.transaction() as db:
            for head in heads.heads:
                compartments.note(db, head)
            put_fact(db, "heads_v", heads.v)
        self._purge.finish()

    def apply_terms(self, asked: Sequence[Key], heads: Sequence[Head]) -> None:
        """Of those asked, what came back `gone` or not at all is hidden, then erased."""
        given = {(head.owner, head.facet): head for head in heads}
        self._purge.finish()
        self._purge.owe_unheld(heads)
        self._purge.owe_no_more(heads)
        with self._cache.transaction() as db:
            for owner, facet in asked:
                head = given.get((owner, facet))
                compartments.note(
                    db, head or Head(owner=owner, facet=facet, kind="patient", gone=True)
                )
        self._purge.finish()

    def held(self) -> Sequence[Held]:
        """Every compartment with a right, in order of rank, owner, facet."""
        with self._cache.alone() as db:
            return [kept.held() for kept in compartments.every(db)]

    def held_one(self, owner: int, facet: str) -> Held | None:
        """One compartment; None when unknown or lost."""
        with self._cache.alone() as db:
            kept = compartments.find(db, owner, facet)
        return kept.held() if kept is not None and kept.term else None

    @contextmanager
    def together(self, owners: Collection[int]) -> Iterator[None]:
        """The pages applied inside are one transaction of cache.db; work.db hears of them after it."""
        try:
            with self._cache.together(forced=self._shows_own_words(owners)) as db:
                self._grouped = True
                yield
                self._index_when_worth_it(db)
        except BaseException:
            self._applied.clear()
            raise
        finally:
            self._grouped = False
        self._tell_work()

    def apply_page(self, page: Page, generation: int) -> Applied:
        """Rows and cursor in one transaction, or nothing at all if the page does not continue the copy."""
        if page.kind == "gone":
            return self._gone(page, generation)
        prepared = [prepare(row, self._packer) for row in page.rows]
        now_ms = to_ms(self._clock.now())
        with self._cache.transaction(forced=self._shows_own_words([page.owner])) as db:
            kept = pages.still_fits(db, page, generation)
            if kept is None:
                return STALE
            outcome = pages.apply(db, kept, page, prepared, now_ms)
            self._waiting += outcome.waiting
            if not self._grouped:
                self._index_when_worth_it(db)
        self._applied.append((page.owner, outcome))
        if not self._grouped:
            self._tell_work()
        return Applied(
            stale=False,
            rows=outcome.rows,
            digest_ok=outcome.digest_ok,
            touched={page.owner: outcome.rtypes} if outcome.rtypes else {},
        )

    def forget(self, owner: int, facet: str) -> None:
        """Take it again from zero; rows stay until the new pass did not name them."""
        with self._cache.transaction() as db:
            kept = compartments.find(db, owner, facet)
            if kept is not None:
                pages.begin_again(db, kept)

    def digest(self, owner: int, facet: str) -> str:
        """Hex of the sum over what the feed told; of nothing for an unknown compartment.

        Counted from the rows as they lie, not from the running sum: one old page put back into the file
        keeps every seal right and is seen only so (D6).
        """
        with self._cache.alone() as db:
            kept = compartments.find(db, owner, facet)
            total = pages.recount(db, kept).digest if kept is not None and kept.term else 0
        return f"{total:064x}"

    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        """Oldest first, without those waiting for an unsent dependency; marks them sent."""
        with self._work.transaction() as db:
            return op_ledger.next_ops(db, limit, max_bytes)

    def apply_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        """Durable at once; an op the feed already told stops covering its row."""
        with self._work.transaction() as db:
            decided = op_ledger.apply_verdicts(db, verdicts, self._days.count(db))
            acked = op_ledger.acked_targets(db, decided)
        for owner, rtype, rid in acked:
            with self._cache.alone() as db:
                told = pages.version_of(db, owner, rtype, rid)
            if told is not None:
                with self._work.transaction() as db:
                    op_ledger.seen(db, owner, [(rtype, rid, *told)])

    def unacknowledged(self, limit: int) -> Sequence[tuple[int, str]]:
        """(owner, op_id) of verdicts durable here and not yet told to the server."""
        with self._work.alone() as db:
            return op_ledger.unacknowledged(db, limit)

    def acknowledged(self, ops: Sequence[tuple[int, str]]) -> None:
        """The server was told that these verdicts are durable here."""
        with self._work.transaction() as db:
            op_ledger.acknowledged(db, ops)
            op_ledger.prune(db, self._days.count(db))

    def receipts_owed(self, limit: int) -> Sequence[Receipt]:
        """Erasures complete and checked."""
        with self._work.alone() as db:
            return op_ledger.receipts_owed(db, limit)

    def contact(self, at: datetime, lease_until: datetime | None) -> None:
        """An authenticated exchange happened."""
        with self._work.transaction() as db:
            self._lease.contact(db, at, lease_until)
        self._tell_lease()

    def membership(self, until: datetime | None) -> None:
        """Until when the server said that the membership lives; past it continuity mode is barred."""
        with self._work.transaction() as db:
            self._lease.membership(db, until)
        self._tell_lease()

    def _tell_lease(self) -> None:
        with self._work.alone() as db:
            self._lease.read(db)

    def _gone(self, page: Page, generation: int) -> Applied:
        self._purge.finish()
        with self._cache.transaction() as db:
            kept = compartments.find(db, page.owner, page.facet)
            if kept is None or not _names(kept, page, generation):
                return STALE
            compartments.lose(db, kept)
        self._purge.finish()
        return Applied(stale=False, rows=0, digest_ok=True, touched={page.owner: frozenset()})

    def _shows_own_words(self, owners: Iterable[int]) -> bool:
        """Whether something a person wrote here covers a row of one of these owners."""
        with self._work.alone() as db:
            return any(
                db.execute(
                    "SELECT 1 FROM op WHERE live = 1 AND owner = ? LIMIT 1", (owner,)
                ).fetchone()
                for owner in owners
            )

    def _tell_work(self) -> None:
        """An acknowledged op that the feed showed covers its row no more; what left the copy leaves here.

        Once the rows are in the cache; most pages concern no op, and then nothing is written.
        """
        applied, self._applied = self._applied, []
        with self._work.alone() as db:
            covering = {
                owner
                for owner in {owner for owner, _ in applied}
                if db.execute(_COVERING, (owner,)).fetchone()
            }
        concerned = [one for one in applied if one[0] in covering or one[1].left]
        if not concerned:
            return
        with self._work.transaction() as db:
            for owner, outcome in concerned:
                op_ledger.seen(db, owner, outcome.seen if owner in covering else ())
                op_ledger.scrub(db, owner, outcome.left)

    def index_texts(self) -> None:
        """Index what an earlier process left waiting."""
        if self._waiting:
            with self._cache.transaction() as db:
                RowTables(db).index_texts()
            self._waiting = 0

    def _index_when_worth_it(self, db: Connection) -> None:
        """Index what waits, in this transaction: at once, or in batches while a first copy runs."""
        if not self._waiting:
            return
        if self._waiting < _INDEX_BATCH and db.execute(_FILLING).fetchone():
            return
        RowTables(db).index_texts()
        self._waiting = 0


def _names(kept: compartments.Kept, page: Page, generation: int) -> bool:
    """Whether a `gone` speaks of the copy held now."""
    return (
        kept.term != ""
        and kept.generation == generation
        and page.term in ("", kept.term)
        and page.since in ("", kept.at)
    )
