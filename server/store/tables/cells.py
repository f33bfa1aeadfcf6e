"""Rows whose cell another version of a key sealed. A cell says its version in its bytes 2 to 5 (sealing.cells)."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from dossier.wire.messages import Version
from server.ports import (
    AccountRow,
    DeviceRow,
    EffectRow,
    HistoryRow,
    JournalRow,
    PasskeyRow,
    ResourceRow,
    SlipRow,
)
from server.store.tables.sql import Row, Sql

R = TypeVar("R")

_STATEMENTS: dict[type, str] = {
    ResourceRow: (
        "SELECT rtype, id, version_restore, version_k, facet, seq, subject, root, size, cell FROM resource "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    HistoryRow: (
        "SELECT rtype, id, version_restore, version_k, subject, schema, cell FROM history "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    JournalRow: (
        "SELECT month, n, facet, subject, cell, leaf, log_index FROM journal "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    EffectRow: (
        "SELECT n, not_before, target, kind, cell, done FROM effect "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    AccountRow: (
        "SELECT owner, kind, state, secret, cell, step, code, code_until, factors FROM account "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    DeviceRow: (
        "SELECT device, owner, public_key, cell, enrolled, revoked, nonces, seen, proved, confirmed "
        "FROM device WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    PasskeyRow: (
        "SELECT credential, cell, counter, added, used FROM passkey "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
    SlipRow: (
        "SELECT mark, kind, until, cell FROM slip "
        "WHERE owner = $1 AND length(cell) > 0 AND substr(cell, 2, 4) <> $2 LIMIT $3 + 0"
    ),
}


def _resource(row: Row) -> ResourceRow:
    rtype, rid, restore, k, facet, seq, *rest = row
    return ResourceRow(rtype, rid, facet, seq, Version(restore, k), *rest)


def _history(row: Row) -> HistoryRow:
    rtype, rid, restore, k, *rest = row
    return HistoryRow(rtype, rid, Version(restore, k), *rest)


def _effect(row: Row) -> EffectRow:
    return EffectRow(*row)._replace(done=bool(row[-1]))


_READERS: dict[type, Callable[[Row], Any]] = {
    ResourceRow: _resource,
    HistoryRow: _history,
    EffectRow: _effect,
}


class SqlCells:
    """The sealed cells of one owner, whatever table they lie in."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def other(self, kind: type[R], version: int, limit: int) -> list[R]:
        args = (self._owner, version.to_bytes(4, "big"), limit)
        read: Callable[[Row], R] = _READERS.get(kind, partial(_made, kind))
        return [read(row) for row in await self._sql.rows(_STATEMENTS[kind], args)]


def _made(kind: Callable[..., R], row: Row) -> R:
    return kind(*row)
