"""ROOT in a file that only the server's own user may read, or in a systemd credential."""

from pathlib import Path

from dossier.entropy import Entropy
from server.store.keystore.key_file import make_key_file, read_key_file

_CREDENTIAL_CLOSED = 0o037
"""systemd lets the service in by an access list, whose mask shows where the group's bits are."""


class CredentialKeyProvider:
    """KeyProvider on a credential systemd gave to its service (systemd.exec, "Credentials")."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def root(self) -> bytes:
        return read_key_file(self._path, _CREDENTIAL_CLOSED)


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
