"""A desktop of the simulation: a disk that survives, and a process over it that may die at any step."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from dossier.clock import to_wire
from dossier.entropy import Entropy
from dossier.errors import DossierError
from dossier.wire.messages import Capabilities, Page, Version
from dossier.wire.sessions import TokenReply
from sync.engine import Engine
from sync.exchanges import Exchange, Reply
from sync.policy import Policy
from sync.ports import Applied
from sync.states import Idle, Next, SigningIn
from tests.fakes.memory_sync_store import Crash, CrashAt, Disk, MemorySyncStore, _Op
from tests.fakes.server_room import SteppingClock
from tests.simulation import ports
from tests.simulation.ports import ADDRESS, StoreFactory
from tests.simulation.scene import Actor


class WatchedDisk(Disk):
    """Remembers, for the monitors, the highest version of each id that was ever applied."""

    def __init__(self) -> None:
        super().__init__()
        self.highest: dict[tuple[int, str, str], Version] = {}
        self.stamp = 0
        """Raised by each durable step."""

    @property
    def ops(self) -> Mapping[str, _Op]:
        return self.work.ops

    def lose_power(self) -> None:
        """Every step was forced to this disk."""

    def step_named(self, kind: str) -> str:
        return kind

    def faults(self) -> list[str]:
        return []

    def end(self) -> None:
        """Nothing is left of it."""

    def twin(self) -> "WatchedDisk":
        disk = WatchedDisk()
        disk.take_from(self)
        return disk


class WatchedStore(MemorySyncStore):
    """The store of the simulation, over a WatchedDisk."""

    disk: WatchedDisk

    def _commit(self, name: str, write: Callable[[], object]) -> None:
        self.disk.stamp += 1
        super()._commit(name, write)

    def apply_page(self, page: Page, generation: int) -> Applied:
        applied = super().apply_page(page, generation)
        note_applied(self.disk, page, applied)
        return applied

    def trust(self, _device: str) -> None:
        """The server of level 1 has no keys of its own."""

    def begin_restore(self, restore: int) -> None:
        super().begin_restore(restore)
        self.disk.highest.clear()


def note_applied(disk: ports.Disk, page: Page, applied: Applied) -> None:
    """The monitors remember what a page brought to show. A tombstone may tell of a version that lies in a
    compartment whose page is still to come; what is held of another one is shown until then.
    """
    if not applied.stale:
        for row in page.rows:
            if row.body is None:
                continue
            name = (page.owner, row.rtype, row.id)
            if disk.highest.get(name, row.version) <= row.version:
                disk.highest[name] = row.version


class OwnClock:
    """The clock of one desktop: as wrong as somebody set it, never going back in `monotonic`."""

    def __init__(self, true: SteppingClock, wrong_by: timedelta) -> None:
        self._true, self._wrong_by = true, wrong_by

    def shift(self, by: timedelta) -> None:
        """Somebody sets it."""
        self._wrong_by += by

    @property
    def true(self) -> datetime:
        """As nobody set it."""
        return self._true.instant

    def now(self) -> datetime:
        return self.true + self._wrong_by

    def monotonic(self) -> float:
        return self._true.monotonic()


def capable(clock: OwnClock) -> Capabilities:
    """What the server said when the session began."""
    return Capabilities(
        protocols=(1,),
        server="",
        name="",
        restore=0,
        now=to_wire(clock.true),
        demonstration=True,
        limits={},
    )


class NoTransport:
    """The scheduler carries the exchanges; an engine that steps by itself is a mistake of the test."""

    address = ADDRESS

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"an engine called {name} by itself")


class Flight:
    """One exchange under way, as the network sees it: it outlives the engine that asked."""

    __slots__ = ("exchange", "line", "moment", "moves", "slot", "token")

    def __init__(self, slot: "Slot | None", exchange: Exchange, token: str) -> None:
        self.slot, self.exchange, self.token = slot, exchange, token
        self.moment = self.moves = 0
        """When it reached the server: of the facts, and of what readers were told."""
        self.line = 0
        """The restore number under which it was answered."""


class Slot:
    """One engine over the desktop's store, and the exchange it waits for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waits_for: Flight | None = None
        self.due_s = self.not_before_s = 0.0
        self.told_at = -1


