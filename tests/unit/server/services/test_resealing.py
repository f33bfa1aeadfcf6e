"""A subject's key is replaced: every cell under the new version, none lost, the log as it was; cut off, it goes on."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import pytest

from dossier.errors import Unavailable
from dossier.sealing import cells
from dossier.wire import messages as wire
from dossier.wire.codec import value_hash
from server.ports import OwnerTx, Store
from server.services import resealing
from server.services.facets import JOURNAL_FACETS
from server.services.resealing import Resealing
from server.services.sequencer import open_sequencer
from tests.fakes.server_room import ServerRoom, an_allergy

T = TypeVar("T")


class CutOff(Exception):
    """The process ended here."""


class DyingStore:
    """A store whose process ends before its n-th write, or right after it committed."""

    def __init__(self, inner: Store, left: int, *, after: bool) -> None:
        self._inner, self.left, self._after = inner, left, after
        self.maintenance, self.read = inner.maintenance, inner.read

    async def write(self, owner: int, work: Callable[[OwnerTx], Awaitable[T]]) -> T:
        self.left -= 1
        if not self.left and not self._after:
            raise CutOff
        done = await self._inner.write(owner, work)
        if not self.left:
            raise CutOff
        return done


class Practice(ServerRoom):
    """One patient with rows, past versions, a journal, a block; and another patient."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        org = self.unit()
        self.doctor, self.other = self.desktop("martin", org), self.desktop("diallo", org)
        self.anne, self.paul = self.patient(org), self.patient(org, "pat-2")
        for n in range(7):
            self.push(
                self.doctor, self.create(self.doctor, self.anne, an_allergy("pat-1", f"a{n}"))
            )
        value = msgspec.Raw(b'{"text":"Amoxicilline"}')
        base = value_hash(an_allergy("pat-1", "a0")["code"])
        change = wire.Op(
            op_id=self.op_id(),
            owner=self.anne,
            kind="change",
            acting=self.doctor.situation,
            at="2026-11-23T08:00:00.000Z",
            rtype="AllergyIntolerance",
            id="a0",
            base=wire.Version(0, 1),
            changes=(wire.Change(element="code", base=base, value=value),),
        )
        assert self.push(self.doctor, change)[0].code == "ok"
        self.run(self.access.block(self.anne, self.other.account))
        self.sequencer = self.run(open_sequencer(self.premises))
        self.run(self.sequencer.run())

    def versions(self, owner: int) -> set[int]:
        """Which versions of the key any cell of this owner lies under."""

        async def look(tx: OwnerTx) -> set[int]:
            tags = [row.facet for row in await tx.compartments.all()]
            rows = await tx.resources.of_facets(tags)
            found = {row.cell for row in rows}
            for row in rows:
                found |= {past.cell for past in await tx.resources.history(row.rtype, row.id)}
            places = [self.premises.tags.tag(owner, name) for name in JOURNAL_FACETS]
            found |= {row.cell for row in await tx.journal.of_facets(places, 1000)}
            found |= {row.cell for row in await tx.effects.due(1 << 60, 1000)}
            return {cells.key_version(cell) for cell in found}

        kept = self.run(self.keys.narrowed(owner))
        return self.run(self.store.read(owner, look)) | {cells.key_version(r.cell) for r in kept}

    def log_fault(self) -> Any:
        self.run(self.sequencer.run())
        return self.run(self.sequencer.verify())

    def told(self) -> Any:
        """Everything a reader or the patient is told of Anne."""
        return self.pull(self.doctor, self.anne), self.run(self.records.whole(self.anne))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 3)


def test_every_cell_of_the_subject_moves_and_nobody_can_tell(engine: Any) -> None:
    room = engine.room(Practice)
    before, others = room.told(), room.versions(room.paul)
    assert room.versions(room.anne) == {1}
    room.run(room.keys.rotation.ask_renewal([room.anne]))
    assert room.run(Resealing(room.premises).run()) == 1
    assert room.versions(room.anne) == {2}
    assert room.versions(room.paul) == others == {1}
    assert room.told() == before
    assert room.log_fault() is None
    with pytest.raises(Unavailable):
        room.run(room.keys.key_at(room.anne, 1))
    assert room.run(Resealing(room.premises).run()) == 0


@pytest.mark.parametrize("after", [False, True])
def test_cut_off_at_any_step_it_goes_on_and_loses_nothing(engine: Any, after: bool) -> None:
    for step in range(1, 40):
        room = engine.room(Practice, seed=step)
        before = room.told()
        room.run(room.keys.rotation.ask_renewal([room.anne]))
        dying = DyingStore(room.store, step, after=after)
        service = Resealing(dataclasses.replace(room.premises, store=dying))
        try:
            room.run(service.run())
        except CutOff:
            assert room.told() == before
        assert room.log_fault() is None
        room.run(Resealing(room.premises).run())
        assert room.versions(room.anne) == {2}
        assert room.told() == before
        if dying.left > 0:
            assert step > 8, "several batches were cut off"
            return
    raise AssertionError("it never ended")


def test_a_key_that_was_destroyed_meanwhile_is_given_up(engine: Any) -> None:
    room = engine.room(Practice)
    room.run(room.keys.rotation.ask_renewal([room.anne, room.paul]))
    room.run(room.keys.destroy(room.anne))
    assert room.run(Resealing(room.premises).run()) == 1
    assert room.run(room.keys.rotation.renewals(9)) == []
    assert room.versions(room.paul) == {2}
