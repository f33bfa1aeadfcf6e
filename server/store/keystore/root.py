"""ROOT in a file that only the server's own user may read (a systemd credential has this form too)."""

from pathlib import Path

from dossier.entropy import Entropy
from server.store.keystore.key_file import make_key_file, read_key_file


class FileKeyProvider:
    """KeyProvider on a key file. Refuses (KeychainError) what `read_key_file` refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path, entropy: Entropy) -> "FileKeyProvider":
        """Make a fresh ROOT at `path`, durable before this returns; never overwrites one."""
        make_key_file(path, entropy)
        return cls(path)

    def root(self) -> bytes:
        return read_key_file(self._path)
