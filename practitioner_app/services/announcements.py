"""Every durable act of a person is announced, so that every screen asks again for what it shows."""

from collections.abc import Iterator
from contextlib import contextmanager

from dossier.wire.messages import Op
from practitioner_app.ports import (
    Announce,
    ChangeSet,
    ConflictCase,
    Outbox,
    PendingOp,
    Topic,
)


class AnnouncingOutbox:
    """An Outbox that says what it did: one ChangeSet per durable act, after it is durable. Write lane."""

    def __init__(self, outbox: Outbox, announce: Announce) -> None:
        self._outbox = outbox
        self._announce_now = announce
        self._held: list[ChangeSet] | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is announced inside is said once, when all of it is durable."""
        self._held = []
        try:
            with self._outbox.together():
                yield
            said = self._held
        finally:
            self._held = None
        if said:
            self._announce_now(_joined(said))

    def _announce(self, change: ChangeSet) -> None:
        if self._held is None:
            self._announce_now(change)
        else:
            self._held.append(change)

    def put(self, op: Op, *, shows: bytes = b"", saw: bytes = b"") -> None:
        self._outbox.put(op, shows=shows, saw=saw)
        touched = {op.owner: frozenset({op.rtype})} if op.rtype else {}
        self._announce(ChangeSet(owners=touched, topics=frozenset({Topic.OUTBOX})))

    def withdraw(self, op_id: str) -> bool:
        touched = self._touched(op_id)
        done = self._outbox.withdraw(op_id)
        if done:
            self._announce(ChangeSet(owners=touched, topics=frozenset({Topic.OUTBOX})))
        return done

    def pending(self) -> "list[PendingOp]":
        return list(self._outbox.pending())

    def conflicts(self) -> "list[ConflictCase]":
        return list(self._outbox.conflicts())

    def settle(self, op_id: str) -> None:
        touched = {case.owner: frozenset({case.rtype}) for case in self._cases(op_id)}
        self._outbox.settle(op_id)
        self._announce(ChangeSet(owners=touched, topics=frozenset({Topic.CONFLICTS})))

    def discard_refused(self, op_id: str) -> None:
        touched = self._touched(op_id)
        self._outbox.discard_refused(op_id)
        self._announce(ChangeSet(owners=touched, topics=frozenset({Topic.OUTBOX})))

    def _cases(self, op_id: str) -> "list[ConflictCase]":
        return [case for case in self._outbox.conflicts() if case.op_id == op_id]

    def _touched(self, op_id: str) -> dict[int, frozenset[str]]:
        return {
            item.owner: frozenset({item.rtype})
            for item in self._outbox.pending()
            if item.op_id == op_id and item.rtype
        }


def _joined(changes: list[ChangeSet]) -> ChangeSet:
    owners: dict[int, frozenset[str]] = {}
    for change in changes:
        for owner, rtypes in change.owners.items():
            owners[owner] = owners.get(owner, frozenset()) | rtypes
    topics = frozenset[Topic]().union(*(change.topics for change in changes))
    return ChangeSet(owners=owners, topics=topics)
