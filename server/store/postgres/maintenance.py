"""The door across owners on PostgreSQL: never two owners in one transaction (SCALE §2 rules 5 and 18)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from dossier.errors import Busy, StoreError
from server.ports import JournalRow, LogLeaf
from server.store.migrations import all_migrations
from server.store.postgres.connection import Pool, PostgresSql, side_by_side, transaction
from server.store.postgres.waiting import Waits
from server.store.tables import across
from server.store.tables.sql import Sql
from server.store.units import LOG_OWNER

T = TypeVar("T")

_SETTLING = 0x434C5154
"""The advisory lock of whoever settles."""


class PostgresMaintenance:
    """Each statement is one owner's, or reads one database after the other."""

    def __init__(
        self, pools: Sequence[Pool], waits: Waits, database: Callable[[int], Pool]
    ) -> None:
        self._pools, self._waits, self._database = pools, waits, database

    async def owners(self, kind: str | None, after: int, limit: int) -> list[int]:
        return await self._merged(lambda sql: across.owners(sql, kind, after, limit), limit)

    async def owners_with_effects(self, now_ms: int, limit: int) -> list[int]:
        return await self._merged(lambda sql: across.owners_with_effects(sql, now_ms, limit), limit)

    async def owners_unplaced(self, limit: int) -> list[int]:
        return await self._merged(lambda sql: across.owners_unplaced(sql, limit), limit)

    async def reserve_all(self, space: str, names: Sequence[int], target: int) -> list[bool]:
        """Each name in a transaction of its own, several at once."""

        async def one(name: int) -> bool:
            found = await self._on(name, lambda sql: across.reserve_all(sql, space, [name], target))
            return found[0]

        return await side_by_side(one, [(name,) for name in names])

    async def holders(self, space: str, names: Sequence[int]) -> list[int | None]:
        """One short statement a name, on one connection of each database."""
        shares: dict[int, list[int]] = {}
        for name in names:
            shares.setdefault(id(self._database(name)), []).append(name)
        found: dict[int, int | None] = {}
        for share in shares.values():
            held = await self._on(share[0], partial(across.holders, space=space, names=share))
            found.update(zip(share, held, strict=True))
        return [found[name] for name in names]

    async def log_size(self) -> int:
        return await self._on(LOG_OWNER, across.log_size)

    async def log_append(self, leaves: Sequence[LogLeaf]) -> None:
        """First the log, then the journal rows: an end between the two is repaired by `log_repair`.

        The positions are the key: of two processes that append at the same place one is refused.
        """
        for owner, rows in _by_owner(leaves).items():
            waiting = await self._on(owner, partial(across.unplaced, owner=owner))
            named = {(row.month, row.n) for row in rows}
            if len(named) < len(rows) or not named <= waiting:
                raise StoreError("this journal row does not wait for its place")
        await self._alone(LOG_OWNER, lambda sql: across.log_extend(sql, leaves))
        await self._place(leaves)

    async def log_repair(self, batch: int) -> None:
        """Place the journal rows of the last `batch` leaves, if whoever appended them could not."""
        size = await self.log_size()
        await self._place(await self.log_leaves(max(0, size - batch), batch))

    async def log_leaves(self, start: int, limit: int) -> list[LogLeaf]:
        return await self._on(LOG_OWNER, lambda sql: across.log_leaves(sql, start, limit))

    async def log_at(self, positions: Sequence[int]) -> list[LogLeaf]:
        return await self._on(LOG_OWNER, lambda sql: across.log_at(sql, positions))

    async def journal_after(
        self, after: tuple[int, int, int], months: tuple[int, int], limit: int
    ) -> list[tuple[int, JournalRow]]:
        found: list[tuple[int, JournalRow]] = []
        for pool in self._pools:
            found += await _run(
                pool, self._waits, lambda sql: across.journal_after(sql, after, months, limit)
            )
        found.sort(key=lambda one: (one[0], one[1].month, one[1].n))
        return found[:limit]

    async def put_checkpoint(self, size: int, text: bytes) -> None:
        await self._on(LOG_OWNER, lambda sql: across.put_checkpoint(sql, size, text))

    async def checkpoint(self) -> tuple[int, bytes] | None:
        return await self._on(LOG_OWNER, across.checkpoint)

    async def forget_attempts(self, before_ms: int, limit: int) -> int:
        dropped = 0
        for pool in self._pools:
            over = await _run(
                pool, self._waits, lambda sql: across.attempts_over(sql, before_ms, limit)
            )
            for owner, place in over:
                drop = partial(across.drop_attempt, owner=owner, place=place, before_ms=before_ms)
                dropped += await self._on(owner, drop)
        return dropped

    async def counts(self) -> dict[str, int]:
        tables = [
            table
            for step in all_migrations()
            for table, kind in step.tables.items()
            if kind == "OWNED"
        ]
        totals = dict.fromkeys(tables, 0)
        for pool in self._pools:
            for table, count in (await _run(pool, self._waits, _counting(tables))).items():
                totals[table] += count
        return totals

    async def check(self) -> list[str]:
        """What the engine knows against itself: settings that lose commits, damage, unfinished indexes."""
        faults: list[str] = []
        for number, pool in enumerate(self._pools):
            found = await _run(pool, self._waits, _faults)
            faults += [f"database {number + 1}: {fault}" for fault in found]
        return faults

    @asynccontextmanager
    async def settling(self) -> AsyncIterator[None]:
        """One process at a time, as far as can be: when the lock is not to be had in its time this one goes
        on all the same, for two that settle together do work twice and nothing wrong.
        """
        async with self._pools[0].connection() as connection:
            sql = PostgresSql(connection, self._waits)
            try:
                await sql.rows("SELECT pg_advisory_lock($1)", (_SETTLING,))
            except Busy:
                yield
                return
            try:
                yield
            finally:
                await sql.rows("SELECT pg_advisory_unlock($1)", (_SETTLING,))

    async def _merged(self, look: Callable[[Sql], Awaitable[list[int]]], limit: int) -> list[int]:
        found: list[int] = []
        for pool in self._pools:
            found += await _run(pool, self._waits, look)
        return sorted(found)[:limit]

    async def _place(self, leaves: Sequence[LogLeaf]) -> None:
        for owner, rows in _by_owner(leaves).items():
            await self._alone(owner, partial(across.place, leaves=rows))

    async def _alone(self, owner: int, work: Callable[[Sql], Awaitable[None]]) -> None:
        """One transaction of one owner."""
        async with (
            self._database(owner).connection() as connection,
            transaction(connection, "BEGIN"),
        ):
            await work(PostgresSql(connection, self._waits))

    async def _on(self, owner: int, work: Callable[[Sql], Awaitable[T]]) -> T:
        return await _run(self._database(owner), self._waits, work)


