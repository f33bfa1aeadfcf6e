"""What must hold at every step, and once all is quiet (background protocol §3, invariants 1 to 10)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from dossier.wire import codec
from dossier.wire.messages import (
    Change,
    DigestsReply,
    Heads,
    Op,
    OpsReply,
    Pages,
    TermsReply,
    Verdict,
    Version,
)
from dossier.wire.sessions import TokenReply
from practitioner_app.ports import CurrentRow, ItemState
from sync.exchanges import AskChanges, AskHeads, AskTerms
from tests.simulation.desktops import Flight, SimDesktop
from tests.simulation.facts import Person
from tests.simulation.ports import Copy, Name, Written
from tests.simulation.scene import Scene


class Violated(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant


class Issued:
    """Every op a person put, and at which desktop."""

    def __init__(self) -> None:
        self.ops: dict[str, tuple[int, Op]] = {}


class Monitors:
    """Checks of one schedule, at each step and at rest."""

    def __init__(self, scene: Scene, desktops: list[SimDesktop]) -> None:
        self.scene, self.desktops = scene, desktops
        self.issued = Issued()
        self._bodies: dict[int, dict[tuple[str, str], bytes]] = {}
        self._watched = [-1] * len(desktops)
        self.lines = [0] * len(desktops)
        """The greatest restore number each desktop has met."""
        self._tokens: dict[str, int] = {}
        """By token, the line it was given on; those of the start are of the first."""
        self._before: Kept | None = None
        self._accepted: dict[str, Version] = {}
        """By op, as the server said last on a line that holds."""

    # --- invariant 6: what leaves the server ------------------------------------------------------------

    def emitted(self, person: Person, flight: Flight, outcome: object, since: int) -> None:
        """An answer is made. `since`: the moment its request reached the server."""
        oracle = self.scene.oracle
        self._signed_in(flight, outcome)
        if isinstance(outcome, OpsReply) and flight.line == max([*self.lines, self.scene.line]):
            self._accepted |= {v.op_id: v.version for v in outcome.verdicts if v.code == "ok"}
        if isinstance(flight.exchange, AskChanges) and isinstance(outcome, Pages):
            for page in outcome.pages:
                for row in page.rows:
                    name = (page.owner, row.rtype, row.id)
                    if row.body is not None and not oracle.could_read(person, name, since):
                        raise Violated("6 confidentiality", f"page gives {row.id} to {person}")
        if isinstance(flight.exchange, AskHeads | AskTerms) and isinstance(
            outcome, Heads | TermsReply
        ):
            for head in outcome.heads:
                if not head.gone and not oracle.could_read_any(person, head.owner, since):
                    raise Violated("6 confidentiality", f"head of {head.owner} to {person}")

    def _signed_in(self, flight: Flight, outcome: object) -> None:
        """A token is of one line of time: no request of before a restore is answered after it."""
        if isinstance(outcome, TokenReply):
            self._tokens[outcome.token] = flight.line
        answered = isinstance(outcome, OpsReply | Heads | Pages | TermsReply | DigestsReply)
        if answered and self._tokens.get(flight.token, 0) != flight.line:
            raise Violated("restore", "a token of another line of time is known")

    # --- law 4: a line of time that was left ------------------------------------------------------------

    def told(self, index: int, flight: Flight, outcome: object) -> None:
        """An answer arrives: whether it is of an older line than this desktop has met."""
        self._before = None
        if isinstance(outcome, OpsReply | Heads | Pages | TermsReply | DigestsReply):
            if flight.line < self.lines[index]:
                self._before = kept(self.desktops[index])
            self.lines[index] = max(self.lines[index], flight.line)

    def drew(self, index: int) -> None:
        """The desktop drew its consequence: none at all from an older line."""
        if self._before is not None and kept(self.desktops[index]) != self._before:
            raise Violated("restore", f"an older line changed desktop {index}")

    # --- invariants 4, 5, 9: what a desktop shows -------------------------------------------------------

    def watch(self, index: int) -> None:
        """After anything changed on a desktop: it never shows less than it once applied."""
        desktop = self.desktops[index]
        if desktop.disk.stamp == self._watched[index]:
            return
        self._watched[index] = desktop.disk.stamp
        highest = desktop.disk.highest
        for name, version in confirmed(desktop.store, self.scene.built.patients).items():
            if version < highest.get(name, version):
                raise Violated("4, 9 nothing goes back", f"{name} on desktop {index}")
            highest[name] = version
        self._own_words(index, desktop)
        for slot in desktop.slots:
            if slot.engine.state.retaken:
                raise Violated("1 convergence", f"a digest disagreed on desktop {index}")

    def _own_words(self, index: int, desktop: SimDesktop) -> None:
        ops = desktop.disk.ops
        for op_id, (at, op) in self.issued.ops.items():
            if at != index:
                continue
            item = ops.get(op_id)
            if item is None:
                raise Violated("5 read your writes", f"op {op_id} vanished from desktop {index}")
            waits = item.state in (ItemState.PENDING, ItemState.SENT)
            if waits and op.kind == "create" and item.shows == b"":
                raise Violated("5 read your writes", f"op {op_id} is not shown")

    # --- invariant 5: through the end of a process ------------------------------------------------------

    def kill(self, desktop: SimDesktop) -> None:
        """The process dies between two steps: the next one shows the same."""
        before = self._shown(desktop)
        desktop.die()
        if self._shown(desktop) != before:
            raise Violated("5 read your writes", "a restart shows something else")

    def cut_power(self, desktop: SimDesktop) -> None:
        """Whatever the copy forgets: what a person wrote here is shown as it was."""
        before = self._shown(desktop)
        desktop.lose_power()
        after, ops = self._shown(desktop), desktop.disk.ops
        for op_id, item in ops.items():
            name = (item.op.owner, item.op.rtype, item.op.id)
            if item.verdict is None or item.verdict.code != "ok" or name not in before:
                continue
            written, row = item.verdict.version, after.get(name)
            if before[name].version < written:
                continue
            if row is None or (row.version < written and row.op_id != op_id):
                raise Violated("5 read your writes", f"{name} of op {op_id} is not shown any more")

    def _shown(self, desktop: SimDesktop) -> dict[Name, CurrentRow]:
        rows = (row for owner in self.scene.built.patients for row in desktop.store.rows(owner))
        return {(row.owner, row.rtype, row.id): row for row in rows}

    # --- at rest ----------------------------------------------------------------------------------------

    def quiet(self) -> None:
        """Faults stopped and everything settled: caches, ops and history agree with the server."""
        truth = self.scene.side.rows.present()
        self._bodies.clear()
        for index, desktop in enumerate(self.desktops):
            if desktop.actor.key.device in self.scene.revoked:
                continue
            self._converged(index, desktop, truth)
            if self.scene.is_shut_out(desktop.actor.person):
                continue
            self._verdicts(index, desktop, truth)
            self._receipts(index, desktop)
        self._history()
        faults = [*self.scene.side.faults(), *(f for d in self.desktops for f in d.disk.faults())]
        if faults:
            raise Violated("11 sound files", "; ".join(faults))

    def _converged(
        self, index: int, desktop: SimDesktop, truth: dict[Name, tuple[int, int]]
    ) -> None:
        oracle, person = self.scene.oracle, desktop.actor.person
        expected = {
            name: Version(*version)
            for name, version in truth.items()
            if oracle.may_read(person, name, oracle.now)
        }
        held = confirmed(desktop.store, {name[0] for name in truth})
        for name in held.keys() - expected.keys():
            raise Violated("6 confidentiality", f"{name} stays on quiet desktop {index}")
        for name in expected.keys() - held.keys():
            raise Violated("1 convergence", f"{name} is missing on desktop {index}")
        for name, version in expected.items():
            if held[name] != version:
                raise Violated("1 convergence", f"{name} is old on desktop {index}")
        for owner in {name[0] for name in held}:
            true = self._bodies.get(owner) or self.scene.bodies(owner)
            self._bodies[owner] = true
            for (rtype, rid), one in desktop.store.confirmed(owner).items():
                if one.row.body != true[rtype, rid]:
                    raise Violated("1 convergence", f"{rid} differs on desktop {index}")
        if person in oracle.now.ended:
            return
        for slot in desktop.slots:
            progress = slot.engine.state.progress
            complete = progress.patients_complete == progress.patients
            if not (progress.complete and complete and progress.rows == progress.rows_wanted):
                raise Violated("10 progress", f"not at 100 % on quiet desktop {index}")

    def _verdicts(
        self, index: int, desktop: SimDesktop, truth: dict[Name, tuple[int, int]]
    ) -> None:
        ops = desktop.disk.ops
        for op_id, (at, op) in self.issued.ops.items():
            if at != index or op.kind not in ("create", "change"):
                continue
            item = ops[op_id]
            if item.verdict is None:
                if waits_for_a_person(desktop, op):
                    if op.kind == "create" and (op.owner, op.rtype, op.id) in truth:
                        raise Violated("3 applied exactly once", f"{op.id}, which waits")
                    continue
                raise Violated("2 every write has a verdict", f"{op.kind} {op_id} has none")
            exists = (op.owner, op.rtype, op.id) in truth
            if item.verdict.code == "done" and not self.scene.line:
                raise Violated("2 every write has a verdict", f"{op_id}: its verdict was forgotten")
            self._followed(op, item, ops)
            said_ok = item.verdict.code in ("ok", "done")
            if op.kind == "create" and exists != said_ok:
                raise Violated("3 applied exactly once", f"{op.id}: {item.verdict.code}")

    def _followed(self, op: Op, item: Written, ops: Mapping[str, Written]) -> None:
        """Decided for good, and after what it depends on."""
        assert item.verdict is not None
        if item.verdict.code == "later":
            raise Violated("2 every write has a verdict", f"{op.op_id} waits for ever")
        first = ops.get(op.depends_on or "")
        if item.verdict.code != "ok" or first is None:
            return
        if first.verdict is None or first.verdict.code not in ("ok", "done"):
            raise Violated("3 applied exactly once", f"{op.op_id} before what it depends on")

    def _receipts(self, index: int, desktop: SimDesktop) -> None:
        """Every copy the server knows of is held here under its term, or its erasure was told.

        A desktop that forgot what it held is told of it by heads; nobody tells heads to one whose membership
        is over.
        """
        actor = desktop.actor
        forgot = desktop.lost_cache or self.scene.line
        if forgot and actor.person in self.scene.oracle.now.ended:
            return
        held = {(h.owner, h.facet, h.term) for h in desktop.store.held()}
        for row in self.scene.side.rows.copies(actor.person.account, actor.key.device):
            if row.receipt_ms is None and (row.target, row.facet, row.term) not in held:
                raise Violated("6 receipts", f"an erasure on desktop {index} was never told")
            if row.receipt_ms is not None and (row.target, row.facet, row.term) in held:
                raise Violated("6 receipts", f"a copy on desktop {index} counts as erased")

    def _history(self) -> None:
        """Each version came from exactly one accepted op, and replaced what its author saw."""
        accepted: dict[Name, dict[int, Op]] = {}
        lost = self._never_sent_again()
        ops = [desktop.disk.ops for desktop in self.desktops]
        for op_id, (index, op) in self.issued.ops.items():
            verdict = ops[index][op_id].verdict
            if verdict is None or verdict.code not in ("ok", "done") or op.kind != "change":
                continue
            if (op.owner, op.rtype, op.id) in lost:
                continue
            version = verdict.version if verdict.code == "ok" else self._accepted[op_id]
            changes = accepted.setdefault((op.owner, op.rtype, op.id), {})
            if version.k in changes:
                raise Violated("7 no lost update", f"{op.id} version {version.k} twice")
            changes[version.k] = op
        for (owner, rtype, rid), changes in accepted.items():
            self._chain(owner, rtype, rid, changes)

    def _never_sent_again(self) -> set[Name]:
        """What a desktop nobody answers any more changed and never heard the verdict of, or, before a restore,
        changed at all: it is not asked any more, so nobody knows whether it counts.
        """
        scene = self.scene
        silent = {
            n
            for n, d in enumerate(self.desktops)
            if d.actor.key.device in scene.revoked or scene.is_shut_out(d.actor.person)
        }
        return {
            (op.owner, op.rtype, op.id)
            for op_id, (index, op) in self.issued.ops.items()
            if index in silent
            and (self.scene.line or self.desktops[index].disk.ops[op_id].verdict is None)
        }

    def _chain(self, owner: int, rtype: str, rid: str, changes: dict[int, Op]) -> None:
        versions = self.scene.side.rows.bodies(owner, rtype, rid)
        if len(versions) != 1 + len(changes):
            raise Violated("3 applied exactly once", f"{rid} has {len(versions)} versions")
        for k, op in changes.items():
            if k - 1 not in versions or k not in versions:
                raise Violated("3 applied exactly once", f"{rid} has no version {k}")
            before = msgspec.json.decode(versions[k - 1])
            after = {**before, **{one.element: _value(one) for one in op.changes}}
            if msgspec.json.decode(versions[k]) != after:
                raise Violated("7 no lost update", f"{rid} version {k} changed something else")
            for change in op.changes:
                present = before.get(change.element)
                found = None if present is None else codec.value_hash(present)
                if found != change.base:
                    raise Violated("7 no lost update", f"{rid} version {k} replaced another value")


def _value(change: Change) -> object:
    return None if change.value is None else msgspec.json.decode(change.value)


class Kept(NamedTuple):
    """What an answer could change on a desktop."""

    rows: tuple[tuple[Name, Version], ...]
    cursors: tuple[tuple[int, str, str, str], ...]
    ops: tuple[tuple[str, ItemState, Verdict | None], ...]


def kept(desktop: SimDesktop) -> Kept:
    """As it is now."""
    held = desktop.store.held()
    rows = confirmed(desktop.store, sorted({one.owner for one in held}))
    return Kept(
        tuple(rows.items()),
        tuple((one.owner, one.facet, one.term, one.at) for one in held),
        tuple((op_id, item.state, item.verdict) for op_id, item in desktop.disk.ops.items()),
    )


def waits_for_a_person(desktop: SimDesktop, op: Op) -> bool:
    """It depends on an op that was refused or is in conflict, directly or through others."""
    first = desktop.disk.ops.get(op.depends_on or "")
    if first is None:
        return False
    if first.state in (ItemState.REFUSED, ItemState.CONFLICT):
        return True
    return first.verdict is None and waits_for_a_person(desktop, first.op)


def confirmed(store: Copy, owners: Iterable[int]) -> dict[Name, Version]:
    """Every confirmed row a desktop shows of these owners."""
    return {
        (owner, *name): one.row.version
        for owner in owners
        for name, one in store.confirmed(owner).items()
    }
