"""Reading across owners beside the process that has the store open: for the operator's commands."""

from collections.abc import Sequence
from pathlib import Path

from dossier.errors import StoreError
from server.store.sqlite.readers import Readers
from server.store.sqlite.store import APPLICATION_ID
from server.store.tables import across


class Beside:
    """A snapshot for each question; nothing can be written through it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise StoreError(f"{path.name} is missing; nothing was made in its place, put it back")
        self._readers = Readers(path, APPLICATION_ID)

    def holders(self, space: str, names: Sequence[int]) -> list[int | None]:
        return self._readers.read(lambda sql: across.holders(sql, space, names))

    def close(self) -> None:
        self._readers.close()
