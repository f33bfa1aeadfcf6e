"""practitioner_app.ports.Outbox: what a person wrote (work.db). One call is one durable transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from msgspec import structs

from dossier.errors import StoreError
from dossier.wire import codec
from dossier.wire.messages import Op
from local_store.connections import Connection
from local_store.lanes import Readers, Writer
from local_store.op_ledger import DEPENDENCY_REFUSED
from local_store.rows import indexed
from local_store.search import folded_words
from practitioner_app.ports import ConflictCase, ItemState, PendingOp

_IF_SHOWN: Final = (
    "CASE WHEN o.kind = 'change' AND EXISTS (SELECT 1 FROM concealed AS h WHERE h.owner = o.owner "
    "AND h.rtype = o.rtype AND h.id = o.id) THEN x'' ELSE coalesce(o.{}, x'') END"
)
"""A change holds the whole resource: nothing of it is given while the row it stands on is hidden."""


class LocalOutbox:
    """The only way a user action reaches the disk (design law 3)."""

    def __init__(self, work: Writer, readers: Readers) -> None:
        self._work = work
        self._readers = readers

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:
        """Durable when it returns. The same op again changes nothing; another op under its id is refused
        (StoreError 'op_id').

        A dependency on another owner's op is kept here and not told: no server could look for it in this
        owner. `op_ledger.next_ops` holds the op until that one is accepted.
        """
        index = indexed(shows) if shows else None
        with self._work.transaction() as db:
            wire = codec.encode(_as_sent(db, op))
            known = db.execute("SELECT wire FROM op WHERE op_id = ?", (op.op_id,)).fetchone()
            if known is not None:
                if known[0] != wire:
                    raise StoreError("op_id")
                return
            db.execute(
                "INSERT INTO op (op_id, owner, kind, rtype, id, at, state, live, wire, depends_on, "
                "base_restore, base_k, shows, saw, sort_at, title, words, folded) "
                "VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    op.op_id,
                    op.owner,
                    op.kind,
                    op.rtype,
                    op.id,
                    op.at,
                    int(op.kind in ("create", "change")),
                    wire,
                    op.depends_on,
                    op.base.restore,
                    op.base.k,
                    shows or None,
                    saw or None,
                    index.at if index else "",
                    index.title if index else "",
                    index.text if index else "",
                    folded_words(index.text) if index else "",
                ),
            )

    @contextmanager
    def together(self) -> Iterator[None]:
        """One durable transaction of work.db for all that this thread writes inside."""
        with self._work.together(forced=False):
            yield

    def withdraw(self, op_id: str) -> bool:
        """Undo before sending; False when it already left or another op depends on it."""
        with self._work.transaction() as db:
            gone = db.execute(
                "DELETE FROM op WHERE op_id = ?1 AND state = 'pending' AND resent = 0 "
                "AND NOT EXISTS (SELECT 1 FROM op AS d WHERE d.depends_on = ?1)",
                (op_id,),
            )
            return bool(gone.rowcount)

    def pending(self) -> Sequence[PendingOp]:
        """Waiting, sent and refused ops, oldest first."""
        with self._readers.reading() as db:
            rows = db.execute(
                "SELECT op_id, owner, rtype, id, kind, state, at, length(wire), reason, "  # noqa: S608 - constants
                f"{_IF_SHOWN.format('shows')} FROM work.op AS o "
                "WHERE state IN ('pending', 'sent', 'refused') ORDER BY n"
            ).fetchall()
        return [PendingOp._make([*row[:5], ItemState(row[5]), *row[6:]]) for row in rows]

    def conflicts(self) -> Sequence[ConflictCase]:
        """Undecided cases, oldest first. `theirs` is the confirmed row once it is at least at the version
        the server named; empty until it arrives. What stands on a row that a right's end hides is empty.
        """
        with self._readers.reading() as db:
            cases = db.execute(
                "SELECT o.op_id, o.owner, o.rtype, o.id, o.at, "  # noqa: S608 - constants
                f"{_IF_SHOWN.format('saw')}, {_IF_SHOWN.format('shows')}, "
                "c.body, o.elements FROM work.op AS o "
                "LEFT JOIN shelf AS s ON s.owner = o.owner AND s.rtype = o.rtype "
                "LEFT JOIN confirmed AS c ON c.shelf = s.shelf AND c.id = o.id "
                "AND (c.restore, c.k) >= (o.restore, o.k) "
                "AND EXISTS (SELECT 1 FROM visible AS v "
                "WHERE v.n = c.compartment AND v.least <= c.own) "
                "WHERE o.state = 'conflict' ORDER BY o.n"
            ).fetchall()
            return [
                ConflictCase._make(
                    [
                        *case[:7],
                        b"" if case[7] is None else self._readers.packer().unpack(case[7]),
                        tuple(case[8].split("\n")) if case[8] else (),
                    ]
                )
                for case in cases
            ]

    def settle(self, op_id: str) -> None:
        """A person decided: the case leaves the list, its versions stay in the archive."""
        theirs = next((case.theirs for case in self.conflicts() if case.op_id == op_id), b"")
        self._archive(op_id, "conflict", theirs)

    def discard_refused(self, op_id: str) -> None:
        """A person withdrew a refused item; it stays in the archive."""
        self._archive(op_id, "refused", b"")

    def _archive(self, op_id: str, state: str, theirs: bytes) -> None:
        """What rests on an op that was given up will never be accepted: it is listed to be fixed, at once
        where it never left; else the server says so.
        """
        with self._work.transaction() as db:
            left = db.execute(
                "UPDATE op SET state = 'archived', live = 0, theirs = ? "
                "WHERE op_id = ? AND state = ?",
                (theirs or None, op_id, state),
            )
            if left.rowcount:
                db.execute(
                    "UPDATE op SET state = 'refused', reason = ? "
                    "WHERE depends_on = ? AND state = 'pending'",
                    (DEPENDENCY_REFUSED, op_id),
                )


def _as_sent(db: Connection, op: Op) -> Op:
    if op.depends_on is None:
        return op
    first = db.execute("SELECT owner FROM op WHERE op_id = ?", (op.depends_on,)).fetchone()
    if first is None or first[0] == op.owner:
        return op
    return structs.replace(op, depends_on=None)
