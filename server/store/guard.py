"""OwnerGuard: proves at each statement that a unit of work stays inside its owner (SCALE §4).

Always on in tests, optional in production. A statement that could touch another owner, that orders by
a clock, or that reads a right before the lock raises OwnerBreach before it reaches the engine.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from server.store.tables.sql import Row, Sql

_RIGHTS = {"access_grant", "relation", "deny"}
_BANNED = re.compile(
    r"\b(?:JOIN|UNION|WITH|OR|EXISTS|ANY|NOW|RANDOM|CURRENT_\w+|NEXTVAL|GEN_RANDOM\w*)\b|;",
    re.IGNORECASE,
)
_INSERT = re.compile(
    r"INSERT INTO (?P<table>\w+) \(owner(?:, \w+)*\) VALUES (?P<rows>\(.*\))"
    r" ON CONFLICT \(owner(?:, \w+)*\) DO (?:NOTHING|UPDATE SET .+)",
    re.DOTALL,
)
_TUPLE = re.compile(r"\((?P<first>[^,()]+)[^()]*\)")
_KEYED = re.compile(
    r"(?:SELECT [^()]+ FROM (?P<read>\w+)|DELETE FROM (?P<gone>\w+)|UPDATE (?P<changed>\w+) SET .+)"
    r" WHERE owner = \$1(?: .*)?",
    re.DOTALL,
)


class OwnerBreach(AssertionError):
    """A unit of work named a statement that is not confined to its owner: a programming error."""


class _Seen:
    """What a statement does, as far as the guard cares."""

    def __init__(self, table: str, *, is_lock: bool, is_insert: bool) -> None:
        self.table, self.is_lock, self.is_insert = table, is_lock, is_insert


class OwnerGuard:
    """A driver that lets only confined statements of `owner` through to another driver.

    In a writing unit the lock, if any, is the first statement (after creating the owner), and rights
    are read only after it (SCALE §2 rules 6 and 7). Raises OwnerBreach.
    """

    def __init__(self, inner: Sql, owner: int, *, writing: bool) -> None:
        self._inner, self._owner, self._writing = inner, owner, writing
        self._statements = 0
        self._locked = False

    async def rows(self, sql: str, args: Sequence[object]) -> list[Row]:
        self._check(sql, args)
        return await self._inner.rows(sql, args)

    async def run(self, sql: str, args: Sequence[object]) -> int:
        self._check(sql, args)
        return await self._inner.run(sql, args)

    def _check(self, sql: str, args: Sequence[object]) -> None:
        seen = _parse(sql)
        if not args or args[0] != self._owner:
            raise OwnerBreach(f"another owner's key for {seen.table}")
        if not self._writing:
            return
        if seen.table == "owner" and seen.is_insert:
            self._locked = True
        elif seen.is_lock:
            if self._statements and not self._locked:
                raise OwnerBreach("the lock must be the first statement of its unit of work")
            self._locked = True
        elif seen.table in _RIGHTS and not self._locked:
            raise OwnerBreach("a writing unit of work touches rights only after the lock")
        self._statements += 1


@lru_cache(maxsize=1024)
def _parse(sql: str) -> _Seen:
    if _BANNED.search(sql) or "SELECT" in sql.upper()[1:]:
        raise OwnerBreach(f"more than one table, or a volatile order: {sql[:60]}")
    insert = _INSERT.fullmatch(sql)
    if insert is not None:
        if {row["first"] for row in _TUPLE.finditer(insert["rows"])} != {"$1"}:
            raise OwnerBreach(f"a row for another owner: {sql[:60]}")
        return _Seen(insert["table"], is_lock=False, is_insert=True)
    keyed = _KEYED.fullmatch(sql)
    if keyed is None:
        raise OwnerBreach(f"does not say owner = $1: {sql[:60]}")
    table = keyed["read"] or keyed["gone"] or keyed["changed"]
    return _Seen(table, is_lock=sql.startswith("UPDATE owner SET n = "), is_insert=False)
