"""A practice loses its server: backed up while it runs, destroyed, restored elsewhere, met by its desktops."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dossier.clock import SystemClock
from practitioner_app.ports import ItemState
from server.app import House
from server.services.accounts import Person
from sync import states
from sync.states import Did
from tests.fakes.device_process import Device
from tests.fakes.served_house import inside, served
from tests.fakes.server_process import Said, ServerProcess, operator
from tests.fakes.server_room import DOCTOR, PASSWORD, SteppingClock, a_consent


class Practice:
    """A server with two doctors and one patient, its safe, and the places its backups go to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "server"
        self.target, self.keys, self.safe = folder / "a", folder / "b", folder / "safe"
        with served(self.data, clock=SteppingClock(SystemClock().now())) as room:
            unit = room.unit()
            for login in ("martin", "diallo", "leroy"):
                person = Person(login=login, display_name=login, practitioner=f"pra-{login}")
                account = room.account(person)
                room.run(room.members.add(account, unit, DOCTOR))
            self.anne = room.patient(unit)
        self.safe.mkdir()
        assert operator("keys", "recovery", self.data, self.safe / "recovery.key").code == 0
        for name in ("root.key", "identity.key"):
            shutil.copy(self.data / name, self.safe / name)
        self.process = ServerProcess(self.data, folder / "log")

    def back_up(self) -> Any:
        said = operator("backup", self.data, self.target, "--keys", self.keys)
        assert said.code == 0, said.err
        return said.value

    def back_up_keys_only(self) -> None:
        """As the daily timer of the keys does: the data's last backup is older."""
        aside = self.folder / "aside"
        self.target.rename(aside)
        self.back_up()
        shutil.rmtree(self.target)
        aside.rename(self.target)

    def stopped(self, work: Callable[[House], Any]) -> Any:
        """Stop the server, look into its house, start it again."""
        self.process.stop()
        found = self.inside(work)
        self.process.start()
        return found

    def inside(self, work: Callable[[House], Any]) -> Any:
        """Look into the house of a server that does not run."""
        return inside(self.data, work)

    def restore(self, into: Path, *more: str | Path) -> Said:
        return operator(
            "restore",
            self.target,
            into,
            "--keys",
            self.keys,
            "--recovery",
            self.safe / "recovery.key",
            "--root",
            self.safe / "root.key",
            *more,
        )

    def lose(self) -> None:
        """The machine is gone, and everything on it."""
        self.process.kill()
        shutil.rmtree(self.data)

    def come_back(self, into: Path, *more: str | Path) -> dict[str, Any]:
        """Restored on another folder, served under the old address."""
        said = self.restore(into, "--identity", self.safe / "identity.key", *more)
        assert said.code == 0, said.err
        port = self.process.port
        self.data = into
        self.process = ServerProcess(into, self.folder / "log")
        self.process.port = port
        self.process.start()
        found: dict[str, Any] = msgspec.json.decode(said.out.splitlines()[0])
        return found


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    practice = Practice(tmp_path)
    practice.process.start()
    yield practice
    practice.process.stop()


