"""The sealed store keeps the contract of the desktop's store, through every crash."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.entropy import SeededEntropy
from dossier.errors import BadAnswer
from dossier.wire.messages import Verdict, Version
from local_store.outbox import LocalOutbox
from local_store.records import LocalRecordReader
from local_store.store import LocalStore
from local_store.sync_store import LocalSyncStore
from practitioner_app.ports import ItemState
from tests.contracts.sync_store_contract import (
    F1,
    F2,
    PATIENT,
    Desk,
    OpenDesk,
    SyncStoreContract,
    create,
    head,
    heads,
    page,
    row,
)
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import Crash, CrashAt

KEY = bytes(range(32))


class LocalDesk:
    """One folder, and the process that has it open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.entropy = SeededEntropy(1)
        self.failpoint = CrashAt()
        self.local: LocalStore | None = None
        self.reopen()
        self.failpoint.steps.clear()

    @property
    def store(self) -> LocalSyncStore:
        assert self.local is not None
        return self.local.sync

    @property
    def outbox(self) -> LocalOutbox:
        assert self.local is not None
        return self.local.outbox

    @property
    def reader(self) -> LocalRecordReader:
        assert self.local is not None
        return self.local.records

    @property
    def steps(self) -> int:
        return len(self.failpoint.steps)

    def die_at(self, step: int | None) -> None:
        self.failpoint.n = step
        self.failpoint.steps.clear()

    def reopen(self) -> None:
        self.close()
        self.local = LocalStore.open(
            self.folder, KEY, self.clock, self.entropy, failpoint=self.failpoint
        )

    def lose_cache(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"cache.db{suffix}").unlink(missing_ok=True)
        self.reopen()

    def close(self) -> None:
        if self.local is not None:
            self.local.close()
            self.local = None


class TestPagesTogether:
    """Several small pages of one answer are one commit of the cache, and work.db hears of them after it."""

    @pytest.fixture
    def desk(self, tmp_path: Path) -> Iterator[Desk]:
        desk = LocalDesk(tmp_path)
        desk.store.apply_heads(heads(head(F1), head(F2)))
        yield desk
        desk.close()

    @staticmethod
    def take_both(desk: Desk) -> None:
        with desk.store.together({PATIENT}):
            for told in (page(row("a")), page(row("b"), facet=F2)):
                assert not desk.store.apply_page(told, 0).stale

    def test_both_are_there_after_one_commit(self, desk: Desk) -> None:
        desk.die_at(None)
        self.take_both(desk)
        assert desk.steps == 2, "before and after one commit"
        assert {r.id for r in desk.reader.rows(PATIENT)} == {"a", "b"}
        assert all(one.complete for one in desk.store.held())

    def test_a_crash_at_the_commit_leaves_neither_rows_nor_cursors(self, desk: Desk) -> None:
        desk.die_at(1)
        with pytest.raises(Crash):
            self.take_both(desk)
        desk.reopen()
        assert not desk.reader.rows(PATIENT)
        assert {one.at for one in desk.store.held()} == {""}
        self.take_both(desk)
        assert {r.id for r in desk.reader.rows(PATIENT)} == {"a", "b"}

    def test_what_is_raised_inside_leaves_none_of_them(self, desk: Desk) -> None:
        with pytest.raises(BadAnswer), desk.store.together({PATIENT}):
            desk.store.apply_page(page(row("a")), 0)
            raise BadAnswer("inside")
        assert not desk.reader.rows(PATIENT)
        self.take_both(desk)
        assert {r.id for r in desk.reader.rows(PATIENT)} == {"a", "b"}

    def test_an_acknowledged_op_covers_its_row_until_the_commit(self, desk: Desk) -> None:
        op = create(1, rid="a")
        desk.outbox.put(op, shows=bytes(op.body or b""))
        desk.store.next_ops(1, 100_000)
        desk.store.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=Version(0, 1))])
        desk.die_at(1)
        with pytest.raises(Crash):
            self.take_both(desk)
        desk.reopen()
        assert [(r.id, r.state) for r in desk.reader.rows(PATIENT)] == [("a", ItemState.SENT)]
        self.take_both(desk)
        assert {(r.id, r.state) for r in desk.reader.rows(PATIENT)} == {
            ("a", ItemState.CONFIRMED),
            ("b", ItemState.CONFIRMED),
        }


class TestLocalSyncStore(SyncStoreContract):
    @pytest.fixture
    def open_desk(self, tmp_path: Path) -> Iterator[OpenDesk]:
        desks: list[LocalDesk] = []

        def make() -> LocalDesk:
            desks.append(LocalDesk(tmp_path / str(len(desks))))
            return desks[-1]

        yield make
        for desk in desks:
            desk.close()
            shutil.rmtree(desk.folder)

    @pytest.fixture
    def desk(self, open_desk: OpenDesk) -> Desk:
        return open_desk()
