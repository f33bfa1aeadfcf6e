"""What the tables of a schema look like to a program that copies them whole, whatever the engine.

Read from the migrations themselves. The kinds of column are two: bytes, and what prints the same on every
engine (integers, text compared byte by byte); so rows in the order of their key are equal on all of them.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import NamedTuple, Protocol

from server.store.migrations import Migration, statements
from server.store.tables.sql import Row

_CREATED = re.compile(r"CREATE TABLE (\w+) \((.*)\)", re.DOTALL)
_ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+)")
_KEY = re.compile(r"PRIMARY KEY \(([^)]*)\)")
_VERSION = "schema_version"


class Table(NamedTuple):
    """One table: its columns in the order they were made, those of its key first to last."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def in_order(self) -> str:
        """Every row, in the order of the key."""
        return (
            f"SELECT {', '.join(self.columns)} FROM {self.name} "  # noqa: S608 - names of ours
            f"ORDER BY {', '.join(self.key)}"
        )


class Rows(NamedTuple):
    """Some rows of one table; each row has the values of `columns`."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


class Snapshot(Protocol):
    """One moment of the databases of one kind. Raises the StoreError family."""

    @property
    def schema(self) -> int:
        """The newest migration that was applied."""
        ...

    def rows(self, table: Table) -> AsyncIterator[Sequence[Row]]:
        """Every row of that moment in the order of the key, some at a time."""
        ...


class Load(Protocol):
    """Fills databases that were empty. Raises the StoreError family."""

    async def put(self, rows: Rows) -> None: ...


def tables(steps: Iterable[Migration]) -> tuple[Table, ...]:
    """The tables these steps made, in the order they made them; not the one that counts the steps."""
    columns: dict[str, tuple[str, ...]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for step in steps:
        for text in statements(step.text):
            if made := _CREATED.fullmatch(text):
                names = [line.split()[0] for line in made[2].strip().splitlines()]
                columns[made[1]] = tuple(name for name in names if name != "PRIMARY")
                key = _KEY.search(made[2])
                assert key is not None, "every table has a primary key"
                keys[made[1]] = tuple(name.strip() for name in key[1].split(","))
            elif added := _ADDED.match(text):
                columns[added[1]] += (added[2],)
    return tuple(
        Table(name, found, keys[name]) for name, found in columns.items() if name != _VERSION
    )
