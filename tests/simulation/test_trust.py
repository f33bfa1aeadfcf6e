"""L2: a desktop that pinned its server meets one that went back, replaced a key, or sends false orders.

Each story is played with the right desktop, which must end as the story says, and with the mutant that it is
told about, which must not.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from dossier.errors import DeviceRevoked
from dossier.wire.sessions import TokenReply
from sync import states
from sync.exchanges import AskToken
from sync.trust import Trust
from tests.simulation import trust_mutants as mutants
from tests.simulation.days import CALM, TEAM_MINUTE
from tests.simulation.desktops import Flight, SimDesktop, Slot
from tests.simulation.level_two import level_two
from tests.simulation.monitors import kept
from tests.simulation.scenario import Schedule, Synced, sync_all
from tests.simulation.scene import Built, build

LONE = TEAM_MINUTE._replace(people=(0,), two_engines=0)


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    with level_two() as level:
        yield build(level)


@pytest.fixture(scope="module")
def synced(built: Built) -> Synced:
    return sync_all(built)


class Desk(NamedTuple):
    """One desktop with a complete copy, and a calm network."""

    schedule: Schedule
    desktop: SimDesktop
    slot: Slot

    @property
    def state(self) -> states.State:
        return self.slot.engine.state.state

    def ask(self) -> None:
        """It signs in anew, its person shows who they are where that is asked, and it asks until it waits."""
        self.slot.engine._sign_in.ask_again()
        self.slot.engine.retry()
        for _ in range(2):
            self.slot.due_s = 0.0
            while self.schedule._calm_step():
                """It asks, and is answered."""
            self.schedule._prove(self.desktop, self.slot)

    def fill(self, n: int) -> None:
        """Others write; the log grows."""
        for turn in range(n):
            self.schedule.scene.scribble(0, turn)
        while self.schedule.scene.index():
            """Everybody is told."""

    def go_back(self, snapshot: object) -> None:
        self.schedule._restart()
        self.schedule.scene.go_back(snapshot, 0)

    def token(self) -> TokenReply:
        """A token the server really gives."""
        engine = self.slot.engine
        engine._sign_in.ask_again()
        engine.retry()
        task = None
        while task is None:
            asked = engine.begin()
            assert not isinstance(asked, states.Next)
            task = self.schedule.scene.side.start(asked, engine.token)
            while not task.advance():
                """To its end."""
            if not isinstance(asked, AskToken):
                engine.settle(asked, task.outcome)
                task = None
        assert isinstance(task.outcome, TokenReply)
        self.slot.waits_for = Flight(self.slot, asked, "")
        return task.outcome


def desk(built: Built, synced: Synced, believes: type[Trust]) -> Desk:
    schedule = Schedule(
        built, 1, synced=synced, steps=0, day=LONE, open_store=mutants.Opens(believes)
    )
    schedule.faults = CALM
    (desktop,) = schedule.desktops
    desktop.die()
    told = Desk(schedule, desktop, desktop.slots[0])
    told.ask()
    assert isinstance(told.state, states.Idle)
    return told


def _is_true_again(told: Desk) -> bool:
    told.ask()
    return isinstance(told.state, states.Idle)


def rolled_back(told: Desk) -> bool:
    """An older copy of data.db under the same restore number: refused, all kept, until the true one is back."""
    side = told.schedule.scene.side
    older = side.snapshot()
    told.fill(3)
    told.ask()
    before, right = kept(told.desktop), side.snapshot()
    told.go_back(older)
    told.ask()
    refused = told.state == states.Distrusted("log_rolled_back") and kept(told.desktop) == before
    told.go_back(right)
    return refused and _is_true_again(told) and kept(told.desktop) == before


def older_list(told: Desk) -> bool:
    """A key list of before a replacement, with its keys: refused, all kept."""
    side = told.schedule.scene.side
    older = side.snapshot()
    side.replace_key("order")
    told.ask()
    before, right = kept(told.desktop), side.snapshot()
    assert isinstance(told.state, states.Idle)
    told.go_back(older)
    told.ask()
    refused = told.state == states.Distrusted("keys_rolled_back") and kept(told.desktop) == before
    told.go_back(right)
    return refused and _is_true_again(told)


def unsigned_purge(told: Desk) -> bool:
    """Whoever answers "revoked" with an order of his own erases nothing."""
    before = kept(told.desktop)
    told.token()
    told.desktop.settle(told.slot, DeviceRevoked("colloque.order\npurge\n"))
    return told.state == states.Revoked("") and kept(told.desktop) == before


def replayed_lease(told: Desk) -> bool:
    """A lease of last week, shown again with a token of today, prolongs nothing."""
    old, until = told.token(), []
    told.desktop.settle(told.slot, old)
    fresh = told.token()
    told.desktop.settle(told.slot, fresh)
    contact = told.desktop.store.contact
    told.desktop.store.contact = lambda at, end: (until.append(end), contact(at, end))  # type: ignore[method-assign]
    told.token()
    trust = told.desktop.trust
    assert trust is not None
    told.desktop.clock.shift(timedelta(days=6))
    return trust.signed_in(old.lease) is None


STORIES: tuple[tuple[Callable[[Desk], bool], type[Trust]], ...] = (
    (rolled_back, mutants.SmallerLogBelieved),
    (older_list, mutants.LowerSerialBelieved),
    (unsigned_purge, mutants.UnsignedPurgeObeyed),
    (replayed_lease, mutants.ReplayedLeaseBelieved),
)
NAMES = [story.__name__ for story, _ in STORIES]


@pytest.mark.parametrize(("story", "mutant"), STORIES, ids=NAMES)
def test_s4_s5_d8_a_server_that_proves_nothing_is_refused_and_nothing_is_lost(
    built: Built, synced: Synced, story: Callable[[Desk], bool], mutant: type[Trust]
) -> None:
    for believes, ends_well in ((Trust, True), (mutant, False)):
        told = desk(built, synced, believes)
        try:
            assert story(told) is ends_well, believes.__name__
        finally:
            told.schedule.end()


@pytest.mark.parametrize("kind", ["log", "order"])
def test_d10_a_key_replaced_under_a_running_desktop_disturbs_nobody(
    built: Built, synced: Synced, kind: str
) -> None:
    told = desk(built, synced, Trust)
    try:
        told.schedule._restart()
        assert told.desktop.trust is not None
        before = told.desktop.trust._listed().serial
        told.schedule.scene.side.replace_key(kind)
        told.fill(1)
        told.slot.engine._sign_in._token = ""
        told.slot.engine.retry()
        told.slot.due_s = 0.0
        while told.schedule._calm_step():
            assert not isinstance(told.state, states.Distrusted)
        assert isinstance(told.state, states.Idle)
        assert told.desktop.trust._listed().serial > before
    finally:
        told.schedule.end()
