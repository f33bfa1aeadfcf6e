"""Several threads and a full disk: readers, saves, pages and purges at once; nothing half done."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dossier.errors import DiskFull
from dossier.wire.messages import Head, Heads
from local_store.store import LocalStore
from tests.contracts.local_store_practice import (
    TERM,
    copy,
    create,
    lose,
    observation,
    opened,
    patient,
)

ANNE = 11
ROUNDS = 12


def together(*acts: Callable[[], None]) -> None:
    """Run every act in a thread of its own; an exception of any fails the test."""
    failed: list[BaseException] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        try:
            gate.wait(10)
            act()
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if failed:
        raise failed[0]


def test_hz_25_readers_see_a_whole_patient_or_none_while_it_comes_and_goes(tmp_path: Path) -> None:
    rows = [patient(ANNE, "Dupont", "Anne", "1958-07-14")]
    rows += [observation(f"o{n}", f"canari {n}") for n in range(30)]
    done = threading.Event()

    with opened(tmp_path) as store:

        def come_and_go() -> None:
            try:
                for n in range(ROUNDS):
                    copy(store, ANNE, rows, term=f"t{n}")
                    lose(store, ANNE, v=f"gone-{n}")
            finally:
                done.set()

        def read() -> None:
            while not done.is_set():
                assert len(store.records.rows(ANNE)) in (0, len(rows))
                assert len(store.records.search("canari", None, 50)) in (0, 30)
                assert len(store.records.patients("dup", 5)) in (0, 1)

        def save() -> None:
            for n in range(40):
                row = observation(f"mine{n}", "écrit")
                store.outbox.put(create(n, 99, row), shows=row.body or b"")
                store.drafts.keep("draft", 99, b"x" * n, "now")

        together(come_and_go, read, read, save)
        assert len(store.sync.receipts_owed(99)) == ROUNDS
        assert len(store.outbox.pending()) == 40
        assert list(store.records.rows(ANNE)) == []


def test_a_save_does_not_wait_for_a_page_being_applied(tmp_path: Path) -> None:
    """The two files have a writer each: one inside a transaction of the cache does not block work."""
    with opened(tmp_path) as store, store._cache.transaction():
        together(lambda: store.outbox.put(create(1, ANNE, observation("a", "x")), shows=b"{}"))
        assert [op.id for op in store.outbox.pending()] == ["a"]


def full(store: LocalStore, name: str) -> None:
    """No page more for a file, as on a full disk."""
    writer = store._work if name == "work" else store._cache
    with writer.alone() as db:
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")


def test_a_full_disk_refuses_a_save_and_keeps_everything_before(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        row = observation("a", "x")
        store.outbox.put(create(1, ANNE, row), shows=row.body or b"")
        full(store, "work")
        large = observation("b", "mot " * 20_000)
        with pytest.raises(DiskFull):
            store.outbox.put(create(2, ANNE, large), shows=large.body or b"")
        assert [op.id for op in store.outbox.pending()] == ["a"]
    with opened(tmp_path) as store:
        assert [op.id for op in store.outbox.pending()] == ["a"]


def test_a_full_disk_refuses_a_page_whole_and_the_cursor_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        copy(store, ANNE, [observation("a", "x")])
        full(store, "cache")
        other = Head(owner=12, facet="tag-x", kind="patient", term=TERM, at="end", rows=1)
        store.sync.apply_heads(Heads(restore=0, v="v2", heads=(other,)))
        with pytest.raises(DiskFull):
            copy(store, 12, [observation(f"b{n}", f"mot{n} " * 900) for n in range(60)])
        held = store.sync.held_one(12, "tag-x")
        assert held is not None
        assert (held.at, held.rows) == ("", 0)
        assert [row.id for row in store.records.rows(ANNE)] == ["a"]
        assert list(store.records.rows(12)) == []
