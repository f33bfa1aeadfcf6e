"""A 32-byte key in a file that only one user may read: 64 hexadecimal digits, mode 0400."""

import contextlib
import os
import stat
from pathlib import Path

from dossier.entropy import Entropy
from dossier.errors import KeychainError

KEY_BYTES = 32


def make_key_file(path: Path, entropy: Entropy) -> bytes:
    """Make a fresh key at `path`, durable before this returns; never overwrites one (KeychainError)."""
    key = entropy.bytes(KEY_BYTES)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
    except FileExistsError as error:
        raise KeychainError("present", f"{path.name} lies there already") from error
    except OSError as error:
        raise KeychainError("absent", f"{path.name} cannot be made: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(key.hex().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return key


def read_key_file(path: Path, closed: int = 0o077) -> bytes:
    """The key; `closed` are the permissions nobody may have. Raises KeychainError for a file that is missing, not regular, readable by group or others,
    or of another content. On Windows the permission bits mean nothing and are not looked at.
    """
    text = read_private_file(path, KEY_BYTES * 4, closed)
    with contextlib.suppress(ValueError):
        key = bytes.fromhex(text.decode("ascii", "replace").strip())
        if len(key) == KEY_BYTES:
            return key
    raise KeychainError("missing", f"{path.name} holds no key")


def read_private_file(path: Path, max_bytes: int, closed: int = 0o077) -> bytes:
    """The first bytes of a file that nobody else may read. Raises KeychainError as `read_key_file`."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError as error:
        raise KeychainError("missing", f"there is no {path.name}") from error
    except OSError as error:
        raise KeychainError("absent", f"{path.name} cannot be read: {error.strerror}") from error
    try:
        _refuse_public(path.name, os.fstat(handle), closed)
        text = os.read(handle, max_bytes)
    finally:
        os.close(handle)
    return text


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_public(name: str, state: os.stat_result, closed: int) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise KeychainError("insecure", f"{name} is not a regular file")
    if os.name != "nt" and state.st_mode & closed:
        raise KeychainError("insecure", f"others may read {name}: chmod 0400")