class SimDesktop:
    """One device. `slots` is one engine, or two that share the store (a timer and a hint at once)."""

    def __init__(
        self,
        actor: Actor,
        clock: OwnClock,
        entropy: Entropy,
        policy: Policy,
        engines: int,
        disk: ports.Disk,
        open_store: StoreFactory,
        engine: type[Engine] = Engine,
        *,
        signed_in: bool = False,
        at_work: bool = False,
    ) -> None:
        self.actor, self.clock, self.entropy, self.policy = actor, clock, entropy, policy
        self._engines, self._engine_kind, self._open_store = engines, engine, open_store
        self.disk = disk
        self.failpoint = CrashAt()
        self.crashes, self.lost_cache = 0, False
        self.restarted: Callable[[SimDesktop], None] = lambda _desktop: None
        self.start()
        if signed_in:
            for slot in self.slots:
                slot.engine._sign_in.settle(capable(clock), clock.monotonic())
                token = TokenReply(token=actor.token, expires_in_s=900)
                slot.engine._sign_in.settle(token, clock.monotonic())
                slot.engine._report.show(SigningIn())
                if at_work:
                    self._go_on(slot.engine)

    def _go_on(self, engine: Engine) -> None:
        """The session is under way: its first questions were asked and answered before the schedule."""
        now_s = self.clock.monotonic()
        engine._begin_session(now_s)
        engine._down._terms.clear()
        engine._down._digests_due_s = now_s + self.policy.digests_s
        engine._report.show(Idle())

    def start(self) -> None:
        """A new process over the disk; it may die again while it opens."""
        while True:
            try:
                self.store = self._open_store(self.disk, self.clock, self.entropy, self.failpoint)
                break
            except Crash:
                self.failpoint.n = None
                self.crashes += 1
        self.trust = self.store.trust(self.actor.key.device)
        self.slots = [Slot(self._engine()) for _ in range(self._engines)]

    def die(self) -> None:
        """The process is gone, with everything that was not durable."""
        self.crashes += 1
        self.failpoint.n = None
        for slot in self.slots:
            slot.waits_for = None
        self.start()
        self.restarted(self)

    def arm(self, steps: int, only: str) -> None:
        """Die at the n-th durable step from now that is of this kind."""
        self.failpoint.steps.clear()
        self.failpoint.n, self.failpoint.only = steps, self.disk.step_named(only)

    def begin(self, slot: Slot) -> Flight | None:
        """Let one engine ask; None when it rests."""
        try:
            begun = slot.engine.begin()
        except Crash:
            self.die()
            return None
        if isinstance(begun, Next):
            slot.due_s = self.clock.monotonic() + max(begun.wait_s, 0.001)
            slot.not_before_s = self.clock.monotonic() if begun.wake else slot.due_s
            return None
        slot.waits_for = Flight(slot, begun, slot.engine.token)
        return slot.waits_for

    def settle(self, slot: Slot, outcome: Reply | DossierError) -> None:
        """Give one engine its answer."""
        flight, slot.waits_for = slot.waits_for, None
        assert flight is not None
        try:
            told = slot.engine.settle(flight.exchange, outcome)
        except Crash:
            self.die()
            return
        slot.due_s = slot.not_before_s = self.clock.monotonic() + told.wait_s

    def lose_cache(self) -> None:
        """cache.db is corrupt: quarantined, rebuilt from nothing."""
        self.lost_cache = True
        self.disk.lose_cache()
        self.die()

    def lose_power(self) -> None:
        """The machine stops: what no file was forced to keep is gone, and nobody knows how much."""
        self.lost_cache = True
        self.disk.lose_power()
        self.die()

    def _engine(self) -> Engine:
        engine = self._engine_kind(
            self.store,
            NoTransport(),  # type: ignore[arg-type]
            self.actor.key,
            self.actor.situation,
            self.clock,
            self.entropy,
            policy=self.policy,
        )
        if self.trust is not None:
            engine.demand(self.trust)
        return engine
