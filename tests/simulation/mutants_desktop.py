"""Bugs of a desktop's store and engine, planted by substitution in the simulation only."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from dossier.clock import Clock, to_wire
from dossier.errors import BadAnswer, DossierError
from dossier.wire.messages import Head, Op, OpsReply, Page, Verdict
from practitioner_app.ports import ItemState
from sync.engine import Engine
from sync.exchanges import Exchange, Reply, SendOps, restore_of
from sync.ports import Applied, Key, Receipt
from sync.states import Next
from sync.their_clock import TheirClock
from tests.fakes.memory_sync_store import _Compartment
from tests.simulation.desktops import WatchedStore


class NoPurge(WatchedStore):
    """A lost right leaves the copy where it is."""

    def _lose(self, key: Key) -> None:
        one = self.disk.cache.compartments.get(key)
        if one is not None:
            one.complete, one.wanted = True, one.at


class TombstonesSkipped(WatchedStore):
    """Deletions are not applied."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        rows = tuple(row for row in page.rows if row.body is not None)
        kept = Page(**{**_fields(page), "rows": rows, "digest": ""})
        return super()._write_page(key, one, kept)


class HeadAsCursor(WatchedStore):
    """After any page the cursor is where the head said."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        ok = super()._write_page(key, one, Page(**{**_fields(page), "digest": ""}))
        one.at, one.complete = one.wanted, True
        return ok


class CursorBeforeRows(WatchedStore):
    """The cursor is durable one step before the rows."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        one.at = page.to
        if not page.more:
            one.complete, one.wanted = True, page.to
        self._failpoint("cursor.after")
        return super()._write_page(key, one, Page(**{**_fields(page), "digest": ""}))


class NoCompareAndSet(WatchedStore):
    """Any page of a compartment held is applied."""

    def _fits(self, one: _Compartment, page: Page, generation: int) -> bool:
        return bool(one.term)


class PopFirst(WatchedStore):
    """Ops leave the outbox when they are sent."""

    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        ops = super().next_ops(limit, max_bytes)
        for op in ops:
            self.disk.work.ops[op.op_id].verdict = Verdict(op_id=op.op_id, code="ok")
        return ops


class GenerationKept(WatchedStore):
    """A purge does not raise the generation, and pages are matched by generation alone."""

    def _lose(self, key: Key) -> None:
        one = self.disk.cache.compartments.get(key)
        before = one.generation if one is not None else 0
        super()._lose(key)
        if one is not None:
            one.generation = before

    def _fits(self, one: _Compartment, page: Page, generation: int) -> bool:
        return bool(one.term) and one.generation == generation


class AcknowledgedBeforeDurable(WatchedStore):
    """The verdict is forgotten by a crash, though the server was told that it is durable."""

    def unacknowledged(self, limit: int) -> Sequence[tuple[int, str]]:
        waiting = [
            (item.op.owner, item.op.op_id)
            for item in self.disk.work.ops.values()
            if item.verdict is None and item.state.value == "sent"
        ]
        return [*super().unacknowledged(limit), *waiting][:limit]


class NoReceipts(WatchedStore):
    """Erasures are never told."""

    def receipts_owed(self, limit: int) -> Sequence[Receipt]:
        return []


class UnheldNotOwed(WatchedStore):
    """What this cache does not know is none of its business."""

    def _owe_unheld(self, heads: Iterable[Head]) -> None:
        """No receipt."""


class TermsIgnored(WatchedStore):
    """What may still be read is asked, and the answer is not applied."""

    def apply_terms(self, asked: Sequence[Key], heads: Sequence[Head]) -> None:
        super().apply_terms([], [head for head in heads if not head.gone])


