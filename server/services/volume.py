"""How many records an account displays: an alarm at sixty patients in an hour, a block at two hundred (S7).

What counts is the display that a person made (`opened`), at the instant it was made, whenever it is told: a
device that comes back after days off the network is counted hour by hour. Each is counted once, in the
account's shard, by an effect of the patient's own journal row, so that neither a repetition nor a restart
changes the number.

At sixty its person must show again who they are: the sessions end, unless that was within ten minutes. At two hundred it is served no record until
somebody releases it; what it wrote is still taken. No display is ever refused or lost.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from dossier.errors import Refused, Unavailable
from server.ports import AlarmRow, OpRow, OwnerTx
from server.services import narrowing
from server.services.effects import Alerted, Displayed
from server.services.endings import PROVEN_MS, end_sessions
from server.services.facets import ACCESS
from server.services.journal import Entry, entry
from server.services.premises import Premises
from server.services.unit import OwnerUnit

STEP_UP: Final = 60
BLOCKED: Final = 200
"""Distinct patients within an hour."""
HOUR_MS: Final = 3_600_000
BLOCK: Final = "volume_blocked"
_KEPT_MS: Final = 15 * 86_400_000
"""One day longer than any desktop sends again."""
_NUMBERS: Final = 8
_LOG = logging.getLogger("colloque.server")
_Kind = Literal["step_up", "blocked"]


class Volume:
    """Counts displays and raises alarms. `raised` are those of this process, by kind."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.raised: Counter[str] = Counter()

    async def count(
        self, patient: int, mark: OpRow, told: Displayed, tx: OwnerTx
    ) -> list[AlarmRow]:
        """In the account's shard: this display, once, and what follows from it. Returns the alarms raised."""
        row = await tx.owner.lock(_NUMBERS)
        account = await tx.people.account()
        if row is None or account is None or await tx.ops.get(mark.op_id) is not None:
            return []
        raised: list[AlarmRow] = []
        book = OwnerUnit(self._premises, tx, row, _NUMBERS)
        alarms = await tx.volumes.alarms()
        await tx.volumes.forget_displays(self._premises.now_ms - _KEPT_MS)
        await tx.volumes.put_display(told.at_ms, patient)
        released = max((a.ended_ms or 0 for a in alarms if a.kind == "blocked"), default=0)
        first = max(told.at_ms - HOUR_MS, released)
        near = await tx.volumes.displays(first + 1, told.at_ms + HOUR_MS - 1)
        patients = most_in_an_hour(near, told.at_ms)
        known = any(a.kind == "step_up" and abs(a.at_ms - told.at_ms) < HOUR_MS for a in alarms)
        if patients >= STEP_UP and not known:
            raised.append(await self._raise(book, "step_up", told, patients))
            await self._step_up(tx)
        if patients >= BLOCKED and account.state == "active":
            raised.append(await self._raise(book, "blocked", told, patients))
            said = entry(self._premises, None, BLOCK, other=book.owner, unit=told.unit)
            await narrowing.record(self._premises, tx, row.n, said)
            await tx.people.put_account(account._replace(state="blocked"))
            alerted = Alerted("volume_blocked", self._premises.now_ms, told.unit, patients)
            await book.owe(told.unit, "alerted", alerted)
        await tx.ops.put(mark)
        await book.close()
        return raised

    async def alert(self, account: int, mark: OpRow, told: Alerted, tx: OwnerTx) -> None:
        """In the organisation's shard: its journal names the account, for its owner and the protection of
        its records.
        """
        row = await tx.owner.lock(1)
        if row is None or await tx.ops.get(mark.op_id) is not None:
            return
        book = OwnerUnit(self._premises, tx, row, 1)
        said = Entry(
            action=told.action,
            at_ms=told.at_ms,
            account=account,
            unit=told.unit,
            count=told.patients,
        )
        await book.log(ACCESS, said)
        await tx.ops.put(mark)
        await book.close()

    async def release(self, account: int, reason: str = "") -> None:
        """Serve a blocked account again; its journal and the organisation's say so. Raises Unavailable for
        an unknown account, Refused("not_blocked") for another.
        """
        now_ms = self._premises.now_ms

        async def end(tx: OwnerTx) -> None:
            row = await tx.owner.lock(_NUMBERS)
            held = await tx.people.account()
            if row is None or held is None:
                raise Unavailable
            if held.state != "blocked":
                raise Refused("not_blocked")
            book = OwnerUnit(self._premises, tx, row, _NUMBERS)
            await tx.people.put_account(held._replace(state="active"))
            units: set[int] = set()
            for alarm in await tx.volumes.alarms():
                if alarm.kind == "blocked" and alarm.ended_ms is None:
                    await tx.volumes.put_alarm(alarm._replace(ended_ms=now_ms))
                    units.add(alarm.unit)
            said = entry(self._premises, None, "volume_released", other=account, reason=reason)
            await book.log(ACCESS, said)
            for unit in units:
                await book.owe(unit, "alerted", Alerted("volume_released", now_ms, unit, 0))
            await book.close()

        await self._premises.store.write(account, end)

    async def alarms(self, account: int) -> list[AlarmRow]:
        """Every alarm about an account."""
        return await self._premises.store.read(account, lambda tx: tx.volumes.alarms())

    def tell(self, alarms: Sequence[AlarmRow]) -> None:
        """These alarms are durable: the log and the figures say so."""
        for alarm in alarms:
            self.raised[alarm.kind] += 1
            if alarm.kind == "blocked":
                _LOG.warning("volume_blocked", extra={"count": alarm.patients})
            else:
                _LOG.warning("volume_step_up", extra={"count": alarm.patients})

    async def _step_up(self, tx: OwnerTx) -> None:
        """Sessions end until their person shows password and authenticator again; those where they did within the
        last ten minutes go on.
        """
        fresh_ms = self._premises.now_ms - PROVEN_MS
        for device in await tx.people.devices():
            if device.proved_ms is None or device.proved_ms <= fresh_ms:
                await end_sessions(self._premises, tx, "step_up", device=device.device)

    async def _raise(
        self, book: OwnerUnit, kind: _Kind, told: Displayed, patients: int
    ) -> AlarmRow:
        now_ms, unit = self._premises.now_ms, told.unit
        alarm = AlarmRow(book.number(), kind, told.at_ms, now_ms, patients, unit, None)
        await book.tx.volumes.put_alarm(alarm)
        action = f"volume_{kind}"
        said = entry(self._premises, None, action, other=book.owner, unit=unit, count=patients)
        await book.log(ACCESS, said)
        return alarm


def most_in_an_hour(displays: Sequence[tuple[int, int]], at_ms: int) -> int:
    """The most distinct patients within one hour that holds `at_ms`. `displays`: (instant, patient) in
    order, none of them an hour or more away.
    """
    held: Counter[int] = Counter()
    start = most = 0
    for instant, patient in displays:
        held[patient] += 1
        while displays[start][0] <= instant - HOUR_MS:
            held[displays[start][1]] -= 1
            if not held[displays[start][1]]:
                del held[displays[start][1]]
            start += 1
        if instant >= at_ms:
            most = max(most, len(held))
    return most
