"""Bugs of the server's services, planted by substitution in the simulation only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from dossier.clock import Clock
from dossier.errors import SignInNeeded
from dossier.wire.messages import Change, Op, OpsRequest, Verdict, Version
from server.ports import OpRow, OwnerTx
from server.services import bodies, conflict, effects
from server.services.changes import Changes
from server.services.feed import Feed
from server.services.indexer import Indexer, Told
from server.services.rights import Right
from server.services.session import Session, Sessions
from tests.simulation.facts import Name
from tests.simulation.scene import Actor, Scene


class NoIdempotency(Changes):
    """A known op is applied again."""

    async def _one(self, turn: Any, op: Op) -> Verdict:
        verdict = turn.earlier[op.op_id] = await self._decided(turn, op)
        return verdict


class VerdictNotStored(Changes):
    """The op is remembered, its verdict is not."""

    async def push(self, session: Session, request: OpsRequest) -> Any:
        reply = await super().push(session, request)
        for op in request.ops:

            async def forget(tx: OwnerTx, op: Op = op) -> None:
                row = await tx.ops.get(op.op_id)
                if row is not None:
                    await tx.ops.put(OpRow(*row[:5], None, row.at_ms))

            await self._premises.store.write(op.owner, forget)
        return reply


class NoRevokeCheck(Feed):
    """The right is looked up when heads are asked, and not when rows are served."""

    async def _read(self, *args: Any, **more: Any) -> Any:
        slices, _mine, _same = await super()._read(*args, **more)
        return slices, _Believing({one.want.facet: one.want.term for one in slices}), True


class _Believing:
    """Believes every term it is shown."""

    is_stale = False

    def __init__(self, terms: dict[str, str]) -> None:
        self._terms = terms

    def right(self, facet: str) -> Right:
        return Right("r", self._terms.get(facet, ""), None)


class FloorIgnored(Feed):
    """A cursor behind the oldest tombstone is served as if nothing were missing."""

    async def _slice(self, tx: OwnerTx, want: Any, room: int) -> Any:
        row = await tx.compartments.get(want.facet)
        if row is None:
            return await super()._slice(tx, want, room)
        return await super()._slice(_Floorless(tx), want, room)  # type: ignore[arg-type]


class _Floorless:
    """A unit of work whose compartments say that no tombstone was ever dropped."""

    def __init__(self, tx: OwnerTx) -> None:
        self._tx = tx
        self.compartments = self

    async def get(self, facet: str) -> Any:
        row = await self._tx.compartments.get(facet)
        return None if row is None else row._replace(floor=0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


def _instead(kind: type[Any], right: Any) -> Any:
    """The same service, with the methods of another class."""
    wrong = kind.__new__(kind)
    wrong.__dict__.update(right.__dict__)
    return wrong


def changed_by(kind: type[Changes]) -> Callable[[Scene], None]:
    def plant(scene: Scene) -> None:
        scene.side.changes = _instead(kind, scene.room.changes)

    return plant


def fed_by(kind: type[Feed]) -> Callable[[Scene], None]:
    def plant(scene: Scene) -> None:
        scene.side.feed = _instead(kind, scene.room.feed)

    return plant


class LastWriterWins(Changes):
    """The base of a change is not compared."""

    async def _act(self, turn: Any, op: Op) -> Version:
        if op.kind != "change":
            return await super()._act(turn, op)
        row = await turn.book.tx.resources.get(op.rtype, op.id)
        if row is None:
            return await super()._act(turn, op)
        plain = await self._premises.sealer.open(bodies.place_of(turn.book.owner, row), row.cell)
        present = conflict.elements_of(bodies.unpack(plain).resource)
        changes = tuple(
            type(change)(
                element=change.element,
                base=conflict._hash(present, change.element),
                value=change.value,
            )
            for change in op.changes
        )
        forced = {name: getattr(op, name) for name in op.__struct_fields__}
        return await super()._act(turn, Op(**{**forced, "base": row.version, "changes": changes}))


class UnknownElementErased(Changes):
    """A change comes as from a program that sends whole resources: what it does not know goes."""

    async def _act(self, turn: Any, op: Op) -> Version:
        row = await turn.book.tx.resources.get(op.rtype, op.id) if op.kind == "change" else None
        if row is None:
            return await super()._act(turn, op)
        plain = await self._premises.sealer.open(bodies.place_of(turn.book.owner, row), row.cell)
        elements = conflict.elements_of(bodies.unpack(plain).resource)
        erased = Change(
            element="clinicalStatus", base=conflict._hash(elements, "clinicalStatus"), value=None
        )
        changes = (*op.changes, erased)
        return await super()._act(turn, msgspec.structs.replace(op, changes=changes))


class LatestClaimWins(Changes):
    """A change that claims an earlier time than the last one is answered ok and left out."""

    async def _act(self, turn: Any, op: Op) -> Version:
        if op.kind != "change":
            return await super()._act(turn, op)
        row = await turn.book.tx.resources.get(op.rtype, op.id)
        claims = self.__dict__.setdefault("claims", {})
        if row is not None and claims.get(op.id, "") > op.at:
            return row.version
        version = await super()._act(turn, op)
        claims[op.id] = op.at
        return version


class DependencyIgnored(Changes):
    """An op is decided whatever became of the one it depends on."""

    async def _waits(self, turn: Any, op: Op) -> bool:
        return False

    async def _check_dependency(self, turn: Any, op: Op) -> None:
        """Nothing is looked at."""


class OwnersTogether(Changes):
    """The verdicts of a request come back sorted by owner, not in the order of its ops."""

    async def push(self, session: Session, request: OpsRequest) -> Any:
        reply = await super().push(session, request)
        ids = [op.op_id for op in sorted(request.ops, key=lambda op: op.owner)]
        verdicts = tuple(
            msgspec.structs.replace(one, op_id=op_id)
            for one, op_id in zip(reply.verdicts, ids, strict=True)
        )
        return msgspec.structs.replace(reply, verdicts=verdicts)


class RightsRemembered(Feed):
    """What a session may read is looked up once."""

    async def _read(self, *args: Any, **more: Any) -> Any:
        slices, mine, _same = await super()._read(*args, **more)
        session, tx = args[0], args[1]
        known = self.__dict__.setdefault("known", {})
        return slices, known.setdefault((session.device, tx.id), mine), True


class PageEndsAtHead(Feed):
    """The cursor of a page that was cut is the head, not its last row."""

    async def _slice(self, tx: OwnerTx, want: Any, room: int) -> Any:
        one = await super()._slice(tx, want, room)
        row = await tx.compartments.get(want.facet)
        if not one.more or row is None:
            return one
        return one._replace(cursor=one.cursor._replace(seq=row.head), more=False)


class Deaf(Indexer):
    """Duties are done without telling anybody."""

    async def _told(self, tx: OwnerTx, owed: effects.Moved) -> Told:
        return {}


class LossUntold(Indexer):
    """Who loses a right is not told."""

    async def _told(self, tx: OwnerTx, owed: effects.Moved) -> Told:
        return await super()._told(tx, msgspec.structs.replace(owed, lost=()))


class GainUntold(Indexer):
    """Who gains a right is not told."""

    async def _told(self, tx: OwnerTx, owed: effects.Moved) -> Told:
        return await super()._told(tx, msgspec.structs.replace(owed, gained=()))


class RecheckUntold(Indexer):
    """Whose block begins or ends is not told."""

    async def _told(self, tx: OwnerTx, owed: effects.Moved) -> Told:
        return await super()._told(tx, msgspec.structs.replace(owed, recheck=()))


def indexed_by(kind: type[Indexer]) -> Callable[[Scene], None]:
    """The duties of this scene are done by another kind of indexer."""

    def plant(scene: Scene) -> None:
        wrong = _instead(kind, scene.room.indexer)

        def index() -> bool:
            maintenance = scene.room.store.maintenance
            due = scene.room.run(maintenance.owners_with_effects(scene.now_ms, 1))
            for owner in due:
                scene.room.run(wrong.run_owner(owner))
            return bool(due)

        scene.index = index  # type: ignore[method-assign]

    return plant


class OlderTokensKnown(Sessions):
    """A token of before a restore is as good as one of after it."""

    async def resolve_ended(self, token: str) -> Session:
        present = self._premises
        for restore in range(present.restore, -1, -1):
            self._premises = _OfLine(present, restore)  # type: ignore[assignment]
            try:
                return await super().resolve_ended(token)
            except SignInNeeded:
                continue
            finally:
                self._premises = present
        raise SignInNeeded


class _OfLine:
    """The premises of another line of time."""

    def __init__(self, premises: Any, restore: int) -> None:
        self._premises, self.restore = premises, restore

    def __getattr__(self, name: str) -> Any:
        return getattr(self._premises, name)


def older_tokens_known(scene: Scene) -> None:
    """The tokens of every line are looked up."""
    wrong = _instead(OlderTokensKnown, scene.room.sessions)
    scene.side.sessions = wrong  # type: ignore[attr-defined]


class CopiesUntold(Feed):
    """A device that forgot a copy is not told that it owes a receipt for it."""

    async def _unheld(self, *_args: Any) -> Any:
        return []

    async def _named(self, _session: Session, heads: Any) -> Any:
        return list(heads)


def restore_not_raised(scene: Scene) -> None:
    """The operator goes back to a copy, and the restore number stays what it was."""

    def go_back(snapshot: Any, line: int) -> None:
        scene.line = line
        scene.side.go_back(snapshot, 0)

    scene.go_back = go_back  # type: ignore[method-assign]


def move_leaves_nothing(scene: Scene) -> None:
    """A document leaves a facet without a tombstone."""

    def relabel(document: Name, label: int) -> None:
        owner = document[0]
        store = scene.room.store.inner
        before = set(store._owners[owner].tombstones)
        Scene.relabel(scene, document, label)
        tombstones = store._owners.own(owner).tombstones
        for key in tombstones.keys() - before:
            del tombstones[key]

    scene.relabel = relabel  # type: ignore[method-assign]


class _MachinesClock:
    """The hour of the machine, whoever set it."""

    ahead = timedelta()

    def __init__(self, wall: Clock) -> None:
        self.now, self.monotonic = wall.now, wall.monotonic

    async def keep(self, _keys: Any, *, at_once: bool = False) -> None:
        """Nothing is remembered."""


def machines_clock_believed(scene: Scene) -> None:
    """The end of a membership is an instant of the machine's clock, and nothing else."""
    premises = scene.room.premises
    object.__setattr__(premises, "clock", _MachinesClock(premises.wall))

    def end_membership(actor: Actor) -> None:
        Scene.end_membership(scene, actor)

        async def unsay(tx: OwnerTx) -> None:
            for row in await tx.people.members():
                await tx.people.put_member(row._replace(ended=None))

        scene.room.run(scene.room.store.write(actor.person.account, unsay))

    scene.end_membership = end_membership  # type: ignore[method-assign]
