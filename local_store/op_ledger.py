"""The ops of a person as the synchronisation sees them (work.db): sending, verdicts, restore, receipts.

An op never changes; only its state does: pending -> sent -> acked | refused | conflict -> archived.
A verdict is durable here before the server is told that it may forget it; the same verdict again changes
nothing. Nothing a person typed is deleted but what the server confirmed, after `ACKED_KEPT_DAYS` counted with it;
`decided_ms` is what was counted when the verdict came.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from dossier.wire import codec, limits
from dossier.wire.messages import Head, Op, Verdict
from local_store.connections import Connection
from sync.ports import Receipt

_DAY_MS: Final = 86_400_000
_WIDENING_TYPES: Final = frozenset({"Consent"})
"""A right widened after the moment a restore went back to is listed, never sent again (DATA-MODEL §5)."""
AFTER_RESTORE: Final = "check_after_restore"
DEPENDENCY_REFUSED: Final = "dependency_refused"
"""The server's own word for an op whose dependency was not accepted."""


def next_ops(db: Connection, limit: int, max_bytes: int) -> list[Op]:
    """Oldest first; an op too large for `max_bytes` still goes, alone. Those returned count as sent.

    An op goes along with what it depends on in the same owner, or once that one is accepted: the server
    decides those of one request together, and forgets a refusal that was acknowledged. On another owner's it
    waits until that one is accepted, because one owner's transaction cannot know of it. An op that left
    before its dependency was refused is asked again until it has its own verdict (`unacknowledged`).
    """
    chosen: list[Op] = []
    numbers: list[tuple[int]] = []
    names: set[str] = set()
    weight = 0
    for n, op_id, wire, own, depends_on, state, along in db.execute(
        "SELECT o.n, o.op_id, o.wire, o.state, o.depends_on, d.state, o.owner = d.owner FROM op AS o "
        "LEFT JOIN op AS d ON d.op_id = o.depends_on "
        "WHERE o.state IN ('pending', 'sent') ORDER BY o.n"
    ):
        if not along and state not in (None, "acked"):
            continue
        if state in ("pending", "sent") and depends_on not in names:
            continue
        if state in ("refused", "conflict", "archived") and own != "sent":
            continue
        weight += len(wire)
        if chosen and (weight > max_bytes or len(chosen) >= limit):
            break
        chosen.append(codec.decode(wire, Op))
        names.add(op_id)
        numbers.append((n,))
        if len(chosen) >= limit:
            break
    db.executemany("UPDATE op SET state = 'sent' WHERE n = ? AND state = 'pending'", numbers)
    return chosen


def apply_verdicts(db: Connection, verdicts: Iterable[Verdict], counted_ms: int) -> list[str]:
    """Make verdicts durable; returns the op_ids that were decided now, when the ledger counted so much."""
    decided: list[str] = []
    for verdict in verdicts:
        if verdict.code == "later":
            continue
        row = db.execute("SELECT state, kind FROM op WHERE op_id = ?", (verdict.op_id,)).fetchone()
        if row is None:
            db.execute(
                "UPDATE receipt SET code = ? WHERE op_id = ? AND code IS NULL",
                (verdict.code, verdict.op_id),
            )
        elif row[0] in ("pending", "sent"):
            _decide(db, verdict, row[1], counted_ms)
            decided.append(verdict.op_id)
    return decided


def acked_targets(db: Connection, op_ids: Iterable[str]) -> list[tuple[int, str, str]]:
    """(owner, rtype, id) of those of these ops that still cover a row as acknowledged."""
    found = []
    for op_id in op_ids:
        found += db.execute(
            "SELECT owner, rtype, id FROM op WHERE op_id = ? AND live = 1 AND state = 'acked'",
            (op_id,),
        ).fetchall()
    return found


def seen(
    db: Connection, owner: int, rows: Iterable[tuple[str, str, int, int]]
) -> list[tuple[str, str]]:
    """The feed told these versions: acknowledged ops up to them cover nothing any more."""
    waiting = {
        (rtype, rid)
        for rtype, rid in db.execute(
            "SELECT rtype, id FROM op WHERE live = 1 AND owner = ? AND state = 'acked'", (owner,)
        )
    }
    touched: list[tuple[str, str]] = []
    for rtype, rid, restore, k in rows if waiting else ():
        if (rtype, rid) in waiting:
            db.execute(
                "UPDATE op SET live = 0 WHERE live = 1 AND owner = ? AND rtype = ? AND id = ? "
                "AND state = 'acked' AND (restore, k) <= (?, ?)",
                (owner, rtype, rid, restore, k),
            )
            touched.append((rtype, rid))
    return touched


def scrub(db: Connection, owner: int, rows: Iterable[tuple[str, str]]) -> None:
    """Rows left the cache: what the other side wrote about them leaves too, own words stay."""
    db.executemany(
        "UPDATE op SET saw = NULL, theirs = NULL, "
        "shows = CASE kind WHEN 'change' THEN NULL ELSE shows END, "
        "title = CASE kind WHEN 'change' THEN '' ELSE title END, "
        "words = CASE kind WHEN 'change' THEN '' ELSE words END, "
        "folded = CASE kind WHEN 'change' THEN '' ELSE folded END, "
        "live = CASE state WHEN 'acked' THEN 0 ELSE live END "
        "WHERE owner = ? AND rtype = ? AND id = ?",
        [(owner, rtype, rid) for rtype, rid in rows],
    )


def scrub_owner(db: Connection, owner: int) -> None:
    """Nothing of this owner may be read any more."""
    targets = db.execute(
        "SELECT DISTINCT rtype, id FROM op WHERE owner = ? AND rtype <> ''", (owner,)
    ).fetchall()
    scrub(db, owner, targets)


