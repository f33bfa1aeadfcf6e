"""An import that is killed (kill -9) before or after any durable write, then run again: nothing twice, nothing lost."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import pytest

from server.cli import main
from tests.fakes.served_house import inside
from tests.fakes.server_process import ROOT
from tests.fakes.server_room import an_allergy

RESOURCES = 6
TABLES = ("owner", "resource", "history", "tombstone", "reservation", "journal", "op", "log")


def a_patient(rid: str) -> dict[str, Any]:
    name = [{"family": f"Durand {rid}", "given": ["Anne"]}]
    return {"resourceType": "Patient", "id": rid, "name": name, "birthDate": "1960-05-02"}


def a_bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return msgspec.json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with a directory part, and lines whose patient comes last."""
    folder = tmp_path_factory.mktemp("files")
    organisation = {"resourceType": "Organization", "id": "o", "name": "Hôpital"}
    doctor = {"resourceType": "Practitioner", "id": "p"}
    one = a_bundle(organisation, doctor, a_patient("a"), an_allergy("a", "a1"))
    (folder / "1.json").write_bytes(one)
    lines = [msgspec.json.encode(line) for line in (an_allergy("b", "b1"), a_patient("b"))]
    (folder / "2.ndjson").write_bytes(b"\n".join(lines))
    return folder


def counts(server: Path) -> dict[str, int]:
    found = inside(server, lambda house: house.store.maintenance.counts())
    return {table: found[table] for table in TABLES}


def ends(files: Path, *servers: str) -> list[str]:
    """How each import ended, and what it said before, line by line."""
    command = [sys.executable, "-m", "tests.fakes.import_process", str(files), *servers]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def again(server: Path, files: Path) -> Any:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["import", str(server), str(files)]) == 0
    return msgspec.json.decode(out.getvalue().splitlines()[-1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 of a forked import needs POSIX")
def test_killed_at_any_step_and_run_again_it_ends_as_if_it_had_never_been_killed(
    files: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    with redirect_stdout(io.StringIO()):
        assert main(["init", str(empty)]) == 0
    whole = copytree(empty, tmp_path / "whole")
    steps = int(ends(files, f"{whole}:0")[-1])
    wanted = counts(whole)
    assert steps >= 20
    servers = [copytree(empty, tmp_path / f"killed-{n}") for n in range(1, steps + 1)]
    ended = ends(files, *(f"{server}:{n}" for n, server in enumerate(servers, 1)))
    assert ended.count("killed") == steps
    seen = set()
    for server in servers:
        said = again(server, files)
        assert (said["accepted"] + said["duplicate"], said["patients"]) == (RESOURCES, 2)
        assert counts(server) == wanted, server.name
        seen.add(said["duplicate"])
    assert {0, 2, RESOURCES} <= seen  # before all, between the directory and the patient, after all
