"""Putting, moving and erasing confirmed rows and everything derived from them (cache.db).

`n` = shelf * 2^24 + serial, one shelf per (owner, type): the rows of one patient are neighbours on disk.
Whenever a row leaves, its words, its patient line and its index entries leave with it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from dossier.fhir.index import IndexRow, extract, extract_words
from dossier.identity.traits import plain
from dossier.wire.messages import Row
from local_store.bodies import BodyPacker
from local_store.connections import Connection

SERIAL_BITS: Final = 24
SHELVES_PER_OWNER: Final = 256
_BLANK: Final = IndexRow(rtype="", id="")
_SPLIT: Final = re.compile(r"[^0-9a-z]+")
_decode: Final = msgspec.json.Decoder(dict).decode


class Prepared(NamedTuple):
    """A row of a page with all that is kept of its body; `columns` None: a tombstone."""

    row: Row
    columns: IndexRow | None
    frame: bytes
    size: int


class Placed(NamedTuple):
    """A confirmed row as it lies now."""

    n: int
    compartment: int
    restore: int
    k: int
    size: int


def prepare(row: Row, packer: BodyPacker) -> Prepared:
    """Decode, extract and pack one row: pure work, done before any lock is taken."""
    body = row.body
    if body is None:
        return Prepared(row, None, b"", 0)
    return Prepared(row, indexed(body, extract_words), packer.pack(body), len(body))


def indexed(body: bytes, read: Callable[[dict[str, Any]], IndexRow] = extract) -> IndexRow:
    """The extracted columns; blank for bytes that are no JSON object, which are kept as they are."""
    try:
        return read(_decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _BLANK


def plain_words(text: str) -> list[str]:
    """Lower case, no accents, no punctuation: what names are compared by."""
    return [word for word in _SPLIT.split(plain(text).casefold()) if word]


def name_words(*names: str) -> set[str]:
    """The words a name is found by: each part, and compound names also in one piece."""
    words: set[str] = set()
    for name in names:
        for part in name.split():
            pieces = plain_words(part)
            words.update(pieces)
            if len(pieces) > 1:
                words.add("".join(pieces))
    return words


class Shelves:
    """Numbers of (owner, type), found once per page."""

    def __init__(self, db: Connection, owner: int) -> None:
        self._db = db
        self._owner = owner
        self._known: dict[str, int] = dict(
            db.execute("SELECT rtype, shelf FROM shelf WHERE owner = ?", (owner,))
        )
        self.fresh: set[int] = set()
        self._last: dict[int, int] = {}

    def number(self, rtype: str) -> int:
        """The shelf of a type, made on first use."""
        found = self._known.get(rtype)
        return self._make(rtype) if found is None else found

    def next_n(self, shelf: int) -> int:
        """A free place at the end of a shelf."""
        last = self._last.get(shelf)
        if last is None:
            low = shelf << SERIAL_BITS
            last = low
            if shelf not in self.fresh:
                top = self._db.execute(
                    "SELECT max(n) FROM confirmed WHERE n >= ? AND n < ?",
                    (low, low + (1 << SERIAL_BITS)),
                ).fetchone()[0]
                last = low if top is None else int(top)
        self._last[shelf] = last + 1
        return last + 1

    def _make(self, rtype: str) -> int:
        if self._known:
            shelf = max(self._known.values()) + 1
        else:
            top = self._db.execute("SELECT max(shelf) FROM shelf").fetchone()[0]
            shelf = (int(top or 0) // SHELVES_PER_OWNER + 1) * SHELVES_PER_OWNER
        self._db.execute(
            "INSERT INTO shelf (shelf, owner, rtype) VALUES (?, ?, ?)", (shelf, self._owner, rtype)
        )
        self._known[rtype] = shelf
        self.fresh.add(shelf)
        return shelf


class RowTables:
    """The tables of one transaction; nothing is kept between two."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def insert(
        self, items: Sequence[tuple[int, int, Prepared]], compartment: int, turn: int
    ) -> None:
        """New rows: (n, shelf, prepared), in order of n."""
        self._db.executemany(
            "INSERT INTO confirmed (n, shelf, id, at, compartment, restore, k, subject, root, pass, "
            "size, body, own) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    n,
                    shelf,
                    item.row.id,
                    item.columns.at if item.columns else "",
                    compartment,
                    item.row.version.restore,
                    item.row.version.k,
                    item.row.subject,
                    item.row.root,
                    turn,
                    item.size,
                    item.frame,
                    int(item.row.own),
                )
                for n, shelf, item in items
            ],
        )

    def update(self, n: int, item: Prepared, compartment: int, turn: int) -> None:
        """A higher version, or the same row in another compartment; derived rows are dropped first."""
        self.drop_derived([n])
        self._db.execute(
            "UPDATE confirmed SET at = ?, compartment = ?, restore = ?, k = ?, subject = ?, root = ?, "
            "pass = ?, size = ?, body = ?, own = ? WHERE n = ?",
            (
                item.columns.at if item.columns else "",
                compartment,
                item.row.version.restore,
                item.row.version.k,
                item.row.subject,
                item.row.root,
                turn,
                item.size,
                item.frame,
                int(item.row.own),
                n,
            ),
        )

    def derive(
        self, owner: int, compartment: int, items: Iterable[tuple[int, Prepared]], kind: str
    ) -> int:
        """Words and patient lines of rows just written; returns how many wait to be indexed."""
        if kind != "patient":
            return 0
        texts: list[tuple[int, str, str]] = []
        for n, item in items:
            index = item.columns
            if index is None:
                continue
            if index.text:
                texts.append((n, index.title, index.text))
            if index.rtype == "Patient":
                self._put_patient(n, owner, compartment, index)
        self._db.executemany("INSERT INTO texts (n, title, words) VALUES (?, ?, ?)", texts)
        self._db.executemany("INSERT INTO unindexed (n) VALUES (?)", [(t[0],) for t in texts])
        return len(texts)

    def drop(self, numbers: Sequence[int]) -> None:
        """Erase rows and everything derived from them."""
        self.drop_derived(numbers)
        self._db.executemany("DELETE FROM confirmed WHERE n = ?", [(n,) for n in numbers])

    def drop_derived(self, numbers: Sequence[int]) -> None:
        """Erase what was extracted. The index reads the old words, so it goes first."""
        keys = [(n,) for n in numbers]
        db = self._db
        db.executemany(
            "DELETE FROM found WHERE rowid IN (SELECT n FROM texts WHERE n = ?1 "
            "AND NOT EXISTS (SELECT 1 FROM unindexed AS u WHERE u.n = ?1))",
            keys,
        )
        db.executemany("DELETE FROM texts WHERE n = ?", keys)
        db.executemany("DELETE FROM unindexed WHERE n = ?", keys)
        for n in numbers:
            names = db.execute(
                "SELECT family, given, birth_name FROM patient WHERE n = ?", (n,)
            ).fetchone()
            if names is not None:
                db.executemany(
                    "DELETE FROM patient_word WHERE word = ? AND n = ?",
                    [(word, n) for word in name_words(*names)],
                )
                db.execute("DELETE FROM patient WHERE n = ?", (n,))

    def index_texts(self) -> None:
        """Give everything waiting to the full-text index in one statement."""
        self._db.execute(
            "INSERT INTO found (rowid, words) SELECT t.n, t.words "
            "FROM unindexed AS u JOIN texts AS t ON t.n = u.n ORDER BY u.n"
        )
        self._db.execute("DELETE FROM unindexed")

    def wipe(self) -> None:
        """Erase every row."""
        db = self._db
        db.execute("INSERT INTO found (found) VALUES ('delete-all')")
        for table in (
            "texts",
            "unindexed",
            "patient_word",
            "patient",
            "confirmed",
            "shadow",
            "shelf",
        ):
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - constant names

    def _put_patient(self, n: int, owner: int, compartment: int, index: IndexRow) -> None:
        self._db.execute(
            "INSERT INTO patient (n, owner, compartment, family, given, birth_name, birth_date, sex, "
            "ins, status, deceased, sorted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                n,
                owner,
                compartment,
                index.family,
                index.given,
                index.birth_name,
                index.birth_date,
                index.sex,
                index.ins,
                index.status,
                int(index.deceased),
                "\t".join(
                    " ".join(plain_words(name))
                    for name in (index.family, index.given, index.birth_name)
                ),
            ),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO patient_word (word, n) VALUES (?, ?)",
            [(word, n) for word in sorted(name_words(index.family, index.given, index.birth_name))],
        )
