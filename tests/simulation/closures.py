"""Records that end: closed, held and reopened among a day's acts, and one destroyed once the day is over.

After the destruction nothing of that subject may be readable: not on the server, not in a copy of it taken in the run,
not on a desktop that was in contact since; and nothing of anybody else may have changed. The day runs under `Schedule`
with all its faults; the thirty days on the list pass at rest.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from dossier.errors import DossierError, Unavailable
from server.ports.closures import CLOSED
from server.services import bodies, effects, journal
from server.services.closing import Closing
from server.services.due_closures import DueClosures
from server.services.sealer import Place
from server.services.sequencer import open_sequencer
from server.services.unit import OwnerUnit
from server.store.memory.state import OwnerState
from tests.simulation.days import TEAM_MINUTE
from tests.simulation.monitors import Violated
from tests.simulation.scenario import Schedule
from tests.simulation.scene import Scene

ALICE, BOB = 71, 72
"""Two persons who may decide; who they are was proved before."""
_MONTHS = 24
"""As far as a schedule sets the clock of its server on, and more."""
CLOSING_MINUTE = TEAM_MINUTE._replace(
    name="closing_minute",
    weights={**TEAM_MINUTE.weights, "act": 40, "backup": 3, "index": 60},
    length=0.4,
    people=(0, 1, 2),
)


class ClosingSchedule(Schedule):
    """One schedule whose operators also end records."""

    def _act(self) -> None:
        draw, scene = self.random, self.scene
        patient = draw.choice(scene.built.patients)
        if draw.random() < 0.6 or patient in scene.oracle.now.closed:
            self._end_record(patient, draw.random())
        elif not scene.oracle.now.closed:
            super()._act()

    def _end_record(self, patient: int, kind: float) -> None:
        """Closed, or open again; held, or released by two persons."""
        self.acts += 1
        closing, scene = self.closing, self.scene
        closed = scene.oracle.now.closed
        if kind < 0.25:
            scene.room.run(closing.hold(patient, ALICE, "court"))
        elif kind < 0.4:
            self._release(patient)
        elif patient in closed:
            scene.room.run(closing.reopen(patient, ALICE, "back"))
            scene.oracle.change(closed=closed - {patient})
        else:
            scene.room.run(closing.close(patient, ALICE, "left"))
            scene.oracle.change(closed=closed | {patient})

    @property
    def closing(self) -> Closing:
        return Closing(self.scene.room.premises, self.scene.room.access)

    def _release(self, patient: int) -> None:
        row = self.scene.room.run(self.closing.known(patient))
        if row.held:
            for one in (ALICE, BOB):
                self.scene.room.run(self.closing.release(patient, one, "over"))

    def destroy(self, patient: int) -> None:
        """Two persons ask for it, everybody comes to rest, thirty days pass. Raises Violated."""
        room, closing = self.scene.room, self.closing
        self._release(patient)
        self.backups.take()
        for one in (ALICE, BOB):
            room.run(closing.ask_destruction(patient, one, "asked"))
        self.scene.oracle.change(closed=self.scene.oracle.now.closed | {patient})
        self._rest()
        self.monitors.quiet()
        room.run(room.run(open_sequencer(room.premises)).run())
        others = {owner: _rows(state) for owner, state in self._states() if owner != patient}
        done = self._months_pass(closing)
        if done != {"destroy": 1}:
            raise Violated("12 destroyed", f"what was due in the months after: {done}")
        self._nothing_is_left(patient, others)

    def _months_pass(self, closing: Closing) -> dict[str, int]:
        """What is done first: within a month, or later where the server's clock once stood ahead."""
        room = self.scene.room
        for _ in range(_MONTHS):
            room.clock.go(days=31)
            self.scene.side.beat()
            room.run(closing.note("closures_done", 0, 0, ""))
            room.run(room.run(open_sequencer(room.premises)).run())
            done = room.run(DueClosures(room.premises, closing, b"").run()).done
            if done:
                return done
        return {}

    def _states(self) -> Iterator[tuple[int, OwnerState]]:
        return iter(list(self.scene.room.store.inner._owners.items()))

    def _nothing_is_left(self, patient: int, others: dict[int, "Rows"]) -> None:
        for owner, before in others.items():
            now = _rows(self.scene.room.store.inner._owners[owner])
            if owner != self.scene.room.premises.directory and now != before:
                raise Violated("12 destroyed", f"rows of {owner} changed with it")
        kept = self.scene.side.snapshot()
        for at, backup in enumerate([*self.backups.taken, None]):
            if backup is not None:
                self.scene.room.store.inner.restore(backup.snapshot)
            for owner, state in self._states():
                self._as_readable_as_it_should(owner, state, patient, f"copy {at}")
        self.scene.room.store.inner.restore(kept)
        for index, desktop in enumerate(self.desktops):
            if desktop.actor.key.device in self.scene.revoked:
                continue  # it was told to erase everything, which is its program's to do
            holds = any(held.owner == patient for held in desktop.store.held())
            if holds or desktop.store.confirmed(patient):
                raise Violated("12 destroyed", f"desktop {index} still holds it")

    def _as_readable_as_it_should(
        self, owner: int, state: OwnerState, patient: int, where: str
    ) -> None:
        room = self.scene.room
        for place, cell in _cells(owner, state):
            try:
                room.run(room.premises.sealer.open(place, cell))
            except Unavailable:
                if owner != patient:
                    raise Violated("12 destroyed", f"{place} of another, {where}") from None
            except DossierError as error:
                raise Violated("12 destroyed", f"{place}: {error.key}, {where}") from error
            else:
                if owner == patient:
                    raise Violated("12 destroyed", f"{place} is still read, {where}")


