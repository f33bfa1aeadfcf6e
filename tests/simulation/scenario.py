"""One schedule: who does what when, and what the network does to it. The same for both levels.

Everything is drawn from one seed. The scheduler picks among what could happen now: a request reaches the
server, the server does one more unit of a request, an answer arrives, somebody gives up waiting, a person
writes, the patient decides, an effect is indexed, a process dies, time passes. After `steps` the faults stop
and the rest is driven to the end in bounded steps.
"""

import gc
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from dossier.access.home import MASKED
from dossier.clock import to_wire
from dossier.entropy import SeededEntropy
from dossier.errors import DossierError, Unreachable
from dossier.ids import uuid7
from dossier.wire import codec
from dossier.wire.messages import Change, Op
from practitioner_app.ports import ItemState
from sync.engine import Engine
from sync.exchanges import AskHeads
from sync.policy import Policy
from sync.sign_in import Shown
from sync.states import Distrusted, Idle, NeedsSignIn, Revoked
from tests.fakes.memory_sync_store import Crash
from tests.fakes.server_room import PASSWORD
from tests.simulation.backups import Backups
from tests.simulation.days import (
    CALM,
    CALM_ROUNDS,
    CALM_STEPS,
    DAYS,
    ORDINARY,
    PAGE_SIZES,
    SERVER_SHIFTS_S,
    SHIFTS_S,
    STEPS,
    WEIGHTS,
    Day,
)
from tests.simulation.desktops import (
    Flight,
    OwnClock,
    SimDesktop,
    Slot,
)
from tests.simulation.facts import Thing
from tests.simulation.monitors import Monitors, Violated, waits_for_a_person
from tests.simulation.ports import Disk, StoreFactory, Task
from tests.simulation.scene import (
    DOC_ALL,
    DOC_DOCTORS,
    Built,
    Scene,
    allergy_body,
    document_body,
)


class Running(NamedTuple):
    """A request on the server. `desktop` is who asked, though nobody may wait for it any more."""

    flight: Flight
    desktop: int
    task: Task


class Outcome(NamedTuple):
    """What one schedule came to."""

    steps: int
    exchanges: int
    crashes: int
    acts: int
    writes: int


class Synced(NamedTuple):
    """A start where everybody holds a complete copy."""

    disks: tuple[Disk, ...]
    snapshot: Any


