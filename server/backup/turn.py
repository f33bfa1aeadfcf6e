"""One program at a time writes to a place of backups: what one is about to name, another must not remove."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dossier.errors import Refused, StoreLocked
from server.store.sqlite.connection import FileLock


@contextmanager
def turn(target: Path) -> Iterator[None]:
    """Raises Refused (`target_busy`) while another backup or prune of this place runs, StoreError."""
    try:
        lock = FileLock(target / "backup")
    except StoreLocked as error:
        raise Refused("target_busy", target.name) from error
    try:
        yield
    finally:
        lock.release()
