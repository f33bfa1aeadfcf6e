"""Set A: the data. One consistent copy of the running database, in segments, with its manifest.

The cells in it are sealed under keys that are not in it (security.md §4.4): kept as long as wanted.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dossier.clock import Clock
from server.backup import manifest
from server.backup.files import make_folder
from server.backup.manifest import Manifest
from server.backup.segments import SEGMENT_BYTES, Segments, Stored
from server.folder import Folder
from server.store.sqlite.copying import copy_database, told_by
from server.store.sqlite.store import APPLICATION_ID

_COPY = "copy.part"


class Made(NamedTuple):
    """A backup of the data and what was written for it."""

    manifest: Manifest
    stored: Stored


def make(folder: Folder, target: Path, clock: Clock) -> Made:
    """Back the data up while the server runs, then read it again. Raises Refused, StoreError kin."""
    told = folder.read_told()
    listed = folder.present_list(folder.read_identity(told))
    make_folder(target)
    copy = target / _COPY
    try:
        copy_database(folder.data, copy, APPLICATION_ID)
        said = told_by(copy, APPLICATION_ID)
        stored = Segments(target).store(copy)
    finally:
        copy.unlink(missing_ok=True)
    made = Manifest(
        number=manifest.next_number(target),
        made=manifest.instant(clock.now()),
        server=told,
        key_list=folder.read_key_list().decode(),
        restore=0 if listed is None else listed.restore,
        schema=said.schema,
        checkpoint=said.checkpoint.decode(),
        size=stored.size,
        segment_bytes=SEGMENT_BYTES,
        segments=stored.segments,
    )
    manifest.write(target, made)
    return Made(manifest.read(target, made.name), stored)


def verify(target: Path, wanted: Iterable[str] = ()) -> list[Manifest]:
    """Read every backup of a target, or those wanted, and every segment of theirs. Raises Refused."""
    found = [manifest.read(target, name) for name in wanted or manifest.names(target)]
    Segments(target).check(name for one in found for name in one.segments)
    return found
