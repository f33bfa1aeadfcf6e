"""Accounts, projections and reservations in memory."""

from collections.abc import Sequence

from server.ports import (
    AccountRow,
    AlarmRow,
    CopyRow,
    DeviceRow,
    FamilyRow,
    MemberRow,
    ProjectionRow,
    RefreshRow,
    SessionRow,
)
from server.store.memory.state import OwnerState, Undo
from server.store.units import COUNTER_SPAN, check_own, is_team


class MemoryPeople:
    """An account's own shard."""

    def __init__(self, owner: int, state: OwnerState, undo: Undo) -> None:
        self._owner, self._state, self._undo = owner, state, undo

    async def account(self) -> AccountRow | None:
        return self._state.account.get(None)

    async def put_account(self, row: AccountRow) -> None:
        check_own(self._owner, row.account)
        self._undo.put(self._state.account, None, row)

    async def devices(self) -> list[DeviceRow]:
        return list(self._state.devices.in_order())

    async def put_device(self, row: DeviceRow) -> None:
        check_own(self._owner, row.account)
        self._undo.put(self._state.devices, row.device, row)

    async def session(self, token_hash: bytes) -> SessionRow | None:
        return self._state.sessions.get(token_hash)

    async def sessions(self) -> list[SessionRow]:
        return [self._state.sessions[key] for key in sorted(self._state.sessions)]

    async def drop_session(self, token_hash: bytes) -> None:
        self._undo.drop(self._state.sessions, token_hash)

    async def put_session(self, row: SessionRow) -> None:
        self._undo.put(self._state.sessions, row.token_hash, row)

    async def drop_sessions(
        self, *, device: str | None = None, before_ms: int | None = None
    ) -> None:
        for row in list(self._state.sessions.values()):
            if (device is None or row.device == device) and (
                before_ms is None or row.expires_ms < before_ms
            ):
                self._undo.drop(self._state.sessions, row.token_hash)

    async def members(self) -> list[MemberRow]:
        return list(self._state.members.in_order())

    async def put_member(self, row: MemberRow) -> None:
        self._undo.put(self._state.members, row.situation, row)

    async def copies(self, device: str, unit: int, target: int) -> list[CopyRow]:
        wanted = (device, unit, target)
        return [
            row
            for row in self._state.copies.in_order()
            if (row.device, row.unit, row.target) == wanted
        ]

    async def copies_open(self, device: str, limit: int) -> list[CopyRow]:
        held = [row for row in self._state.copies.in_order() if row.device == device]
        return [row for row in held if row.receipt_ms is None][:limit]

    async def copied(self) -> list[int]:
        return sorted({row.target for row in self._state.copies.values()})

    async def put_copies(self, rows: Sequence[CopyRow]) -> None:
        for row in rows:
            key = (row.device, row.unit, row.target, row.facet)
            self._undo.put(self._state.copies, key, row)


class MemoryFamilies:
    """Sessions of one account and their refresh tokens."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._state, self._undo = state, undo

    async def every(self) -> list[FamilyRow]:
        return list(self._state.families.in_order())

    async def put(self, row: FamilyRow) -> None:
        self._undo.put(self._state.families, row.family, row)

    async def refresh(self, token_hash: bytes) -> RefreshRow | None:
        return self._state.refreshes.get(token_hash)

    async def put_refresh(self, row: RefreshRow) -> None:
        self._undo.put(self._state.refreshes, row.token_hash, row)

    async def forget(self, before_ms: int) -> None:
        self._undo.must_write()
        for family in self._state.families.in_order():
            if family.ends_ms < before_ms:
                self._undo.drop(self._state.families, family.family)
        for token in list(self._state.refreshes.values()):
            if token.made_ms < before_ms:
                self._undo.drop(self._state.refreshes, token.token_hash)


class MemoryVolumes:
    """What an account displayed, and the alarms about it."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._state, self._undo = state, undo

    async def displays(self, first_ms: int, last_ms: int) -> list[tuple[int, int]]:
        return [row for row in self._state.displays.in_order() if first_ms <= row[0] <= last_ms]

    async def put_display(self, at_ms: int, target: int) -> None:
        self._undo.put(self._state.displays, (at_ms, target), (at_ms, target))

    async def forget_displays(self, before_ms: int) -> None:
        for row in self._state.displays.in_order():
            if row[0] < before_ms:
                self._undo.drop(self._state.displays, row)

    async def alarms(self) -> list[AlarmRow]:
        return list(self._state.alarms.in_order())

    async def put_alarm(self, row: AlarmRow) -> None:
        self._undo.put(self._state.alarms, row.n, row)


class MemoryProjections:
    """`reader`, `granted` and `roster`."""

    def __init__(self, owner: int, state: OwnerState, undo: Undo, restore: int) -> None:
        self._owner, self._state, self._undo = owner, state, undo
        self._start = restore * COUNTER_SPAN

    def _table(self, reader: str) -> dict[tuple[str, int, str], ProjectionRow]:
        return self._state.granted if is_team(reader, self._owner) else self._state.reader

    async def moved_v(self, reader: str) -> int:
        is_team(reader, self._owner)
        return max(self._state.moved.get(reader, 0), self._start)

    async def since(self, reader: str, moved_v: int) -> list[ProjectionRow]:
        found = [
            row
            for key, row in self._table(reader).items()
            if key[0] == reader and row.moved_v > moved_v
        ]
        found.sort(key=lambda row: row.moved_v)
        return found

    async def put(self, reader: str, target: int, facet: str, head_hint: int) -> int:
        table = self._table(reader)
        moved_v = max(self._state.moved.get(reader, 0), self._start) + 1
        self._undo.put(self._state.moved, reader, moved_v)
        row = ProjectionRow(target, facet, head_hint, moved_v)
        self._undo.put(table, (reader, target, facet), row)
        return moved_v

    async def put_all(self, rows: Sequence[tuple[str, int, str, int]]) -> None:
        for reader, target, facet, head_hint in rows:
            await self.put(reader, target, facet, head_hint)

    async def roster(self) -> list[int]:
        return sorted(self._state.roster)

    async def put_roster(self, account: int, since_v: int) -> None:
        self._undo.put(self._state.roster, account, since_v)

    async def drop_roster(self, account: int) -> None:
        self._undo.drop(self._state.roster, account)


class MemoryReservations:
    """Globally unique values under their keyed hash."""

    def __init__(self, state: OwnerState, undo: Undo) -> None:
        self._table, self._undo = state.reservations, undo

    async def holder(self, space: str) -> list[tuple[int, bytes]]:
        return sorted((key[1], detail) for key, detail in self._table.items() if key[0] == space)

    async def reserve(self, space: str, target: int, detail: bytes, *, unique: bool) -> bool:
        if unique and any(key[0] == space and key[1] != target for key in self._table):
            return False
        self._undo.put(self._table, (space, target), detail)
        return True

    async def release(self, space: str, target: int) -> None:
        self._undo.drop(self._table, (space, target))
