"""A subject's key is replaced: every cell under the new version, none lost, the log as it was; cut off, it goes on."""

import dataclasses
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import pytest

from dossier.errors import Unavailable
from dossier.sealing import cells
from dossier.wire import messages as wire
from dossier.wire.codec import value_hash
from server.ports import OwnerTx, PasskeyRow, Store
from server.services import passkeys, resealing
from server.services.facets import JOURNAL_FACETS
from server.services.recognised import FIRST, Recognised
from server.services.resealing import KINDS, Resealing
from server.services.sequencer import open_sequencer
from server.store.migrations import all_migrations
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

    def people_of(self, account: int) -> Any:
        """Who they are, what their computers are called."""
        named = self.run(self.devices.of_account(account))
        return self.run(self.accounts.person(account)), [name for _, name in named]

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
    assert room.run(Resealing(room.premises).run()) == 0


def test_the_version_before_opens_last_years_backups_then_it_goes(engine: Any) -> None:
    room = engine.room(Practice)
    service = Resealing(room.premises)
    room.run(room.keys.rotation.ask_renewal([room.anne]))
    room.run(service.run())
    room.clock.go(days=399)
    room.run(service.run())
    late = room.push(room.doctor, room.create(room.doctor, room.anne, an_allergy("pat-1", "b0")))
    assert len(room.run(room.keys.key_at(room.anne, 1))) == 32
    before = room.told()
    room.clock.go(days=2)
    room.run(service.run())
    with pytest.raises(Unavailable):
        room.run(room.keys.key_at(room.anne, 1))
    assert room.told() == before
    assert (room.log_fault(), late[0].code) == (None, "ok")


def test_what_was_sealed_late_under_the_version_before_is_sealed_again_before_it_goes(
    engine: Any,
) -> None:
    """A writer in another process that had not heard of the new version yet."""
    room = engine.room(Practice)
    row = room.run(
        room.store.read(room.anne, lambda tx: tx.resources.get("AllergyIntolerance", "a1"))
    )
    room.run(room.keys.rotation.ask_renewal([room.anne]))
    room.run(Resealing(room.premises).run())
    before = room.told()
    room.run(room.store.write(room.anne, lambda tx: tx.resources.put([row])))
    assert room.versions(room.anne) == {1, 2}
    assert room.told() == before, "a reader sees no difference"
    room.clock.go(days=401)
    room.run(Resealing(room.premises).run())
    assert (room.versions(room.anne), room.told()) == ({2}, before)


def test_every_subject_with_a_key_is_replaced_and_people_still_sign_in(engine: Any) -> None:
    """Patients, accounts with devices, passkeys and slips, practices, the directory; each of their tables."""
    room = engine.room(Practice)
    account = room.doctor.account
    page = room.run(room.slips.give(Recognised(account, FIRST), "page", b"kept", 600_000))
    mark = bytes(32)
    place = passkeys.place_of(account, mark)
    cell = room.run(room.premises.sealer.seal(place, b"a passkey"))
    key = PasskeyRow(mark, cell, 0, 1, None)
    room.run(room.store.write(account, lambda tx: tx.browsers.put_passkey(key)))
    before = room.told(), room.people_of(account)
    count = room.run(room.keys.rotation.ask_all())
    assert room.run(Resealing(room.premises).run()) == count > 4
    for owner in room.run(room.store.maintenance.owners(None, -1, 1000)):
        for kind in KINDS.values():
            assert room.run(room.store.read(owner, _other(kind.row))) == []
    for subject in (room.anne, room.paul, account, room.premises.directory):
        room.run(room.keys.rotation.retire(subject, 2))
    assert (room.told(), room.people_of(account)) == before
    assert room.run(room.slips.take("page", page)).content == b"kept"
    (kept,) = room.run(room.store.read(account, lambda tx: tx.browsers.passkeys()))
    assert room.run(room.premises.sealer.open(place, kept.cell)) == b"a passkey"
    assert room.token(room.doctor.device, room.doctor.private, room.doctor.situation)
    assert room.log_fault() is None


def _other(kind: type[Any]) -> Callable[[OwnerTx], Awaitable[list[Any]]]:
    return lambda tx: tx.cells.other(kind, 2, 9)


def test_every_table_with_a_sealed_cell_takes_part() -> None:
    tables = {
        name
        for step in all_migrations()
        for name, columns in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", step.text, re.DOTALL)
        if re.search(r"^\s+cell\b", columns, re.MULTILINE)
    }
    assert set(KINDS) == tables >= {"resource", "account"}


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
