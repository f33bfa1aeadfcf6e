"""ROOT in a file that only the server's own user may read."""

import contextlib
import os
import stat
from pathlib import Path

from dossier.entropy import Entropy
from dossier.errors import KeychainError

ROOT_BYTES = 32


class FileKeyProvider:
    """KeyProvider on a file of 64 hexadecimal digits, mode 0400 (a systemd credential has this form).

    Refuses (KeychainError) a file that is missing, not regular, readable by group or others, or of
    another content. On Windows the permission bits mean nothing and are not looked at.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path, entropy: Entropy) -> "FileKeyProvider":
        """Make a fresh ROOT at `path`, durable before this returns; never overwrites one."""
        text = entropy.bytes(ROOT_BYTES).hex().encode() + b"\n"
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
        except FileExistsError as error:
            raise KeychainError("present", "a root key lies there already") from error
        except OSError as error:
            raise KeychainError(
                "absent", f"the root key cannot be made: {error.strerror}"
            ) from error
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
        return cls(path)

    def root(self) -> bytes:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            handle = os.open(self._path, flags)
        except FileNotFoundError as error:
            raise KeychainError("missing", "there is no root key file") from error
        except OSError as error:
            raise KeychainError("absent", f"no root key can be read: {error.strerror}") from error
        try:
            _refuse_public(os.fstat(handle))
            text = os.read(handle, ROOT_BYTES * 4)
        finally:
            os.close(handle)
        with contextlib.suppress(ValueError):
            root = bytes.fromhex(text.decode("ascii", "replace").strip())
            if len(root) == ROOT_BYTES:
                return root
        raise KeychainError("missing", "the root key file holds no root key")


def _refuse_public(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise KeychainError("insecure", "the root key is not a regular file")
    if os.name != "nt" and state.st_mode & 0o077:
        raise KeychainError("insecure", "others may read the root key: chmod 0400")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
