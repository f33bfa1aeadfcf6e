"""Both key stores pass the contract; the one on disk also survives reopening and refuses strangers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy, SystemEntropy
from dossier.errors import SealBroken, StoreCorrupt, StoreError, StoreLocked, TooNew, Unavailable
from server.store.keystore import MemoryKeyStore, SqliteKeyStore
from server.store.keystore.sealed import APPLICATION_ID
from server.store.sqlite.connection import connect
from server.store.units import drive
from tests.contracts.server_key_store_contract import (
    KeyClosuresContract,
    KeyRotationContract,
    KeyStoreContract,
    NeverWaitingContract,
    now,
)
from tests.fakes.fixed_root import FixedRoot


def open_keys(path: Path, root: bytes = bytes(range(32))) -> SqliteKeyStore:
    return SqliteKeyStore.open(path, FixedRoot(root), clock=SystemClock(), entropy=SystemEntropy())


class TestMemoryKeyStore(
    KeyStoreContract, KeyRotationContract, KeyClosuresContract, NeverWaitingContract
):
    @pytest.fixture
    def keys(self) -> MemoryKeyStore:
        return MemoryKeyStore(SeededEntropy(1))


class TestSqliteKeyStore(
    KeyStoreContract, KeyRotationContract, KeyClosuresContract, NeverWaitingContract
):
    @pytest.fixture
    def keys(self, tmp_path: Path) -> Iterator[SqliteKeyStore]:
        opened = open_keys(tmp_path / "keystore.db")
        yield opened
        opened.close_now()


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keystore.db")
    key, secret = now(keys.key(7)), now(keys.secret("facets"))
    now(keys.destroy(8))
    now(keys.begin_restore())
    now(keys.narrow(7, "o1", 1, b"block"))
    now(keys.close())
    again = open_keys(tmp_path / "keystore.db")
    assert now(again.key(7)) == key
    assert now(again.key_at(7, 1)) == key[1]
    assert now(again.secret("facets")) == secret
    assert now(again.restore_number()) == 1
    assert [row.op_id for row in now(again.narrowed(7))] == ["o1"]
    with pytest.raises(Unavailable):
        now(again.key(8))
    assert again.check() == []
    again.close_now()


def test_another_root_opens_nothing(tmp_path: Path) -> None:
    open_keys(tmp_path / "keystore.db").close_now()
    with pytest.raises(SealBroken):
        open_keys(tmp_path / "keystore.db", root=bytes(32))
    open_keys(tmp_path / "keystore.db").close_now()


def test_a_wrap_moved_to_another_subject_is_refused(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keystore.db")
    now(keys.prepare([7, 8]))
    keys.close_now()
    raw = connect(tmp_path / "keystore.db", application_id=APPLICATION_ID, cache_kib=64)
    raw.run("UPDATE dek SET wrapped = (SELECT wrapped FROM dek WHERE subject = 7)")
    raw.close()
    again = open_keys(tmp_path / "keystore.db")
    now(again.key(7))
    with pytest.raises(SealBroken):
        now(again.key(8))
    again.close_now()


def test_the_restore_number_cannot_be_taken_back_without_root(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keystore.db")
    now(keys.begin_restore())
    keys.close_now()
    raw = connect(tmp_path / "keystore.db", application_id=APPLICATION_ID, cache_kib=64)
    raw.run("UPDATE restore_number SET wrapped = zeroblob(36)")
    raw.close()
    with pytest.raises(SealBroken):
        open_keys(tmp_path / "keystore.db")


def test_a_second_opening_is_refused_until_the_first_closes(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keystore.db")
    with pytest.raises(StoreLocked):
        open_keys(tmp_path / "keystore.db")
    keys.close_now()
    keys.close_now()
    open_keys(tmp_path / "keystore.db").close_now()


def test_a_closed_key_store_refuses(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keystore.db")
    now(keys.key(7))
    keys.close_now()
    for call in (keys.key(7), keys.key_at(7, 1), keys.secret("x"), keys.restore_number()):
        with pytest.raises(StoreError):
            now(call)


def test_a_foreign_file_and_a_newer_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_bytes(b"not a database, " * 1000)
    with pytest.raises(StoreCorrupt):
        open_keys(tmp_path / "text.db")
    open_keys(tmp_path / "new.db").close_now()
    raw = connect(tmp_path / "new.db", application_id=APPLICATION_ID, cache_kib=64)
    raw.run("INSERT INTO schema_version (version, applied) VALUES (99, 0)")
    raw.close()
    with pytest.raises(TooNew):
        open_keys(tmp_path / "new.db")


def test_many_threads_agree_on_a_key(tmp_path: Path) -> None:
    keys = open_keys(tmp_path / "keystore.db")
    seen: list[tuple[int, bytes]] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        seen.extend(drive(keys.key(subject)) for subject in range(1, 11))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 60
    assert len(set(seen)) == 10
    keys.close_now()


def test_keys_replaced_beside_an_open_store_are_used_by_it_at_once(tmp_path: Path) -> None:
    """The server runs; the operator's command is another opening of the same file."""
    path = tmp_path / "keystore.db"
    serving = open_keys(path)
    first = now(serving.key(7))
    beside = SqliteKeyStore.open(
        path, FixedRoot(), clock=SystemClock(), entropy=SystemEntropy(), beside=True
    )
    now(beside.rotation.new_kek())
    while now(beside.rotation.rewrap(1)):
        pass
    assert now(beside.rotation.drop_keks(1 << 60)) == 1
    serving._cache.clear()
    assert now(serving.key(7)) == first, "its data key lies under a KEK it had not seen"
    second = now(serving.key(8))
    assert now(beside.rotation.rewrap(9)) == 0, "what it makes lies under the newest"
    beside.close_now()
    serving.close_now()
    again = open_keys(path)
    assert (now(again.key(7)), now(again.key(8))) == (first, second)
    again.close_now()


def test_after_another_root_the_old_one_opens_nothing_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keystore.db"
    serving = open_keys(path)
    now(serving.key(7))
    beside = SqliteKeyStore.open(
        path, FixedRoot(), clock=SystemClock(), entropy=SystemEntropy(), beside=True
    )
    now(beside.rotation.reroot(bytes(32)))
    beside.close_now()
    for call in (serving.key(8), serving.secret("fresh"), serving.begin_restore()):
        with pytest.raises(SealBroken):
            now(call)
    serving.close_now()
    with pytest.raises(SealBroken):
        open_keys(path)
    open_keys(path, root=bytes(32)).close_now()


def test_a_destroyed_kek_lies_nowhere_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keystore.db"
    keys = open_keys(path)
    now(keys.prepare(range(1, 60)))
    raw = connect(path, application_id=APPLICATION_ID, cache_kib=64)
    ((wrapped,),) = raw.rows("SELECT wrapped FROM kek WHERE v = 1")
    raw.close()
    assert wrapped in path.read_bytes() + path.with_name("keystore.db-wal").read_bytes()
    now(keys.rotation.new_kek())
    while now(keys.rotation.rewrap(20)):
        pass
    now(keys.rotation.drop_keks(1 << 60))
    files = [one.read_bytes() for one in tmp_path.iterdir()]
    keys.close_now()
    assert all(wrapped not in one for one in files)
