"""Turning the errors of PostgreSQL and of its driver into ours."""

import asyncio
from collections.abc import Callable

import asyncpg

from dossier.errors import Busy, DiskFull, DossierError, StoreAway, StoreCorrupt, StoreError
from server.store.units import ReadOnlyUnit

FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
)
"""Everything the driver raises for a statement or a connection."""

RETRY_S = 1.0

Ours = DossierError | ReadOnlyUnit


def _away(state: str) -> Ours:
    return StoreAway(f"the database is away ({state})")


def _busy(_state: str) -> Ours:
    return Busy(RETRY_S)


def _full(state: str) -> Ours:
    return DiskFull(f"no room left for the database ({state})")


def _damaged(state: str) -> Ours:
    return StoreCorrupt(f"a page of the database is damaged ({state})")


def _read_only(_state: str) -> Ours:
    return ReadOnlyUnit("this unit of work may not write")


def _refused(state: str) -> Ours:
    return StoreError(f"the database refused ({state})")


_BY_STATE: dict[str, Callable[[str], Ours]] = {
    "08": _away,  # connection exceptions; 08006 is also what one shard of many answers
    "57": _away,  # shut down (57P01), crashed (57P02), starting (57P03), cancelled (57014)
    "53300": _away,  # too many connections
    "25P02": _away,  # a statement after a failed one
    "25P03": _away,  # idle inside a transaction for too long
    "55P03": _busy,  # a lock not to be had in time
    "40001": _busy,  # serialization failure
    "40P01": _busy,  # deadlock
    "53100": _full,
    "53200": _full,
    "XX001": _damaged,
    "XX002": _damaged,
    "25006": _read_only,
}
"""By SQLSTATE or its class (PostgreSQL, appendix A "PostgreSQL Error Codes")."""


def translate(error: BaseException) -> Ours:
    """Our error for the driver's; its text is the SQLSTATE only, never a value of a row."""
    state = getattr(error, "sqlstate", None) if isinstance(error, asyncpg.PostgresError) else None
    if state is not None:
        return (_BY_STATE.get(state) or _BY_STATE.get(state[:2]) or _refused)(state)
    if isinstance(error, ValueError):
        return StoreError("a value the database cannot hold")
    return StoreAway("the database cannot be reached")
