"""Ops in, verdicts out: T1 for each owner of a request, in the order of the request (DATA-MODEL §4).

The lock comes first, then the op's own past, then rights. A verdict is stored with its effect and answered
again, identical, until it is acknowledged; the id is kept, so that a late copy of the op changes nothing.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dossier.clock import from_wire, to_ms
from dossier.errors import AccessDenied, Conflict, Invalid, Issue, Refused, Unavailable
from dossier.wire import codec, limits
from dossier.wire.messages import Op, OpsReply, OpsRequest, Verdict, Version, WireIssue
from server.ports import CopyRow, OpRow, OwnerTx
from server.services.consents import CONSENT
from server.services.copies import Copies, Key
from server.services.deciding import Desk, Tools
from server.services.effects import Displayed, Erased
from server.services.facets import ACCESS, access_facet
from server.services.journal import entry
from server.services.labels import Labels
from server.services.reapplying import Reapplying
from server.services.record import note_opened
from server.services.rights import standing, standing_of
from server.services.session import Session
from server.services.unit import OwnerUnit

_NUMBERS = 8
"""Numbers one op may take: journal, narrowing, ends of rights, duties."""
_ACKED_PER_REQUEST = 1_000
_OP_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A UUID: the other names under which the server remembers things cannot be taken."""


class _Turn(NamedTuple):
    """What one op is judged with, besides itself."""

    desk: Desk
    session: Session
    book: OwnerUnit
    copies: dict[Key, CopyRow]
    blind: list[CopyRow]
    """Erased copies of which the record's own journal cannot tell: its key is gone."""
    earlier: dict[str, Verdict]


