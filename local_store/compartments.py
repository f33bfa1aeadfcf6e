"""What this device holds of each compartment: term, cursor, generation, progress (table `compartment`).

A lost right or another term marks the compartment `purging` under its old term in the same transaction
that notes the head: from that commit on no reader sees its rows (view `visible`). Erasing them is
`local_store.purge`. A generation never goes back, also over a restore.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from dossier.clock import from_wire, to_ms
from dossier.wire.messages import Head
from local_store.connections import Connection
from sync.ports import Held

_COLUMNS: Final = (
    "n, owner, facet, kind, term, at, wanted, generation, complete, rank, rows, size, rows_wanted, "
    "size_wanted, until, digest, pass, sweeping, purging"
)


class Kept(NamedTuple):
    """One row of `compartment`; `digest` as 32 bytes."""

    n: int
    owner: int
    facet: str
    kind: str
    term: str
    at: str
    wanted: str
    generation: int
    complete: int
    rank: int
    rows: int
    size: int
    rows_wanted: int
    size_wanted: int
    until: str | None
    digest: bytes
    turn: int
    sweeping: int
    purging: str | None

    def held(self) -> Held:
        """As the engine sees it."""
        return Held(
            owner=self.owner,
            facet=self.facet,
            kind=self.kind,
            term=self.term,
            at=self.at,
            wanted=self.wanted,
            generation=self.generation,
            complete=bool(self.complete),
            rank=self.rank,
            rows=self.rows,
            rows_wanted=self.rows_wanted,
            size_wanted=self.size_wanted,
            until=self.until,
        )


def find(db: Connection, owner: int, facet: str) -> Kept | None:
    """One compartment, also one whose right was lost (`term` is empty then)."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM compartment WHERE owner = ? AND facet = ?",  # noqa: S608 - constant
        (owner, facet),
    ).fetchone()
    return None if row is None else Kept(*row)


def every(db: Connection) -> list[Kept]:
    """Those with a right, in order of rank, owner, facet."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM compartment WHERE term <> '' ORDER BY rank, owner, facet"  # noqa: S608
    )
    return [Kept(*row) for row in rows]


def purging(db: Connection) -> list[Kept]:
    """Those whose rows are still to be erased."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM compartment WHERE purging IS NOT NULL")  # noqa: S608
    return [Kept(*row) for row in rows]


def lose(db: Connection, kept: Kept) -> None:
    """The right to this copy is over: hide it now, erase it next."""
    db.execute(
        "UPDATE compartment SET purging = term, term = '', at = '', wanted = '', complete = 0, "
        "sweeping = 0, generation = generation + 1, rows_wanted = 0, size_wanted = 0, until = NULL, "
        "until_ms = NULL WHERE n = ? AND term <> ''",
        (kept.n,),
    )


def note(db: Connection, head: Head) -> bool:
    """Record one head; returns whether something is to be erased."""
    kept = find(db, head.owner, head.facet)
    if head.gone:
        if kept is None or not kept.term:
            return False
        lose(db, kept)
        return True
    if kept is None:
        _insert(db, head)
        return False
    moved = kept.term not in ("", head.term)
    if moved:
        lose(db, kept)
    if kept.term != head.term:
        db.execute("UPDATE compartment SET at = '', complete = 0 WHERE n = ?", (kept.n,))
    db.execute(
        "UPDATE compartment SET kind = ?, term = ?, wanted = ?, rank = ?, rows_wanted = ?, "
        "size_wanted = ?, until = ?, until_ms = ?, own = ? WHERE n = ?",
        (*_told(head), kept.n),
    )
    return moved


def wipe(db: Connection) -> None:
    """Forget every compartment held; later ones start above every generation that was. Those lost stay
    known as lost: what a person wrote there stays out of sight.
    """
    floor = db.execute("SELECT max(generation) FROM compartment").fetchone()[0]
    put_fact(db, "generation", str(max(generation_floor(db), int(floor or 0) + 1)))
    db.execute("DELETE FROM compartment WHERE term <> ''")


def generation_floor(db: Connection) -> int:
    """The generation of a compartment never seen before."""
    return int(fact(db, "generation") or 0)


def fact(db: Connection, name: str) -> str | None:
    """One value of table `fact`."""
    row = db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def put_fact(db: Connection, name: str, value: str) -> None:
    """Set one value of table `fact`."""
    db.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))


def until_ms(until: str | None) -> int | None:
    """The instant a right ends; a text that is no instant ends it at once."""
    if until is None:
        return None
    try:
        return to_ms(from_wire(until))
    except ValueError:
        return 0


def _told(head: Head) -> Sequence[object]:
    return (
        head.kind,
        head.term,
        head.at,
        head.rank,
        head.rows,
        head.size,
        head.until,
        until_ms(head.until),
        int(head.own),
    )


def _insert(db: Connection, head: Head) -> None:
    db.execute(
        "INSERT INTO compartment (kind, term, wanted, rank, rows_wanted, size_wanted, until, until_ms, "
        "own, owner, facet, at, generation, complete, rows, size, digest, pass, sweeping) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, 0, 0, 0, ?, 0, 0)",
        (*_told(head), head.owner, head.facet, generation_floor(db), bytes(32)),
    )
