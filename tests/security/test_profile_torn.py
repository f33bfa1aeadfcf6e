"""D5: killed while the log was folded into a file: torn pages that still lie whole in the log are no damage."""

import shutil
from pathlib import Path

import pytest

from dossier.errors import StoreCorrupt
from local_store.store import LocalStore
from tests.contracts.local_store_practice import create, observation, opened

WAL_HEAD, FRAME_HEAD = 32, 24
OPS = 40


def pages_in_log(log: bytes) -> tuple[int, set[int]]:
    """The size of a page, and which pages the log holds (SQLite file format, 4.1 and 4.2)."""
    size = int.from_bytes(log[8:12], "big")
    starts = range(WAL_HEAD, len(log) - FRAME_HEAD, FRAME_HEAD + size)
    return size, {int.from_bytes(log[at : at + 4], "big") for at in starts}


def written(store: LocalStore, first: int) -> None:
    for n in range(first, first + OPS):
        row = observation(f"mine{n}", "mot " * 200)
        store.outbox.put(create(n, 99, row), shows=row.body or b"")


def killed(folder: Path, copy: Path) -> Path:
    """A profile as a kill leaves it: some of its pages in the file, newer ones in its log alone."""
    with opened(folder) as store:
        written(store, 0)
    with opened(folder) as store:
        written(store, OPS)
        shutil.copytree(folder, copy)
    return copy / "work.db"


def torn(file: Path, pages: set[int], size: int) -> int:
    """Half of each of these pages is of another write; how many there were."""
    raw = bytearray(file.read_bytes())
    within = [page for page in pages if 1 < page <= len(raw) // size]
    for page in within:
        half = (page - 1) * size + size // 2
        raw[half : half + 64] = bytes(64)
    file.write_bytes(raw)
    return len(within)


def test_d5_a_page_torn_while_the_log_was_folded_in_is_whole_again_from_the_log(
    tmp_path: Path,
) -> None:
    file = killed(tmp_path / "store", tmp_path / "copy")
    size, pages = pages_in_log(file.with_name("work.db-wal").read_bytes())
    assert torn(file, pages, size) >= 1
    with opened(file.parent) as store:
        assert {op.id for op in store.outbox.pending()} == {f"mine{n}" for n in range(2 * OPS)}


def test_d5_a_page_torn_that_no_log_holds_is_damage(tmp_path: Path) -> None:
    file = killed(tmp_path / "store", tmp_path / "copy")
    size, pages = pages_in_log(file.with_name("work.db-wal").read_bytes())
    assert torn(file, set(range(2, 10_000)) - pages, size) >= 1
    with pytest.raises(StoreCorrupt), opened(file.parent):
        raise AssertionError("a damaged file was opened")