class Schedule:
    """One seed, from the first step to rest."""

    def __init__(
        self,
        built: Built,
        seed: int,
        *,
        open_store: StoreFactory | None = None,
        engine: type[Engine] = Engine,
        plant: Callable[[Scene], None] = lambda _scene: None,
        steps: int = STEPS,
        synced: "Synced | None" = None,
        day: Day | None = None,
    ) -> None:
        self.random = Random(seed)
        self.scene = Scene(built, seed, synced.snapshot if synced else None)
        self.scene.plant(plant)
        self.day = day or ORDINARY
        self.steps, self.faults = round(steps * self.day.length), self.day.faults
        self.weights = {**WEIGHTS, **self.day.weights}
        self.entropy = SeededEntropy(seed ^ 0x5EED)
        disks = synced.disks if synced else (built.blank,) * len(built.actors)
        self.engine, self.at_work = engine, self.day.at_work if synced else 0.0
        self.desktops = [
            self._desktop(n, disks[n].twin(), open_store or built.open_store)
            for n in self.day.people
        ]
        self.monitors = Monitors(self.scene, self.desktops)
        self.backups = Backups(self.scene)
        if self.weights["backup"]:
            self.backups.take()
        self.requests: list[tuple[Flight, int]] = []
        self.late: list[tuple[Flight, int]] = []
        self.running: list[Running] = []
        self.answers: list[tuple[Flight, int, object]] = []
        self.slow: list[tuple[Flight, int, object]] = []
        self.exchanges = self.acts = self.writes = self.done = self.moves = 0

    # --- the two halves ---------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Everything; raises Violated."""
        for _ in range(self.steps):
            self.done += 1
            self._step()
        self._rest()
        self.monitors.quiet()
        crashes = sum(desktop.crashes for desktop in self.desktops)
        return Outcome(self.done, self.exchanges, crashes, self.acts, self.writes)

    def end(self) -> None:
        """Nobody waits any more; the disks go."""
        for one in self.running:
            one.task.abandon()
        for desktop in self.desktops:
            desktop.disk.end()

    def _step(self) -> None:
        """One thing of those that can happen now."""
        ready = self._ready()
        able = {
            "begin": ready,
            "deliver": self.requests,
            "arrive": self.late or self.slow,
            "advance": self.running,
            "answer": self.answers,
        }
        names = [name for name in self.weights if able.get(name, True)]
        chosen = self.random.choices(names, [self.weights[name] for name in names])[0]
        if chosen == "begin":
            self._ask(*self.random.choice(ready))
        else:
            getattr(self, f"_{chosen}")()

    def _ready(self) -> list[tuple[int, Slot]]:
        """The engines that may ask now."""
        now_s = self.scene.room.clock.monotonic()
        return [
            (index, slot)
            for index, desktop in enumerate(self.desktops)
            for slot in desktop.slots
            if slot.waits_for is None and slot.due_s <= now_s
        ]

    def _rest(self) -> None:
        """Faults stop: everybody gets answers, until nobody has anything left to ask. The machine of the server is
        set right, or nobody's authenticator would agree with it; the server's own time does not go back.
        """
        self.faults = CALM
        self.scene.room.clock.wrong_by = timedelta()
        self._mend()
        self.moves += 1
        self.requests += self.late
        self.answers += self.slow
        self.late.clear()
        self.slow.clear()
        for desktop in self.desktops:
            desktop.failpoint.n = None
        for _ in range(CALM_ROUNDS):
            for desktop in self.desktops:
                for slot in desktop.slots:
                    self._answer_person(slot)
                    slot.engine.hint()
                    slot.due_s = min(slot.due_s, slot.not_before_s)
            while self._calm_step():
                self.done += 1
                if self.done > self.steps + CALM_STEPS:
                    raise Violated("2 liveness", "an endless exchange after the faults stopped")
            if self._settled():
                return
            self._pass_time()
        raise Violated("2 liveness", "no rest within the bound after the faults stopped")

    def _answer_person(self, slot: Slot) -> None:
        """Whom the program asks to sign in again does so; who was told to distrust looks again."""
        told = slot.engine.state.state
        if told == NeedsSignIn("sign_in_needed") or isinstance(told, Distrusted):
            slot.engine.retry()
            slot.not_before_s = self.scene.room.clock.monotonic()

    def _prove(self, desktop: SimDesktop, slot: Slot) -> None:
        """Whom the program asks to show who they are types password and digits, if some are left to show."""
        if slot.engine.state.state not in (NeedsSignIn("proof_needed"), NeedsSignIn("wrong_proof")):
            return
        digits = self.scene.digits(desktop.actor.person.account)
        if digits and slot.waits_for is None:
            slot.engine.show(Shown(PASSWORD, digits))
            slot.due_s = slot.not_before_s = self.scene.room.clock.monotonic()

    def _calm_step(self) -> bool:
        """One thing that can be done now, in a fair order; False when all wait."""
        if self.running:
            while not self._advance_one(self.running[0]):
                """Nothing comes between any more."""
        elif self.requests:
            self._deliver()
        elif self.answers:
            self._answer()
        elif self._index():
            pass
        else:
            ready = self._ready()
            if not ready:
                return False
            self._ask(*ready[0])
        return True

    def _settled(self) -> bool:
        return all(self._at_rest(desktop) for desktop in self.desktops)

    def _at_rest(self, desktop: SimDesktop) -> bool:
        if desktop.actor.key.device in self.scene.revoked:
            return all(isinstance(slot.engine.state.state, Revoked) for slot in desktop.slots)
        store = desktop.store
        if self.scene.is_shut_out(desktop.actor.person):
            return not store.held()
        waiting = [
            item
            for item in desktop.disk.ops.values()
            if item.verdict is None and item.state in (ItemState.PENDING, ItemState.SENT)
        ]
        if not all(waits_for_a_person(desktop, item.op) for item in waiting):
            return False
        if store.receipts_owed(1) or store.unacknowledged(1):
            return False
        if desktop.actor.person in self.scene.oracle.now.ended:
            return not store.held()
        asked = all(slot.told_at == self.moves for slot in desktop.slots)
        idle = all(isinstance(slot.engine.state.state, Idle) for slot in desktop.slots)
        return idle and asked and all(slot.engine.state.progress.complete for slot in desktop.slots)

    # --- the network ------------------------------------------------------------------------------------

    def _ask(self, index: int, slot: Slot) -> None:
        flight = self.desktops[index].begin(slot)
        if flight is not None:
            self.exchanges += 1
            if self.random.random() >= self.faults.lose_request:
                self._post(flight, index)
            if self.random.random() < self.faults.repeat_request:
                self._post(Flight(None, flight.exchange, flight.token), index)
        self.monitors.watch(index)

    def _post(self, flight: Flight, index: int) -> None:
        """On its way, perhaps for a long time."""
        delayed = self.random.random() < self.faults.delay_request
        (self.late if delayed else self.requests).append((flight, index))

    def _arrive(self) -> None:
        """Something delayed turns up: a request whose sender may have given up, or an answer."""
        if self.late:
            self.requests.append(self.late.pop(self.random.randrange(len(self.late))))
        if self.slow:
            self.answers.append(self.slow.pop(self.random.randrange(len(self.slow))))

    def _deliver(self) -> None:
        if self.requests:
            flight, index = self.requests.pop(self.random.randrange(len(self.requests)))
            flight.moment, flight.moves = self.scene.oracle.moment, self.moves
            task = self.scene.side.start(flight.exchange, flight.token)
            self.running.append(Running(flight, index, task))

    def _advance(self) -> None:
        if self.running:
            one = self.random.choice(self.running)
            while not self._advance_one(one) and self.random.random() < 0.7:
                """It goes on a while before something else comes between."""

    def _advance_one(self, one: Running) -> bool:
        """One unit of work more; True when the answer is made."""
        if not one.task.advance():
            return False
        self.running.remove(one)
        outcome = one.task.outcome
        actor = self.desktops[one.desktop].actor
        one.flight.line = self.scene.line
        self.monitors.emitted(actor.person, one.flight, outcome, one.flight.moment)
        if one.flight.slot is not None and self.random.random() >= self.faults.lose_answer:
            if self.random.random() < self.faults.garble_answer:
                outcome = one.task.truncated(self.random)
            delayed = self.random.random() < self.faults.delay_answer
            queue = self.slow if delayed else self.answers
            queue.append((one.flight, one.desktop, outcome))
        return True

    def _answer(self) -> None:
        if self.answers:
            flight, index, outcome = self.answers.pop(self.random.randrange(len(self.answers)))
            self._give(flight, index, outcome)

    def _give(self, flight: Flight, index: int, outcome: object) -> None:
        slot = flight.slot
        if slot is not None and slot.waits_for is flight:
            if isinstance(flight.exchange, AskHeads) and not isinstance(outcome, DossierError):
                slot.told_at = flight.moves
            self.monitors.told(index, flight, outcome)
            self.desktops[index].settle(slot, outcome)  # type: ignore[arg-type]
            self.monitors.watch(index)
            self.monitors.drew(index)

    def _give_up(self) -> None:
        """Somebody waited too long; what was asked may still reach the server."""
        waiting = [
            (slot.waits_for, index)
            for index, desktop in enumerate(self.desktops)
            for slot in desktop.slots
            if slot.waits_for is not None
        ]
        if waiting:
            flight, index = self.random.choice(waiting)
            assert flight is not None
            self._give(flight, index, Unreachable("timeout"))

    # --- the world --------------------------------------------------------------------------------------

    def _time(self) -> None:
        """Time passes to when somebody is due; whoever waits for a lost answer gives up."""
        self._pass_time()

    def _pass_time(self) -> None:
        clock = self.scene.room.clock
        now_s = clock.monotonic()
        due = [
            slot.due_s
            for desktop in self.desktops
            for slot in desktop.slots
            if slot.waits_for is None and slot.due_s > now_s
        ]
        clock.go(seconds=min(60.0, max(0.001, min(due, default=now_s + 1.0) - now_s)))
        self.scene.side.beat()
        for desktop in self.desktops:
            for slot in desktop.slots:
                self._prove(desktop, slot)
        if not (self.requests or self.running or self.answers or self.slow):
            for index, desktop in enumerate(self.desktops):
                for slot in desktop.slots:
                    if slot.waits_for is not None:
                        self._give(slot.waits_for, index, Unreachable("timeout"))

    def _index(self) -> bool:
        """The server tells the readers of one owner; False when nothing was due."""
        told = self.scene.index()
        self.moves += told
        return told

    def _hint(self) -> None:
        """A hint reaches one desktop: needed or not, once or again."""
        for slot in self.random.choice(self.desktops).slots:
            slot.engine.hint()
            slot.due_s = max(slot.not_before_s, min(slot.due_s, self.scene.room.clock.monotonic()))

    def _crash(self) -> None:
        desktop = self.random.choice(self.desktops)
        kind = self.random.random()
        if kind < 0.9:
            only = self.random.choice(self.day.deaths)
            if desktop.failpoint.n is None:
                desktop.arm(self.random.randint(1, 3 if only else 8), only)
        elif kind < 0.97:
            self.monitors.kill(desktop)
        elif kind < 0.985:
            self.monitors.cut_power(desktop)
        else:
            desktop.lose_cache()

    def _quit(self) -> None:
        """A person ends the program and starts it again."""
        self.random.choice(self.desktops).die()

    def _restart(self) -> None:
        """The server dies: requests under way end where they are."""
        self.scene.restart_server([one.task for one in self.running], self.random)
        self.running.clear()

    def _backup(self) -> None:
        """A copy is made of a server at rest."""
        self._restart()
        self.backups.take()

    def _restore(self) -> None:
        """The operator goes back to a copy and declares it."""
        self._restart()
        self.moves += self.backups.restore(self.random.randrange(8))

    def _roll_back(self) -> None:
        """An older copy takes the server's place, once every desktop has met the present line."""
        if all(line == self.scene.line for line in self.monitors.lines):
            self._restart()
            self.backups.roll_back(self.random.randrange(8))

    def _replace_key(self) -> None:
        """The operator replaces an online key."""
        if not self.backups.rolled_back:
            self._restart()
            self.scene.side.replace_key(self.random.choice(("log", "order")))

    def _shift(self) -> None:
        """Somebody sets a clock, of a desktop or of the server, on or back."""
        by = timedelta(seconds=self.random.choice(SHIFTS_S))
        if self.random.random() < 0.7:
            self.random.choice(self.desktops).clock.shift(by)
        else:
            self.scene.room.clock.wrong_by += timedelta(seconds=self.random.choice(SERVER_SHIFTS_S))

    def _mend(self) -> None:
        if self.backups.rolled_back:
            self._restart()
            self.backups.mend()

    def _scribble(self) -> None:
        self.scene.scribble(self.random.randrange(len(self.scene.built.patients)), self.done)

    def _act(self) -> None:
        """The patient, or the operator, decides something."""
        self.acts += 1
        scene, draw = self.scene, self.random
        patient = draw.choice(scene.built.patients)
        actor = draw.choice(scene.built.actors)
        most = 0.98 if self.backups.rolled_back else 1.0
        kind = draw.random() * (most if self.day.labels else 0.54)
        if kind < 0.42:
            scene.consent(patient, scene.built.units[draw.random() < self.day.elsewhere])
        elif kind < 0.54:
            scene.block(patient, actor.person.account)
        elif kind < 0.62:
            scene.attend(patient, scene.built.actors[draw.choice((0, 2))].person.account)
        elif kind < 0.9:
            scene.relabel(draw.choice(scene.documents), draw.randrange(3))
        elif kind < 0.98:
            scene.compact(patient)
        elif kind < 0.99 and actor.key.device not in scene.revoked:
            scene.revoke(actor)
        elif actor.person not in scene.oracle.now.ended:
            scene.end_membership(actor)

    # --- persons ----------------------------------------------------------------------------------------

    def _write(self) -> None:
        index = self.random.randrange(len(self.desktops))
        desktop = self.desktops[index]
        op, shows, saw = self._op(desktop)
        self.writes += 1
        try:
            desktop.store.put(op, shows=shows, saw=saw)
        except Crash:
            desktop.die()
            if op.op_id not in desktop.disk.ops:
                return
        self.monitors.issued.ops[op.op_id] = (index, op)
        for slot in desktop.slots:
            slot.due_s = min(slot.due_s, self.scene.room.clock.monotonic())
        self.monitors.watch(index)

    def _op(self, desktop: SimDesktop) -> tuple[Op, bytes, bytes]:
        scene, draw = self.scene, self.random
        place = draw.randrange(len(scene.built.patients))
        owner, patient = scene.built.patients[place], scene.built.names[place]
        op_id = uuid7(scene.room.clock, self.entropy)
        kind = draw.random()
        if kind < 0.45:
            rows = [r for r in desktop.store.rows(owner, ("AllergyIntolerance",)) if r.version.k]
            if rows:
                return self._change(desktop, owner, draw.choice(rows), op_id)
        if kind < 0.8:
            rid = f"new-{op_id[-12:]}"
            body = allergy_body(patient, rid, f"agent {op_id[-4:]}")
            return self._create(desktop, owner, "AllergyIntolerance", rid, body, op_id)
        if kind < 0.93:
            rid = f"file-{op_id[-12:]}"
            code = draw.choice((DOC_ALL, DOC_DOCTORS))
            labels = (MASKED,) if draw.random() < 0.4 else ()
            body = document_body(patient, rid, code)
            op, shows, saw = self._create(desktop, owner, "DocumentReference", rid, body, op_id)
            person = desktop.actor.person
            name = (owner, "DocumentReference", rid)
            thing = Thing(person.account, person.unit, code, filed_masked=bool(labels))
            scene.oracle.things[name] = thing
            scene.documents.append(name)
            if labels:
                scene.oracle.change(masked=scene.oracle.now.masked | {rid})
            return msgspec.structs.replace(op, labels=labels), shows, saw
        op = Op(
            op_id=op_id,
            owner=owner,
            kind="opened",
            acting=desktop.actor.situation,
            at=to_wire(desktop.clock.now()),
        )
        return op, b"", b""

    def _create(
        self, desktop: SimDesktop, owner: int, rtype: str, rid: str, body: bytes, op_id: str
    ) -> tuple[Op, bytes, bytes]:
        person = desktop.actor.person
        self.scene.oracle.things[owner, rtype, rid] = Thing(person.account, person.unit)
        before = [
            o
            for o, (_, op) in self.monitors.issued.ops.items()
            if op.owner == owner and op.kind != "opened"
        ]
        mine = [o for o in before if o in desktop.disk.ops]
        depends_on = mine[-1] if mine and self.random.random() < self.day.depends else None
        op = Op(
            op_id=op_id,
            owner=owner,
            kind="create",
            acting=desktop.actor.situation,
            at=to_wire(desktop.clock.now()),
            rtype=rtype,
            id=rid,
            body=msgspec.Raw(body),
            depends_on=depends_on,
        )
        return op, body, b""

    def _change(
        self, desktop: SimDesktop, owner: int, row: "object", op_id: str
    ) -> tuple[Op, bytes, bytes]:
        """One person changes the agent of an allergy as this desktop shows it confirmed."""
        seen = desktop.store.confirmed(owner)[row.rtype, row.id].row  # type: ignore[attr-defined]
        before = msgspec.json.decode(seen.body)
        value = {"text": f"agent {op_id[-4:]}"}
        change = Change(
            element="code",
            base=codec.value_hash(before["code"]),
            value=msgspec.Raw(msgspec.json.encode(value)),
        )
        op = Op(
            op_id=op_id,
            owner=owner,
            kind="change",
            acting=desktop.actor.situation,
            at=to_wire(desktop.clock.now()),
            rtype=seen.rtype,
            id=seen.id,
            base=seen.version,
            changes=(change,),
        )
        return op, msgspec.json.encode({**before, "code": value}), seen.body

    def _desktop(self, index: int, disk: Disk, open_store: StoreFactory) -> SimDesktop:
        wrong_by = self.random.choice((0, 0, 400, -400, 3_000_000, -90_000_000))
        clock = OwnClock(self.scene.room.clock, timedelta(seconds=wrong_by))
        page_bytes = PAGE_SIZES[-1] if self.day.whole_pages else self.random.choice(PAGE_SIZES)
        policy = Policy(
            ops_per_request=self.random.choice((1, 3, 50)),
            items_per_request=100 if self.day.whole_pages else self.random.choice((2, 5, 100)),
            page_bytes=page_bytes,
            smallest_page_bytes=min(page_bytes, 400),
        )
        engines = 1 + (self.random.random() < self.day.two_engines)
        actor = self.scene.built.actors[index]
        return SimDesktop(
            actor,
            clock,
            self.entropy,
            policy,
            engines,
            disk,
            open_store,
            self.engine,
            signed_in=self.random.random() < self.day.signed_in,
            at_work=self.random.random() < self.at_work,
        )


