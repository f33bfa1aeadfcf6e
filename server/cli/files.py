"""The files of an import: found, opened and read piece by piece, whatever they turn out to be.

Nothing here trusts a file: its size is bounded unpacked, a pipe or a device is never waited for, a link to a
folder is not followed, and a file that changes while it is read is not believed.
"""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

FILE_BYTES = 256 * 1024 * 1024
"""Of one JSON file, or one line of NDJSON, unpacked."""
_SUFFIXES = (".json", ".json.gz", ".ndjson", ".ndjson.gz")
_BOM = b"\xef\xbb\xbf"


class Piece(NamedTuple):
    """One document of a file and its line (1 but in NDJSON), or why there is none (`reason`).

    `position`: bytes of the file on disk read so far.
    """

    line: int
    position: int
    raw: bytes = b""
    reason: str = ""


class Identity(NamedTuple):
    """What tells that a file is still what it was."""

    size: int
    modified_ns: int
    device: int
    number: int


def found(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """The files meant, folders walked in order of name, each with why it cannot be read (empty: it may).

    A folder's `index.json` and files of other names are no records and are passed over.
    """
    for path in paths:
        if not path.is_dir():
            yield path, ""
            continue
        closed: list[OSError] = []
        for folder, folders, names in os.walk(path, onerror=closed.append, followlinks=False):
            folders.sort()
            for name in folders:
                if (Path(folder) / name).is_symlink():
                    yield Path(folder) / name, "link_not_followed"
            for name in sorted(names):
                if name.endswith(_SUFFIXES) and name != "index.json":
                    yield Path(folder) / name, ""
        yield from ((Path(error.filename), _why(error)) for error in closed)


def identity(path: Path) -> Identity | None:
    """What this file is now; None when it cannot be told."""
    try:
        said = path.stat()
    except OSError:
        return None
    return Identity(said.st_size, said.st_mtime_ns, said.st_dev, said.st_ino)


def pieces(path: Path) -> Iterator[Piece]:
    """The documents of one file: itself, or each line of NDJSON, one in memory at a time. What cannot be read,
    or breaks off, is one last piece with its reason; the lines before it count.
    """
    last = Piece(0, 0)
    try:
        with _opened(path) as under, _unpacked(path, under) as file:
            before = os.fstat(under.fileno())
            if file.read(len(_BOM)) != _BOM:
                file.seek(0)
            for line, raw in _documents(path, file):
                last = Piece(line, under.tell(), raw)
                if not _is_lines(path) and _moved(before, os.fstat(under.fileno())):
                    break
                if raw.strip() or not _is_lines(path):
                    yield last
            if _moved(before, os.fstat(under.fileno())):
                yield Piece(last.line + 1, last.position, reason="file_changed")
    except (OSError, EOFError, zlib.error) as error:
        yield Piece(last.line + 1, last.position, reason=_why(error))


class _TooLarge(OSError):
    """One document is longer than FILE_BYTES."""


class _NoFile(OSError):
    """A pipe, a device, a socket, a folder."""


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (_TooLarge, "too_large"),
    (_NoFile, "not_a_file"),
    (FileNotFoundError, "not_found"),
    (PermissionError, "not_allowed"),
    (gzip.BadGzipFile, "broken_archive"),
    (EOFError, "broken_archive"),
    (zlib.error, "broken_archive"),
)


def _why(error: Exception) -> str:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "not_readable")


def _opened(path: Path) -> IO[bytes]:
    """Opened without waiting: a pipe nobody writes to would hold everything up."""
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise _NoFile
    return os.fdopen(number, "rb")


def _unpacked(path: Path, under: IO[bytes]) -> IO[bytes]:
    if path.name.endswith(".gz"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=under))
    return under


def _is_lines(path: Path) -> bool:
    return ".ndjson" in path.name


def _documents(path: Path, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    if not _is_lines(path):
        yield 1, _bounded(file.read(FILE_BYTES + 1))
        return
    line = 0
    while raw := _bounded(file.readline(FILE_BYTES + 1)):
        line += 1
        yield line, raw


def _bounded(raw: bytes) -> bytes:
    if len(raw) > FILE_BYTES:
        raise _TooLarge
    return raw


def _moved(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