async def _run(pool: Pool, waits: Waits, work: Callable[[Sql], Awaitable[T]]) -> T:
    """Statements that each stand alone."""
    async with pool.connection() as connection:
        return await work(PostgresSql(connection, waits))


def _by_owner(leaves: Sequence[LogLeaf]) -> dict[int, list[LogLeaf]]:
    grouped: dict[int, list[LogLeaf]] = {}
    for leaf in leaves:
        grouped.setdefault(leaf.owner, []).append(leaf)
    return grouped


def _counting(tables: Sequence[str]) -> Callable[[Sql], Awaitable[dict[str, int]]]:
    return lambda sql: across.counts(sql, tables)


async def _faults(sql: Sql) -> list[str]:
    faults = [
        f"{name} is {value}: commits can be lost"
        for name, value in await sql.rows(
            "SELECT name, setting FROM pg_settings "
            "WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' "
            "ORDER BY name",
            (),
        )
    ]
    faults += [
        f"index {row[0]} is not finished"
        for row in await sql.rows(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid", ()
        )
    ]
    damaged: list[Any] = await sql.rows(
        "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database "
        "WHERE datname = current_database()",
        (),
    )
    if damaged and damaged[0][0]:
        faults.append(f"{damaged[0][0]} pages are damaged")
    return faults
