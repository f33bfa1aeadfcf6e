"""Erasing copies whose right is over: hidden, erased, checkpointed, checked, owed a receipt.

The hiding was committed with the head that said it. Here: what the other side wrote leaves work.db, rows
and index entries leave cache.db, the readers are quiesced, both WAL files are truncated, absence is
checked, and only then the receipt becomes owed and the compartment clean. A crash between any two steps
is resumed by `finish` at the next start. A quarantined cache.db would keep the rows, so it goes too.
"""

from collections.abc import Callable, Iterable
from typing import Final

from dossier.clock import Clock, to_wire
from dossier.entropy import Entropy
from dossier.errors import StoreError
from dossier.ids import uuid7
from dossier.wire.messages import Head
from local_store import op_ledger
from local_store.compartments import Kept, find, purging
from local_store.connections import Connection
from local_store.keepsakes import forget_patient
from local_store.lanes import Failpoint, Readers, Writer
from local_store.pages import erase, rows_of

_SAMPLED_WORDS: Final = 40
_UNHELD: Final = -1
"""The generation of a copy this cache does not know."""


class Purge:
    """One per store; used by whoever holds the sync work, one call at a time."""

    def __init__(
        self,
        cache: Writer,
        work: Writer,
        readers: Readers,
        clock: Clock,
        entropy: Entropy,
        failpoint: Failpoint,
        drop_quarantine: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._work = work
        self._readers = readers
        self._clock = clock
        self._entropy = entropy
        self._failpoint = failpoint
        self._drop_quarantine = drop_quarantine

    def finish(self) -> None:
        """Erase everything that waits for it. Raises StoreError('remnant') if anything was left."""
        with self._cache.alone() as db:
            lost = purging(db)
        if not lost:
            return
        self._failpoint("purge.hidden")
        erased: list[tuple[Kept, list[int], list[str]]] = []
        for kept in lost:
            with self._cache.alone() as db:
                rows = rows_of(db, kept)
                numbers = [n for n, _, _ in rows]
                words = _sample(db, numbers)
            self._scrub(kept, [(rtype, rid) for _, rtype, rid in rows])
            with self._cache.transaction() as db:
                erase(db, kept, numbers)
            erased.append((kept, numbers, words))
        self._failpoint("purge.erased")
        self.truncate()
        self._drop_quarantine()
        self._failpoint("purge.truncated")
        with self._cache.alone() as db:
            for kept, numbers, words in erased:
                _check(db, kept, numbers, words)
        self._owe(lost)
        self._failpoint("purge.owed")
        with self._cache.transaction() as db:
            db.executemany(
                "UPDATE compartment SET purging = NULL WHERE n = ?", [(kept.n,) for kept in lost]
            )

    def owe_unheld(self, heads: Iterable[Head]) -> None:
        """Owe a receipt for each lost copy that the server counts and this cache does not know (any more).

        Whatever of it could lie in a file that was cut off or set aside goes first.
        """
        named = [head for head in heads if head.gone and head.term]
        with self._cache.alone() as db:
            found = [(head, find(db, head.owner, head.facet)) for head in named]
        unheld = [head for head, kept in found if kept is None or kept.term != head.term]
        with self._work.alone() as db:
            unheld = [head for head in unheld if not op_ledger.is_owed(db, head)]
        if not unheld:
            return
        self.truncate()
        self._drop_quarantine()
        self._insert([(head.owner, head.facet, head.term, _UNHELD) for head in unheld])

    def owe_no_more(self, heads: Iterable[Head]) -> None:
        """A copy that is readable again under its very term, as after a restore, is owed no receipt.

        Before it is noted as held: a receipt that came after it was taken again would close it.
        """
        with self._work.alone() as db:
            owed = op_ledger.unsettled(db)
        again = owed & {(head.owner, head.facet, head.term) for head in heads if not head.gone}
        if again:
            with self._work.transaction() as db:
                op_ledger.owe_no_more(db, again)

    def truncate(self) -> None:
        """Fold both WAL files in and cut them to nothing, with no reader inside."""
        with self._readers.quiesced():
            for writer in (self._cache, self._work):
                with writer.alone() as db:
                    if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                        raise StoreError("checkpoint")

    def _scrub(self, kept: Kept, rows: Iterable[tuple[str, str]]) -> None:
        with self._cache.alone() as db:
            readable = db.execute(
                "SELECT 1 FROM compartment WHERE owner = ? AND term <> '' AND n <> ? LIMIT 1",
                (kept.owner, kept.n),
            ).fetchone()
        with self._work.transaction() as db:
            op_ledger.scrub(db, kept.owner, rows)
            if readable is None:
                op_ledger.scrub_owner(db, kept.owner)
                forget_patient(db, kept.owner)

    def _owe(self, lost: Iterable[Kept]) -> None:
        self._insert(
            [(kept.owner, kept.facet, kept.purging or "", kept.generation - 1) for kept in lost]
        )

    def _insert(self, copies: Iterable[tuple[int, str, str, int]]) -> None:
        """Each copy as (owner, facet, term, generation)."""
        at = to_wire(self._clock.now())
        with self._work.transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO receipt (op_id, owner, facet, term, generation, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [(uuid7(self._clock, self._entropy), *copy, at) for copy in copies],
            )


def _sample(db: Connection, numbers: list[int]) -> list[str]:
    """Some words of the rows, to look for afterwards; they stay in memory."""
    words: dict[str, None] = {}
    for n in numbers:
        row = db.execute("SELECT words FROM texts WHERE n = ?", (n,)).fetchone()
        if row is not None:
            words.update(dict.fromkeys(w for w in row[0].split()[:4] if w.isalnum()))
        if len(words) >= _SAMPLED_WORDS:
            break
    return list(words)[:_SAMPLED_WORDS]


def _check(db: Connection, kept: Kept, numbers: list[int], words: list[str]) -> None:
    """No row, no derived row, no token hit, or StoreError."""
    left = len(rows_of(db, kept))
    for table in ("confirmed", "texts", "patient", "unindexed"):
        left += sum(
            db.execute(f"SELECT count(*) FROM {table} WHERE n = ?", (n,)).fetchone()[0]  # noqa: S608
            for n in numbers
        )
    gone = set(numbers)
    if gone:
        low, high = min(gone), max(gone)
        left += sum(
            1
            for (n,) in db.execute(
                "SELECT n FROM patient_word WHERE n BETWEEN ? AND ?", (low, high)
            )
            if n in gone
        )
        for word in words:
            hits = db.execute(
                "SELECT rowid FROM found WHERE found MATCH ? AND rowid BETWEEN ? AND ?",
                (f'"{word}"', low, high),
            )
            left += sum(1 for (n,) in hits if n in gone)
    if left:
        raise StoreError("remnant")
