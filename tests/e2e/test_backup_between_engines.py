"""A rehearsal: a server of one engine is lost and comes back on another, digest for digest."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.sealing.merkle import Tree
from server.app import House
from server.ports import CompartmentRow, OwnerTx
from tests.fakes.postgres import IN_ITS_FOLDER, Cluster, Databases
from tests.fakes.served_house import ServedHouse, served
from tests.fakes.server_process import Said, ServerProcess, operator
from tests.fakes.server_room import an_allergy

PATIENTS = 7
LINES = {"owner", "op", "effect", "journal", "log", "log_checkpoint"}
"""Tables a restore writes its own lines to: what was restored, and a new root."""


class Told(NamedTuple):
    """What has to be the same after: digests and counts of every compartment, rows of every table, the log."""

    compartments: dict[tuple[int, str], CompartmentRow]
    counts: dict[str, int]
    leaves: list[bytes]
    readable: dict[int, list[str]]


def databases(cluster: Cluster, count: int) -> Databases:
    """New, empty ones; none for a server of files."""
    if not count:
        return IN_ITS_FOLDER
    return Databases(tuple(cluster.database("") for _ in range(count)), cluster.database(""))


def addresses(lent: Databases) -> list[str]:
    words = [word for dsn in lent.rows for word in ("--database", dsn)]
    return [*words, "--key-database", lent.keys] if words else []


async def _asked(house: House) -> Told:
    await house.settle()
    compartments: dict[tuple[int, str], CompartmentRow] = {}
    readable: dict[int, list[str]] = {}

    async def all_of(tx: OwnerTx) -> list[CompartmentRow]:
        return await tx.compartments.all()

    for owner in await house.store.maintenance.owners(None, -(1 << 62), 10_000):
        for row in await house.store.read(owner, all_of):
            compartments[owner, row.facet] = row
    for owner in await house.store.maintenance.owners("patient", -1, 10_000):
        readable[owner] = sorted(row.id for row in await house.records.whole(owner))
    leaves = [one.leaf for one in await house.store.maintenance.log_leaves(0, 100_000)]
    assert await house.sequencer.verify() is None
    return Told(compartments, await house.store.maintenance.counts(), leaves, readable)


def told(folder: Path) -> Told:
    async def go() -> Told:
        house = await House.open(folder, SystemClock(), SystemEntropy())
        try:
            return await _asked(house)
        finally:
            await house.close()

    return asyncio.run(go())


def root(leaves: list[bytes]) -> bytes:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def fill(room: ServedHouse) -> None:
    unit = room.unit()
    doctor = room.desktop("martin", unit)
    for number in range(PATIENTS):
        rid = f"pat-{number}"
        owner = room.patient(unit, rid)
        for turn in range(3):
            op = room.create(doctor, owner, an_allergy(rid, f"allergy-{number}-{turn}"))
            assert room.push(doctor, op)[0].code == "ok"
    room.settle()


class Places:
    """A server with a recovery key, and where its backups lie."""

    def __init__(self, folder: Path, lent: Databases, work: Callable[[ServedHouse], None]) -> None:
        self.server, self.target, self.keys = folder / "server", folder / "a", folder / "b"
        self.recovery = folder / "recovery.key"
        with served(self.server, databases=lent) as room:
            work(room)
        assert operator("keys", "recovery", self.server, self.recovery).code == 0

    def back_up(self) -> Any:
        said = operator("backup", self.server, self.target, "--keys", self.keys)
        assert said.code == 0, said.err
        return said.value

    def restore(self, into: Path, lent: Databases) -> Said:
        words = ["restore", self.target, into, "--keys", self.keys, "--recovery", self.recovery]
        words += ["--root", self.server / "root.key", "--identity", self.server / "identity.key"]
        return operator(*words, *addresses(lent))


@pytest.mark.parametrize(
    ("before", "after"),
    [(0, 1), (0, 2), (1, 0), (2, 0), (1, 2), (2, 1)],
    ids=lambda count: f"{count} databases" if count else "files",
)
def test_a_lost_server_comes_back_on_another_engine_digest_for_digest(
    tmp_path: Path, postgres: Cluster, before: int, after: int
) -> None:
    places = Places(tmp_path, databases(postgres, before), fill)
    old = told(places.server)
    places.back_up()
    into = tmp_path / "elsewhere"
    back = places.restore(into, databases(postgres, after))
    assert back.code == 0, back.err
    assert msgspec.json.decode(back.out.splitlines()[0])["restore"] == 1
    new = told(into)
    assert len(new.readable) == PATIENTS
    assert new.readable == old.readable
    assert old.compartments == {key: new.compartments[key] for key in old.compartments}
    assert {name: new.counts[name] for name in old.counts if name not in LINES} == {
        name: count for name, count in old.counts.items() if name not in LINES
    }
    assert root(new.leaves[: len(old.leaves)]) == root(old.leaves)
    assert len(new.leaves) == len(old.leaves) + 1, "the line that says it was restored"


def test_a_server_of_real_people_on_postgresql_is_served_after_its_first_backup(
    tmp_path: Path, postgres: Cluster
) -> None:
    folder, lent = tmp_path / "real", databases(postgres, 2)
    assert operator("init", folder, *addresses(lent)).code == 0
    assert "[no_backup]" in operator("serve", folder, "--port", "0", timeout=20).err
    assert operator("keys", "recovery", folder, tmp_path / "recovery.key").code == 0
    made = operator("backup", folder, tmp_path / "a", "--keys", tmp_path / "b")
    assert made.code == 0, made.err
    with ServerProcess(folder, tmp_path / "log"):
        again = operator("backup", folder, tmp_path / "a", "--keys", tmp_path / "b")
        assert again.code == 0, again.err
    well = operator("doctor", folder)
    assert "backup           000002, 0 h old" in well.out


def test_databases_that_hold_something_are_never_restored_into(
    tmp_path: Path, postgres: Cluster
) -> None:
    lent = databases(postgres, 1)
    places = Places(tmp_path, lent, fill)
    places.back_up()
    old = told(places.server)
    refused = places.restore(tmp_path / "elsewhere", lent)
    assert (refused.code, "[databases_taken]" in refused.err) == (2, True)
    assert told(places.server) == old
    assert not (tmp_path / "elsewhere").exists()


def test_a_backup_of_postgresql_is_the_one_of_files_and_writes_only_what_changed(
    tmp_path: Path, postgres: Cluster
) -> None:
    """The same rows give the same segments, whatever they lie in: a server that moved goes on with its target."""
    places = Places(tmp_path, databases(postgres, 2), fill)
    first = places.back_up()
    assert places.back_up()["new_segments"] == 0
    into = tmp_path / "elsewhere"
    assert places.restore(into, IN_ITS_FOLDER).code == 0
    assert operator("keys", "recovery", into, tmp_path / "other.key").code == 2
    moved = operator("backup", into, places.target, "--keys", places.keys)
    assert moved.code == 0, moved.err
    assert moved.value["new_segments"] < first["segments"]  # type: ignore[index]
    assert operator("backup", "verify", places.target, "--keys", places.keys).code == 0
