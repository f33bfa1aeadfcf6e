"""D1, D5, D6, D12: what the profile refuses to open, how it survives damage, what it never runs."""

import os
import sqlite3
import stat
from pathlib import Path
from random import Random

import pytest
from sqlcipher3 import dbapi2

from dossier.entropy import SeededEntropy
from dossier.errors import StoreCorrupt, StoreError, StoreLocked, TooNew, WrongKey
from dossier.wire.codec import DIGEST_MODULUS, row_digest
from dossier.wire.messages import Page, Row
from local_store.connections import Gate, open_reader, open_writer
from local_store.migrate import projection
from local_store.rescue import rescue
from local_store.store import LocalStore
from tests.contracts.local_store_practice import (
    CLINICAL,
    KEY,
    TERM,
    copy,
    create,
    lose,
    observation,
    opened,
    patient,
)
from tests.fakes.manual_clock import ManualClock

ANNE = 11


def filled(folder: Path, rows: int = 60) -> None:
    """A profile with a copy, an unsent op and a secret, closed cleanly."""
    with opened(folder) as store:
        told = [observation(f"o{n}", f"mot{n} commun") for n in range(rows)]
        copy(store, ANNE, [patient(ANNE, "Dupont", "Anne", "1958-07-14"), *told])
        for n in range(5):
            row = observation(f"mine{n}", "écrit")
            store.outbox.put(create(n, ANNE, row), shows=row.body or b"")
        store.vault.put("device-key", b"secret")


def image(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name != "lock"}


def open_it(folder: Path, key: bytes = KEY) -> LocalStore:
    return LocalStore.open(folder, key, ManualClock(), SeededEntropy(2))


# --- who may open --------------------------------------------------------------------------------------


def test_d1_the_folder_and_its_files_are_for_this_user_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "p") as store:
        copy(store, ANNE, [observation("a", "a")])
        assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o700
        for path in (tmp_path / "p").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_wrong_key_opens_nothing_and_touches_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    before = image(tmp_path)
    with pytest.raises(WrongKey):
        open_it(tmp_path, bytes(32))
    assert image(tmp_path) == before
    open_it(tmp_path).close()


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused_before_anything_is_made(
    tmp_path: Path, length: int
) -> None:
    with pytest.raises(WrongKey):
        open_it(tmp_path / "p", bytes(length))
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("name", ["work.db", "cache.db"])
def test_d1_an_unencrypted_file_in_place_is_refused_and_left(tmp_path: Path, name: str) -> None:
    filled(tmp_path)
    (tmp_path / name).unlink()
    plain = sqlite3.connect(tmp_path / name)
    plain.execute("CREATE TABLE t (a)")
    plain.close()
    before = image(tmp_path)
    with pytest.raises(StoreCorrupt, match="plain"):
        open_it(tmp_path)
    assert image(tmp_path) == before


def test_a_second_opener_is_told_that_the_store_is_taken(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(StoreLocked):
        open_it(tmp_path)
    open_it(tmp_path).close()


def test_a_closed_store_answers_nothing_and_has_forgotten_its_key(tmp_path: Path) -> None:
    store = open_it(tmp_path)
    key = store._key
    store.records.patients("", 1)
    store.close()
    store.close()
    assert bytes(key) == bytes(32)
    for ask in (
        lambda: store.records.patients("", 1),
        lambda: store.settings.get("x"),
        store.sync.heads_v,
        lambda: store.outbox.put(create(1, ANNE, observation("a", "a"))),
    ):
        with pytest.raises(StoreError):
            ask()


# --- how it is open ------------------------------------------------------------------------------------


def test_every_connection_is_sealed_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.records.patients("", 1)
        connections = [store._work._connection, store._cache._connection, *store._readers._all]
        assert len(connections) == 3
        for db in connections:
            ask = lambda name, db=db: db.execute(f"PRAGMA {name}").fetchone()[0]  # noqa: E731
            assert ask("cipher_version")
            assert str(ask("cipher_memory_security")) == "0"
            assert (ask("temp_store"), ask("secure_delete")) == (2, 1)
            assert ask("journal_mode") == "wal"
        assert store._work._connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert store._cache._connection.execute("PRAGMA synchronous").fetchone()[0] == 1


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE '{0}' AS leak KEY ''",
        "ATTACH DATABASE '{0}' AS leak",
        "DETACH DATABASE work",
        "VACUUM INTO '{0}'",
        "SELECT load_extension('x')",
        "SELECT sqlcipher_export('work')",
    ],
)
def test_d1_no_connection_can_write_elsewhere(tmp_path: Path, sql: str) -> None:
    leak = tmp_path / "leak.db"
    with opened(tmp_path / "p") as store:
        copy(store, ANNE, [observation("a", "canari")])
        store.records.patients("", 1)
        for db in (store._work._connection, store._cache._connection, *store._readers._all):
            with pytest.raises(dbapi2.DatabaseError):
                db.execute(sql.format(leak))
    assert not leak.exists()


