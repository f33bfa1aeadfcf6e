"""Rows copied whole: what a schema looks like, one moment of several databases, pieces that stay as they were."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.clock import SystemClock
from dossier.errors import Refused, StoreCorrupt, StoreError, TooNew
from server.backup import pieces
from server.backup.pieces import Cutter
from server.engines import FileEngine, key_steps, record_steps
from server.ports import CompartmentRow, OwnerTx
from server.store.layout import Table, tables
from server.store.postgres import PostgresStore
from server.store.postgres.copying import snapshot
from server.store.sqlite import SqliteStore
from server.store.sqlite.connection import PAGE_BYTES, connect
from server.store.sqlite.schema import migrate
from server.store.tables.sql import Row
from tests.contracts.server_store_contract import FACET
from tests.fakes.postgres import Cluster

PLAIN = Table("t", ("owner", "id", "cell"), ("owner", "id"))
ODD, EVEN = 101, 102


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Any], Any]:
    return runner.run


@pytest.mark.parametrize("steps", [record_steps(), key_steps()], ids=["records", "keys"])
def test_the_layout_read_from_the_migrations_is_the_catalogue_of_the_engine(steps: Any) -> None:
    connection = connect(Path(":memory:"), application_id=1, cache_kib=256)
    migrate(connection, steps, SystemClock())
    names = {row[0] for row in connection.rows("SELECT name FROM pragma_table_list")}
    found = tables(steps)
    assert {one.name for one in found} == {
        name for name in names if not name.startswith("sqlite_") and name != "schema_version"
    }
    for one in found:
        rows = connection.rows("SELECT name, pk FROM pragma_table_xinfo(?1)", (one.name,))
        assert one.columns == tuple(row[0] for row in rows)
        by_place = sorted((place, name) for name, place in rows if place)
        assert one.key == tuple(name for _, name in by_place)
    connection.close()


def test_a_schema_of_a_newer_program_is_refused() -> None:
    with pytest.raises(TooNew):
        record_steps(len(record_steps()) + 1)


def some_rows(count: int, size: int) -> list[Row]:
    return [(n, f"r{n}", bytes([n % 251]) * (size + n % 97)) for n in range(count)]


def cut(rows: Sequence[Row], at_once: int = 1_000) -> list[bytes]:
    cutter, found = Cutter(PLAIN), []
    for start in range(0, len(rows), at_once):
        found += cutter.add(rows[start : start + at_once])
    return [*found, *cutter.rest()]


@given(st.integers(0, 3_000), st.integers(0, 700), st.integers(1, 999))
def test_pieces_hold_every_row_in_order_however_the_rows_came(
    count: int, size: int, at_once: int
) -> None:
    rows = some_rows(count, size)
    found = cut(rows, at_once)
    assert found == cut(rows)
    assert [row for raw in found for row in pieces.read(raw, [PLAIN], "x").rows] == rows
    assert all(len(raw) >= pieces.LEAST for raw in found[:-1])


@given(st.integers(0, 4_999), st.booleans())
def test_a_row_that_comes_or_goes_changes_the_pieces_around_it_and_no_other(
    place: int, comes: bool
) -> None:
    rows = some_rows(5_000, 800)
    other = (
        rows[:place] + ([(place, "r", b"new"), rows[place]] if comes else []) + rows[place + 1 :]
    )
    before, after = cut(rows), cut(other)
    assert len(before) > 12
    assert len({*after} - {*before}) <= 4


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x93\xa1t\x93\xa5owner\xa2id\xa4cell",
        cut(some_rows(3, 9))[0].replace(b"\xa1t", b"\xa1u", 1),
        cut(some_rows(3, 9))[0].replace(b"\xa4cell", b"\xa4ce--", 1),
        b"\x93\xa1t\x93\xa5owner\xa2id\xa4cell\x91\x92\x01\xa1x",
    ],
    ids=["empty", "cut short", "another table", "another column", "a short row"],
)
def test_a_piece_of_another_shape_is_refused_and_never_becomes_a_statement(raw: bytes) -> None:
    with pytest.raises(Refused) as no:
        pieces.read(raw, [PLAIN], "x")
    assert no.value.code == "manifest_damaged"


async def both(dsns: Sequence[str]) -> PostgresStore:
    store = await PostgresStore.open(dsns, clock=SystemClock(), guard=True, connections=4)
    for owner in (ODD, EVEN):
        await store.write(owner, lambda tx: tx.owner.create("patient", "p", 1))
    return store


def step(number: int) -> Callable[[OwnerTx], Any]:
    async def work(tx: OwnerTx) -> None:
        await tx.owner.lock(1)
        await tx.compartments.put(CompartmentRow(FACET, number, 0, 0, 0, bytes(32)))

    return work


async def numbers(dsns: Sequence[str]) -> dict[int, int]:
    """The head of each owner at one moment of these databases."""
    table = next(one for one in tables(record_steps()) if one.name == "compartment")
    async with snapshot(dsns, record_steps()) as moment:
        return {row[0]: row[2] async for rows in moment.rows(table) for row in rows}


async def writing(store: PostgresStore) -> None:
    """Each number first in one database, then, once that is durable, in the other."""
    number = 0
    while True:
        number += 1
        await store.write(ODD, step(number))
        await store.write(EVEN, step(number))


def test_the_moments_of_two_databases_are_one_while_they_are_written_to(
    postgres: Cluster, run: Callable[[Any], Any]
) -> None:
    dsns = (postgres.database(), postgres.database())

    async def scene() -> list[dict[int, int]]:
        store = await both(dsns)
        await store.write(ODD, step(0))
        await store.write(EVEN, step(0))
        alone = await numbers(dsns[::-1][:1])
        await store.write(ODD, step(1))
        await store.write(EVEN, step(1))
        control = alone | await numbers(dsns[:1])
        assert control == {ODD: 0, EVEN: 1}, "the control: one after the other is no moment"
        writer = asyncio.create_task(writing(store))
        try:
            found = [await numbers(dsns) for _ in range(12)]
            while found[-1][EVEN] < 20:
                found.append(await numbers(dsns))
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
            await store.close()
        return found

    found = run(scene())
    for one in found:
        assert one[ODD] - one[EVEN] in {0, 1}, one
    assert len({one[ODD] for one in found}) > 3, "it was written to meanwhile"


def test_rows_of_several_databases_come_in_the_order_of_all(
    postgres: Cluster, run: Callable[[Any], Any]
) -> None:
    dsns = tuple(postgres.database() for _ in range(3))

    async def scene() -> list[int]:
        store = await PostgresStore.open(dsns, clock=SystemClock(), connections=4)
        for owner in range(1, 30):
            await store.write(owner, lambda tx: tx.owner.create("patient", "p", 1))
        await store.close()
        table = next(one for one in tables(record_steps()) if one.name == "owner")
        async with snapshot(dsns, record_steps()) as moment:
            return [row[0] async for rows in moment.rows(table) for row in rows]

    assert run(scene()) == list(range(1, 30))


def test_databases_of_different_schemas_have_no_common_moment(
    postgres: Cluster, run: Callable[[Any], Any]
) -> None:
    dsns = (postgres.database(), postgres.database())

    async def scene() -> None:
        newer = await asyncpg.connect(dsns[0])
        await newer.execute("INSERT INTO schema_version VALUES (900, 0)")
        await newer.close()
        with pytest.raises(StoreError, match="upgrade"):
            await numbers(dsns)

    run(scene())


async def _rows(engine: FileEngine) -> AsyncIterator[int]:
    async with engine.snapshot() as moment:
        for table in tables(record_steps()):
            async for rows in moment.rows(table):
                yield len(rows)


def test_a_file_with_a_damaged_page_is_never_taken_for_a_backup(
    tmp_path: Path, run: Callable[[Any], Any]
) -> None:
    path = tmp_path / "data.db"
    store = SqliteStore.open(path, clock=SystemClock())
    for owner in range(1, 400):
        store.write_now(owner, lambda tx: tx.owner.create("patient", "p", 1))
    store.close_now()
    engine = FileEngine(path, tmp_path / "keys.db")

    async def all_rows() -> int:
        return sum([count async for count in _rows(engine)])

    assert run(all_rows()) == 399
    raw = bytearray(path.read_bytes())
    for page in range(PAGE_BYTES, len(raw), PAGE_BYTES):
        raw[page : page + 8] = b"\xff" * 8
    path.write_bytes(raw)
    with pytest.raises(StoreCorrupt):
        run(all_rows())
