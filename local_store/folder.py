"""The profile's store folder: names, permissions, one process, what is put aside."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from dossier.clock import Clock, to_ms
from dossier.errors import DiskFull, StoreError, StoreLocked

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NO_SPACE: Final = 28
_ASIDE: Final = ".doubt-"
_DAMAGED: Final = ".damaged-"


class StoreFolder:
    """0700 folder with 0600 files; `work.db` and `cache.db` and their WAL, a lock, a mark of doubt."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lock: IO[bytes] | None = None

    @property
    def work(self) -> Path:
        """The precious file."""
        return self.path / "work.db"

    @property
    def cache(self) -> Path:
        """The disposable file."""
        return self.path / "cache.db"

    def prepare(self) -> None:
        """Make the folder for this user alone. Raises StoreError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
        except OSError as error:
            raise StoreError("folder") from error

    def acquire(self) -> None:
        """One process at a time. Raises StoreLocked."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(descriptor, "r+b")
        try:
            if sys.platform == "win32":
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise StoreLocked("process") from error
        self._lock = file

    def release(self) -> None:
        """Let another process in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def make(self, path: Path) -> bool:
        """An empty file that only this user reads; False when it is there. Raises DiskFull, StoreError."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            path.chmod(0o600)
            return False
        except OSError as error:
            raise (DiskFull() if error.errno == _NO_SPACE else StoreError("make")) from error
        return True

    def stopped_badly(self, path: Path) -> bool:
        """Whether the last user of a file had no time to close it, or left a doubt."""
        wal = _beside(path, "-wal")
        return self._doubt.exists() or (wal.exists() and wal.stat().st_size > 0)

    def put_aside(self, path: Path) -> Path:
        """Rename a file and its WAL, so that a fresh one can take its place."""
        return self._displace(path, _ASIDE, _rename)

    def keep_damaged(self, path: Path) -> Path:
        """Copy a precious file and its WAL once; the original stays where it is."""
        kept = self.damaged()
        return kept[0] if kept else self._displace(path, _DAMAGED, _copy)

    def put_damaged_aside(self, path: Path) -> Path:
        """Rename a precious file for good, before what is readable of it is saved into a new one."""
        return self._displace(path, f"{_DAMAGED}old-", _rename)

    def damaged(self) -> list[Path]:
        """Kept copies of a damaged work.db, newest last."""
        return sorted(
            path
            for path in self.path.glob(f"{self.work.name}{_DAMAGED}*")
            if not path.name.endswith(("-wal", "-shm"))
        )

    def drop_quarantine(self) -> None:
        """Erase caches put aside: they hold rows whose right may be over."""
        for path in self.path.glob(f"{self.cache.name}{_ASIDE}*"):
            path.unlink(missing_ok=True)

    def mark_doubt(self) -> None:
        """Something looked broken while running: check everything at the next start."""
        self._doubt.touch(mode=0o600)

    def clear_doubt(self) -> None:
        """Everything was checked."""
        self._doubt.unlink(missing_ok=True)

    def disk_bytes(self) -> int:
        """What the profile takes on disk."""
        return sum(path.stat().st_size for path in self.path.iterdir() if path.is_file())

    @property
    def _doubt(self) -> Path:
        return self.path / "doubt"

    def _displace(self, path: Path, mark: str, move: Callable[[Path, Path], None]) -> Path:
        stamp = to_ms(self._clock.now())
        while (target := path.with_name(f"{path.name}{mark}{stamp}")).exists():
            stamp += 1
        for suffix in ("", "-wal", "-shm"):
            source = _beside(path, suffix)
            if source.exists():
                move(source, _beside(target, suffix))
        return target


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _rename(source: Path, target: Path) -> None:
    source.replace(target)


def _copy(source: Path, target: Path) -> None:
    """A copy needs no -shm: it is made again from the WAL."""
    if source.name.endswith("-shm"):
        return
    shutil.copy2(source, target)
    target.chmod(0o600)