def test_a_reader_attaches_work_once_and_writes_neither_file(tmp_path: Path) -> None:
    filled(tmp_path)
    db = open_reader(
        tmp_path / "cache.db",
        tmp_path / "work.db",
        KEY,
        {"now_ms": lambda: 0, "least": lambda: 0},
        projection(),
    )
    for sql in ("DELETE FROM main.confirmed", "DELETE FROM work.op"):
        with pytest.raises(dbapi2.OperationalError):
            db.execute(sql)
    db.close()
    gate = Gate("file:/a?mode=ro")
    assert gate(dbapi2.SQLITE_ATTACH, "file:/b", None, None, None) == dbapi2.SQLITE_DENY
    assert gate(dbapi2.SQLITE_ATTACH, None, None, None, None) == dbapi2.SQLITE_DENY
    assert gate(dbapi2.SQLITE_ATTACH, "file:/a?mode=ro", None, None, None) == dbapi2.SQLITE_OK
    assert gate(dbapi2.SQLITE_ATTACH, "file:/a?mode=ro", None, None, None) == dbapi2.SQLITE_DENY


# --- damage --------------------------------------------------------------------------------------------


def flip(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x55
    path.write_bytes(raw)


def swap(path: Path, size: int) -> None:
    raw = path.read_bytes()
    first, second = raw[2 * size : 3 * size], raw[3 * size : 4 * size]
    path.write_bytes(raw[: 2 * size] + second + first + raw[4 * size :])


DAMAGES = {
    "a byte of the first page": lambda path, size: flip(path, 100),
    "the salt": lambda path, size: flip(path, 3),
    "a byte of the last page": lambda path, size: flip(path, path.stat().st_size - size + 200),
    "the seal of a page": lambda path, size: flip(path, 3 * size - 8),
    "two pages exchanged": swap,
    "the end cut off": lambda path, size: os.truncate(path, path.stat().st_size - 2 * size),
    "half a page": lambda path, size: os.truncate(path, path.stat().st_size - size // 2),
    "nothing but noise": lambda path, size: path.write_bytes(Random(1).randbytes(5 * size)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_d5_a_damaged_cache_is_put_aside_and_begun_again(tmp_path: Path, damage: object) -> None:
    filled(tmp_path)
    damage(tmp_path / "cache.db", 8_192)  # type: ignore[operator]
    (tmp_path / "doubt").touch()
    with opened(tmp_path) as store:
        assert store.rebuilt
        assert list(store.sync.held()) == []
        assert [op.id for op in store.sync.next_ops(9, 99_999)] == [f"mine{n}" for n in range(5)]
        assert store.vault.get("device-key") == b"secret"
    assert len(list(tmp_path.glob("cache.db.doubt-*"))) >= 1


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_d5_a_damaged_work_file_is_kept_and_never_deleted(tmp_path: Path, damage: object) -> None:
    filled(tmp_path)
    damage(tmp_path / "work.db", 4_096)  # type: ignore[operator]
    broken = (tmp_path / "work.db").read_bytes()
    (tmp_path / "doubt").touch()
    for _ in range(2):
        with pytest.raises(StoreCorrupt):
            open_it(tmp_path)
    assert (tmp_path / "work.db").read_bytes() == broken
    copies = [p for p in tmp_path.glob("work.db.damaged-*") if not p.name.endswith("-wal")]
    assert [p.read_bytes() for p in copies] == [broken]


def test_d5_damage_met_while_running_is_remembered_for_the_next_start(tmp_path: Path) -> None:
    filled(tmp_path, rows=600)
    pages = (tmp_path / "cache.db").stat().st_size // 8_192
    with opened(tmp_path) as store:
        for page in range(2, pages):
            flip(tmp_path / "cache.db", page * 8_192 + 300)
        with pytest.raises(StoreCorrupt):
            store.records.rows(ANNE)
    with opened(tmp_path) as store:
        assert store.rebuilt
        assert len(store.outbox.pending()) == 5


def test_d5_damage_met_while_opening_is_answered_at_once(tmp_path: Path) -> None:
    filled(tmp_path, rows=600)
    for page in range(2, (tmp_path / "cache.db").stat().st_size // 8_192):
        flip(tmp_path / "cache.db", page * 8_192 + 300)
    with opened(tmp_path) as store:
        assert store.rebuilt
        assert len(store.outbox.pending()) == 5


def test_d5_what_is_readable_of_a_damaged_outbox_is_saved(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for n in range(300):
            row = observation(f"m{n}", "écrit " * 20)
            store.outbox.put(create(n, ANNE, row), shows=row.body or b"")
        store.vault.put("device-key", b"secret")
    path = tmp_path / "work.db"
    flip(path, (path.stat().st_size // 4_096 // 2) * 4_096 + 50)
    (tmp_path / "doubt").touch()
    with pytest.raises(StoreCorrupt):
        open_it(tmp_path)
    broken = path.read_bytes()
    saved = rescue(tmp_path, KEY, ManualClock())
    assert saved.incomplete == ("op",)
    assert 280 <= saved.saved["op"] < 300
    assert saved.damaged.read_bytes() == broken
    with opened(tmp_path) as store:
        ids = [op.id for op in store.outbox.pending()]
        assert len(ids) == saved.saved["op"]
        assert ids == sorted(ids, key=lambda rid: int(rid[1:]))
        assert store.vault.get("device-key") == b"secret"


def test_a_rescue_with_a_wrong_key_touches_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    before = image(tmp_path)
    with pytest.raises(WrongKey):
        rescue(tmp_path, bytes(32), ManualClock())
    assert image(tmp_path) == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_d5_a_wal_cut_anywhere_loses_only_its_end(tmp_path: Path, share: float) -> None:
    filled(tmp_path)
    work = open_writer(tmp_path / "work.db", KEY, page_bytes=None, synchronous="FULL")
    work.execute("PRAGMA wal_autocheckpoint = 0")
    for n in range(20):
        work.execute("INSERT INTO setting (name, value) VALUES (?, ?)", (f"s{n:02d}", "x" * 300))
    torn = tmp_path / "torn"
    torn.mkdir()
    for name in ("work.db", "work.db-wal", "cache.db"):
        (torn / name).write_bytes((tmp_path / name).read_bytes())
    work.close()
    wal = torn / "work.db-wal"
    os.truncate(wal, int(wal.stat().st_size * share))
    with opened(torn) as store:
        kept = [n for n in range(20) if store.settings.get(f"s{n:02d}")]
        assert kept == list(range(len(kept)))
        assert len(kept) == pytest.approx(20 * share, abs=2)
        assert len(store.outbox.pending()) == 5


# --- versions and old copies ---------------------------------------------------------------------------


def test_a_work_file_of_a_newer_program_is_refused_and_left(tmp_path: Path) -> None:
    filled(tmp_path)
    db = open_writer(tmp_path / "work.db", KEY, page_bytes=None, synchronous="FULL")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(TooNew):
        open_it(tmp_path)
    assert not list(tmp_path.glob("work.db.*"))


def test_a_cache_of_a_newer_program_is_begun_again(tmp_path: Path) -> None:
    filled(tmp_path)
    db = open_writer(tmp_path / "cache.db", KEY, page_bytes=8_192, synchronous="FULL")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with opened(tmp_path) as store:
        assert store.rebuilt
        assert len(store.outbox.pending()) == 5


def test_a_cache_of_another_page_size_is_begun_again(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "cache.db").unlink()
    (tmp_path / "cache.db").touch()
    db = open_writer(tmp_path / "cache.db", KEY, page_bytes=4_096, synchronous="FULL")
    db.execute("CREATE TABLE t (a)")
    db.close()
    with opened(tmp_path) as store:
        assert store.rebuilt


def test_d6_a_cache_of_another_profile_or_from_before_a_restore_is_not_believed(
    tmp_path: Path,
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    filled(one)
    with opened(other, key=KEY) as store:
        store.vault.put("x", b"y")
    stranger = LocalStore.open(tmp_path / "third", KEY, ManualClock(), SeededEntropy(77))
    stranger.close()
    (tmp_path / "third" / "cache.db").write_bytes((one / "cache.db").read_bytes())
    third = LocalStore.open(tmp_path / "third", KEY, ManualClock(), SeededEntropy(77))
    assert third.rebuilt
    third.close()
    old = (one / "cache.db").read_bytes()
    with opened(one) as store:
        store.sync.begin_restore(1)
    (one / "cache.db").write_bytes(old)
    with opened(one) as store:
        assert store.rebuilt
        assert list(store.records.rows(ANNE, ("Patient",))) == []


def test_d6_an_old_cache_put_back_never_shows_an_erased_patient_again(tmp_path: Path) -> None:
    filled(tmp_path)
    old = (tmp_path / "cache.db").read_bytes()
    with opened(tmp_path) as store:
        assert store.records.patients("dupont", 5)
        lose(store, ANNE)
        owed = store.sync.receipts_owed(5)
    (tmp_path / "cache.db").write_bytes(old)
    with opened(tmp_path) as store:
        assert store.records.patients("dupont", 5) == []
        assert [r for r in store.records.rows(ANNE) if r.rtype == "Patient"] == []
        assert list(store.sync.receipts_owed(5)) == list(owed)


def test_d6_an_old_cache_put_back_is_found_by_its_digest(tmp_path: Path) -> None:
    filled(tmp_path)
    old = (tmp_path / "cache.db").read_bytes()
    with opened(tmp_path) as store:
        page = Page(
            owner=ANNE, facet=CLINICAL, kind="page", term=TERM, since="end", to="e2",
            rows=(observation("o1", "nouveau", k=2),),
        )  # fmt: skip
        assert not store.sync.apply_page(page, 0).stale
        digest = store.sync.digest(ANNE, CLINICAL)
    (tmp_path / "cache.db").write_bytes(old)
    with opened(tmp_path) as store:
        held = store.sync.held_one(ANNE, CLINICAL)
        assert held is not None
        assert (held.at, store.sync.digest(ANNE, CLINICAL) == digest) == ("end", False)


def test_d6_one_old_page_put_back_is_reported_and_repaired(tmp_path: Path) -> None:
    """Every seal is right then, and the checks of SQLCipher and SQLite see nothing."""
    size, facet = 8_192, "tag-clinical"
    first = [observation(f"o{n}", f"mot{n} commun") for n in range(120)]
    later = [observation(f"o{n}", f"autre{n}", k=2) for n in range(0, 120, 3)]
    expected = {row.id: 1 for row in first} | {row.id: 2 for row in later}
    with opened(tmp_path) as store:
        copy(store, ANNE, first)
    path = tmp_path / "cache.db"
    old = path.read_bytes()
    with opened(tmp_path) as store:
        page = Page(
            owner=ANNE, facet=facet, kind="page", term=TERM, since="end", to="e2", rows=tuple(later)
        )
        assert not store.sync.apply_page(page, 0).stale
        told = store.sync.digest(ANNE, facet)
    new = path.read_bytes()
    pages = [
        n for n in range(1, len(old) // size) if old[n * size :][:size] != new[n * size :][:size]
    ]
    reverted = 0
    for n in pages:
        path.write_bytes(new[: n * size] + old[n * size : (n + 1) * size] + new[(n + 1) * size :])
        try:
            with opened(tmp_path) as store:
                shown = {row.id: row.version.k for row in store.records.rows(ANNE)}
                seen = store.sync.digest(ANNE, facet)
                held = store.sync.held_one(ANNE, facet)
                if store.rebuilt or shown == expected or held is None or held.at != "e2":
                    continue
                reverted += 1
                assert seen != told, f"page {n}"
                copy_again(store, facet, expected, first, later)
        except StoreCorrupt:
            assert (tmp_path / "doubt").exists()
        finally:
            (tmp_path / "doubt").unlink(missing_ok=True)
    assert reverted >= 1


def copy_again(
    store: LocalStore, facet: str, expected: dict[str, int], first: list[Row], later: list[Row]
) -> None:
    rows = {row.id: row for row in [*first, *later]}
    store.sync.forget(ANNE, facet)
    total = sum(row_digest(rid, 0, k) for rid, k in expected.items()) % DIGEST_MODULUS
    whole = Page(
        owner=ANNE, facet=facet, kind="page", term=TERM, to="e3", replace=True,
        rows=tuple(rows.values()), digest=f"{total:064x}",
    )  # fmt: skip
    assert store.sync.apply_page(whole, 0).digest_ok
    assert {row.id: row.version.k for row in store.records.rows(ANNE)} == expected


def test_d5_damage_anywhere_is_refused_or_harmless_and_never_wrong(tmp_path: Path) -> None:
    random = Random(5)
    filled(tmp_path, rows=40)
    with opened(tmp_path) as store:
        expected = list(store.records.rows(ANNE))
        waiting = list(store.outbox.pending())
    images = {name: (tmp_path / name).read_bytes() for name in ("work.db", "cache.db")}
    outcomes = set()
    for _ in range(40):
        name = random.choice(list(images))
        for each, raw in images.items():
            (tmp_path / each).write_bytes(raw)
        for left in (*tmp_path.glob("*-wal"), *tmp_path.glob("*-shm"), *tmp_path.glob("*.db.*")):
            left.unlink(missing_ok=True)
        (tmp_path / "doubt").unlink(missing_ok=True)
        flip(tmp_path / name, random.randrange(len(images[name])))
        try:
            with opened(tmp_path) as store:
                rows = list(store.records.rows(ANNE))
                pending = list(store.outbox.pending())
                outcomes.add("rebuilt" if store.rebuilt else "read")
                assert pending == waiting
                assert rows == expected or store.rebuilt
        except StoreCorrupt:
            outcomes.add("refused")
    assert outcomes == {"rebuilt", "read", "refused"}


# --- D12 -----------------------------------------------------------------------------------------------


def test_d12_nothing_typed_is_ever_syntax(tmp_path: Path) -> None:
    random = Random(12)
    odd = "\"'*():^{}+-~&|\\%_;,.<>\0\n\t\u202e\u200bé œ AND OR NOT NEAR words: found secret:VIP ٣"
    pieces = [
        *odd,
        "AND",
        "OR",
        "NEAR(",
        "words:",
        "O'Brien",
        "'; DROP TABLE op; --",
        "mot1",
        "12/",
    ]
    with opened(tmp_path) as store:
        copy(store, ANNE, [patient(ANNE, "O'Brien", "Zoé", "1958-07-14"), observation("a", "mot1")])
        for _ in range(1_500):
            typed = "".join(random.choices(pieces, k=random.randrange(1, 12)))
            store.records.search(typed, random.choice([None, ANNE]), 5)
            store.records.patients(typed, 5)
        assert [hit.id for hit in store.records.search("mot1", None, 5)] == ["a"]
        assert [line.owner for line in store.records.patients("o'bri", 5)] == [ANNE]
