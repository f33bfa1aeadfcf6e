"""Numbered migrations: `schema/<file>/NNNN_*.sql`, one transaction each, counted in `user_version`.

A file written by a newer program is refused (TooNew) and left as it is. A released migration is never
edited; the next one is added behind it.
"""

from pathlib import Path
from typing import Final

from dossier.errors import TooNew
from local_store.connections import Connection, translated

_SCHEMA: Final = Path(__file__).parent / "schema"


def steps(name: str) -> tuple[str, ...]:
    """The SQL of every migration of `work` or `cache`, in order."""
    return tuple(
        path.read_text("utf-8")
        for path in sorted((_SCHEMA / name).glob("[0-9][0-9][0-9][0-9]_*.sql"))
    )


def projection() -> str:
    """The TEMP views of a reader, `current` among them."""
    return (_SCHEMA / "current.sql").read_text("utf-8")


def migrate(connection: Connection, wanted: tuple[str, ...]) -> int:
    """Bring a file to the last version; returns how many steps ran. Raises TooNew, StoreError kin."""
    with translated():
        reached = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if reached > len(wanted):
            raise TooNew(f"{reached} > {len(wanted)}")
        for number, sql in enumerate(wanted[reached:], start=reached + 1):
            try:
                connection.executescript(
                    f"BEGIN IMMEDIATE; {sql}; PRAGMA user_version = {number}; COMMIT;"
                )
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
    return len(wanted) - reached
