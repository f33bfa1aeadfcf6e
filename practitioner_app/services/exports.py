"""A clear file, by the explicit act of a person: the only way anything of a patient reaches a disk unsealed.

First the journal of the patient, durably, then the file: an export that nobody can read about does not exist.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from dossier.entropy import Entropy
from dossier.errors import DiskFull, Refused
from practitioner_app.services.writing import Writer

EXPORT: Final = "export"
"""The reason of the line in the patient's journal."""
_FULL: Final = (28, 122)
"""ENOSPC, EDQUOT."""


class ExportService:
    """Write lane."""

    def __init__(self, writer: Writer, entropy: Entropy) -> None:
        self._writer, self._entropy = writer, entropy

    def write(self, owner: int, path: Path, octets: bytes) -> None:
        """Write the file for this user alone, in the place of one of the same name. Raises DiskFull,
        Refused(`file_not_written`) when the place does not take it, and StoreError kin.
        """
        self._writer.opened(owner, reason=EXPORT)
        fresh = path.with_name(f".{self._entropy.bytes(8).hex()}.part")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise Refused("file_not_written") from error
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            if error.errno in _FULL:
                raise DiskFull from error
            raise Refused("file_not_written") from error