def unacknowledged(db: Connection, limit: int) -> list[tuple[int, str]]:
    """(owner, op_id) of durable verdicts the server still keeps; ops first, then receipts.

    A refusal is not told while an op that left with it is undecided: a late copy of that one must still
    find what the server said of its dependency.
    """
    rows = db.execute(
        "SELECT owner, op_id FROM op AS d WHERE code IS NOT NULL AND told = 0 "
        "AND (state = 'acked' OR NOT EXISTS (SELECT 1 FROM op AS o "
        "WHERE o.depends_on = d.op_id AND o.state = 'sent')) ORDER BY n LIMIT ? + 0",
        (limit,),
    ).fetchall()
    rows += db.execute(
        "SELECT owner, op_id FROM receipt WHERE code IS NOT NULL AND told = 0 "
        "ORDER BY op_id LIMIT ? + 0",
        (limit - len(rows),),
    ).fetchall()
    return [(owner, op_id) for owner, op_id in rows]


def acknowledged(db: Connection, ops: Sequence[tuple[int, str]]) -> None:
    """The server was told."""
    keys = [(op_id, owner) for owner, op_id in ops]
    db.executemany(
        "UPDATE op SET told = 1 WHERE op_id = ? AND owner = ? AND code IS NOT NULL", keys
    )
    db.executemany(
        "UPDATE receipt SET told = 1 WHERE op_id = ? AND owner = ? AND code IS NOT NULL", keys
    )


def requeue(db: Connection, restore: int) -> None:
    """The server went back in time: own acknowledged ops go again, in their first order, under their
    old ids; what widens a right is only listed. Nothing was sent to this line yet.
    """
    for n, rtype, kind in db.execute(
        "SELECT n, rtype, kind FROM op WHERE state = 'acked' ORDER BY n"
    ).fetchall():
        widens = rtype in _WIDENING_TYPES
        db.execute(
            "UPDATE op SET state = ?, reason = ?, code = NULL, told = 0, resent = ?, "
            "live = ? WHERE n = ?",
            (
                "refused" if widens else "pending",
                AFTER_RESTORE if widens else "",
                restore,
                int(kind in ("create", "change")),
                n,
            ),
        )
    db.execute("UPDATE op SET told = 1 WHERE code IS NOT NULL")
    db.execute("UPDATE op SET state = 'pending' WHERE state = 'sent'")
    db.execute("UPDATE receipt SET code = NULL WHERE told = 0")
    db.execute("DELETE FROM receipt WHERE told = 1")
    for (owner,) in db.execute("SELECT DISTINCT owner FROM op").fetchall():
        scrub_owner(db, owner)
    db.execute("UPDATE op SET live = 1 WHERE state = 'pending' AND kind IN ('create', 'change')")


def receipts_owed(db: Connection, limit: int) -> list[Receipt]:
    """Erasures complete and checked, without a verdict yet."""
    rows = db.execute(
        "SELECT op_id, owner, facet, term, at FROM receipt WHERE code IS NULL "
        "ORDER BY op_id LIMIT ? + 0",
        (limit,),
    )
    return [Receipt(*row) for row in rows]


def is_owed(db: Connection, lost: Head) -> bool:
    """Whether a receipt for this very copy is owed, or was told on this line of time."""
    found = db.execute(
        "SELECT 1 FROM receipt WHERE owner = ? AND facet = ? AND term = ? LIMIT 1",
        (lost.owner, lost.facet, lost.term),
    ).fetchone()
    return found is not None


def unsettled(db: Connection) -> set[tuple[int, str, str]]:
    """(owner, facet, term) of every receipt without a verdict yet."""
    rows = db.execute("SELECT owner, facet, term FROM receipt WHERE code IS NULL")
    return {(owner, facet, term) for owner, facet, term in rows}


def owe_no_more(db: Connection, copies: Iterable[tuple[int, str, str]]) -> None:
    """Drop the receipts of these copies, each as (owner, facet, term), that have no verdict yet."""
    db.executemany(
        "DELETE FROM receipt WHERE owner = ? AND facet = ? AND term = ? AND code IS NULL", copies
    )


def prune(db: Connection, counted_ms: int) -> None:
    """Forget confirmed ops no restore can ask for again, by the days counted with the server (counted_days)."""
    db.execute(
        "DELETE FROM op WHERE state = 'acked' AND told = 1 AND live = 0 AND decided_ms < ?",
        (counted_ms - limits.ACKED_KEPT_DAYS * _DAY_MS,),
    )


def _decide(db: Connection, verdict: Verdict, kind: str, counted_ms: int) -> None:
    typed = kind in ("create", "change")
    state = {"conflict": "conflict", "rejected": "refused", "unavailable": "refused"}.get(
        verdict.code, "acked"
    )
    if not typed:
        state = "acked"
    live = typed
    version = (verdict.version.restore, verdict.version.k)
    if verdict.code == "done":
        before = db.execute(
            "SELECT restore, k FROM op WHERE op_id = ?", (verdict.op_id,)
        ).fetchone()
        version = max(version, tuple(before))
        live = typed and version > (0, 0)
    db.execute(
        "UPDATE op SET state = ?, live = ?, code = ?, restore = ?, k = ?, reason = ?, elements = ?, "
        "verdict = ?, decided_ms = ?, told = 0 WHERE op_id = ?",
        (
            state,
            int(live),
            verdict.code,
            *version,
            verdict.reason or (verdict.code if state == "refused" else ""),
            "\n".join(verdict.elements),
            codec.encode(verdict),
            counted_ms,
            verdict.op_id,
        ),
    )
