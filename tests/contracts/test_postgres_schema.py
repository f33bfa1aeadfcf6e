"""The schema on PostgreSQL: SCALE §2 read from its catalogue, and migrations while others work."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from dossier.clock import SystemClock
from dossier.errors import Busy, TooNew
from server.store.migrations import Migration, all_migrations, parse
from server.store.postgres import PostgresStore
from server.store.postgres.schema import for_citus, migrate, native
from tests.contracts.server_store_contract import a_resource
from tests.fakes.postgres import Cluster

KEYS = "server.store.keystore"
NEWER = """
ALTER TABLE resource ADD COLUMN shelf TEXT;
CREATE INDEX resource_shelf ON resource (owner, shelf);
-- OWNED
CREATE TABLE shelf (owner BIGINT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (owner, name));
CREATE INDEX shelf_name ON shelf (owner, name);
"""


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Any], Any]:
    return runner.run


def with_newer() -> tuple[Migration, ...]:
    steps = all_migrations()
    return (*steps, parse(len(steps) + 1, NEWER))


async def asked(dsn: str, sql: str, *args: Any) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(sql, *args))
    finally:
        await connection.close()


COLUMNS = """
SELECT c.relname, a.attname, a.attnum, a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated,
       t.typname, coalesce(l.collname, '') AS collation
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
"""
INDEXES = """
SELECT c.relname, i.indisprimary, i.indisunique, i.indisvalid, i.indexprs IS NOT NULL AS computed,
       array(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k(n, place)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n ORDER BY place) AS inside
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
"""
STRANGE = """
SELECT relkind::text || ' ' || relname AS found FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i')
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger
UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('p')
UNION ALL SELECT 'policy ' || polname FROM pg_policy
"""


@pytest.mark.parametrize("package", ["server.store.migrations", KEYS])
def test_the_catalogue_obeys_every_rule(postgres: Cluster, run: Any, package: str) -> None:
    dsn = postgres.database(package)
    steps = all_migrations(package)
    kinds = {table: kind for step in steps for table, kind in step.tables.items()}
    assert [row["found"] for row in run(asked(dsn, STRANGE))] == []
    columns = run(asked(dsn, COLUMNS))
    assert {row["relname"] for row in columns} == kinds.keys()
    for row in columns:
        where = f"{row['relname']}.{row['attname']}"
        assert not row["atthasdef"], where
        assert (row["attidentity"], row["attgenerated"]) == (b"\0", b"\0"), where
        assert row["typname"] in {"int8", "text", "bytea"}, where
        assert row["collation"] == ("C" if row["typname"] == "text" else ""), where
        if row["attnum"] == 1 and kinds[row["relname"]] == "OWNED":
            assert (row["attname"], row["typname"], row["attnotnull"]) == ("owner", "int8", True)
    indexes = run(asked(dsn, INDEXES))
    assert {row["relname"] for row in indexes if row["indisprimary"]} == kinds.keys()
    for row in indexes:
        assert row["indisvalid"], row
        assert not row["computed"], row
        if kinds[row["relname"]] == "OWNED":
            assert "owner" in row["inside"], row
            assert row["inside"][0] == "owner", row


def test_text_is_in_order_of_its_bytes_whatever_the_language_of_the_database() -> None:
    assert native("CREATE TABLE t (a TEXT NOT NULL)") == (
        'CREATE TABLE t (a TEXT COLLATE "C" NOT NULL)'
    )


def test_every_owned_table_lies_beside_its_owner_on_citus() -> None:
    (first, *_) = all_migrations()
    said = {table: for_citus(first, table) for table in first.tables}
    assert said["schema_version"] == []
    alone = "colocate_with => 'none', shard_count => 128"
    assert said["owner"] == [f"SELECT create_distributed_table('owner', 'owner', {alone})"]
    others = [table for table in first.tables if table not in {"owner", "schema_version"}]
    for table in others:
        assert said[table] == [
            f"SELECT create_distributed_table('{table}', 'owner', colocate_with => 'owner')"
        ]
    assert list(first.tables).index("owner") < min(list(first.tables).index(t) for t in others)


def test_many_processes_that_start_at_once_migrate_once(postgres: Cluster, run: Any) -> None:
    dsn = postgres.database("")

    async def scene() -> None:
        steps = with_newer()
        done = await asyncio.gather(*(migrate(dsn, steps, SystemClock(), "dek") for _ in range(5)))
        assert done == [len(steps)] * 5
        rows = await asked(dsn, "SELECT version FROM schema_version ORDER BY version")
        assert [row[0] for row in rows] == list(range(1, len(steps) + 1))

    run(scene())


def test_a_migration_goes_by_while_the_version_before_it_writes(
    postgres: Cluster, run: Any
) -> None:
    """Writers of the old version never fail; a transaction that holds the table is waited for in turns."""
    dsn = postgres.database()

    async def scene() -> None:
        store = await PostgresStore.open([dsn], clock=SystemClock(), connections=6)
        done = asyncio.Event()
        for owner in range(1, 5):
            await store.write(owner, lambda tx: tx.owner.create("patient", "p", 1))

        async def write(owner: int) -> int:
            count = 0
            while not done.is_set() or count < 20:
                rid = f"r{owner}-{count}"
                row = await store.write(owner, lambda tx: tx.owner.lock(1))
                await store.write(
                    owner, lambda tx, rid=rid, n=row.n: tx.resources.put([a_resource(rid, n)])
                )
                count += 1
            return count

        writers = [asyncio.create_task(write(owner)) for owner in range(1, 5)]
        holder = await asyncpg.connect(dsn)
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT count(*) FROM resource")
        migrating = asyncio.create_task(migrate(dsn, with_newer(), SystemClock(), "dek"))
        await _given_up(dsn)
        await held.rollback()
        assert await migrating == len(with_newer())
        done.set()
        written = await asyncio.gather(*writers)
        assert sum(written) >= 80
        counts = await store.maintenance.counts()
        assert counts["resource"] == sum(written)
        assert await store.maintenance.check() == []
        await asyncio.gather(store.close(), holder.close())

    async def _given_up(dsn: str) -> None:
        """Return once the migration waits for the table that is held."""
        async with asyncio.timeout(20):
            while not await asked(
                dsn,
                "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' "
                "AND relation = 'resource'::regclass",
            ):
                continue

    run(scene())


def test_a_step_cut_off_is_run_again_and_a_half_built_index_is_built_anew(
    postgres: Cluster, run: Any
) -> None:
    dsn = postgres.database()

    async def scene() -> None:
        steps = with_newer()
        await migrate(dsn, steps, SystemClock(), "dek")
        await asked(dsn, "DELETE FROM schema_version WHERE version = $1", len(steps))
        await asked(
            dsn,
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'resource_shelf'::regclass",
        )
        assert await migrate(dsn, steps, SystemClock(), "dek") == len(steps)
        found = await asked(
            dsn,
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'resource_shelf'::regclass",
        )
        assert [row[0] for row in found] == [True]
        with pytest.raises(TooNew):
            await migrate(dsn, all_migrations(), SystemClock(), "dek")

    run(scene())


def test_a_migration_that_never_gets_its_lock_gives_up_and_changes_nothing(
    postgres: Cluster, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.store.postgres.schema.LOCK_MS", 20)
    monkeypatch.setattr("server.store.postgres.schema.TRIES", 2)
    dsn = postgres.database()

    async def scene() -> None:
        holder = await asyncpg.connect(dsn)
        held = holder.transaction()
        await held.start()
        await holder.execute("LOCK TABLE resource IN ACCESS SHARE MODE")
        with pytest.raises(Busy):
            await migrate(dsn, with_newer(), SystemClock(), "dek")
        await held.rollback()
        await holder.close()
        assert await asked(dsn, "SELECT 1 WHERE to_regclass('shelf') IS NOT NULL") == []
        assert await migrate(dsn, with_newer(), SystemClock(), "dek") == len(with_newer())

    run(scene())
