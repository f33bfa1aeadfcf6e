"""An explicit act after StoreCorrupt: save what is readable of a damaged work.db into a new one.

The damaged file is renamed, never deleted. Every table is read from both ends, so that a damaged page
costs only its own rows. Unsent ops are kept first in their order. Wrong keys touch nothing.
"""

from pathlib import Path
from typing import Final, NamedTuple

from sqlcipher3 import dbapi2

from dossier.clock import Clock
from dossier.errors import StoreError
from local_store.connections import Connection, open_writer, translated
from local_store.folder import StoreFolder
from local_store.migrate import migrate, steps

_TABLES: Final = {
    "op": "n",
    "draft": "name",
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
    try:
        db = open_writer(place.work, key, page_bytes=None, synchronous="FULL")
    except StoreError:
        if not place.cache.exists():
            raise
        return {table: [] for table in _TABLES}, tuple(_TABLES)
    rows: dict[str, Rows] = {}
    incomplete: list[str] = []
    try:
        for table, order in _TABLES.items():
            found, whole = _both_ends(db, table, order)
            rows[table] = found
            if not whole:
                incomplete.append(table)
    finally:
        db.close()
    return rows, tuple(incomplete)


def _both_ends(db: Connection, table: str, order: str) -> tuple[Rows, bool]:
    """Rows from the beginning up to the damage, and from the end down to it."""
    found: dict[object, dict[str, object]] = {}
    whole = False
    for way in ("ASC", "DESC"):
        try:
            cursor = db.execute(
                f"SELECT * FROM {table} NOT INDEXED ORDER BY {order} {way}"  # noqa: S608 - constants
            )
            names = [column[0] for column in cursor.description]
            for row in cursor:
                one = dict(zip(names, row, strict=True))
                found.setdefault(one[order], one)
            whole = True
            break
        except dbapi2.DatabaseError:
            continue
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