class Rows(NamedTuple):
    """What must not change with another's record."""

    resources: dict[Any, Any]
    history: dict[Any, Any]
    journal: dict[Any, Any]


def _rows(state: OwnerState) -> Rows:
    return Rows(dict(state.resources), dict(state.history), dict(state.journal))


def _cells(owner: int, state: OwnerState) -> Iterable[tuple[Place, bytes]]:
    """Every sealed cell of a record, present, past, journalled or owed."""
    for row in state.resources.values():
        yield bodies.place_of(owner, row), row.cell
    for past in state.history.values():
        yield bodies.past_place(owner, past), past.cell
    for line in state.journal.values():
        yield journal.place_of(owner, line), line.cell
    for owed in state.effects.values():
        yield effects.place_of(owner, owed.n), owed.cell


# --- planted bugs ---------------------------------------------------------------------------------------------


def key_kept(scene: Scene) -> None:
    """The decision is written down, and the key stays."""

    async def destroy(_subject: int, _space: str = "record") -> None:
        """Nothing."""

    scene.room.keys.destroy = destroy


def neighbour_destroyed(scene: Scene) -> None:
    """The key of another record goes with it."""
    keys, right = scene.room.keys, scene.room.keys.destroy

    async def destroy(subject: int, space: str = "record") -> None:
        for one in scene.built.patients:
            await right(one, space)
        await right(subject, space)

    keys.destroy = destroy


def key_made_again(scene: Scene) -> None:
    """The key is erased, and another copy of it is found beside."""
    keys, right = scene.room.keys, scene.room.keys.destroy

    async def destroy(subject: int, space: str = "record") -> None:
        kept = dict(keys._keys[subject, space])
        await right(subject, space)
        keys._keys[subject, space] = kept

    keys.destroy = destroy


def closed_untold(scene: Scene) -> None:
    """A record is closed, and its readers keep their right."""
    access, right = scene.room.access, scene.room.access.recompute

    async def recompute(book: OwnerUnit) -> None:
        if book.row.state != CLOSED:
            await right(book)

    access.recompute = recompute  # type: ignore[method-assign]


PLANTED: tuple[tuple[Callable[[Scene], None], str], ...] = (
    (key_kept, "12"),
    (neighbour_destroyed, "12"),
    (key_made_again, "12"),
    (closed_untold, "1 6"),
)
