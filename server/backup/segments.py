"""The data of a backup in segments named by their content: what did not change is not written again.

segments/ab/ab34...   some rows of one table (server.backup.pieces), named by their SHA-256
"""

import hashlib
import re
from collections.abc import AsyncIterable, Container, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from dossier.errors import Refused
from server.store.whole_files import make_durable, write_soon

_OURS = re.compile(r"[0-9a-f]{64}(\.part)?", re.ASCII)


class Stored(NamedTuple):
    """The segments of one backup in order, their size, and what had to be written."""

    segments: tuple[str, ...]
    size: int
    written: int
    written_bytes: int


class Segments:
    """The segments of one target."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "segments"

    async def store(self, pieces: AsyncIterable[bytes]) -> Stored:
        """Keep what is not there yet, or is damaged there; durable, and read again, when it returns.
        Raises DiskFull, StoreError.
        """
        names: list[str] = []
        new: list[Path] = []
        size = written_bytes = 0
        async for piece in pieces:
            name = hashlib.sha256(piece).hexdigest()
            names.append(name)
            size += len(piece)
            if not self._is_whole(name):
                write_soon(self._path(name), piece)
                new.append(self._path(name))
                written_bytes += len(piece)
        make_durable(new)
        for path in new:
            self._read(path.name)
        return Stored(tuple(names), size, len(new), written_bytes)

    def check(self, names: Iterable[str]) -> None:
        """Read every segment again. Raises Refused (`segment_missing`, `segment_damaged`) with its name."""
        for name in dict.fromkeys(names):
            self._read(name)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Each of these with its bytes. Raises as `check`."""
        for name in names:
            yield name, self._read(name)

    def remove_others(self, kept: Container[str]) -> tuple[int, int]:
        """Every segment that is not among these, and what a cut-off writing left: how many, how many bytes.
        Raises OSError.
        """
        count = size = 0
        for path in sorted(self._folder.glob("??/*")):
            if _OURS.fullmatch(path.name) and path.name not in kept:
                size += path.stat().st_size
                path.unlink()
                count += 1
        return count, size

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
