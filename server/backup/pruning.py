"""Old backups of the data removed from their place, and only what no kept one needs.

Manifests go first, durably; segments that no manifest names any more after them: cut off anywhere, what is left
is whole, and the next run goes on. A manifest that cannot be read stops everything: nobody knows what it names.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from dossier.clock import from_wire
from dossier.errors import Refused
from server.backup import manifest
from server.backup.manifest import Manifest
from server.backup.segments import Segments
from server.backup.turn import turn
from server.store.keystore.key_file import sync_folder


class Keep(NamedTuple):
    """What stays: the newest so many, and those younger than so many days; the newest one always."""

    newest: int = 1
    days: int = 0


class Pruned(NamedTuple):
    """What went and what stayed."""

    removed: int
    kept: int
    segments: int
    size: int


def prune(target: Path, keep: Keep, now: datetime) -> Pruned:
    """Raises Refused (`backup_missing`, `manifest_damaged`, `target_busy`, `target_keeps_all`), StoreError."""
    if not manifest.names(target):
        raise Refused("backup_missing", target.name)
    with turn(target):
        found = [manifest.read(target, name) for name in manifest.names(target)]
        kept = _kept(found, keep, now)
        gone = [one for one in found if one not in kept]
        try:
            for one in gone:
                (target / "backups" / one.name).unlink()
            sync_folder(target / "backups")
            named = {name for one in kept for name in one.segments}
            segments, size = Segments(target).remove_others(named)
        except OSError as error:
            raise Refused("target_keeps_all", target.name) from error
    return Pruned(len(gone), len(kept), segments, size)


def _kept(found: list[Manifest], keep: Keep, now: datetime) -> list[Manifest]:
    since = now - timedelta(days=keep.days)
    newest = found[-max(keep.newest, 1) :]
    return [one for one in found if one in newest or from_wire(one.made) > since]