class Changes:
    """Accepts ops. `committed` is called with each owner that has something new to tell."""

    def __init__(
        self, tools: Tools, copies: Copies, committed: Callable[[int], None] | None = None
    ) -> None:
        self._tools, self._copies = tools, copies
        self._premises = tools.premises
        self._reapplying = Reapplying(
            tools.premises, tools.access, Labels(tools.premises, tools.access)
        )
        self._committed = committed

    async def push(self, session: Session, request: OpsRequest) -> OpsReply:
        """One verdict per op, in their order. Raises Refused above the limits."""
        if len(request.ops) > limits.OPS_PER_REQUEST or len(request.acked) > _ACKED_PER_REQUEST:
            raise Refused("too_many_ops")
        await self._acknowledge(session, request.acked)
        verdicts: dict[int, Verdict] = {}
        for owner in dict.fromkeys(op.owner for op in request.ops):
            places = [n for n, op in enumerate(request.ops) if op.owner == owner]
            ops = [request.ops[n] for n in places]
            earlier = {verdict.op_id: verdict for verdict in verdicts.values()}
            found = await self._owner(session, owner, ops, earlier)
            verdicts |= dict(zip(places, found, strict=True))
        return OpsReply(
            restore=self._premises.restore,
            verdicts=tuple(verdicts[n] for n in range(len(request.ops))),
        )

    async def _acknowledge(self, session: Session, acked: Sequence[tuple[int, str]]) -> None:
        by_owner: dict[int, list[str]] = {}
        for owner, op_id in acked:
            by_owner.setdefault(owner, []).append(op_id)
        for owner, op_ids in by_owner.items():

            async def forget(tx: OwnerTx, op_ids: list[str] = op_ids) -> None:
                if await tx.owner.lock(1) is not None:
                    await tx.ops.acknowledge(session.account, op_ids)

            await self._premises.store.write(owner, forget)

    async def _owner(
        self, session: Session, owner: int, ops: Sequence[Op], earlier: dict[str, Verdict]
    ) -> list[Verdict]:
        copies, blind = await self._held(session, owner, ops), list[CopyRow]()
        parties = await self._tools.consenting.parties(
            value for op in ops if (value := _consent(op)) is not None
        )

        async def work(tx: OwnerTx) -> list[Verdict]:
            reserved = _NUMBERS * (len(ops) + 1)
            row = await tx.owner.lock(reserved)
            if row is None:
                return [_misnamed(op) or _unavailable(op) for op in ops]
            book = OwnerUnit(self._premises, tx, row, reserved)
            await self._tools.access.bring(book)
            mine = await standing_of(self._premises, session, tx, book.row)
            desk = Desk(self._tools, session, book, mine, parties)
            turn = _Turn(desk, session, book, copies, blind, dict(earlier))
            found = [await self._one(turn, op) for op in ops]
            await book.close()
            return found

        found = await self._premises.store.write(owner, work)
        await self._copies.receive(session, blind)
        if self._committed is not None:
            self._committed(owner)
        return found

    async def _held(self, session: Session, owner: int, ops: Sequence[Op]) -> dict[Key, CopyRow]:
        """The device's copies, when a receipt or a display without a present right needs them."""
        kinds = {op.kind for op in ops}
        if "receipt" not in kinds and "opened" in kinds:
            mine = await self._premises.store.read(
                owner, lambda tx: standing(self._premises, session, tx)
            )
            if mine is not None and mine.readable():
                return {}
        if not kinds & {"opened", "receipt"}:
            return {}
        return await self._copies.held(session, [owner])

    async def _one(self, turn: _Turn, op: Op) -> Verdict:
        misnamed = _misnamed(op)
        if misnamed is not None:
            return misnamed
        digest = hashlib.sha256(codec.encode(op)).digest()
        known = await turn.book.tx.ops.get(op.op_id)
        if known is not None:
            self._told_again(turn, op)
            return _known(turn.session, op, digest, known)
        if turn.desk.mine.is_stranger and not _may_tell(turn, op):
            return _unavailable(op)
        if await self._waits(turn, op):
            return Verdict(op_id=op.op_id, code="later", reason="dependency")
        verdict = turn.earlier[op.op_id] = await self._decided(turn, op)
        row = OpRow(
            op.op_id,
            turn.session.account,
            turn.session.device,
            op.acting,
            digest,
            codec.encode(verdict),
            self._premises.now_ms,
        )
        await turn.book.tx.ops.put(row)
        return verdict

    async def _waits(self, turn: _Turn, op: Op) -> bool:
        if op.depends_on is None:
            return False
        found = turn.earlier.get(op.depends_on)
        if found is not None:
            return found.code == "later"
        return await self._earlier(turn, op.depends_on) is None

    async def _earlier(self, turn: _Turn, op_id: str) -> OpRow | None:
        """An op of this account known to this owner; another's, or no op at all, is as good as unknown."""
        row = await turn.book.tx.ops.get(op_id) if _OP_ID.fullmatch(op_id) else None
        return row if row is not None and row.account == turn.session.account else None

    async def _decided(self, turn: _Turn, op: Op) -> Verdict:
        try:
            version = await self._act(turn, op)
            return Verdict(op_id=op.op_id, code="ok", version=version)
        except Conflict as moved:
            row = await turn.book.tx.resources.get(op.rtype, op.id)
            version = row.version if row is not None else Version(0, 0)
            return Verdict(
                op_id=op.op_id, code="conflict", version=version, elements=moved.elements
            )
        except Invalid as wrong:
            return Verdict(
                op_id=op.op_id, code="rejected", reason="invalid", issues=_issues(wrong.issues)
            )
        except Refused as no:
            return Verdict(op_id=op.op_id, code="rejected", reason=no.code)
        except (Unavailable, AccessDenied):
            return _unavailable(op)

    async def _check_dependency(self, turn: _Turn, op: Op) -> None:
        if op.depends_on is None:
            return
        found = turn.earlier.get(op.depends_on)
        if found is None:
            row = await self._earlier(turn, op.depends_on)
            stored = row.verdict if row is not None else None
            found = codec.decode(stored, Verdict) if stored is not None else None
        if found is not None and found.code not in {"ok", "done"}:
            raise Refused("dependency_refused")

    async def _act(self, turn: _Turn, op: Op) -> Version:
        if op.acting != turn.session.situation:
            raise Refused("another_situation")
        _claimed(op)
        await self._check_dependency(turn, op)
        if op.kind == "create":
            version = await turn.desk.create(op)
            if await self._reapplying.arrived(turn.book, {(op.rtype, op.id)}):
                await turn.desk.look_again()
            return version
        if op.kind == "change":
            return await turn.desk.change(op)
        if op.kind == "opened":
            await self._opened(turn, op)
        else:
            await self._erased(turn, op)
        return Version(0, 0)

    async def _opened(self, turn: _Turn, op: Op) -> None:
        """Write once in ten minutes of claimed time that this person displayed the record."""
        holds = any(key.target == op.owner for key in turn.copies)
        if turn.book.row.kind != "patient" or not (turn.desk.mine.readable() or holds):
            raise Unavailable
        at_ms = min(_claimed(op), self._premises.now_ms)
        if not await note_opened(turn.book.tx, turn.session.account, at_ms):
            return
        said = entry(
            self._premises, turn.session, "opened", op_id=op.op_id, claimed=op.at, reason=op.reason
        )
        await turn.book.log(ACCESS, said)
        displayed = Displayed(at_ms, turn.session.unit)
        await turn.book.owe(turn.session.account, "displayed", displayed)

    async def _erased(self, turn: _Turn, op: Op) -> None:
        """A receipt closes the copy held under its term, and the patient reads that it is erased."""
        copy = turn.copies.get(Key(op.owner, op.facet))
        if copy is None or copy.term != op.term:
            raise Unavailable
        if copy.receipt_ms is not None:
            return
        now_ms = self._premises.now_ms
        erased = Erased(copy.device, copy.unit, copy.target, copy.facet, copy.term, now_ms)
        try:
            await turn.book.owe(turn.session.account, "erased", erased)
        except Unavailable:
            turn.blind.append(copy)
            return
        facet = self._premises.tags.name(op.owner, op.facet)
        said = entry(self._premises, turn.session, "erased", op_id=op.op_id, claimed=op.at)
        await turn.book.log(access_facet(facet), said)

    def _told_again(self, turn: _Turn, op: Op) -> None:
        """A receipt sent again closes its copy once more: the first time may have been cut off."""
        copy = turn.copies.get(Key(op.owner, op.facet)) if op.kind == "receipt" else None
        if copy is not None and copy.term == op.term:
            turn.blind.append(copy)


