"""The services over the real store, every statement guarded: one unit of work, one owner (SCALE §4)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dossier.access.home import MASKED
from dossier.entropy import SeededEntropy
from dossier.fhir.validate import Validator
from dossier.wire import messages as wire
from server.services.sequencer import open_sequencer
from server.store.keystore import FileKeyProvider, SqliteKeyStore
from server.store.sqlite import SqliteStore
from tests.fakes.server_room import ServerRoom, SteppingClock, a_document, an_allergy


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ServerRoom]:
    clock = SteppingClock()
    with asyncio.Runner() as runner:
        store = SqliteStore.open(tmp_path / "truth.db", clock=clock, guard=True)
        entropy = SeededEntropy(9)
        FileKeyProvider.create(tmp_path / "root.key", entropy)
        root = FileKeyProvider(tmp_path / "root.key")
        keys = SqliteKeyStore.open(tmp_path / "keys.db", root, clock=clock, entropy=entropy)
        yield ServerRoom(store=store, keys=keys, validate=Validator().issues, run=runner.run)
        runner.run(store.close())
        runner.run(keys.close())


def test_a_day_of_a_practice_keeps_every_unit_of_work_on_one_owner(room: ServerRoom) -> None:
    org = room.unit()
    martin, diallo = room.desktop("martin", org), room.desktop("diallo", org)
    anne = room.patient(org)
    ops = [
        room.create(martin, anne, an_allergy("pat-1", "all-1")),
        room.create(martin, anne, a_document("pat-1", "doc-1")),
        room.create(martin, anne, an_allergy("pat-2", "wrong")),
    ]
    assert [v.code for v in room.push(martin, *ops)] == ["ok", "ok", "rejected"]
    room.settle()
    assert room.pull(diallo, anne).keys() == {
        "Patient/pat-1",
        "AllergyIntolerance/all-1",
        "DocumentReference/doc-1",
    }
    labels = frozenset({MASKED})
    room.run(room.labels.relabel(anne, "DocumentReference", "doc-1", labels, martin.session))
    room.settle()
    assert "DocumentReference/doc-1" not in room.pull(diallo, anne)
    assert len(room.run(room.records.read(martin.session, anne))) == 3
    room.run(room.access.block(anne, diallo.account))
    room.settle()
    assert room.pull(diallo, anne) == {}
    room.run(room.access.unblock(anne, diallo.account))
    room.run(room.access.unrelate(anne, org, "team"))
    room.settle()
    assert room.pull(diallo, anne).keys() == {"Patient/pat-1"}
    opened = wire.Op(
        op_id=room.op_id(),
        owner=anne,
        kind="opened",
        acting=martin.situation,
        at="2026-11-23T08:00:00.000Z",
    )
    assert room.push(martin, opened)[0].code == "ok"
    room.run(room.members.end(martin.account, martin.situation))
    room.run(room.devices.revoke(diallo.account, diallo.device))
    room.run(room.accounts.close(diallo.account))
    log = room.run(open_sequencer(room.premises))
    assert room.run(log.run()) > 5
    assert room.run(log.verify()) is None
    assert room.run(room.store.maintenance.check()) == []
