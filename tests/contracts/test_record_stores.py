"""The fake store of the services' tests and the sealed one pass one suite."""

from types import SimpleNamespace

import pytest

from dossier.entropy import SeededEntropy
from local_store.store import LocalStore
from tests.contracts.record_store_contract import RecordStoreContract
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryRecordStore


class TestMemoryRecordStore(RecordStoreContract):
    @pytest.fixture
    def store(self):
        memory = MemoryRecordStore()
        return SimpleNamespace(
            reader=memory, outbox=memory, settings=memory.settings, drafts=memory.drafts
        )


class TestLocalRecordStore(RecordStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        local = LocalStore.open(tmp_path / "store", bytes(32), ManualClock(), SeededEntropy(1))
        yield SimpleNamespace(
            reader=local.records, outbox=local.outbox, settings=local.settings, drafts=local.drafts
        )
        local.close()
