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
from local_store import op_ledger
from local_store.compartments import Kept, purging
from local_store.connections import Connection
from local_store.keepsakes import forget_patient
from local_store.lanes import Failpoint, Readers, Writer
from local_store.pages import erase, rows_of

_SAMPLED_WORDS: Final = 40


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
        now = self._clock.now()
        with self._work.transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO receipt (op_id, owner, facet, term, generation, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        uuid7(self._clock, self._entropy),
                        kept.owner,
                        kept.facet,
                        kept.purging,
                        kept.generation - 1,
                        to_wire(now),
                    )
                    for kept in lost
                ],
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
