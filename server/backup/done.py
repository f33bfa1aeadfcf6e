"""`backup.json` in the server's folder: the last backup that was made and read again."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from dossier.clock import from_wire
from dossier.errors import BadAnswer
from dossier.wire.codec import decode, encode
from server.store.whole_files import write_whole

_NAME = "backup.json"


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """When, which (the name of its manifest), and which copy of the keys went with it."""

    made: str
    backup: str
    keys: int

    def age(self, now: datetime) -> timedelta:
        return now - from_wire(self.made)


def last(folder: Path) -> Done | None:
    """None when there never was one, or the file cannot be read."""
    try:
        found = decode((folder / _NAME).read_bytes(), Done)
        from_wire(found.made)
    except (OSError, BadAnswer, ValueError):
        return None
    return found


def note(folder: Path, done: Done) -> None:
    """Raises StoreError kin."""
    write_whole(folder / _NAME, encode(done) + b"\n")