@pytest.fixture
def devices(practice: Practice, tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    url = practice.process.url
    both = [Device.enrol(tmp_path / name, url, name) for name in ("martin", "diallo")]
    yield both[0], both[1]
    for device in both:
        device.close()


def rested(device: Device) -> None:
    done = device.sync()
    assert done.did is Did.WAITED, device.engine.state
    assert isinstance(device.engine.state.state, states.Idle), device.engine.state


def sees(device: Device, owner: int, count: int) -> None:
    """Ask until readers were told of everything: a server tells them a moment after each commit."""
    for _ in range(500):
        rested(device)
        states_seen = list(device.allergies(owner).values())
        if states_seen == [ItemState.CONFIRMED] * count:
            return
    raise AssertionError(device.allergies(owner))


def met(device: Device) -> None:
    """Contact after a restore: what was asked of the server of before is refused at most a few times, then the
    desktop goes on by itself.
    """
    for _ in range(3):
        done = device.sync()
        if done.did is Did.WAITED:
            break
    rested(device)


def held(device: Device) -> dict[tuple[int, str], str]:
    """The digest of every compartment of this copy."""
    return {
        (one.owner, one.facet): device.store.sync.digest(one.owner, one.facet)
        for one in device.store.sync.held()
    }


def test_s15_a_destroyed_server_comes_back_with_all_its_desktops_were_promised(
    practice: Practice, devices: tuple[Device, Device], tmp_path: Path
) -> None:
    martin, diallo = devices
    martin.write_allergy(practice.anne, "pat-1", "before")
    rested(martin)
    practice.back_up()
    for n in range(5):
        martin.write_allergy(practice.anne, "pat-1", f"after-m{n}")
        diallo.write_allergy(practice.anne, "pat-1", f"after-d{n}")
        rested(martin)
        rested(diallo)
    sees(martin, practice.anne, 11)
    promised = martin.allergies(practice.anne)
    assert set(promised.values()) == {ItemState.CONFIRMED}
    assert len(promised) == 11
    practice.lose()
    diallo.write_allergy(practice.anne, "pat-1", "while-it-was-away")
    report = practice.come_back(tmp_path / "elsewhere")
    assert report["restore"] == 1
    for device in (martin, diallo):
        met(device)
    for device in devices:
        sees(device, practice.anne, 12)
    for device in devices:
        assert device.store.sync.restore() == 1
        assert device.allergies(practice.anne) == {
            **promised,
            "while-it-was-away": ItemState.CONFIRMED,
        }
    assert held(martin) == held(diallo)
    assert len(held(martin)) >= 2
    practice.process.stop()
    assert operator("audit", "verify", practice.data).code == 0
    rows = practice.inside(lambda house: house.records.whole(practice.anne))
    ids = [row.id for row in rows if row.rtype == "AllergyIntolerance"]
    assert sorted(ids) == sorted([*promised, "while-it-was-away"]), "none lost, none twice"
    practice.process.start()


def test_acc_06_what_was_narrowed_after_the_backup_stays_narrow_and_the_leaver_stays_out(
    practice: Practice, devices: tuple[Device, Device], tmp_path: Path
) -> None:
    """A block, a revoked device, an ended membership: none of them is in the backup of the data."""
    martin, diallo = devices
    met(martin)
    met(diallo)
    assert diallo.store.records.patients("durand", 9)
    practice.back_up()
    practice.process.stop()
    folder = practice.data
    assert operator("grant", "block", folder, "pat-1", "diallo").code == 0
    assert operator("device", "revoke", folder, "martin", martin.device).code == 0
    listed: Any = operator("member", "list", folder, "leroy").value
    assert operator("member", "end", folder, "leroy", listed[0]["id"]).code == 0
    practice.process.start()
    practice.back_up_keys_only()
    practice.lose()
    report = practice.come_back(tmp_path / "elsewhere")
    assert {(one["act"], one["outcome"], one["count"]) for one in report["narrowing"]} == {
        ("blocked", "applied", 1),
        ("device_revoked", "applied", 1),
        ("membership_ended", "applied", 1),
    }
    diallo.sync()
    met(diallo)
    assert diallo.store.records.patients("durand", 9) == []
    martin.sync()
    martin.sync()
    assert isinstance(martin.engine.state.state, states.Revoked)
    practice.process.stop()
    assert operator("member", "list", practice.data, "leroy").value == []
    practice.process.start()


def test_a_consent_given_after_the_backup_is_listed_for_its_author_and_never_sent_again(
    practice: Practice, devices: tuple[Device, Device], tmp_path: Path
) -> None:
    martin, _ = devices
    met(martin)
    practice.back_up()
    martin.write(practice.anne, a_consent("pat-1", "org-1", id="con-after"))
    rested(martin)
    rested(martin)
    practice.lose()
    practice.come_back(tmp_path / "elsewhere")
    met(martin)
    rows = practice.stopped(lambda house: house.records.whole(practice.anne))
    assert "con-after" not in [row.id for row in rows]
    assert martin.store.records.copy_facts().refused == 1


def test_a_second_restore_from_the_same_backup_never_has_the_number_of_the_first(
    practice: Practice, tmp_path: Path
) -> None:
    practice.back_up()
    practice.lose()
    assert practice.come_back(tmp_path / "one")["restore"] == 1
    practice.lose()
    assert practice.come_back(tmp_path / "two")["restore"] == 2


def test_a_restored_server_does_not_start_before_its_identity_key_signed_the_new_number(
    practice: Practice, tmp_path: Path
) -> None:
    practice.back_up()
    into = tmp_path / "elsewhere"
    said = practice.restore(into)
    assert said.code == 1
    assert f"identity sign {into}" in said.out
    refused = operator("serve", into, "--port", "0", timeout=20)
    assert refused.code == 2
    assert "identity sign" in refused.err
    key = practice.safe / "identity.key"
    assert operator("identity", "sign", into, "--key", key).code == 0
    with ServerProcess(into, tmp_path / "log2"):
        pass


def test_what_did_not_change_is_not_written_twice(
    practice: Practice, devices: tuple[Device, Device]
) -> None:
    practice.process.stop()
    first = practice.back_up()
    again = practice.back_up()
    assert first["new_segments"] == first["segments"] > 0
    assert again["new_segments"] == 0
    assert operator("backup", "verify", practice.target, "--keys", practice.keys).code == 0
    practice.process.start()


def test_s2_a_stolen_backup_reads_nothing_without_the_recovery_key_and_root(
    practice: Practice, devices: tuple[Device, Device], tmp_path: Path
) -> None:
    martin, _ = devices
    martin.write_allergy(practice.anne, "pat-1", "all-1")
    met(martin)
    practice.back_up()
    root = (practice.safe / "root.key").read_bytes().strip()
    identity = (practice.safe / "identity.key").read_bytes().strip()
    secrets = [word for key in (root, identity) for word in (key, bytes.fromhex(key.decode()))]
    files = [path for one in (practice.target, practice.keys) for path in one.rglob("*")]
    held = [path.read_bytes() for path in files if path.is_file()]
    assert len(held) >= 3
    for word in (*secrets, b"nicilline", b"Durand", b"martin", PASSWORD.encode()):
        assert all(word not in raw for raw in held), word
    sealed = [raw for raw in held if b"recovery" in raw[:200]]
    assert sealed
    for made, name in ((practice.safe / "other.key", "recovery"), (practice.safe / "r", "root")):
        made.write_text(bytes(range(32)).hex())
        made.chmod(0o400)
        kept = (practice.safe / f"{name}.key").rename(practice.safe / "kept")
        made.rename(practice.safe / f"{name}.key")
        said = practice.restore(tmp_path / "elsewhere")
        assert said.code == 2, name
        assert not (tmp_path / "elsewhere").exists()
        kept.rename(practice.safe / f"{name}.key")
    assert practice.restore(tmp_path / "elsewhere").code == 1


def test_a_damaged_manifest_or_segment_is_refused_by_name(
    practice: Practice, tmp_path: Path
) -> None:
    practice.back_up()
    (manifest,) = (practice.target / "backups").iterdir()
    (sealed,) = practice.keys.glob("*.sealed")
    segments = [path for path in (practice.target / "segments").rglob("*") if path.is_file()]
    for path, code in (
        (manifest, "manifest_damaged"),
        (segments[0], "segment_damaged"),
        (sealed, "keys_damaged"),
    ):
        raw = path.read_bytes()
        path.write_bytes(raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:])
        said = practice.restore(tmp_path / "elsewhere")
        assert (said.code, code in said.err, path.name in said.err) == (2, True, True), said.err
        if path is not sealed:
            checked = operator("backup", "verify", practice.target)
            assert (checked.code, path.name in checked.err) == (2, True)
        path.write_bytes(raw)
    segments[0].unlink()
    said = practice.restore(tmp_path / "elsewhere")
    assert "segment_missing" in said.err
    assert segments[0].name in said.err
    assert practice.back_up()["new_segments"] >= 1, "what is missing is written again"
    assert practice.restore(tmp_path / "elsewhere").code == 1


def test_a_server_of_real_people_is_not_served_before_its_first_backup(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    assert operator("init", folder).code == 0
    refused = operator("serve", folder, "--port", "0", timeout=20)
    assert (refused.code, "[no_backup]" in refused.err) == (2, True)
    places = (folder, tmp_path / "a", "--keys", tmp_path / "b")
    assert "[no_recovery_key]" in operator("backup", *places).err
    assert operator("keys", "recovery", folder, tmp_path / "recovery.key").code == 0
    assert "[keys_target]" in operator("backup", folder, tmp_path / "a").err
    assert "[keys_apart]" in operator("backup", *places[:3], tmp_path / "a").err
    assert operator("backup", *places).code == 0
    with ServerProcess(folder, tmp_path / "log"):
        pass
