"""Small files: written whole and durable, or not there; kept from others unless said otherwise."""

import errno
import os
from collections.abc import Collection
from pathlib import Path

from dossier.errors import DiskFull, StoreError
from server.store.keystore.key_file import sync_folder


def make_folder(path: Path) -> None:
    """Only its owner may look into it; raises StoreError."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be made: {error.strerror}") from error


def write_whole(path: Path, raw: bytes, mode: int = 0o600) -> None:
    """Under another name first, then in place, durably. Raises DiskFull, StoreError."""
    make_folder(path.parent)
    written = path.with_name(path.name + ".part")
    try:
        handle = os.open(written, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise failed(path, error) from error


def write_soon(path: Path, raw: bytes) -> None:
    """Whole or not there while the machine runs; durable only after `make_durable`. Raises DiskFull, StoreError."""
    make_folder(path.parent)
    written = path.with_name(path.name + ".part")
    try:
        handle = os.open(written, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        written.replace(path)
    except OSError as error:
        raise failed(path, error) from error


def make_durable(paths: Collection[Path]) -> None:
    """All of these together: much cheaper than one after the other. Raises DiskFull, StoreError."""
    for path in paths:
        try:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise failed(path, error) from error
    for folder in {path.parent for path in paths}:
        sync_folder(folder)
        sync_folder(folder.parent)


def failed(path: Path, error: OSError) -> StoreError:
    """Our error for the system's."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull()
    return StoreError(f"{path.name} cannot be written: {error.strerror}")
