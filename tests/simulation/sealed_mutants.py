"""Protocol bugs of level 1's desktops, planted in the real encrypted store.

Those of the server need nothing here: what a mutant puts in place of a service is served by the real
application all the same.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from dossier.wire.messages import Head, Heads, Op, Page, Verdict
from sync.ports import Applied, Key, Receipt
from tests.simulation.mutants import Mutant
from tests.simulation.mutants_desktop import fortnight_before
from tests.simulation.ports import StoreFactory
from tests.simulation.sealed_desktops import SealedCopy


class NoPurge(SealedCopy):
    """A lost right leaves the copy where it is."""

    def apply_heads(self, heads: Heads) -> None:
        kept = tuple(head for head in heads.heads if not head.gone)
        self.sync.apply_heads(msgspec.structs.replace(heads, heads=kept))

    def apply_terms(self, _asked: Sequence[Key], heads: Sequence[Head]) -> None:
        self.sync.apply_terms([], [head for head in heads if not head.gone])

    def apply_page(self, page: Page, generation: int) -> Applied:
        if page.kind == "gone":
            return Applied(stale=False, rows=0, digest_ok=True, touched={})
        return super().apply_page(page, generation)


class TombstonesSkipped(SealedCopy):
    """Deletions are not applied."""

    def apply_page(self, page: Page, generation: int) -> Applied:
        rows = tuple(row for row in page.rows if row.body is not None)
        return super().apply_page(msgspec.structs.replace(page, rows=rows, digest=""), generation)


class HeadAsCursor(SealedCopy):
    """After any page the cursor is where the head said."""

    def apply_page(self, page: Page, generation: int) -> Applied:
        applied = super().apply_page(msgspec.structs.replace(page, digest=""), generation)
        if not applied.stale:
            with self.local._cache.transaction() as db:
                db.execute("UPDATE compartment SET at = wanted, complete = 1 WHERE term <> ''")
        return applied


class NoCompareAndSet(SealedCopy):
    """Any page of a compartment held is applied."""

    def apply_page(self, page: Page, generation: int) -> Applied:
        held = self.sync.held_one(page.owner, page.facet)
        if held is None or page.kind == "gone":
            return super().apply_page(page, generation)
        here = msgspec.structs.replace(page, term=held.term, since=held.at)
        return super().apply_page(here, held.generation)


class SweepForgotten(SealedCopy):
    """A copy taken again from zero is merged, not replaced."""

    def apply_page(self, page: Page, generation: int) -> Applied:
        with self.local._cache.transaction() as db:
            db.execute("UPDATE confirmed SET pass = 1000")
        return super().apply_page(msgspec.structs.replace(page, digest=""), generation)


class PopFirst(SealedCopy):
    """Ops leave the outbox when they are sent."""

    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        ops = self.sync.next_ops(limit, max_bytes)
        self.sync.apply_verdicts([Verdict(op_id=op.op_id, code="ok") for op in ops])
        return ops


class NoReceipts(SealedCopy):
    """Erasures are never told."""

    def receipts_owed(self, _limit: int) -> Sequence[Receipt]:
        return []


class TermsIgnored(SealedCopy):
    """What may still be read is asked, and the answer is not applied."""

    def apply_terms(self, _asked: Sequence[Key], heads: Sequence[Head]) -> None:
        self.sync.apply_terms([], [head for head in heads if not head.gone])


class ForgottenByOurClock(SealedCopy):
    """What was acknowledged is forgotten a fortnight later by the clock of this machine."""

    def acknowledged(self, ops: Sequence[tuple[int, str]]) -> None:
        self.sync.acknowledged(ops)
        with self.local._work.transaction() as db:
            db.execute(
                "DELETE FROM op WHERE state = 'acked' AND told = 1 AND live = 0 AND at < ?",
                (fortnight_before(self.sync._clock),),
            )


_SEALED: Mapping[str, StoreFactory] = MappingProxyType(
    {
        "no_purge": NoPurge,
        "tombstone_skipped": TombstonesSkipped,
        "head_as_cursor": HeadAsCursor,
        "no_compare_and_set": NoCompareAndSet,
        "sweep_forgotten": SweepForgotten,
        "outbox_pop_first": PopFirst,
        "no_receipts": NoReceipts,
        "terms_ignored": TermsIgnored,
        "forgotten_by_our_clock": ForgottenByOurClock,
    }
)


def sealed(mutant: Mutant) -> Mutant | None:
    """The same bug over files; None for one that is planted inside level 1's own store."""
    found = _SEALED.get(mutant.name)
    if found is not None or mutant.name in SERVED:
        return mutant._replace(open_store=found)
    return None


SERVED = (
    "no_idempotency",
    "no_revoke_check",
    "floor_ignored",
    "last_write_wins",
    "verdict_not_stored",
    "machines_clock_believed",
    "ends_stand_wrong",
)
"""Those of the server, and of the engine."""
