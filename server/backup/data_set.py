"""Set A: the data. The rows of one moment of the running server, in segments, with their manifest.

The cells in it are sealed under keys that are not in it (security.md §4.4): kept as long as wanted.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import NamedTuple

from dossier.clock import Clock
from server.backup import manifest
from server.backup.manifest import Manifest
from server.backup.pieces import Cutter
from server.backup.segments import Segments, Stored
from server.backup.turn import turn
from server.engines import record_steps
from server.folder import Folder
from server.store.layout import Snapshot, tables
from server.store.whole_files import make_folder

_CHECKPOINT = "log_checkpoint"


class Made(NamedTuple):
    """A backup of the data and what was written for it."""

    manifest: Manifest
    stored: Stored


async def make(folder: Folder, target: Path, clock: Clock) -> Made:
    """Back the data up while the server runs, then read it again. Raises Refused, StoreError kin."""
    told = folder.read_told()
    listed = folder.present_list(folder.read_identity(told))
    make_folder(target)
    with turn(target):
        rows = _Pieces()
        moment = manifest.instant(clock.now())
        async with folder.engine(told).snapshot() as snapshot:
            schema = snapshot.schema
            stored = await Segments(target).store(rows.of(snapshot))
        made = Manifest(
            number=manifest.next_number(target),
            made=moment,
            server=told,
            key_list=folder.read_key_list().decode(),
            restore=0 if listed is None else listed.restore,
            schema=schema,
            checkpoint=rows.checkpoint.decode(),
            size=stored.size,
            counts=dict(rows.counts),
            segments=stored.segments,
        )
        manifest.write(target, made)
    return Made(manifest.read(target, made.name), stored)


class _Pieces:
    """Goes through a snapshot once; `counts` and `checkpoint` (the last signed root) are known at the end."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.checkpoint = b""

    async def of(self, snapshot: Snapshot) -> AsyncIterator[bytes]:
        for table in tables(record_steps(snapshot.schema)):
            cutter = Cutter(table)
            async for rows in snapshot.rows(table):
                self.counts[table.name] += len(rows)
                if table.name == _CHECKPOINT:
                    self.checkpoint = rows[-1][table.columns.index("body")]
                for piece in cutter.add(rows):
                    yield piece
            for piece in cutter.rest():
                yield piece


def verify(target: Path, wanted: Iterable[str] = ()) -> list[Manifest]:
    """Read every backup of a target, or those wanted, and every segment of theirs. Raises Refused."""
    found = [manifest.read(target, name) for name in wanted or manifest.names(target)]
    Segments(target).check(name for one in found for name in one.segments)
    return found
