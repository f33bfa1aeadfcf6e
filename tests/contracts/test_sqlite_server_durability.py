"""What the embedded store promises about disks, crashes and strangers.

Nothing acknowledged is lost, nothing half-done is kept, nothing damaged is believed.
"""

import asyncio
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.errors import (
    DiskFull,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    TooNew,
)
from server.ports import OwnerTx
from server.store.keystore import SqliteKeyStore
from server.store.keystore.sealed import APPLICATION_ID as KEYS
from server.store.sqlite import SqliteStore
from server.store.sqlite.connection import PAGE_BYTES, Connection, DiskFailed, connect
from server.store.sqlite.store import APPLICATION_ID
from server.store.units import drive
from tests.contracts.server_store_contract import FACET, PATIENT, Hand, a_resource, an_op
from tests.contracts.store_child import CELL, owner_of
from tests.contracts.test_sqlite_server_store import open_store
from tests.fakes.fixed_root import FixedRoot

SETTINGS = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "trusted_schema": 0}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = open_store(path)
    yield opened
    opened.close_now()


def child(*args: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.store_child", *map(str, args)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def killed_after(path: Path, lines: int) -> set[int]:
    """What a loading process acknowledged until it was killed, some time after so many lines."""
    with child("load", path) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        return acknowledged([*said, *process.stdout.readlines()])


def acknowledged(lines: list[bytes]) -> set[int]:
    return {int(line) for line in lines if line.strip().isdigit()}


def units_in(path: Path) -> set[int]:
    """Numbers of the units stored; fails when one is half there or the store is unsound."""
    store = open_store(path)
    hand = Hand(store)
    found: set[int] = set()
    for owner in range(1, 5):
        rows = hand.read(lambda tx: tx.resources.of_facets(["f"]), owner)
        for row in rows:
            assert row.cell == CELL
            assert hand.read(lambda tx, row=row: tx.ops.get(row.id), owner) is not None
            number = int(row.id[1:])
            assert owner_of(number) == owner
            found.add(number)
    counts = hand.maintain("counts")
    assert counts["op"] == counts["resource"] == len(found)
    assert hand.maintain("check") == []
    store.close_now()
    return found


def raw_of(store: SqliteStore) -> Any:
    return store._writer._connection._raw


class Gate:
    """Holds the writer inside one unit of work, so that others queue behind it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._entered, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._entered.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._go.set()
        self._thread.join(5)

    def _hold(self) -> None:
        async def work(tx: OwnerTx) -> None:
            self._entered.set()
            self._go.wait(5)

        self._store.write_now(999, work)


def queued(store: SqliteStore, works: list[Any]) -> list[Any]:
    """Run the works (owner, unit) so that they share one transaction; results or exceptions."""

    async def together() -> list[Any]:
        with Gate(store):
            tasks = [asyncio.create_task(store.write(owner, work)) for owner, work in works]
            for _ in range(3):
                await asyncio.sleep(0)
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(together())


def put(rid: str, seq: int, **changes: Any) -> Any:
    return lambda tx: tx.resources.put([a_resource(rid, seq, **changes)])


def test_units_that_wait_together_share_one_commit_and_fail_alone(store: SqliteStore) -> None:
    async def spoil(tx: OwnerTx) -> None:
        await tx.resources.put([a_resource("spoilt", 50)])
        raise LookupError("mine alone")

    statements: list[str] = []
    raw_of(store).set_trace_callback(statements.append)
    works = [(PATIENT, put(f"r{i}", i)) for i in range(1, 10)]
    works.insert(4, (PATIENT, spoil))
    results = queued(store, works)
    raw_of(store).set_trace_callback(None)
    assert isinstance(results.pop(4), LookupError)
    assert results == [None] * 9
    assert statements.count("COMMIT") == 2, "the gate's own and one for the ten"
    found = store.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 99))
    assert [row.id for row in found] == [f"r{i}" for i in range(1, 10)]


def test_a_result_is_known_only_after_its_commit(store: SqliteStore, path: Path) -> None:
    seen: list[int] = []

    async def scene() -> None:
        async def one(i: int) -> None:
            await store.write(PATIENT, put(f"r{i}", i))
            rows = await store.read(PATIENT, lambda tx: tx.resources.since(FACET, 0, 99))
            assert f"r{i}" in {row.id for row in rows}
            seen.append(i)

        await asyncio.gather(*(one(i) for i in range(1, 30)))

    asyncio.run(scene())
    assert len(seen) == 29


def test_a_reader_sees_one_moment_while_writers_go_on(store: SqliteStore) -> None:
    store.write_now(PATIENT, put("a", 1))

    async def twice(tx: OwnerTx) -> tuple[int, int]:
        before = len(await tx.resources.since(FACET, 0, 99))
        thread = threading.Thread(target=store.write_now, args=(PATIENT, put("b", 2)))
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
        return before, len(await tx.resources.since(FACET, 0, 99))

    assert store.read_now(PATIENT, twice) == (1, 1)
    assert len(store.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 99))) == 2


def test_a_caller_that_gave_up_and_whose_loop_ended_harms_nobody(store: SqliteStore) -> None:
    async def leave() -> None:
        task = asyncio.create_task(store.write(PATIENT, put("a", 1)))
        await asyncio.sleep(0)
        task.cancel()

    with Gate(store):
        asyncio.run(leave())
    store.write_now(PATIENT, put("b", 2))
    found = store.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 9))
    assert [row.id for row in found] == ["a", "b"]


def test_closing_writes_what_was_submitted(path: Path) -> None:
    store = open_store(path)

    async def scene() -> list[Any]:
        with Gate(store):
            tasks = [
                asyncio.create_task(store.write(PATIENT, put(f"r{i}", i))) for i in range(1, 20)
            ]
            await asyncio.sleep(0)
            closing = threading.Thread(target=store.close_now)
            closing.start()
        results = await asyncio.gather(*tasks)
        closing.join(5)
        return results

    assert asyncio.run(scene()) == [None] * 19
    again = open_store(path)
    assert len(again.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 99))) == 19
    again.close_now()


def test_a_full_disk_fails_the_whole_group_and_the_store_goes_on(store: SqliteStore) -> None:
    store.write_now(PATIENT, put("before", 1))
    raw = raw_of(store)
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages + 2}")
    works = [(PATIENT, put("small", 2)), (PATIENT, put("large", 3, cell=bytes(200_000)))]
    results = queued(store, works)
    assert [type(result) for result in results] == [DiskFull, DiskFull]
    found = store.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 9))
    assert [row.id for row in found] == ["before"]
    raw.execute("PRAGMA max_page_count = 1000000")
    store.write_now(PATIENT, put("after", 4))
    assert Hand(store).maintain("check") == []


class FailingConnection(Connection):
    """A connection whose COMMIT meets a failing disk."""

    def run(self, sql: str, args: Any = ()) -> int:
        if sql == "COMMIT":
            raise DiskFailed("the disk of the store failed")
        return super().run(sql, args)


def test_after_a_disk_error_nothing_is_written_any_more_and_reading_goes_on(path: Path) -> None:
    store = open_store(path)
    store.write_now(PATIENT, put("before", 1))
    sound = store._writer._connection
    store._writer._connection = FailingConnection(sound._raw)
    with pytest.raises(DiskFailed):
        store.write_now(PATIENT, put("a", 2))
    store._writer._connection = sound
    with pytest.raises(DiskFailed, match="stopped"):
        store.write_now(PATIENT, put("c", 4))
    found = store.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 9))
    assert [row.id for row in found] == ["before"]
    store.close_now()
    again = open_store(path)
    again.write_now(PATIENT, put("d", 5))
    again.close_now()


@pytest.mark.parametrize("lines_before_death", [1, 40, 300])
def test_kill_9_under_load_loses_nothing_acknowledged(path: Path, lines_before_death: int) -> None:
    acked = killed_after(path, lines_before_death)
    assert len(acked) >= lines_before_death
    assert acked <= units_in(path)
    acked |= killed_after(path, 10)
    assert acked <= units_in(path)


def test_a_data_key_is_on_the_disk_before_anybody_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "keystore.db"
    with child("keys", path) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(60)]
        process.kill()
        said += process.stdout.readlines()
    keys = SqliteKeyStore.open(path, FixedRoot(), clock=SystemClock(), entropy=SeededEntropy(9))
    whole = [line.split() for line in said if line.endswith(b"\n")]
    assert len(whole) >= 60
    for subject, key in whole:
        assert drive(keys.key_at(int(subject), 1)).hex().encode() == key
    keys.close_now()


def test_a_file_that_may_not_grow_loses_nothing_acknowledged(path: Path) -> None:
    process = child("load", path, 700_000)
    out, _ = process.communicate(timeout=60)
    lines = out.splitlines()
    assert lines[-1].startswith(b"failed "), lines[-3:]
    assert acknowledged(lines)
    assert acknowledged(lines) <= units_in(path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = os.name == "posix" and os.geteuid() == 0
    if made:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
        made = subprocess.run(command, check=False, capture_output=True).returncode == 0
    if not made:
        pytest.skip("making a small file system needs root and mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_file_system_loses_nothing_acknowledged(small_disk: Path, tmp_path: Path) -> None:
    process = child("load", small_disk / "data.db")
    out, _ = process.communicate(timeout=60)
    lines = out.splitlines()
    assert lines[-1] == b"failed DiskFull", lines[-3:]
    for name in ("data.db", "data.db-wal"):
        shutil.copy(small_disk / name, tmp_path / name)
    assert acknowledged(lines)
    assert acknowledged(lines) <= units_in(tmp_path / "data.db")


def test_a_read_only_disk_is_refused_with_a_reason(small_disk: Path) -> None:
    open_store(small_disk / "data.db").close_now()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError):
        open_store(small_disk / "data.db")
    with pytest.raises(StoreError):
        open_store(small_disk / "other.db")


def test_a_write_ahead_log_cut_anywhere_leaves_a_prefix_of_the_commits(
    path: Path, tmp_path: Path
) -> None:
    store = open_store(path)
    for i in range(1, 30):
        store.write_now(PATIENT, put(f"r{i:02}", i, cell=bytes(2000)))
    image, log = path.read_bytes(), path.with_name("data.db-wal").read_bytes()
    store.close_now()
    dice = random.Random(7)
    for turn in range(8):
        copy = tmp_path / f"cut{turn}.db"
        copy.write_bytes(image)
        cut = len(log) if turn == 0 else dice.randrange(len(log))
        copy.with_name(copy.name + "-wal").write_bytes(log[:cut])
        again = open_store(copy)
        rows = again.read_now(PATIENT, lambda tx: tx.resources.since(FACET, 0, 99))
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) == 29 or turn > 0
        assert Hand(again).maintain("check") == []
        again.close_now()


def damaged_copy(path: Path, image: bytes, flips: dict[int, int]) -> Path:
    """The image with some bits flipped, beside the original."""
    changed = bytearray(image)
    for place, bits in flips.items():
        changed[place] ^= bits
    copy = path.with_name("damaged.db")
    copy.write_bytes(changed)
    for tail in ("-wal", "-shm"):
        copy.with_name(copy.name + tail).unlink(missing_ok=True)
    return copy


def a_filled_image(path: Path) -> bytes:
    store = open_store(path)
    for i in range(1, 40):
        store.write_now(PATIENT, put(f"r{i:02}", i, cell=b"%02d" % i * 1500))
    store.close_now()
    image = path.read_bytes()
    assert len(image) // PAGE_BYTES > 20
    return image


def test_a_page_whose_structure_is_damaged_is_noticed(path: Path) -> None:
    image = a_filled_image(path)
    for page in range(len(image) // PAGE_BYTES):
        copy = damaged_copy(path, image, {page * PAGE_BYTES + (100 if page == 0 else 0): 0x35})
        try:
            again = open_store(copy)
        except StoreCorrupt:
            continue
        assert Hand(again).maintain("check") != [], page
        again.close_now()


def test_a_flipped_bit_anywhere_is_corruption_or_one_wrong_row_never_a_crash(path: Path) -> None:
    """Cells are authenticated by whoever opens them: here at most the row that was hit differs."""
    image = a_filled_image(path)
    store = open_store(path)
    sound = store.read_now(PATIENT, lambda tx: tx.resources.of_facets([FACET]))
    store.close_now()
    dice, noticed = random.Random(11), 0
    for _ in range(120):
        copy = damaged_copy(path, image, {dice.randrange(len(image)): 1 << dice.randrange(8)})
        try:
            again = open_store(copy)
        except StoreError:
            noticed += 1
            continue
        try:
            noticed += Hand(again).maintain("check") != []
            rows = again.read_now(PATIENT, lambda tx: tx.resources.of_facets([FACET]))
            assert len([row for row in rows if row not in sound]) <= 1
        except StoreCorrupt:
            noticed += 1
        finally:
            again.close_now()
    assert noticed, "the control: some of these flips are noticed"


def test_damage_met_while_writing_stops_the_store(path: Path) -> None:
    image = a_filled_image(path)
    pages = len(image) // PAGE_BYTES
    flips = {page * PAGE_BYTES: 0x35 for page in range(pages // 2, pages)}
    again = open_store(damaged_copy(path, image, flips))  # the schema lies before those pages
    with pytest.raises(StoreCorrupt, match="damaged"):
        again.write_now(PATIENT, put("r39", 99))
    with pytest.raises(StoreCorrupt, match="stopped"):
        again.write_now(7, put("elsewhere", 1))
    again.close_now()


def test_a_second_process_is_refused_until_the_first_dies(path: Path) -> None:
    with child("hold", path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(StoreLocked):
            open_store(path)
        process.kill()
    open_store(path).close_now()


def test_a_second_opening_in_this_process_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreLocked):
        open_store(path)
    store.write_now(PATIENT, put("a", 1))


def test_everything_is_there_after_reopening(path: Path) -> None:
    store = open_store(path)
    store.write_now(PATIENT, put("a", 1))
    store.write_now(PATIENT, lambda tx: tx.ops.put(an_op("o1")))
    store.close_now()
    store.close_now()
    again = open_store(path)
    assert again.read_now(PATIENT, lambda tx: tx.resources.get("Observation", "a")) is not None
    assert again.read_now(PATIENT, lambda tx: tx.ops.get("o1")) == an_op("o1")
    again.close_now()


def test_foreign_files_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    another = tmp_path / "another.db"
    raw = connect(another, application_id=99, cache_kib=64)
    raw.run("CREATE TABLE owner (a)")
    raw.close()
    unmarked = tmp_path / "unmarked.db"
    raw = connect(unmarked, application_id=0, cache_kib=64)
    raw.run("CREATE TABLE owner (a)")
    raw.close()
    text = tmp_path / "text.db"
    text.write_bytes(b"a letter, not a store. " * 2000)
    for path in (another, unmarked, text):
        before = path.read_bytes()
        with pytest.raises(StoreCorrupt):
            open_store(path)
        assert path.read_bytes() == before
    (tmp_path / "folder.db").mkdir()
    for path in (tmp_path / "folder.db", tmp_path / "no" / "such" / "folder.db"):
        with pytest.raises(StoreError):
            open_store(path)


def test_keys_are_never_opened_as_rows(tmp_path: Path) -> None:
    raw = connect(tmp_path / "keystore.db", application_id=KEYS, cache_kib=64)
    raw.run("CREATE TABLE dek (a)")
    raw.close()
    with pytest.raises(StoreCorrupt):
        open_store(tmp_path / "keystore.db")


def test_a_file_of_a_newer_program_is_refused(path: Path) -> None:
    open_store(path).close_now()
    raw = connect(path, application_id=APPLICATION_ID, cache_kib=64)
    raw.run("INSERT INTO schema_version (version, applied) VALUES (99, 0)")
    raw.close()
    with pytest.raises(TooNew):
        open_store(path)


def test_every_commit_reaches_the_disk_before_it_is_answered(store: SqliteStore) -> None:
    settings = {name: raw_of(store).execute(f"PRAGMA {name}").fetchone()[0] for name in SETTINGS}
    assert settings == SETTINGS


def test_the_files_are_private(store: SqliteStore, path: Path) -> None:
    store.write_now(PATIENT, put("a", 1))
    files = [file for file in path.parent.iterdir() if file.name.startswith("data.db")]
    assert len(files) >= 3
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []
