"""The outgoing lane: batches of operations, their verdicts, acknowledgements, receipts.

Every op stays in the store until its verdict is durable there; sending again is harmless because the
server answers a known op with its stored verdict. Nothing here is durable: a new process starts over.
"""

from collections.abc import Collection, Sequence

from dossier.errors import BadAnswer, Busy, DossierError, Unreachable
from dossier.wire.messages import Op, OpsReply, OpsRequest
from sync.exchanges import SendOps
from sync.lane import SetAside
from sync.policy import BatchSize, Policy
from sync.ports import Receipt, SyncStore


class Outgoing:
    """Decides what to send and what an answer means. All times are monotonic seconds."""

    def __init__(self, store: SyncStore, situation: str, policy: Policy) -> None:
        self._store, self._situation, self._policy = store, situation, policy
        self._batch = BatchSize(policy.ops_per_request)
        self._bytes = BatchSize(policy.ops_bytes)
        self._aside: SetAside[str] = SetAside(policy.tries, policy.aside_s)
        self._acks_due_s: float | None = None

    @property
    def set_aside(self) -> int:
        """Ops tried more rarely after repeated failures."""
        return len(self._aside)

    def begin_session(self, now_s: float) -> None:
        """Signed in: what an earlier process left unacknowledged is told soon."""
        self._acks_due_s = now_s

    def allow(self, ops_per_request: int | None, ops_bytes: int | None) -> None:
        """The server's own limits, where they are lower."""
        self._batch.cap(ops_per_request or self._policy.ops_per_request)
        self._bytes.cap(ops_bytes or self._policy.ops_bytes)

    def retry(self) -> None:
        """A person asked: what was set aside is tried at once."""
        self._aside.clear()

    def next(self, now_s: float) -> SendOps | None:
        """The next batch, or None when there is nothing to send at `now_s`."""
        ops = self._waiting(now_s)
        acks_due = self._acks_due_s is not None and now_s >= self._acks_due_s
        if not ops and not acks_due:
            return None
        acked = tuple(self._store.unacknowledged(self._policy.ops_per_request))
        if not ops and not acked:
            self._acks_due_s = None
            return None
        return SendOps(OpsRequest(ops=tuple(ops), acked=acked))

    def wait_until_s(self, otherwise_s: float) -> float:
        """When something held back, or an acknowledgement, is due."""
        acks_s = otherwise_s if self._acks_due_s is None else self._acks_due_s
        return self._aside.first_due_s(min(acks_s, otherwise_s))

    def settle(self, sent: SendOps, reply: OpsReply, now_s: float) -> None:
        """Make the verdicts durable, then remember what the server may forget."""
        asked = {op.op_id for op in sent.request.ops}
        verdicts = [v for v in reply.verdicts if v.op_id in asked]
        if asked and not verdicts:
            raise BadAnswer("no_verdict")
        final = [v for v in verdicts if v.code != "later"]
        if final:
            self._store.apply_verdicts(final)
        if sent.request.acked:
            self._store.acknowledged(sent.request.acked)
        for verdict in verdicts:
            if verdict.code == "later":
                self._aside.wait(verdict.op_id, now_s + self._policy.later_s)
            else:
                self._aside.worked(verdict.op_id)
        self._acks_due_s = now_s + self._policy.acks_s
        self._batch.succeeded()
        self._bytes.succeeded()

    def failed(self, sent: SendOps, error: DossierError, now_s: float) -> None:
        """Shrink the batch; a lone op that fails again and again is set aside, the others go on."""
        if isinstance(error, Busy):
            return
        ops = sent.request.ops
        self._batch.failed(len(ops))
        self._bytes.failed(self._bytes.now)
        if len(ops) == 1 and not isinstance(error, Unreachable):
            self._aside.failed(ops[0].op_id, now_s)

    def _waiting(self, now_s: float) -> list[Op]:
        limit, aside = self._batch.now, self._aside.waiting(now_s)
        found = self._store.next_ops(limit + len(aside), self._bytes.now)
        ops = _without(found, aside)[:limit]
        if len(ops) < limit:
            owed = self._store.receipts_owed(limit - len(ops) + len(aside))
            receipts = [self._receipt(one) for one in owed if one.op_id not in aside]
            ops += receipts[: limit - len(ops)]
        return ops

    def _receipt(self, owed: Receipt) -> Op:
        return Op(
            op_id=owed.op_id,
            owner=owed.owner,
            kind="receipt",
            acting=self._situation,
            at=owed.at,
            facet=owed.facet,
            term=owed.term,
        )


def _without(found: Sequence[Op], aside: Collection[str]) -> list[Op]:
    """Those not set aside; what was to go along with one of them waits too."""
    kept: list[Op] = []
    left: set[str] = set()
    for op in found:
        if op.op_id in aside or op.depends_on in left:
            left.add(op.op_id)
        else:
            kept.append(op)
    return kept