def _consent(op: Op) -> dict[str, object] | None:
    if op.kind != "create" or op.rtype != CONSENT or op.body is None:
        return None
    try:
        return codec.resource(bytes(op.body))
    except Invalid:
        return None


def _known(session: Session, op: Op, digest: bytes, row: OpRow) -> Verdict:
    if row.account != session.account or row.digest != digest:
        return _unavailable(op)
    if row.verdict is None:
        return Verdict(op_id=op.op_id, code="done")
    return codec.decode(row.verdict, Verdict)


def _misnamed(op: Op) -> Verdict | None:
    if _OP_ID.fullmatch(op.op_id):
        return None
    return Verdict(op_id=op.op_id, code="rejected", reason="op_id")


def _may_tell(turn: _Turn, op: Op) -> bool:
    """A stranger who holds a copy still says that it was displayed or erased."""
    holds = any(key.target == op.owner for key in turn.copies)
    return holds and op.kind in {"opened", "receipt"}


def _claimed(op: Op) -> int:
    try:
        return to_ms(from_wire(op.at))
    except ValueError as error:
        raise Invalid((Issue("at", "not_an_instant"),)) from error


def _unavailable(op: Op) -> Verdict:
    return Verdict(op_id=op.op_id, code="unavailable")


def _issues(issues: Sequence[Issue]) -> tuple[WireIssue, ...]:
    return tuple(WireIssue(path=i.path, rule=i.rule, detail=i.detail) for i in issues)
