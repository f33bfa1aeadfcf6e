"""Tables of an account's shard, projections and reservations."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from server.ports import (
    AccountRow,
    CopyRow,
    DeviceRow,
    MemberRow,
    ProjectionRow,
    SessionRow,
)
from server.store.tables.sql import Row, Sql, Upsert, in_whole_sizes
from server.store.units import COUNTER_SPAN, check_own, is_team

_ACCOUNTS = Upsert(
    "account", (), ("kind", "state", "secret", "cell", "step", "code", "code_until", "factors")
)
_DEVICES = Upsert(
    "device",
    ("device",),
    ("public_key", "cell", "enrolled", "revoked", "nonces", "seen", "proved", "confirmed"),
)
_SESSIONS = Upsert(
    "session", ("token_hash",), ("device", "situation", "expires", "proven", "family")
)
_MEMBERS = Upsert(
    "member", ("situation",), ("unit", "profession", "role", "since_v", "until", "ended")
)
_COPIES = Upsert(
    "copy", ("device", "unit", "target", "facet"), ("term", "since", "gone", "receipt")
)
_PROJECTIONS = {
    team: Upsert(table, ("reader", "target", "facet"), ("head_hint", "moved_v"))
    for team, table in ((False, "reader"), (True, "granted"))
}
_SINCE = {
    team: f"SELECT target, facet, head_hint, moved_v FROM {table} "  # noqa: S608 - names of ours
    "WHERE owner = $1 AND reader = $2 AND moved_v > $3 ORDER BY moved_v"
    for team, table in ((False, "reader"), (True, "granted"))
}
_ROSTER = Upsert("roster", ("account",), ("since_v",))


@cache
def _raise(size: int) -> str:
    """Raise the counters of `size` readers; give each with its name. A reader comes with where its counter
    would stand had it never been raised since the start, $2.
    """
    values = ", ".join(f"($1, ${i}, ${i + 1})" for i in range(3, 3 + 2 * size, 2))
    return (
        f"INSERT INTO moved (owner, reader, v) VALUES {values} "  # noqa: S608 - numbers of ours
        "ON CONFLICT (owner, reader) DO UPDATE SET "
        "v = CASE WHEN moved.v < $2 THEN excluded.v ELSE moved.v + excluded.v - $2 END "
        "RETURNING reader, v"
    )


class SqlPeople:
    """An account's own shard: owner = the account."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def account(self) -> AccountRow | None:
        found = await self._sql.rows(
            "SELECT owner, kind, state, secret, cell, step, code, code_until, factors "
            "FROM account WHERE owner = $1",
            (self._owner,),
        )
        return AccountRow(*found[0]) if found else None

    async def put_account(self, row: AccountRow) -> None:
        check_own(self._owner, row.account)
        await _ACCOUNTS.put(self._sql, self._owner, (row[1:],))

    async def devices(self) -> list[DeviceRow]:
        found = await self._sql.rows(
            "SELECT device, owner, public_key, cell, enrolled, revoked, nonces, seen, proved, "
            "confirmed FROM device "
            "WHERE owner = $1 ORDER BY device",
            (self._owner,),
        )
        return [DeviceRow(*row) for row in found]

    async def put_device(self, row: DeviceRow) -> None:
        check_own(self._owner, row.account)
        await _DEVICES.put(self._sql, self._owner, ((row.device, *row[2:]),))

    async def session(self, token_hash: bytes) -> SessionRow | None:
        found = await self._sql.rows(
            "SELECT token_hash, device, situation, expires, proven, family FROM session "
            "WHERE owner = $1 AND token_hash = $2",
            (self._owner, token_hash),
        )
        return SessionRow(*found[0]) if found else None

    async def sessions(self) -> list[SessionRow]:
        found = await self._sql.rows(
            "SELECT token_hash, device, situation, expires, proven, family FROM session "
            "WHERE owner = $1 ORDER BY token_hash",
            (self._owner,),
        )
        return [SessionRow(*row) for row in found]

    async def drop_session(self, token_hash: bytes) -> None:
        await self._sql.run(
            "DELETE FROM session WHERE owner = $1 AND token_hash = $2", (self._owner, token_hash)
        )

    async def put_session(self, row: SessionRow) -> None:
        await _SESSIONS.put(self._sql, self._owner, (row,))

    async def drop_sessions(
        self, *, device: str | None = None, before_ms: int | None = None
    ) -> None:
        args: list[object] = [self._owner]
        text = "DELETE FROM session WHERE owner = $1"
        if device is not None:
            args.append(device)
            text += f" AND device = ${len(args)}"
        if before_ms is not None:
            args.append(before_ms)
            text += f" AND expires < ${len(args)}"
        await self._sql.run(text, args)

    async def members(self) -> list[MemberRow]:
        found = await self._sql.rows(
            "SELECT situation, unit, profession, role, since_v, until, ended FROM member "
            "WHERE owner = $1 ORDER BY situation",
            (self._owner,),
        )
        return [MemberRow(*row) for row in found]

    async def put_member(self, row: MemberRow) -> None:
        await _MEMBERS.put(self._sql, self._owner, (row,))

    async def copies(self, device: str, unit: int, target: int) -> list[CopyRow]:
        found = await self._sql.rows(
            "SELECT device, unit, target, facet, term, since, gone, receipt FROM copy "
            "WHERE owner = $1 AND device = $2 AND unit = $3 AND target = $4 ORDER BY facet",
            (self._owner, device, unit, target),
        )
        return [CopyRow(*row) for row in found]

    async def copies_open(self, device: str, limit: int) -> list[CopyRow]:
        found = await self._sql.rows(
            "SELECT device, unit, target, facet, term, since, gone, receipt FROM copy "
            "WHERE owner = $1 AND device = $2 AND receipt IS NULL "
            "ORDER BY unit, target, facet LIMIT $3 + 0",
            (self._owner, device, limit),
        )
        return [CopyRow(*row) for row in found]

    async def copied(self) -> list[int]:
        found = await self._sql.rows(
            "SELECT DISTINCT target FROM copy WHERE owner = $1 ORDER BY target", (self._owner,)
        )
        return [row[0] for row in found]

    async def put_copies(self, rows: Sequence[CopyRow]) -> None:
        await _COPIES.put(self._sql, self._owner, rows)


