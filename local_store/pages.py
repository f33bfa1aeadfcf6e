"""Applying one page: rows and cursor in one transaction, compare-and-set on (term, cursor, generation).

The highest version of an id wins, whichever compartment tells it first; on equal versions the arriving
compartment wins. What a compartment's feed says it holds while a higher version lies elsewhere is kept
as a `shadow` without a body, so that each digest counts exactly what that feed told (codec.row_digest,
mod 2^256) and a move between two compartments never looks like a difference.
A page from zero starts a pass: rows of an earlier pass are erased when it ends.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import Page
from local_store.compartments import Kept, find
from local_store.connections import Connection
from local_store.rows import SERIAL_BITS, Placed, Prepared, RowTables, Shelves

_BULK_ROWS: Final = 24
"""From this many rows of one shelf in a page, what lies there is read at once."""


class Outcome(NamedTuple):
    """What a page did to the cache. `seen`: (rtype, id, restore, k) that the feed now told.
    `left`: (rtype, id) of rows that left the cache.
    """

    digest_ok: bool
    rows: int
    rtypes: frozenset[str]
    waiting: int
    seen: Sequence[tuple[str, str, int, int]]
    left: Sequence[tuple[str, str]]


class Count(NamedTuple):
    """Rows, body bytes and digest of one compartment."""

    rows: int
    size: int
    digest: int


def fits(kept: Kept | None, page: Page, generation: int) -> bool:
    """Whether this page continues exactly what is held."""
    return (
        kept is not None
        and kept.purging is None
        and kept.term != ""
        and kept.generation == generation
        and kept.term == page.term
        and kept.at == page.since
    )


def apply(
    db: Connection, kept: Kept, page: Page, prepared: Sequence[Prepared], now_ms: int
) -> Outcome:
    """Write a page that `fits` inside the caller's transaction."""
    turn, sweeping = kept.turn, bool(kept.sweeping)
    if page.since == "":
        turn, sweeping = turn + 1, kept.rows > 0
    work = _PageWork(db, kept, turn)
    for part in _without_repeats(prepared):
        work.take(part)
    if not page.more and sweeping:
        work.sweep()
        sweeping = False
    total = (int.from_bytes(kept.digest, "big") + work.digest) % DIGEST_MODULUS
    ok = page.more or page.digest in ("", f"{total:064x}")
    complete = not page.more and ok
    db.execute(
        "UPDATE compartment SET at = ?1, complete = ?2, "
        "wanted = CASE WHEN ?3 THEN ?1 ELSE wanted END, rows = rows + ?4, size = max(0, size + ?5), "
        "digest = ?6, pass = ?7, sweeping = ?8, copied_ms = ?9 WHERE n = ?10",
        (
            page.to,
            int(complete or (bool(kept.complete) and page.more)),
            int(complete),
            work.rows,
            work.size,
            total.to_bytes(32, "big"),
            turn,
            int(sweeping),
            now_ms,
            kept.n,
        ),
    )
    return Outcome(ok, len(prepared), frozenset(work.rtypes), work.waiting, work.seen, work.left)


def erase(db: Connection, kept: Kept, numbers: Sequence[int]) -> None:
    """Erase every row and shadow of a compartment whose right is over."""
    RowTables(db).drop(numbers)
    db.execute("DELETE FROM shadow WHERE compartment = ?", (kept.n,))
    db.execute(
        "UPDATE compartment SET rows = 0, size = 0, digest = ? WHERE n = ?", (bytes(32), kept.n)
    )


def rows_of(db: Connection, kept: Kept) -> list[tuple[int, str, str]]:
    """(n, rtype, id) of every confirmed row that lies in a compartment."""
    rows = db.execute(
        "SELECT c.n, s.rtype, c.id FROM shelf AS s CROSS JOIN confirmed AS c "
        "WHERE s.owner = ? AND c.n >= s.shelf << 24 "
        "AND c.n < (s.shelf + 1) << 24 AND c.compartment = ?",
        (kept.owner, kept.n),
    )
    return list(rows)


def recount(db: Connection, kept: Kept) -> Count:
    """What a compartment holds, from the rows and shadows themselves."""
    rows = db.execute(
        "SELECT c.id, c.restore, c.k, c.size FROM shelf AS s CROSS JOIN confirmed AS c "
        "WHERE s.owner = ? AND c.n >= s.shelf << 24 "
        "AND c.n < (s.shelf + 1) << 24 AND c.compartment = ?",
        (kept.owner, kept.n),
    ).fetchall()
    rows += db.execute(
        "SELECT id, restore, k, 0 FROM shadow WHERE compartment = ?", (kept.n,)
    ).fetchall()
    digest = sum(row_digest(rid, restore, k) for rid, restore, k, _ in rows) % DIGEST_MODULUS
    return Count(len(rows), sum(row[3] for row in rows), digest)


def begin_again(db: Connection, kept: Kept) -> None:
    """From zero: rows stay until the new pass did not name them; the counts start from what lies here."""
    count = recount(db, kept)
    db.execute(
        "UPDATE compartment SET at = '', complete = 0, sweeping = 0, rows = ?, size = ?, digest = ? "
        "WHERE n = ?",
        (count.rows, count.size, count.digest.to_bytes(32, "big"), kept.n),
    )


