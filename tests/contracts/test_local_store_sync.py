"""The sealed store keeps the contract of the desktop's store, through every crash."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dossier.clock import to_wire
from dossier.entropy import SeededEntropy
from dossier.errors import BadAnswer
from dossier.wire.messages import Verdict, Version
from local_store.counted_days import counted_ms
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
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


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


class TestForgetting:
    """What the server acknowledged is kept for a restore: 14 days counted with it, whatever the clocks say."""

    DAY_S = 86_400.0

    @pytest.fixture
    def desk(self, tmp_path: Path) -> Iterator[LocalDesk]:
        desk = LocalDesk(tmp_path)
        yield desk
        desk.close()

    def accept(self, desk: LocalDesk, n: int, server: datetime) -> str:
        """The server says what time it is, accepts an op, shows it, and hears that its verdict is durable."""
        op = create(n, rid=f"a{n}")
        store, version = desk.store, Version(0, n)
        store.apply_heads(msgspec.structs.replace(heads(head(F1)), now=to_wire(server)))
        desk.outbox.put(op, shows=bytes(op.body or b""))
        store.next_ops(1, 100_000)
        store.apply_verdicts([Verdict(op_id=op.op_id, code="ok", version=version)])
        told = page(row(f"a{n}", k=n), since=store.held()[0].at, to=f"at-{n}")
        assert not store.apply_page(told, 0).stale
        store.acknowledged(store.unacknowledged(10))
        return op.op_id

    def comes_back(self, desk: LocalDesk) -> list[str]:
        """What a restored server is sent again."""
        desk.store.begin_restore(desk.store.restore() + 1)
        return [op.op_id for op in desk.store.next_ops(1_000, 10_000_000)]

    @pytest.mark.parametrize("days", [31, 400, -400])
    def test_n2_a_clock_of_ours_set_months_off_forgets_nothing(
        self, desk: LocalDesk, days: int
    ) -> None:
        first = self.accept(desk, 1, MONDAY)
        desk.clock.jump(days * self.DAY_S)
        desk.reopen()
        second = self.accept(desk, 2, MONDAY + timedelta(hours=1))
        desk.reopen()
        assert self.comes_back(desk) == [first, second]

    def test_a_clock_of_the_server_set_months_on_forgets_nothing(self, desk: LocalDesk) -> None:
        mine = [self.accept(desk, 1, MONDAY), self.accept(desk, 2, MONDAY + timedelta(days=60))]
        desk.reopen()
        assert self.comes_back(desk) == mine

    def test_both_clocks_wrong_forget_nothing(self, desk: LocalDesk) -> None:
        first = self.accept(desk, 1, MONDAY)
        desk.clock.jump(60 * self.DAY_S)
        second = self.accept(desk, 2, MONDAY + timedelta(days=60))
        desk.reopen()
        assert self.comes_back(desk) == [first, second]

    def test_what_is_older_than_fourteen_counted_days_goes(self, desk: LocalDesk) -> None:
        mine = [self.accept(desk, n, MONDAY + timedelta(days=n)) for n in range(1, 21)]
        assert self.comes_back(desk) == mine[-15:]

    def test_days_without_a_verdict_count_once_and_a_server_set_back_not_at_all(
        self, desk: LocalDesk
    ) -> None:
        mine = [
            self.accept(desk, n, MONDAY + timedelta(days=day))
            for n, day in enumerate((0, 30, 3, 60, 61), 1)
        ]
        with desk.local._work.alone() as db:  # type: ignore[union-attr]
            assert counted_ms(db) == 3 * 86_400_000
        assert self.comes_back(desk) == mine


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