class SweepForgotten(WatchedStore):
    """A copy taken again from zero is merged, not replaced."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        sweeping = page.since == ""
        ok = super()._write_page(key, one, Page(**{**_fields(page), "digest": ""}))
        if sweeping:
            one.unseen = set()
        return ok

    def apply_page(self, page: Page, generation: int) -> Applied:
        one = self.disk.cache.compartments.get((page.owner, page.facet))
        kept = dict(one.rows) if one is not None and page.since == "" else {}
        applied = super().apply_page(page, generation)
        if one is not None and not applied.stale and page.kind == "page":
            for name, row in kept.items():
                one.rows.setdefault(name, row)
        return applied


class FirstPageIsAll(WatchedStore):
    """A page that says there is more completes the copy all the same."""

    def _write_page(self, key: Key, one: _Compartment, page: Page) -> bool:
        ok = super()._write_page(key, one, page)
        if page.more:
            one.complete, one.wanted = True, one.at
        return ok


class IdMadeAtSending(WatchedStore):
    """An op gets another id each time it is sent."""

    def next_ops(self, limit: int, max_bytes: int) -> Sequence[Op]:
        return [
            msgspec.structs.replace(op, op_id=self._entropy.bytes(4).hex() + op.op_id[8:])
            for op in super().next_ops(limit, max_bytes)
        ]

    def apply_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        mine = {op_id[8:]: op_id for op_id in self.disk.work.ops}
        super().apply_verdicts(
            msgspec.structs.replace(one, op_id=mine.get(one.op_id[8:], one.op_id))
            for one in verdicts
        )


class RefusedDropped(WatchedStore):
    """A refused op leaves without a word."""

    def _decide(self, verdict: Verdict) -> None:
        super()._decide(verdict)
        if verdict.code in ("rejected", "unavailable"):
            self.disk.work.ops.pop(verdict.op_id, None)


class SentIsDelivered(WatchedStore):
    """After a crash, what was sent counts as decided."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for item in self.disk.work.ops.values():
            if item.state is ItemState.SENT and item.verdict is None:
                item.verdict, item.state = Verdict(op_id=item.op.op_id, code="ok"), _DECIDED


class AcknowledgedNotSentAgain(WatchedStore):
    """After a restore only what was not yet decided is sent."""

    def _requeue(self, restore: int) -> None:
        self.disk.work.restore = restore


class NewerLineMissed(Engine):
    """A greater restore number changes nothing."""

    def _settled(self, exchange: Exchange, reply: Reply, now_s: float) -> Next:
        return super()._settled(exchange, _of_line(reply, self._store.restore()), now_s)


class BadAnswerIsEmpty(Engine):
    """An answer that cannot be read counts as one that brings nothing: all was told."""

    def settle(self, exchange: Exchange, outcome: Reply | DossierError) -> Next:
        if isinstance(exchange, SendOps) and isinstance(outcome, BadAnswer):
            verdicts = tuple(Verdict(op_id=op.op_id, code="ok") for op in exchange.request.ops)
            outcome = OpsReply(restore=self._store.restore(), verdicts=verdicts)
        return super().settle(exchange, outcome)


class ForgottenByOurClock(WatchedStore):
    """What was acknowledged is forgotten a fortnight later by the clock of this machine."""

    def acknowledged(self, ops: Sequence[tuple[int, str]]) -> None:
        super().acknowledged(ops)
        before = fortnight_before(self._clock)
        kept = self.disk.work.ops
        for op_id, item in list(kept.items()):
            if item.state is ItemState.CONFIRMED and item.told and item.op.at < before:
                del kept[op_id]


def fortnight_before(clock: Clock) -> str:
    """Fourteen days before the present hour of this clock."""
    return to_wire(clock.now() - timedelta(days=14))


class _HourOfTheAnswer(TheirClock):
    """How far the clocks are apart is what it was at the last answer that said the hour."""

    def learn(self, now: str) -> None:
        super().learn(now)
        self._then = super()._ahead()

    def _ahead(self) -> timedelta:
        return self.__dict__.get("_then", timedelta(0))

    def has_jumped(self) -> bool:
        return False


class EndsStandWrong(Engine):
    """Nobody notices that a clock was set: the ends of rights stand wrong on this machine."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._down._theirs = _HourOfTheAnswer(self._clock)


_DECIDED = ItemState.CONFIRMED


def _of_line(reply: Reply, restore: int) -> Reply:
    if restore_of(reply) is None:
        return reply
    return msgspec.structs.replace(reply, restore=restore)  # type: ignore[type-var,return-value]


def _fields(page: Page) -> dict[str, Any]:
    return {name: getattr(page, name) for name in page.__struct_fields__}
