"""SqliteStore passes the store contract, with OwnerGuard on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from server.store.sqlite import SqliteStore
from tests.contracts.server_store_contract import RestoreNumberContract, StoreContract


def open_store(path: Path, **changes: object) -> SqliteStore:
    options = {"clock": SystemClock(), "guard": True, **changes}
    return SqliteStore.open(path, **options)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "data.db")
    yield opened
    opened.close_now()


class TestSqliteStore(StoreContract):
    pass


class TestRestoredSqliteStore(RestoreNumberContract):
    @pytest.fixture
    def restored(self, tmp_path: Path) -> Iterator[SqliteStore]:
        before = open_store(tmp_path / "data.db")
        before.write_now(901, lambda tx: tx.projections.put("a:901", 1, "f", 1))
        before.close_now()
        opened = open_store(tmp_path / "data.db", restore=2)
        yield opened
        opened.close_now()
