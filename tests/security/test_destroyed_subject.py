"""A subject's key destroyed: the live system and every backup read nothing of that subject, all of the others."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.errors import Refused, Unavailable
from dossier.sealing.recovery_key import recovery_public
from server.app import House
from server.backup import data_set, key_set, manifest
from server.backup.restoring import Asked, restore
from server.cli.identity import sign_again
from server.folder import Folder
from server.ports import OwnerTx
from server.store.keystore.key_file import make_key_file
from tests.fakes.served_house import ServedHouse, inside, served
from tests.fakes.server_room import MONDAY, SteppingClock, an_allergy


class Places:
    """A server's folder, where its backups lie, and the safe."""

    def __init__(self, folder: Path) -> None:
        self.server, self.target, self.keys = folder / "server", folder / "a", folder / "b"
        self.safe = folder / "safe"
        self.safe.mkdir()
        self.private = make_key_file(self.safe / "recovery.key", SystemEntropy())
        self.clock = SteppingClock()

    def back_up(self) -> str:
        made = asyncio.run(data_set.make(Folder(self.server), self.target, self.clock))
        self.back_up_keys()
        return made.manifest.name

    def back_up_keys(self) -> None:
        folder = Folder(self.server)
        told, listed = folder.read_told(), folder.read_key_list().decode()
        public = recovery_public(self.private)
        engine = folder.engine(told)
        asyncio.run(key_set.make(engine, self.keys, public, told.identity, listed, self.clock))

    def restored(self, into: Path, backup: str) -> None:
        """On another machine."""
        root, identity = self.server / "root.key", self.server / "identity.key"
        asked = Asked(self.target, self.keys, self.safe / "recovery.key", root, backup)

        async def go() -> None:
            await restore(asked, into, self.clock, SystemEntropy())
            await sign_again(into, identity, self.clock, SystemEntropy())

        asyncio.run(go())


def read(folder: Path, *owners: int) -> list[Any]:
    """Ids of everything readable of each of them, or why nothing is; and the fault of the log."""

    async def look(house: House) -> list[Any]:
        found: list[Any] = []
        for owner in owners:
            rows = await house.records.whole(owner)
            found.append(sorted(row.id for row in rows))
        await house.settle()
        return [*found, await house.sequencer.verify()]

    return inside(folder, look)


def fill(room: ServedHouse) -> tuple[int, int]:
    org = room.unit()
    doctor = room.desktop("martin", org)
    owners = room.patient(org), room.patient(org, "pat-2")
    for owner, rid in zip(owners, ("pat-1", "pat-2"), strict=True):
        op = room.create(doctor, owner, an_allergy(rid, f"allergy-of-{rid}"))
        assert room.push(doctor, op)[0].code == "ok"
    room.settle()
    return owners


def test_after_its_key_is_destroyed_a_subject_is_read_from_no_backup_and_the_others_from_all(
    tmp_path: Path,
) -> None:
    places = Places(tmp_path)
    with served(places.server, clock=places.clock) as room:
        anne, paul = fill(room)
        wrapped = room.run(room.keys.key(anne))
        year_old = places.back_up()
        places.clock.go(days=364)
        yesterday = places.back_up()
        places.clock.go(days=1)
        room.run(room.keys.destroy(anne))
        with pytest.raises(Unavailable):
            room.run(room.keys.key(anne))
        places.back_up_keys()
    everything = ["allergy-of-pat-2", "consent-pat-2-org-1", "pat-2"]
    assert read(places.server, anne, paul) == [[], everything, None]
    for name in (year_old, yesterday):
        into = tmp_path / f"from-{name}"
        places.restored(into, name)
        assert read(into, anne, paul) == [[], everything, None]
    assert wrapped[1] not in (places.server / "keys.db").read_bytes()


def test_a_record_two_persons_destroyed_is_dead_in_every_backup_and_stays_so_after_a_restore(
    tmp_path: Path,
) -> None:
    """The data of a year ago say that the record is open; what lies beside the keys is newer."""
    places = Places(tmp_path)
    with served(places.server, clock=places.clock) as room:
        anne, paul = fill(room)
        year_old = places.back_up()
        places.clock.go(days=364)
        closing, house = room.house.closing, room.house
        for by in (71, 72):
            room.run(closing.ask_destruction(anne, by, "asked by the patient"))
        room.run(house.settle())
        yesterday = places.back_up()
        places.clock.go(days=31)
        room.run(closing.note("closures_done", 0, 0, ""))
        room.run(house.settle())
        assert room.run(house.close_due()).done == {"destroy": 1}
        places.back_up_keys()
    everything = ["allergy-of-pat-2", "consent-pat-2-org-1", "pat-2"]
    for name in (year_old, yesterday):
        into = tmp_path / f"from-{name}"
        places.restored(into, name)
        state, grants = asyncio.run(reviewed(into, anne))
        assert (state, grants) == ("destroyed", 0), name
        assert read(into, anne, paul) == [[], everything, None]


async def reviewed(folder: Path, owner: int) -> tuple[str, int]:
    """The state and the number of grants of a record once the server that was restored looked at it."""
    house = await House.open(folder, SystemClock(), SystemEntropy())

    async def look(tx: OwnerTx) -> tuple[str, int]:
        row = await tx.owner.get()
        assert row is not None
        return row.state, len(await tx.access.grants())

    try:
        await house.close_due()
        return await house.store.read(owner, look)
    finally:
        await house.close()


def test_a_copy_of_the_keys_lives_35_days_and_the_newest_for_ever(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with served(places.server, clock=places.clock):
        for _ in range(5):
            places.back_up_keys()
            places.clock.go(days=20)
        names = sorted(path.name for path in places.keys.glob("keys-*"))
        assert names == ["keys-000004.sealed", "keys-000005.sealed"]
        places.clock.instant = MONDAY + timedelta(days=900)
        places.back_up_keys()
        assert [path.name for path in places.keys.glob("keys-*")] == ["keys-000006.sealed"]


def test_keys_of_another_server_or_another_recovery_key_open_nothing(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with served(places.server, clock=places.clock):
        places.back_up()
    identity = manifest.read(places.target, "000001.json").server.identity
    with pytest.raises(Refused, match="keys-000001"):
        key_set.restore(places.keys, places.private, "another")
    with pytest.raises(Refused) as no:
        key_set.restore(places.keys, bytes(range(32)), identity)
    assert no.value.code == "other_recovery_key"
    held = key_set.restore(places.keys, places.private, identity).rows
    assert {"kek", "secret", "restore_number"} <= {rows.table for rows in held}


def test_a_restore_that_is_cut_off_leaves_nothing_that_could_be_served(tmp_path: Path) -> None:
    """The wrong ROOT is found late: keys and data lie there already, under another name."""
    places = Places(tmp_path)
    with served(places.server, clock=places.clock) as room:
        anne, _ = fill(room)
        places.back_up()
    into = tmp_path / "elsewhere"
    root = (places.server / "root.key").read_bytes()
    (places.server / "root.key").chmod(0o600)
    (places.server / "root.key").write_text(bytes(32).hex())
    with pytest.raises(Exception, match="seal"):
        places.restored(into, "000001")
    assert not into.exists()
    (places.server / "root.key").write_bytes(root)
    places.restored(into, "000001")
    assert read(into, anne)[0]
    with pytest.raises(Refused) as no:
        places.restored(into, "000001")
    assert no.value.code == "folder_taken"