def version_of(db: Connection, owner: int, rtype: str, rid: str) -> tuple[int, int] | None:
    """(restore, k) of one confirmed row."""
    row = db.execute(
        "SELECT c.restore, c.k FROM shelf AS s CROSS JOIN confirmed AS c "
        "WHERE s.owner = ? AND s.rtype = ? AND c.shelf = s.shelf AND c.id = ?",
        (owner, rtype, rid),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def still_fits(db: Connection, page: Page, generation: int) -> Kept | None:
    """The compartment, if the page continues it."""
    kept = find(db, page.owner, page.facet)
    return kept if kept is not None and fits(kept, page, generation) else None


def _without_repeats(prepared: Sequence[Prepared]) -> Iterator[Sequence[Prepared]]:
    """Cut where an id comes again, so that each part names an id once."""
    part: list[Prepared] = []
    names: set[tuple[str, str]] = set()
    for item in prepared:
        name = (item.row.rtype, item.row.id)
        if name in names:
            yield part
            part, names = [], set()
        names.add(name)
        part.append(item)
    if part:
        yield part


class _PageWork:
    """The rows of one page against what lies here. Counts what the feed of this compartment tells."""

    def __init__(self, db: Connection, kept: Kept, turn: int) -> None:
        self._db = db
        self._kept = kept
        self._turn = turn
        self._shelves = Shelves(db, kept.owner)
        self._tables = RowTables(db)
        self._placed: dict[tuple[int, str], Placed | None] = {}
        self._read: set[int] = set()
        self._shadows: dict[tuple[int, str], tuple[int, int]] = {
            (shelf, rid): (restore, k)
            for shelf, rid, restore, k in db.execute(
                "SELECT shelf, id, restore, k FROM shadow WHERE compartment = ?", (kept.n,)
            )
        }
        self._fresh: list[tuple[int, Prepared]] = []
        self._changed: list[tuple[int, Prepared]] = []
        self.digest = self.rows = self.size = self.waiting = 0
        self.rtypes: set[str] = set()
        self.seen: list[tuple[str, str, int, int]] = []
        self.left: list[tuple[str, str]] = []

    def take(self, part: Sequence[Prepared]) -> None:
        """Rows that name each id once."""
        for item in part:
            self._one(item, self._expect(part, item.row.rtype))
        self._flush()

    def sweep(self) -> None:
        """Erase what the pass did not name."""
        kept, db = self._kept, self._db
        gone = db.execute(
            "SELECT c.n, s.rtype, c.id, c.restore, c.k, c.size "
            "FROM shelf AS s CROSS JOIN confirmed AS c "
            "WHERE s.owner = ? AND c.n >= s.shelf << 24 "
            "AND c.n < (s.shelf + 1) << 24 AND c.compartment = ? AND c.pass < ?",
            (kept.owner, kept.n, self._turn),
        ).fetchall()
        for _, rtype, rid, restore, k, size in gone:
            self._count(rid, restore, k, -1)
            self.size -= size
            self.left.append((rtype, rid))
            self.rtypes.add(rtype)
        self._tables.drop([row[0] for row in gone])
        for rid, restore, k in db.execute(
            "SELECT id, restore, k FROM shadow WHERE compartment = ? AND pass < ?",
            (kept.n, self._turn),
        ).fetchall():
            self._count(rid, restore, k, -1)
        db.execute("DELETE FROM shadow WHERE compartment = ? AND pass < ?", (kept.n, self._turn))

    def _expect(self, part: Sequence[Prepared], rtype: str) -> int:
        """The shelf of a type; what lies there is read at once when the page is large."""
        shelf = self._shelves.number(rtype)
        if shelf not in self._read and shelf not in self._shelves.fresh:
            self._read.add(shelf)
            if sum(1 for item in part if item.row.rtype == rtype) >= _BULK_ROWS:
                self._read_shelf(shelf, {item.row.id for item in part if item.row.rtype == rtype})
        return shelf

    def _read_shelf(self, shelf: int, ids: AbstractSet[str]) -> None:
        """Which of these lie here, from the index alone: in a first copy none does."""
        there = {
            rid
            for (rid,) in self._db.execute("SELECT id FROM confirmed WHERE shelf = ?", (shelf,))
            if rid in ids
        }
        for rid in ids - there:
            self._placed[shelf, rid] = None
        if len(there) < _BULK_ROWS:
            return
        for rid, *place in self._db.execute(
            "SELECT id, n, compartment, restore, k, size FROM confirmed WHERE n >= ? AND n < ?",
            (shelf << SERIAL_BITS, (shelf + 1) << SERIAL_BITS),
        ):
            self._placed[shelf, rid] = Placed(*place)

    def _find(self, shelf: int, rid: str) -> Placed | None:
        key = (shelf, rid)
        if key not in self._placed:
            row = None
            if shelf not in self._shelves.fresh:
                row = self._db.execute(
                    "SELECT n, compartment, restore, k, size FROM confirmed "
                    "WHERE shelf = ? AND id = ?",
                    key,
                ).fetchone()
            self._placed[key] = None if row is None else Placed(*row)
        return self._placed[key]

    def _one(self, item: Prepared, shelf: int) -> None:
        row = item.row
        old = self._find(shelf, row.id)
        self.rtypes.add(row.rtype)
        version = (row.version.restore, row.version.k)
        self.seen.append((row.rtype, row.id, *version))
        if row.body is None:
            self._tombstone(shelf, item, old, version)
        elif old is None and version >= self._shadows.get((shelf, row.id), version):
            self._unshadow(shelf, row.id)
            self._count(row.id, *version, 1)
            self.size += item.size
            self._fresh.append((shelf, item))
        elif old is not None and old.compartment == self._kept.n:
            self._same(item, old, version)
        elif old is not None:
            self._elsewhere(shelf, item, old, version)

    def _elsewhere(self, shelf: int, item: Prepared, old: Placed, version: tuple[int, int]) -> None:
        """The row lies in another compartment. What this feed told before is no arrival."""
        before = self._shadows.get((shelf, item.row.id))
        if before is not None and version <= before:
            self._shadow(self._kept.n, shelf, item.row.id, before, self._turn)
        elif version >= (old.restore, old.k):
            self._arrive(shelf, item, old, version)
        else:
            self._unshadow(shelf, item.row.id)
            self._shadow(self._kept.n, shelf, item.row.id, version, self._turn)
            self._shadows[shelf, item.row.id] = version
            self._count(item.row.id, *version, 1)

    def _tombstone(
        self, shelf: int, item: Prepared, old: Placed | None, version: tuple[int, int]
    ) -> None:
        row = item.row
        if old is not None and old.compartment == self._kept.n:
            if (old.restore, old.k) <= version:
                self._count(row.id, old.restore, old.k, -1)
                self.size -= old.size
                self._tables.drop([old.n])
                self._placed[shelf, row.id] = None
                self.left.append((row.rtype, row.id))
        elif self._shadows.get((shelf, row.id), version) <= version:
            self._unshadow(shelf, row.id)

    def _same(self, item: Prepared, old: Placed, version: tuple[int, int]) -> None:
        row = item.row
        if version > (old.restore, old.k):
            self._count(row.id, old.restore, old.k, -1)
            self._count(row.id, *version, 1)
            self.size += item.size - old.size
            self._tables.update(old.n, item, self._kept.n, self._turn)
            self._changed.append((old.n, item))
        else:
            self._db.execute(
                "UPDATE confirmed SET pass = ?, own = CASE WHEN (restore, k) = (?, ?) THEN ? ELSE own END "
                "WHERE n = ?",
                (self._turn, *version, int(row.own), old.n),
            )

    def _arrive(self, shelf: int, item: Prepared, old: Placed, version: tuple[int, int]) -> None:
        """The row moves here; the compartment it leaves still counts it until its own tombstone."""
        turn = self._db.execute("SELECT pass FROM confirmed WHERE n = ?", (old.n,)).fetchone()[0]
        self._shadow(old.compartment, shelf, item.row.id, (old.restore, old.k), turn)
        self._db.execute(
            "UPDATE compartment SET size = max(0, size - ?) WHERE n = ?",
            (old.size, old.compartment),
        )
        self._unshadow(shelf, item.row.id)
        self._count(item.row.id, *version, 1)
        self.size += item.size
        self._tables.update(old.n, item, self._kept.n, self._turn)
        self._changed.append((old.n, item))

    def _shadow(
        self, compartment: int, shelf: int, rid: str, version: tuple[int, int], turn: int
    ) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO shadow (compartment, shelf, id, restore, k, pass) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (compartment, shelf, rid, *version, turn),
        )

    def _unshadow(self, shelf: int, rid: str) -> None:
        shadow = self._shadows.pop((shelf, rid), None)
        if shadow is not None:
            self._count(rid, *shadow, -1)
            self._db.execute(
                "DELETE FROM shadow WHERE compartment = ? AND shelf = ? AND id = ?",
                (self._kept.n, shelf, rid),
            )

    def _count(self, rid: str, restore: int, k: int, sign: int) -> None:
        self.rows += sign
        self.digest += sign * row_digest(rid, restore, k)

    def _flush(self) -> None:
        """Insert what is new in the order it will lie in: by type, then time."""
        self._fresh.sort(key=_by_shelf_and_time)
        items = [(self._shelves.next_n(shelf), shelf, item) for shelf, item in self._fresh]
        self._tables.insert(items, self._kept.n, self._turn)
        for n, shelf, item in items:
            version = item.row.version
            self._placed[shelf, item.row.id] = Placed(
                n, self._kept.n, version.restore, version.k, item.size
            )
        derived = [(n, item) for n, _, item in items] + self._changed
        self.waiting += self._tables.derive(
            self._kept.owner, self._kept.n, derived, self._kept.kind
        )
        self._fresh.clear()
        self._changed.clear()


def _by_shelf_and_time(fresh: tuple[int, Prepared]) -> tuple[int, str]:
    shelf, item = fresh
    return shelf, item.columns.at if item.columns is not None else ""
