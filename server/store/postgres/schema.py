"""Bringing a database to the newest schema, while other processes use it (SCALE §2 rule 19).

One migrating process at a time; every step is additive, so that a process of the version before goes on
working. Nothing here waits long for a lock: a lock asked for makes everybody behind it wait, so it is given
up after two seconds and asked for again. An index of a table that holds rows is built concurrently, and
the version is written last: a step that was cut off is simply run again.
"""

import asyncio
import re
from typing import Any

from dossier.clock import Clock, to_ms
from dossier.errors import Busy, StoreError, TooNew
from server.store.migrations import Migration, statements
from server.store.postgres.connection import PostgresSql, connect, transaction
from server.store.postgres.waiting import Waits

LOCK_MS, PAUSE_S, TRIES, TURN_S = 2_000, 0.2, 30, 600
_MIGRATING = 0x434C5153
"""The advisory lock of whoever migrates; it orders migrations, nothing else depends on it."""
_TABLE = re.compile(r"CREATE TABLE (\w+)")
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX (\w+) ON (\w+)")


async def migrate(dsn: str, steps: tuple[Migration, ...], clock: Clock, stranger: str) -> int:
    """Apply what is missing; returns the version. `stranger` is a table that shows that this database
    is another one of ours (keys never lie beside rows). Raises TooNew, StoreError, StoreAway, Busy.
    """
    connection = await connect(dsn)
    try:
        sql = PostgresSql(connection, Waits())
        if await _has(sql, stranger):
            raise StoreError(
                "keys and records lie in databases of their own, never in the same one"
            )
        await _take_turn(sql)
        await sql.run(f"SET lock_timeout = {LOCK_MS}")
        present = await version_of(sql)
        if present > steps[-1].version:
            raise TooNew(f"schema {present}, this program knows {steps[-1].version}")
        is_citus = bool(await sql.rows("SELECT 1 FROM pg_extension WHERE extname = 'citus'"))
        for step in steps[present:]:
            await _Step(connection, sql, step, is_citus=is_citus).run(to_ms(clock.now()))
        return steps[-1].version
    finally:
        await connection.close(timeout=5)


async def _take_turn(sql: PostgresSql) -> None:
    """Be the only one that migrates. Asked for again and again: who waited inside a statement would hold a
    snapshot that an index under construction waits for in its turn.
    """
    for _ in range(int(TURN_S / PAUSE_S)):
        if (await sql.rows("SELECT pg_try_advisory_lock($1)", (_MIGRATING,)))[0][0]:
            return
        await asyncio.sleep(PAUSE_S)
    raise Busy(TURN_S)


async def is_empty(dsn: str) -> bool:
    """Was nothing of ours ever made there? Raises the StoreError family."""
    connection = await connect(dsn)
    try:
        return await version_of(PostgresSql(connection, Waits())) == 0
    finally:
        await connection.close(timeout=5)


async def has_rows(dsn: str, table: str) -> bool:
    """Is there such a table of ours with a row in it? Raises the StoreError family."""
    connection = await connect(dsn)
    try:
        sql = PostgresSql(connection, Waits())
        return await _has(sql, table) and bool(
            await sql.rows(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 - names of ours
        )
    finally:
        await connection.close(timeout=5)


async def version_of(sql: PostgresSql) -> int:
    """The newest migration applied; 0 for an empty database."""
    if not await _has(sql, "schema_version"):
        return 0
    found = await sql.rows("SELECT coalesce(max(version), 0) FROM schema_version")
    return int(found[0][0])


async def _has(sql: PostgresSql, table: str) -> bool:
    found = await sql.rows("SELECT to_regclass($1) IS NOT NULL", (table,))
    return bool(found[0][0])


class _Step:
    """One migration on its way: tables and columns in one transaction, then indexes, then the version."""

    def __init__(
        self, connection: Any, sql: PostgresSql, step: Migration, *, is_citus: bool
    ) -> None:
        self._connection, self._sql, self._step = connection, sql, step
        self._is_citus = is_citus

    async def run(self, now_ms: int) -> None:
        texts = [native(text) for text in statements(self._step.text)]
        later = [text for text in texts if self._is_on_a_used_table(text)]
        await self._patiently([text for text in texts if text not in later])
        for text in later:
            await self._index(text)
        await self._sql.run(
            "INSERT INTO schema_version (version, applied) VALUES ($1, $2) "
            "ON CONFLICT (version) DO NOTHING",
            (self._step.version, now_ms),
        )

    def _is_on_a_used_table(self, text: str) -> bool:
        index = _INDEX.match(text)
        return index is not None and index[3] not in self._step.tables

    async def _patiently(self, texts: list[str]) -> None:
        """In one transaction, given up when a lock is not to be had at once, and tried again."""
        for attempt in range(TRIES):
            try:
                async with transaction(self._connection, "BEGIN"):
                    for text in texts:
                        await self._sql.run(again(text))
                        await self._distribute(text)
            except Busy:
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return

    async def _distribute(self, text: str) -> None:
        table = _TABLE.match(text)
        if not self._is_citus or table is None:
            return
        for statement in for_citus(self._step, table[1]):
            await self._sql.rows(statement)

    async def _index(self, text: str) -> None:
        """Concurrently; what an attempt left half built is dropped first."""
        index = _INDEX.match(text)
        assert index is not None
        for attempt in range(TRIES):
            broken = await self._sql.rows(
                "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid",
                (index[2],),
            )
            try:
                if broken:
                    await self._sql.run(f"DROP INDEX CONCURRENTLY {index[2]}")
                head = f"CREATE {index[1] or ''}INDEX"
                wanted = text.replace(head, f"{head} CONCURRENTLY IF NOT EXISTS", 1)
                await self._sql.run(wanted)
            except Busy:
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return


def native(statement: str) -> str:
    """Text is compared byte by byte, as on every other engine, whatever the database's own language."""
    return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement)


def again(statement: str) -> str:
    """The same statement, harmless when it was done already."""
    for head in ("CREATE TABLE", "CREATE UNIQUE INDEX", "CREATE INDEX", "ADD COLUMN"):
        statement = statement.replace(f"{head} ", f"{head} IF NOT EXISTS ", 1)
    return statement


def for_citus(step: Migration, table: str) -> list[str]:
    """How Citus spreads a table of this step: by owner, beside the owners; or a copy on every node."""
    kind = step.tables[table]
    if kind == "OWNED":
        beside = "'none', shard_count => 128" if table == "owner" else "'owner'"
        return [f"SELECT create_distributed_table('{table}', 'owner', colocate_with => {beside})"]
    return [f"SELECT create_reference_table('{table}')"] if kind == "REFERENCE" else []
