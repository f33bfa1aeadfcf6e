"""The fake store of the desktop keeps the contract of the sealed one."""

import pytest

from dossier.entropy import SeededEntropy
from tests.contracts.sync_store_contract import Desk, OpenDesk, SyncStoreContract
from tests.fakes.manual_clock import ManualClock
from tests.fakes.memory_sync_store import CrashAt, Disk, MemorySyncStore


class MemoryDesk:
    """One disk, and the process that has it open."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.disk = Disk()
        self.failpoint = CrashAt()
        self.reopen()

    @property
    def steps(self) -> int:
        return len(self.failpoint.steps)

    @property
    def outbox(self) -> MemorySyncStore:
        return self.store

    @property
    def reader(self) -> MemorySyncStore:
        return self.store

    def die_at(self, step: int | None) -> None:
        self.failpoint.n = step
        self.failpoint.steps.clear()

    def reopen(self) -> None:
        self.store = MemorySyncStore(self.disk, self.clock, SeededEntropy(1), self.failpoint)

    def lose_cache(self) -> None:
        self.disk.lose_cache()
        self.reopen()


class TestMemorySyncStore(SyncStoreContract):
    @pytest.fixture
    def open_desk(self) -> OpenDesk:
        return MemoryDesk

    @pytest.fixture
    def desk(self, open_desk: OpenDesk) -> Desk:
        return open_desk()
