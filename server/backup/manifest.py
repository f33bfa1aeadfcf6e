r"""The manifest of one backup of the data: which segments, in which order, and what they are.

backups/000042.json   {...}\n<SHA-256 of the line before>\n
"""

import hashlib
import re
from datetime import datetime
from pathlib import Path

import msgspec

from dossier.clock import to_wire
from dossier.errors import BadAnswer, Refused
from dossier.wire.codec import decode, encode
from server.folder import ServerFile
from server.store.whole_files import write_whole

FORMAT = 2
_NAME = re.compile(r"[0-9]{6}\.json", re.ASCII)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`segments` are SHA-256 in hexadecimal (server.backup.pieces), `size` the sum of their bytes, `counts` the
    rows of each table.

    `restore` and `identity` are the server's when it was made, `checkpoint` the last signed root of its log,
    `key_list` the signed list of its online keys, `schema` that of the database.
    """

    format: int = FORMAT
    number: int
    made: str
    server: ServerFile
    key_list: str
    restore: int
    schema: int
    checkpoint: str
    size: int
    counts: dict[str, int]
    segments: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.number:06}.json"


def names(folder: Path) -> list[str]:
    """The manifests that lie in a target, oldest first."""
    backups = folder / "backups"
    found = backups.iterdir() if backups.is_dir() else ()
    return sorted(path.name for path in found if _NAME.fullmatch(path.name))


def next_number(folder: Path) -> int:
    """The number of the next backup of this target."""
    known = names(folder)
    return int(known[-1].partition(".")[0]) + 1 if known else 1


def write(folder: Path, said: Manifest) -> None:
    """Whole or not at all; raises StoreError kin."""
    line = encode(said) + b"\n"
    raw = line + hashlib.sha256(line).hexdigest().encode() + b"\n"
    write_whole(folder / "backups" / said.name, raw)


def read(folder: Path, name: str) -> Manifest:
    """Raises Refused (`backup_missing`, `manifest_damaged`, `backup_newer`), each with the file's name."""
    try:
        raw = (folder / "backups" / name).read_bytes()
    except OSError as error:
        raise Refused("backup_missing", name) from error
    line, _, rest = raw.partition(b"\n")
    if rest != hashlib.sha256(line + b"\n").hexdigest().encode() + b"\n":
        raise Refused("manifest_damaged", name)
    try:
        if decode(line, _Format).format > FORMAT:
            raise Refused("backup_newer", name)
        return decode(line, Manifest)
    except BadAnswer as error:
        raise Refused("manifest_damaged", name) from error


def instant(now: datetime) -> str:
    """How a manifest says when."""
    return to_wire(now)


class _Format(msgspec.Struct, frozen=True):
    format: int
