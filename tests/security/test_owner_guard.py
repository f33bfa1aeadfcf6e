"""OwnerGuard: a unit of work never leaves its owner, and no right is read before the lock (SCALE §2).

Planted violations must raise before they reach the engine; the statements of the product all pass.
"""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from server.ports import OwnerTx
from server.store.guard import OwnerBreach, OwnerGuard
from server.store.sqlite import SqliteStore
from server.store.tables import people, record, rights
from server.store.tables.sql import SIZES, Upsert
from server.store.tables.tx import SqlTx
from server.store.units import drive
from tests.contracts.test_sqlite_server_store import open_store

MINE, THEIRS = 5, 6


class Recorder:
    """A driver that notes what reaches it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def rows(self, sql: str, args: Sequence[object]) -> list[tuple[Any, ...]]:
        self.seen.append(sql)
        return []

    async def run(self, sql: str, args: Sequence[object]) -> int:
        self.seen.append(sql)
        return 1


PLANTED = {
    "no owner": ("SELECT id FROM resource WHERE rtype = $1", (MINE,)),
    "no condition": ("SELECT id FROM resource", (MINE,)),
    "owner second": ("SELECT id FROM resource WHERE rtype = $2 AND owner = $1", (MINE, "x")),
    "another placeholder": ("SELECT id FROM resource WHERE owner = $2", (MINE, THEIRS)),
    "longer placeholder": ("SELECT id FROM resource WHERE owner = $12", (MINE,)),
    "another owner": ("SELECT id FROM resource WHERE owner = $1", (THEIRS,)),
    "no arguments": ("SELECT id FROM resource WHERE owner = $1", ()),
    "either": ("SELECT id FROM resource WHERE owner = $1 OR subject = $1", (MINE,)),
    "join": (
        "SELECT r.id FROM resource r JOIN op o ON o.owner = r.owner WHERE owner = $1",
        (MINE,),
    ),
    "comma join": ("SELECT id FROM resource, op WHERE owner = $1", (MINE,)),
    "sub-query": (
        "SELECT id FROM resource WHERE owner = $1 AND facet IN (SELECT facet FROM access_grant)",
        (MINE,),
    ),
    "locking sub-query": (
        "UPDATE compartment SET head = (SELECT n FROM owner) WHERE owner = $1",
        (MINE,),
    ),
    "exists": ("UPDATE op SET at = 0 WHERE owner = $1 AND EXISTS (VALUES (1))", (MINE,)),
    "union": ("SELECT id FROM resource WHERE owner = $1 UNION VALUES (1)", (MINE,)),
    "with": ("WITH x AS (VALUES (1)) DELETE FROM op WHERE owner = $1", (MINE,)),
    "delete all": ("DELETE FROM op", (MINE,)),
    "update all": ("UPDATE op SET verdict = NULL", (MINE,)),
    "two statements": ("DELETE FROM op WHERE owner = $1; DELETE FROM op", (MINE,)),
    "clock": ("UPDATE op SET at = now() WHERE owner = $1", (MINE,)),
    "chance": ("UPDATE op SET at = random() WHERE owner = $1", (MINE,)),
    "current time": ("UPDATE op SET at = CURRENT_TIMESTAMP WHERE owner = $1", (MINE,)),
    "insert for others": (
        (
            "INSERT INTO deny (owner, account, since_v) VALUES ($1, $2, $3), ($4, $5, $6) "
            "ON CONFLICT (owner, account) DO NOTHING"
        ),
        (MINE, 1, 1, THEIRS, 1, 1),
    ),
    "insert owner later": (
        (
            "INSERT INTO deny (account, owner, since_v) VALUES ($2, $1, $3) "
            "ON CONFLICT (owner, account) DO NOTHING"
        ),
        (MINE, 1, 1),
    ),
    "insert without a key": (
        "INSERT INTO deny (owner, account, since_v) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        (MINE, 1, 1),
    ),
    "conflict on another key": (
        (
            "INSERT INTO deny (owner, account, since_v) VALUES ($1, $2, $3) "
            "ON CONFLICT (account) DO NOTHING"
        ),
        (MINE, 1, 1),
    ),
    "insert from a query": (
        "INSERT INTO deny (owner, account, since_v) SELECT owner, account, since_v FROM relation",
        (MINE,),
    ),
    "pragma": ("PRAGMA writable_schema = 1", (MINE,)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_never_reaches_the_engine(name: str) -> None:
    recorder = Recorder()
    guard = OwnerGuard(recorder, MINE, writing=False)
    sql, args = PLANTED[name]
    with pytest.raises(OwnerBreach):
        drive(guard.rows(sql, args))
    with pytest.raises(OwnerBreach):
        drive(guard.run(sql, args))
    assert recorder.seen == []


def test_confined_statements_pass() -> None:
    recorder = Recorder()
    guard = OwnerGuard(recorder, MINE, writing=False)
    drive(guard.rows("SELECT id FROM resource WHERE owner = $1", (MINE,)))
    drive(guard.run("DELETE FROM op WHERE owner = $1 AND op_id = $2", (MINE, "o")))
    for size in SIZES:
        text = Upsert("deny", ("account",), ("since_v",)).texts[size]
        drive(guard.run(text, (MINE, *range(2 * size))))
    assert len(recorder.seen) == 2 + len(SIZES)


def test_every_upsert_of_the_product_passes_in_every_size() -> None:
    checked = 0
    for module in (record, rights, people):
        for value in vars(module).values():
            held = value.values() if isinstance(value, dict) else [value]
            for upsert in (one for one in held if isinstance(one, Upsert)):
                for text in upsert.texts.values():
                    drive(OwnerGuard(Recorder(), MINE, writing=False).run(text, (MINE,)))
                    checked += 1
    assert checked >= 15 * len(SIZES)


def test_a_second_owner_inside_a_unit_of_work_raises_and_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data.db")

    async def cross(tx: OwnerTx) -> None:
        await tx.owner.create("patient", "p", 1)
        assert isinstance(tx, SqlTx)
        theirs = SqlTx(tx._sql, THEIRS, 0)
        await theirs.owner.create("patient", "p", 1)

    with pytest.raises(OwnerBreach):
        store.write_now(MINE, cross)
    for owner in (MINE, THEIRS):
        assert store.read_now(owner, lambda tx: tx.owner.get()) is None
    store.close_now()


@pytest.fixture
def guarded(tmp_path: Path) -> Any:
    store = open_store(tmp_path / "data.db")
    store.write_now(MINE, lambda tx: tx.owner.create("patient", "p", 1))
    yield store
    store.close_now()


async def late_lock(tx: OwnerTx) -> None:
    await tx.ops.get("o1")
    await tx.owner.lock(1)


async def rights_before_lock(tx: OwnerTx) -> None:
    await tx.access.grants("f")
    await tx.owner.lock(1)


async def rights_without_lock(tx: OwnerTx) -> None:
    await tx.access.deny(9, 1)


async def locked_first(tx: OwnerTx) -> None:
    await tx.owner.lock(1)
    await tx.access.grants("f")
    await tx.owner.lock(1)
    await tx.access.deny(9, 1)


@pytest.mark.parametrize("work", [late_lock, rights_before_lock, rights_without_lock])
def test_a_right_is_never_touched_before_the_lock(guarded: SqliteStore, work: Any) -> None:
    with pytest.raises(OwnerBreach):
        guarded.write_now(MINE, work)
    assert guarded.read_now(MINE, lambda tx: tx.owner.get()).n == 1


def test_the_lock_first_then_rights_passes_and_reading_needs_no_lock(guarded: SqliteStore) -> None:
    guarded.write_now(MINE, locked_first)
    assert guarded.read_now(MINE, lambda tx: tx.access.denied()) == [9]


def test_a_new_owner_is_its_own_lock(guarded: SqliteStore) -> None:
    async def enrol(tx: OwnerTx) -> None:
        await tx.owner.create("patient", "p", 1)
        await tx.access.deny(9, 1)
        await tx.owner.lock(1)

    guarded.write_now(THEIRS, enrol)


def test_without_the_guard_the_same_breach_is_not_noticed(tmp_path: Path) -> None:
    """The control: what the tests above see is the guard and nothing else."""
    store = open_store(tmp_path / "data.db", guard=False)
    store.write_now(MINE, rights_without_lock)
    store.close_now()


def test_no_statement_of_the_tables_is_built_from_a_value() -> None:
    """Formatted SQL holds names of ours only: module constants, fixed lists, placeholders."""
    allowed = {
        *("self._SELECT", "_RESOURCE", "_TOMBSTONE", "_GRANT", "_JOURNAL_ROW", "wanted", "table"),
        *("_KNOWN", "_FINISH", "len(args)", "i", "i + 1", "values"),
    }
    for module in (record, rights, people):
        source = inspect.getsource(module)
        for literal in re.findall(r'f"([^"]*)"', source):
            assert set(re.findall(r"\{([^}]*)\}", literal)) <= allowed, literal