def day_of(seed: int) -> Day:
    """The kind of day of this seed."""
    return DAYS[seed % len(DAYS)]


def run_seed(
    built: Built,
    seed: int,
    *,
    open_store: StoreFactory | None = None,
    engine: type[Engine] = Engine,
    plant: Callable[[Scene], None] = lambda _scene: None,
    steps: int = STEPS,
    synced: Synced | None = None,
    day: Day | None = None,
) -> Outcome:
    """Run one schedule to rest; raises Violated. Two seeds in three start from complete copies."""
    present = day or day_of(seed)
    start = synced if seed % 3 or present.at_work == 1 else None
    collects = gc.isenabled()
    gc.disable()
    schedule = Schedule(
        built,
        seed,
        open_store=open_store,
        engine=engine,
        plant=plant,
        steps=steps,
        synced=start,
        day=present,
    )
    try:
        return schedule.run()
    finally:
        schedule.end()
        if collects:
            gc.enable()


def sync_all(built: Built) -> Synced:
    """Every desktop at rest with a complete copy, and the server as it is then."""
    schedule = Schedule(built, 0, steps=0)
    schedule.run()
    disks = tuple(desktop.disk.twin() for desktop in schedule.desktops)
    schedule.end()
    return Synced(disks, schedule.scene.side.snapshot())


__all__ = ["DossierError", "Outcome", "Schedule", "Synced", "Violated", "run_seed", "sync_all"]
