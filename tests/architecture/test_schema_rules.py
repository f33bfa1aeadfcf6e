"""SCALE §2, read from the catalogue of a migrated file: the schema can always be distributed by owner."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from server.store.migrations import Migration, all_migrations, parse, statements
from server.store.sqlite.connection import Connection, connect
from server.store.sqlite.schema import migrate, version_of

BANNED_WORDS = re.compile(
    r"\b(?:TRIGGER|VIEW|AUTOINCREMENT|SERIAL|IDENTITY|SEQUENCE|NEXTVAL|DEFAULT|REFERENCES|CHECK|"
    r"NOW|CURRENT_\w+|RANDOM\w*|GENERATED|UUID|TIMESTAMP\w*|JSONB?)\b",
    re.IGNORECASE,
)
RESERVED = {"grant", "user", "order", "end", "start", "table", "group", "primary", "when", "all"}


def migrated(steps: tuple[Migration, ...]) -> Connection:
    connection = connect(Path(":memory:"), application_id=1, cache_kib=256)
    migrate(connection, steps, SystemClock())
    return connection


def kinds_of(steps: tuple[Migration, ...]) -> dict[str, str]:
    return {table: kind for step in steps for table, kind in step.tables.items()}


def breaches(steps: tuple[Migration, ...]) -> Iterator[str]:
    """Every rule of SCALE §2 that the catalogue or the text breaks, as `table: what`."""
    connection, kinds = migrated(steps), kinds_of(steps)
    for kind, name in connection.rows("SELECT type, name FROM sqlite_schema"):
        if kind not in {"table", "index"}:
            yield f"{name}: a {kind} (rule 13)"
    tables = [
        row[0] for row in connection.rows("SELECT name FROM sqlite_schema WHERE type='table'")
    ]
    for table in tables:
        if kinds.get(table) not in {"OWNED", "REFERENCE", "LOCAL"}:
            yield f"{table}: of no kind (rule 1)"
        yield from table_breaches(connection, table, kinds.get(table, ""))
    for step in steps:
        for statement in statements(step.text):
            if BANNED_WORDS.search(statement):
                yield f"{statement[:40]}: {BANNED_WORDS.search(statement)} (rules 6, 12, 13, 14)"
            if not re.match(r"CREATE (?:TABLE|(?:UNIQUE )?INDEX)|ALTER TABLE \w+ ADD", statement):
                yield f"{statement[:40]}: not additive (rule 19)"
    connection.close()


def table_breaches(connection: Connection, table: str, kind: str) -> Iterator[str]:
    columns = connection.rows(
        'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?1)', (table,)
    )
    names = {row[0] for row in columns}
    key = [name for name, _, _, _, place in sorted(columns, key=lambda row: row[4]) if place]
    if not key:
        yield f"{table}: no primary key (rule 3)"
    if names & RESERVED:
        yield f"{table}: a reserved word (rule 21)"
    for name, type_, _, default, _ in columns:
        if default is not None:
            yield f"{table}.{name}: a default (rule 12)"
        if type_ not in {"INTEGER", "TEXT", "BLOB"}:
            yield f"{table}.{name}: type {type_}"
    strict, without_rowid = connection.rows(
        "SELECT strict, wr FROM pragma_table_list WHERE name = ?1", (table,)
    )[0]
    if not strict or not without_rowid:
        yield f"{table}: not clustered by its key"
    if connection.rows("SELECT 1 FROM pragma_foreign_key_list(?1)", (table,)):
        yield f"{table}: a foreign key (rule 14)"
    if kind != "OWNED":
        return
    first = columns[0]
    if first[0] != "owner" or first[1] != "INTEGER" or not first[2]:
        yield f"{table}: the first column is not owner BIGINT NOT NULL (rule 1)"
    if key[:1] != ["owner"]:
        yield f"{table}: the key does not start with owner (rule 3)"
    for index, unique in connection.rows(
        'SELECT name, "unique" FROM pragma_index_list(?1)', (table,)
    ):
        inside = [r[0] for r in connection.rows("SELECT name FROM pragma_index_info(?1)", (index,))]
        if unique and "owner" not in inside:
            yield f"{index}: unique without owner (rule 3)"
        if None in inside:
            yield f"{index}: on an expression"


def test_the_schema_obeys_every_rule() -> None:
    assert list(breaches(all_migrations())) == []
    kinds = kinds_of(all_migrations())
    assert len(kinds) >= 20
    assert [table for table, kind in kinds.items() if kind != "OWNED"] == ["schema_version"]


def test_the_key_store_has_no_trigger_default_or_clock() -> None:
    steps = all_migrations("server.store.keystore")
    assert list(breaches(steps)) == []
    assert set(kinds_of(steps).values()) == {"LOCAL"}


SOUND = "-- LOCAL\nCREATE TABLE schema_version (version BIGINT NOT NULL, applied BIGINT NOT NULL, PRIMARY KEY (version));\n"
PLANTED = {
    "no primary key starting with owner": "-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (id, owner))",
    "owner is not first": "-- OWNED\nCREATE TABLE t (id TEXT NOT NULL, owner BIGINT NOT NULL, PRIMARY KEY (owner, id))",
    "owner is text": "-- OWNED\nCREATE TABLE t (owner TEXT NOT NULL, PRIMARY KEY (owner))",
    "no owner": "-- OWNED\nCREATE TABLE t (id TEXT NOT NULL, PRIMARY KEY (id))",
    "a default": "-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, at BIGINT DEFAULT 0, PRIMARY KEY (owner))",
    "unique without owner": "-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner)); CREATE UNIQUE INDEX i ON t (id)",
    "a foreign key": "-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, PRIMARY KEY (owner), FOREIGN KEY (owner) REFERENCES schema_version (version))",
    "a reserved word": '-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, "order" TEXT NOT NULL, PRIMARY KEY (owner))',
    "a view": "CREATE VIEW t AS SELECT version FROM schema_version",
    "an index on an expression": "-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner)); CREATE INDEX i ON t (owner, lower(id))",
    "a destructive step": "-- OWNED\nCREATE TABLE t (owner BIGINT NOT NULL, PRIMARY KEY (owner)); DROP TABLE t",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_breach_of_the_rules_is_found(name: str) -> None:
    assert list(breaches((parse(1, SOUND),))) == [], "the control"
    assert list(breaches((parse(1, SOUND + PLANTED[name] + ";"),)))


def test_a_table_without_a_kind_or_a_gap_in_the_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="says no kind"):
        parse(1, "CREATE TABLE t (owner BIGINT NOT NULL, PRIMARY KEY (owner));")
    with pytest.raises(ValueError, match="says no kind"):
        parse(1, "-- MINE\nCREATE TABLE t (owner BIGINT NOT NULL, PRIMARY KEY (owner));")
    assert [step.version for step in all_migrations()] == list(range(1, len(all_migrations()) + 1))


def test_a_step_that_fails_leaves_the_version_before_it() -> None:
    broken = Migration(
        2, "-- LOCAL\nCREATE TABLE a (x BIGINT NOT NULL, PRIMARY KEY (x)); CREATE TABLE a (y)", {}
    )
    connection = connect(Path(":memory:"), application_id=1, cache_kib=256)
    first = parse(1, SOUND)
    with pytest.raises(Exception, match="already exists"):
        migrate(connection, (first, broken), SystemClock())
    assert version_of(connection) == 1
    assert not connection.rows("SELECT 1 FROM sqlite_schema WHERE name = 'a'")
    assert migrate(connection, (first,), SystemClock()) == 1
    connection.close()


def test_hot_reads_use_a_key_range_and_never_scan_another_owner() -> None:
    """Rule 9: each statement of the hot path is a search by owner, in key order, without a sort."""
    connection = migrated(all_migrations())
    hot = {
        "resource by name": "SELECT cell FROM resource WHERE owner = ?1 AND rtype = ?2 AND id = ?3",
        "feed": "SELECT cell FROM resource WHERE owner = ?1 AND facet = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
        "patient page": "SELECT cell FROM resource WHERE owner = ?1 AND facet IN (?2, ?3) ORDER BY rtype, id",
        "tombstones": "SELECT id FROM tombstone WHERE owner = ?1 AND facet = ?2 AND seq > ?3 ORDER BY seq",
        "op": "SELECT verdict FROM op WHERE owner = ?1 AND op_id = ?2",
        "grants": "SELECT rights FROM access_grant WHERE owner = ?1 AND facet = ?2 ORDER BY principal",
        "heads": "SELECT target FROM granted WHERE owner = ?1 AND reader = ?2 AND moved_v > ?3 ORDER BY moved_v",
        "journal": "SELECT cell FROM journal WHERE owner = ?1 AND facet = ?2 ORDER BY month DESC, n DESC",
        "root": "SELECT id FROM resource WHERE owner = ?1 AND root = ?2",
        "unplaced": "SELECT n FROM journal WHERE owner = ?1 AND log_index IS NULL ORDER BY month, n",
    }
    for name, sql in hot.items():
        plan = " / ".join(
            str(row[3])
            for row in connection.rows(f"EXPLAIN QUERY PLAN {sql}", ("",) * sql.count("?"))
        )
        assert "SEARCH" in plan, f"{name}: {plan}"
        assert "owner=?" in plan, f"{name}: {plan}"
        assert "SCAN" not in plan, f"{name}: {plan}"
        assert "TEMP B-TREE" not in plan, f"{name}: {plan}"
    connection.close()