class SqlProjections:
    """`reader`, `granted` and `roster`: hints for readers, never a right."""

    def __init__(self, sql: Sql, owner: int, restore: int) -> None:
        self._sql, self._owner = sql, owner
        self._start = restore * COUNTER_SPAN

    async def moved_v(self, reader: str) -> int:
        is_team(reader, self._owner)
        found = await self._sql.rows(
            "SELECT v FROM moved WHERE owner = $1 AND reader = $2", (self._owner, reader)
        )
        return max(int(found[0][0]), self._start) if found else self._start

    async def since(self, reader: str, moved_v: int) -> list[ProjectionRow]:
        found = await self._sql.rows(
            _SINCE[is_team(reader, self._owner)], (self._owner, reader, moved_v)
        )
        return [ProjectionRow(*row) for row in found]

    async def put(self, reader: str, target: int, facet: str, head_hint: int) -> int:
        await self.put_all([(reader, target, facet, head_hint)])
        return await self.moved_v(reader)

    async def put_all(self, rows: Sequence[tuple[str, int, str, int]]) -> None:
        teams = {row[0]: is_team(row[0], self._owner) for row in rows}
        numbers = await self._raised(Counter(row[0] for row in rows))
        told: dict[bool, list[Row]] = {False: [], True: []}
        for row in rows:
            told[teams[row[0]]].append((*row, next(numbers[row[0]])))
        for team, mine in told.items():
            await _PROJECTIONS[team].put(self._sql, self._owner, mine)

    async def _raised(self, counts: Mapping[str, int]) -> dict[str, Iterator[int]]:
        """As many next numbers of each of these readers.

        The counters' rows are locked first, so that numbers are seen in the order of commits; after a
        restore they jump to the span of the new restore number.
        """
        ends = [(reader, self._start + count) for reader, count in sorted(counts.items())]
        found: dict[str, Iterator[int]] = {}
        for piece in in_whole_sizes(ends):
            args = (self._owner, self._start, *chain.from_iterable(piece))
            for reader, v in await self._sql.rows(_raise(len(piece)), args):
                found[reader] = iter(range(int(v) - counts[reader] + 1, int(v) + 1))
        return found

    async def roster(self) -> list[int]:
        found = await self._sql.rows(
            "SELECT account FROM roster WHERE owner = $1 ORDER BY account", (self._owner,)
        )
        return [row[0] for row in found]

    async def put_roster(self, account: int, since_v: int) -> None:
        await _ROSTER.put(self._sql, self._owner, ((account, since_v),))

    async def drop_roster(self, account: int) -> None:
        await self._sql.run(
            "DELETE FROM roster WHERE owner = $1 AND account = $2", (self._owner, account)
        )


class SqlReservations:
    """Globally unique values: owner = keyed hash of the value."""

    def __init__(self, sql: Sql, owner: int) -> None:
        self._sql, self._owner = sql, owner

    async def holder(self, space: str) -> list[tuple[int, bytes]]:
        found = await self._sql.rows(
            "SELECT target, detail FROM reservation WHERE owner = $1 AND space = $2 "
            "ORDER BY target",
            (self._owner, space),
        )
        return list({row[0]: row[1] for row in found}.items())

    async def reserve(self, space: str, target: int, detail: bytes, *, unique: bool) -> bool:
        if unique and any(held != target for held, _ in await self.holder(space)):
            return False
        # A rival that reserved since then holds slot 0: nothing is touched, and the answer is no.
        held = await self._sql.run(
            "INSERT INTO reservation (owner, space, slot, target, detail) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner, space, slot) "
            "DO UPDATE SET detail = excluded.detail WHERE reservation.target = excluded.target",
            (self._owner, space, 0 if unique else target, target, detail),
        )
        return held > 0

    async def release(self, space: str, target: int) -> None:
        await self._sql.run(
            "DELETE FROM reservation WHERE owner = $1 AND space = $2 AND target = $3",
            (self._owner, space, target),
        )
