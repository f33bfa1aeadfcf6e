"""Driving a unit of work, where a reader lies, and the fixed sizes of statements."""

import asyncio
import re

import pytest

from server.store.tables.sql import SIZES, Upsert, in_fixed_sizes
from server.store.units import WaitingUnit, drive, is_team


class Counting:
    """A driver that notes how many rows each statement writes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.args: list[object] = []

    async def rows(self, sql, args):
        raise AssertionError("an upsert returns nothing")

    async def run(self, sql, args):
        self.sizes.append(sql.count("($1"))
        assert max(int(n) for n in re.findall(r"\$(\d+)", sql)) == len(args)
        self.args += args[1:]
        return 0


def test_driving_returns_raises_and_never_waits() -> None:
    async def seven() -> int:
        return 7

    async def fail() -> None:
        raise LookupError

    closed = []

    async def wait() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    assert drive(seven()) == 7
    with pytest.raises(LookupError):
        drive(fail())
    with pytest.raises(WaitingUnit):
        drive(wait())
    assert closed == [True], "what waited was closed"


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, [1]),
        (3, [2, 1]),
        (19, [10, 5, 2, 2]),
        (150, [50, 50, 50]),
        (88, [50, 20, 10, 5, 2, 1]),
    ],
)
def test_rows_go_in_fixed_sizes_and_none_is_left(count: int, sizes: list[int]) -> None:
    driver = Counting()
    rows = [(i, f"v{i}") for i in range(count)]
    drive(Upsert("deny", ("account",), ("since_v",)).put(driver, 5, rows))
    assert driver.sizes == sizes
    assert driver.args == [value for row in rows for value in row]


def test_an_upsert_names_the_whole_key_and_nothing_volatile() -> None:
    assert Upsert("t", ("a", "b"), ("c",)).texts[2] == (
        "INSERT INTO t (owner, a, b, c) VALUES ($1, $2, $3, $4), ($1, $5, $6, $7) "
        "ON CONFLICT (owner, a, b) DO UPDATE SET c = excluded.c"
    )
    assert (
        Upsert("t", (), ("c",))
        .texts[1]
        .endswith("ON CONFLICT (owner) DO UPDATE SET c = excluded.c")
    )
    assert Upsert("t", ("a",), ()).texts[1].endswith("ON CONFLICT (owner, a) DO NOTHING")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 50, 51, 120])
def test_lists_are_asked_in_fixed_sizes_without_losing_a_value(count: int) -> None:
    values = [f"f{i}" for i in range(count)]
    pieces = list(in_fixed_sizes([*values, *values[:1]]))
    assert {value for piece in pieces for value in piece} == set(values)
    assert all(len(piece) in SIZES for piece in pieces)


def test_a_reader_is_a_person_or_a_team_of_its_own_shard() -> None:
    assert is_team("m:801:doctor", 801)
    assert not is_team("a:801", 801)
    for reader, owner in (("m:801:doctor", 80), ("a:8010", 801), ("x:801", 801), ("", 0)):
        with pytest.raises(ValueError, match="does not lie"):
            is_team(reader, owner)
