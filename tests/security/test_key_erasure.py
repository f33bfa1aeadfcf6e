"""A destroyed key is gone from the bytes of the disk; ROOT is read only from a private file."""

from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.errors import KeychainError, Unavailable
from server.store.keystore import FileKeyProvider, SqliteKeyStore
from server.store.keystore.cache import KeyCache
from server.store.keystore.sealed import APPLICATION_ID
from server.store.keystore.wraps import DekName
from server.store.sqlite.connection import connect
from tests.contracts.server_key_store_contract import now


class HandClock(SystemClock):
    """A monotonic clock moved by hand."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


def files_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def wraps_of(path: Path) -> dict[int, bytes]:
    raw = connect(path, application_id=APPLICATION_ID, cache_kib=64)
    found = dict(raw.rows("SELECT subject, wrapped FROM dek"))
    raw.close()
    return found


def test_a_destroyed_wrap_leaves_the_file_its_log_and_the_memory(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    provider = FileKeyProvider.create(tmp_path / "root.key", SeededEntropy(1))
    path = folder / "keystore.db"
    keys = SqliteKeyStore.open(path, provider, clock=SystemClock(), entropy=SeededEntropy(2))
    now(keys.prepare(range(1, 401)))
    wraps = wraps_of(path)
    assert all(wrap in files_of(folder) for wrap in wraps.values()), "the control: wraps are found"
    for subject in (1, 200, 400):
        now(keys.destroy(subject))
    left = files_of(folder)
    for subject in (1, 200, 400):
        assert wraps[subject] not in left
        assert wraps[subject][:20] not in left
        with pytest.raises(Unavailable):
            now(keys.key(subject))
    assert wraps[2] in left
    keys.close_now()
    assert wraps[200] not in files_of(folder)


def test_no_key_lies_in_clear_in_the_key_store(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    provider = FileKeyProvider.create(tmp_path / "root.key", SeededEntropy(1))
    keys = SqliteKeyStore.open(
        folder / "keystore.db", provider, clock=SystemClock(), entropy=SeededEntropy(2)
    )
    clear = [now(keys.key(7))[1], now(keys.secret("facets")), provider.root()]
    assert not any(key in files_of(folder) for key in clear)
    keys.close_now()
    assert not any(key in files_of(folder) for key in clear)


def test_unwrapped_keys_are_held_for_a_bounded_time_and_number() -> None:
    clock = HandClock()
    cache = KeyCache(clock, entries=3, ttl_s=300)
    for subject in range(1, 5):
        cache.put(DekName(subject, "record", 0), 1, bytes([subject]))
    assert len(cache) == 3
    assert cache.get(DekName(1, "record", 0)) is None
    assert cache.get(DekName(2, "record", 0)) == (1, b"\x02")
    cache.put(DekName(5, "record", 0), 1, b"\x05")
    assert cache.get(DekName(3, "record", 0)) is None, "the least recently used went"
    clock.at = 299.9
    assert cache.get(DekName(2, "record", 0)) is not None
    clock.at = 300.0
    assert cache.get(DekName(2, "record", 0)) is None
    cache.forget(5, "record")
    assert cache.get(DekName(5, "record", 0)) is None


def test_a_new_root_is_private_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    made = FileKeyProvider.create(path, SeededEntropy(3)).root()
    assert len(made) == 32
    assert path.stat().st_mode & 0o777 == 0o400
    assert FileKeyProvider(path).root() == made
    with pytest.raises(KeychainError) as refused:
        FileKeyProvider.create(path, SeededEntropy(4))
    assert refused.value.reason == "present"
    assert FileKeyProvider(path).root() == made


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o600 | 0o020])
def test_a_root_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "root.key"
    provider = FileKeyProvider.create(path, SeededEntropy(3))
    path.chmod(mode)
    with pytest.raises(KeychainError) as refused:
        provider.root()
    assert refused.value.reason == "insecure"


@pytest.mark.parametrize("text", [b"", b"xyz", b"00" * 31, b"00" * 33, b"\xff" * 64])
def test_a_root_of_another_content_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "root.key"
    path.write_bytes(text)
    path.chmod(0o400)
    with pytest.raises(KeychainError):
        FileKeyProvider(path).root()


def test_a_root_behind_a_link_or_missing_is_refused(tmp_path: Path) -> None:
    FileKeyProvider.create(tmp_path / "root.key", SeededEntropy(3))
    (tmp_path / "link.key").symlink_to(tmp_path / "root.key")
    for path in (tmp_path / "link.key", tmp_path / "none.key", tmp_path):
        with pytest.raises(KeychainError):
            FileKeyProvider(path).root()
