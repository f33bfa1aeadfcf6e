"""One consistent copy of a database while another process writes to it (sqlite.org/backup.html).

The copy is made in one step on one snapshot: the write-ahead log lets the writer go on meanwhile.
"""

from pathlib import Path
from typing import Any, NamedTuple

import sqlcipher3

from dossier.errors import StoreCorrupt, StoreError
from server.store.sqlite.connection import SqliteSql, connect, create_private, translate
from server.store.sqlite.schema import version_of
from server.store.tables import across
from server.store.units import drive

_CACHE_KIB = 1024


def copy_database(source: Path, target: Path, application_id: int) -> None:
    """Copy `source` as it is now to `target`, a new file only its owner may read.

    Raises StoreCorrupt when the source is another program's or a page of the copy is damaged, StoreError kin.
    """
    if not source.exists():
        raise StoreError(f"{source.name} is not there")
    target.unlink(missing_ok=True)
    create_private(target)
    reading = _opened(source)
    try:
        if reading.execute("PRAGMA application_id").fetchone()[0] != application_id:
            raise StoreCorrupt("this file belongs to another program")
        writing = _opened(target)
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE").fetchall()
            found = [row[0] for row in writing.execute("PRAGMA quick_check")]
        finally:
            writing.close()
    except sqlcipher3.Error as error:
        raise translate(error) from error
    finally:
        reading.close()
    if found != ["ok"]:
        raise StoreCorrupt("a page of the store is damaged")


class Told(NamedTuple):
    """What a copied file says of itself."""

    schema: int
    checkpoint: bytes
    """The last signed root of the log, empty when there is none."""


def told_by(path: Path, application_id: int) -> Told:
    """Ask a copy of the truth; raises StoreCorrupt, StoreError."""
    connection = connect(path, application_id=application_id, cache_kib=_CACHE_KIB)
    try:
        kept = drive(across.checkpoint(SqliteSql(connection)))
        return Told(version_of(connection), b"" if kept is None else kept[1])
    finally:
        connection.close()


def _opened(path: Path) -> Any:
    return sqlcipher3.connect(str(path), timeout=5.0, isolation_level=None)
