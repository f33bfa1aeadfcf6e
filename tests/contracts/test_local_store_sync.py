"""The sealed store keeps the contract of the desktop's store, through every crash."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.entropy import SeededEntropy
from local_store.outbox import LocalOutbox
from local_store.records import LocalRecordReader
from local_store.store import LocalStore
from local_store.sync_store import LocalSyncStore
from tests.contracts.sync_store_contract import Desk, OpenDesk, SyncStoreContract
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import CrashAt

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
