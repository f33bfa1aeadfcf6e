"""The operator's commands with the databases on PostgreSQL: made, filled, looked at, refused in plain words."""

from pathlib import Path

import msgspec
import pytest

from tests.fakes.postgres import Cluster
from tests.fakes.server_process import ServerProcess, operator
from tests.fakes.server_room import an_allergy

PATIENT = {"resourceType": "Patient", "id": "pat-1", "name": [{"family": "Durand"}]}


def made(folder: Path, rows: str, keys: str) -> tuple[int, str]:
    words = ("--database", rows, "--key-database", keys, "--demonstration")
    said = operator("init", folder, *words)
    return said.code, said.err


@pytest.mark.parametrize(
    ("rows", "keys", "word"),
    [
        ("postgresql://u:secret@localhost/rows", "postgresql:///keys", "database_password"),
        ("postgresql://localhost/rows?password=x", "postgresql:///keys", "database_password"),
        ("postgresql:///rows", "postgresql://db.example/keys", "database_unchecked"),
        ("postgresql://db/rows?sslmode=require", "postgresql:///keys", "database_unchecked"),
        ("mysql://localhost/rows", "postgresql:///keys", "database_address"),
        ("postgresql:///rows", "", "database_pair"),
        ("postgresql:///one", "postgresql:///one", "database_pair"),
        ("postgresql:///rows?host=/nowhere", "postgresql:///keys?host=/nowhere", "store_away"),
    ],
)
def test_an_address_that_will_not_do_is_refused_and_nothing_is_made(
    tmp_path: Path, rows: str, keys: str, word: str
) -> None:
    code, said = made(tmp_path / "server", rows, keys)
    assert code == 2
    assert word in said
    assert not (tmp_path / "server" / "root.key").exists()


def test_a_server_is_made_filled_and_looked_at_while_it_serves(
    tmp_path: Path, postgres: Cluster
) -> None:
    folder = tmp_path / "server"
    rows, keys = postgres.database(""), postgres.database("")
    assert made(folder, rows, keys) == (0, "")
    assert {path.name for path in folder.iterdir()} == {
        *("root.key", "identity.key", "keys.txt", "server.json")
    }
    with ServerProcess(folder, tmp_path / "log"):
        entries = [{"resource": one} for one in (PATIENT, an_allergy("pat-1", "all-1"))]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        (tmp_path / "bundle.json").write_bytes(msgspec.json.encode(bundle))
        taken = operator("import", folder, tmp_path / "bundle.json")
        assert (taken.code, taken.value["accepted"]) == (0, 2)  # type: ignore[index]
        new = operator(
            "account", "create", folder, "martin", "--name", "Dr M", given="long enough words\n"
        )
        assert new.code == 0, new.err
        well = operator("doctor", folder)
        assert well.code == 0, well.out
        assert "resource 2" in well.out
    assert operator("init", folder).code == 2
    code, said = made(tmp_path / "another", rows, keys)
    assert (code, "already" in said) == (2, True)
