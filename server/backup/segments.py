"""The data of a backup in segments named by their content: what did not change is not written again.

segments/ab/ab34...   256 KiB of a consistent copy of the database, named by its SHA-256
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from dossier.errors import Refused
from server.backup.files import failed, write_whole

SEGMENT_BYTES = 1 << 18


class Stored(NamedTuple):
    """The segments of one file in order, its size, and what had to be written."""

    segments: tuple[str, ...]
    size: int
    written: int
    written_bytes: int


class Segments:
    """The segments of one target."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "segments"

    def store(self, file: Path) -> Stored:
        """Keep what is not there yet, or is damaged there; durable, and read again, when it returns.
        Raises DiskFull, StoreError.
        """
        names: list[str] = []
        size = written = written_bytes = 0
        for piece in _pieces(file):
            name = hashlib.sha256(piece).hexdigest()
            names.append(name)
            size += len(piece)
            if not self._is_whole(name):
                write_whole(self._path(name), piece)
                self._read(name)
                written += 1
                written_bytes += len(piece)
        return Stored(tuple(names), size, written, written_bytes)

    def check(self, names: Iterable[str]) -> None:
        """Read every segment again. Raises Refused (`segment_missing`, `segment_damaged`) with its name."""
        for name in dict.fromkeys(names):
            self._read(name)

    def assemble(self, names: Iterable[str], size: int, file: Path) -> None:
        """The file these segments make. Raises as `check`, DiskFull, StoreError."""
        try:
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as whole:
                for name in names:
                    whole.write(self._read(name))
                whole.flush()
                os.fsync(whole.fileno())
                made = whole.tell()
        except OSError as error:
            raise failed(file, error) from error
        if made != size:
            raise Refused("manifest_damaged", "its size is not that of its segments")

    def _is_whole(self, name: str) -> bool:
        try:
            self._read(name)
        except Refused:
            return False
        return True

    def _read(self, name: str) -> bytes:
        try:
            piece = self._path(name).read_bytes()
        except OSError as error:
            raise Refused("segment_missing", name) from error
        if hashlib.sha256(piece).hexdigest() != name:
            raise Refused("segment_damaged", name)
        return piece

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(SEGMENT_BYTES):
            yield piece
