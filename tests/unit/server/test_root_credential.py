"""ROOT from a systemd credential: taken when it is given, with the same care as the file; the folder needs none."""

from pathlib import Path

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import KeychainError
from server.folder import Folder
from server.store.keystore.key_file import make_key_file


@pytest.fixture
def places(tmp_path: Path) -> tuple[Folder, Path, bytes, bytes]:
    (tmp_path / "server").mkdir()
    (tmp_path / "credentials").mkdir()
    here = make_key_file(tmp_path / "server" / "root.key", SeededEntropy(1))
    given = make_key_file(tmp_path / "credentials" / "root.key", SeededEntropy(2))
    return Folder(tmp_path / "server"), tmp_path / "credentials", here, given


def test_a_credential_is_taken_before_the_file(places: tuple[Folder, Path, bytes, bytes]) -> None:
    folder, credentials, here, given = places
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert folder.provider({}).root() == here
    assert folder.provider(environment).root() == given
    assert (folder.is_root_here({}), folder.is_root_here(environment)) == (True, False)
    folder.root.unlink()
    assert folder.provider(environment).root() == given
    (credentials / "root.key").unlink()
    with pytest.raises(KeychainError):
        folder.provider(environment).root()


def test_a_credential_that_others_may_read_is_refused(
    places: tuple[Folder, Path, bytes, bytes],
) -> None:
    folder, credentials, _, _ = places
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    (credentials / "root.key").chmod(0o440)
    assert folder.provider(environment).root(), "the mask of an access list shows so"
    (credentials / "root.key").chmod(0o444)
    with pytest.raises(KeychainError, match="chmod 0400"):
        folder.provider(environment).root()
