"""`keys close`, `destroy`, `pending`: two named persons, each with their own proof, at the operator's terminal."""

from pathlib import Path
from typing import Any

import pytest

from dossier.clock import SystemClock
from dossier.sealing import totp
from server.services.accounts import Person
from tests.fakes.authenticator import SEED
from tests.fakes.served_house import served
from tests.fakes.server_process import Said, operator
from tests.fakes.server_room import PASSWORD, SteppingClock, an_allergy

KINDS = {"alice": "administrator", "bob": "data_protection_officer", "carol": "administrator"}
KINDS["dave"] = "practice_secretary"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    with served(folder, clock=SteppingClock(SystemClock().now())) as room:
        unit = room.unit()
        doctor = room.desktop("martin", unit)
        owner = room.patient(unit)
        room.push(doctor, room.create(doctor, owner, an_allergy("pat-1", "all-1")))
        for login, kind in KINDS.items():
            room.account(Person(login=login, display_name=login), kind)
        room.settle()
    return folder


def decide(folder: Path, act: str, login: str, *, password: str = PASSWORD) -> Said:
    digits = totp.code_at(SEED, totp.step_of(SystemClock().now()))
    words = ["keys", act, folder, "--patient", "pat-1", "--by", login, "--reason", "asked"]
    return operator(*words, given=f"{password}\n{digits}\n")


def pending(folder: Path) -> Any:
    said = operator("keys", "pending", folder)
    assert said.code == 0, said.err
    return said.value


def test_a_destruction_needs_two_persons_and_stands_on_the_list_where_a_third_withdraws_it(
    folder: Path, tmp_path: Path
) -> None:
    assert operator("keys", "archive", folder, tmp_path / "archive.key").code == 0
    assert "[archive_key_present]" in operator("keys", "archive", folder, tmp_path / "b").err
    assert "[not_proven]" in decide(folder, "destroy", "bob", password="wrong wrong wrong").err
    assert "[not_entitled]" in decide(folder, "destroy", "dave").err
    assert pending(folder) == []
    asked = decide(folder, "destroy", "alice")
    assert (asked.code, asked.value) == (0, {"patient": "pat-1", "state": "asked"}), asked.err
    assert [(one["state"], one["destruction"]) for one in pending(folder)] == [("open", "asked")]
    agreed = decide(folder, "destroy", "bob")
    assert (agreed.code, agreed.value) == (0, {"patient": "pat-1", "state": "agreed"}), agreed.err
    (listed,) = pending(folder)
    assert (listed["state"], listed["next"]) == ("closed", "destroy")
    assert listed["due"] > listed["destruction"]
    done = operator("keys", "due", folder)
    assert (done.code, done.value) == (0, {"doubted": False}), done.err
    withdrawn = decide(folder, "withdraw", "carol")
    assert withdrawn.code == 0, withdrawn.err
    (listed,) = pending(folder)
    assert (listed["state"], listed["next"]) == ("closed", "archive")
    assert operator("audit", "verify", folder).code == 0
