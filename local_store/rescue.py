"""An explicit act after StoreCorrupt: save what is readable of a damaged work.db into a new one.

The damaged file is renamed, never deleted. Every table is read from both ends, so that a damaged page
costs only its own rows. Unsent ops are kept first in their order. Wrong keys touch nothing.
"""

from pathlib import Path
from typing import Final, NamedTuple

from sqlcipher3 import dbapi2

from dossier.clock import Clock
from dossier.errors import StoreError, WrongKey
from local_store.connections import PAGE_BYTES, Connection, open_writer, translated
from local_store.folder import StoreFolder
from local_store.migrate import migrate, steps

_TABLES: Final = {
    "op": "n",
    "draft": "name",
    "pack": "name",
    "vault": "name",
    "setting": "name",
    "fact": "name",
    "receipt": "op_id",
}


class Rescued(NamedTuple):
    """Rows saved per table, the tables of which some may be missing, and where the damaged file is."""

    saved: dict[str, int]
    incomplete: tuple[str, ...]
    damaged: Path


def rescue(folder: Path, key: bytes, clock: Clock) -> Rescued:
    """Raises StoreLocked, WrongKey, StoreError when not even the schema is readable."""
    place = StoreFolder(folder, clock)
    place.acquire()
    try:
        rows, incomplete = _readable(place, key)
        damaged = place.put_damaged_aside(place.work)
        place.make(place.work)
        db = open_writer(place.work, key, page_bytes=None, synchronous="FULL")
        try:
            migrate(db, steps("work"))
            with translated():
                saved = {table: _write(db, table, found) for table, found in rows.items()}
        finally:
            db.close()
        place.clear_doubt()
    finally:
        place.release()
    return Rescued(saved, incomplete, damaged)


Rows = list[dict[str, object]]


def _readable(place: StoreFolder, key: bytes) -> tuple[dict[str, Rows], tuple[str, ...]]:
    _refuse_wrong_key(place, key)
    rows: dict[str, Rows] = {}
    incomplete: list[str] = []
    for table, order in _TABLES.items():
        rows[table], whole = _both_ends(place.work, key, table, order)
        if not whole:
            incomplete.append(table)
    return rows, tuple(incomplete)


def _refuse_wrong_key(place: StoreFolder, key: bytes) -> None:
    """A key that opens neither file is wrong; where only the cache opens, work.db is past reading."""
    try:
        open_writer(place.work, key, page_bytes=None, synchronous="FULL").close()
    except WrongKey:
        if not place.cache.exists():
            raise
        open_writer(place.cache, key, page_bytes=PAGE_BYTES, synchronous="FULL").close()


def _both_ends(path: Path, key: bytes, table: str, order: str) -> tuple[Rows, bool]:
    """Rows from the beginning up to the damage, and from the end down to it.

    A connection that met a broken seal answers nothing any more, so each way has its own.
    """
    found: dict[object, dict[str, object]] = {}
    whole = False
    for way in ("ASC", "DESC"):
        try:
            db = open_writer(path, key, page_bytes=None, synchronous="FULL")
        except StoreError:
            break
        try:
            cursor = db.execute(
                f"SELECT * FROM {table} NOT INDEXED ORDER BY {order} {way}"  # noqa: S608 - constants
            )
            names = [column[0] for column in cursor.description]
            for row in cursor:
                one = dict(zip(names, row, strict=True))
                found.setdefault(one[order], one)
            whole = True
        except dbapi2.DatabaseError:
            continue
        finally:
            db.close()
        break
    return sorted(found.values(), key=lambda row: str(row[order]).zfill(20)), whole


def _write(db: Connection, table: str, rows: Rows) -> int:
    saved = 0
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        try:
            db.execute(
                f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - own names
                tuple(row.values()),
            )
        except dbapi2.IntegrityError:
            continue
        saved += 1
    return saved
