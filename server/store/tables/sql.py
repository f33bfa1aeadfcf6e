"""The driver the tables speak to, and the multi-row upsert of SCALE §2 rules 10 and 11."""

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import chain
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]

SIZES = (50, 20, 10, 5, 2, 1)
"""Fixed numbers of rows per INSERT, so that few statements are ever prepared."""


class Sql(Protocol):
    """Runs statements inside the open transaction. Placeholders are `$1`, `$2`... A limit is written
    `$3 + 0`: SQLite prepares a statement again each time a bare one is bound.

    Raises the StoreError family; never a driver's exception.
    """

    async def rows(self, sql: str, args: Sequence[object]) -> list[Row]:
        """Every row a statement returns."""
        ...

    async def run(self, sql: str, args: Sequence[object]) -> int:
        """Run a statement that returns nothing; how many rows it touched."""
        ...


def in_fixed_sizes(values: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """The distinct values in tuples of a fixed size; the last one is filled by repeating a value."""
    distinct = tuple(dict.fromkeys(values))
    for start in range(0, len(distinct), SIZES[0]):
        piece = distinct[start : start + SIZES[0]]
        size = min(size for size in SIZES if size >= len(piece))
        yield piece + piece[:1] * (size - len(piece))


def in_whole_sizes(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in the fewest pieces of the fixed sizes, none of them filled."""
    start, left = 0, len(values)
    for size in SIZES:
        while left >= size:
            yield values[start : start + size]
            start, left = start + size, left - size


@cache
def within(size: int) -> str:
    """`$2, $3, ...`: the places of `size` values behind the owner."""
    return ", ".join(f"${i}" for i in range(2, 2 + size))


class Upsert:
    """`INSERT ... ON CONFLICT (full primary key) DO UPDATE` of one OWNED table.

    `key` and `rest` are the columns after `owner`; rows give them in that order, with distinct keys.
    """

    def __init__(self, table: str, key: Sequence[str], rest: Sequence[str]) -> None:
        self._table = table
        self._key = ("owner", *key)
        self._rest = tuple(rest)

    @cached_property
    def texts(self) -> dict[int, str]:
        """The statement for each fixed number of rows."""
        return {size: self._text(size) for size in SIZES}

    async def put(self, sql: Sql, owner: int, rows: Sequence[Row]) -> None:
        """Write the rows in the fewest statements."""
        for piece in in_whole_sizes(rows):
            await sql.run(self.texts[len(piece)], (owner, *chain.from_iterable(piece)))

    def _text(self, size: int) -> str:
        columns = (*self._key, *self._rest)
        width = len(columns) - 1
        tuples = ", ".join(
            f"($1, {', '.join(f'${1 + row * width + i}' for i in range(1, width + 1))})"
            if width
            else "($1)"
            for row in range(size)
        )
        sets = ", ".join(f"{name} = excluded.{name}" for name in self._rest)
        return (
            f"INSERT INTO {self._table} ({', '.join(columns)}) VALUES {tuples} "  # noqa: S608 - names of ours
            f"ON CONFLICT ({', '.join(self._key)}) DO "
            + (f"UPDATE SET {sets}" if sets else "NOTHING")
        )
