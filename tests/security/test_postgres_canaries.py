"""What a thief of PostgreSQL reads: its files, its write-ahead log, its own log, a dump. Nothing (law 9)."""

import asyncio
import subprocess
from pathlib import Path

import asyncpg
import msgspec
import pytest

from dossier.wire import messages as wire
from tests.fakes.postgres import programs, running
from tests.fakes.served_house import served
from tests.security.test_server_canaries import (
    BORN,
    INS,
    SEEN,
    Canaries,
    an_allergy,
    change,
    leaks,
    resources,
)


async def _touched(dsn: str) -> None:
    """Everything reaches the files; one statement fails with its values in sight of the log."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CHECKPOINT")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO resource SELECT * FROM resource LIMIT 1")
    await connection.close()


def test_s1_no_file_log_or_dump_of_postgres_holds_a_canary(tmp_path: Path) -> None:
    binaries = programs()
    if binaries is None:
        pytest.skip("the distribution's PostgreSQL is not installed")
    new = Canaries()
    with running(binaries) as cluster:
        databases = cluster.lend()
        with served(tmp_path / "server", databases=databases) as room:
            org = room.unit("org-1", new.one())
            desktops = [room.desktop(new.one(), org) for _ in range(2)]
            entries = [{"resource": one} for one in resources(new)]
            raw = msgspec.json.encode(
                {"resourceType": "Bundle", "type": "collection", "entry": entries}
            )
            report = room.run(room.importer.take(raw, for_unit=org))
            assert report.refused == ()
            (owner,) = report.owners
            token = room.token_of(desktops[0])
            for n in range(12):
                op = room.create(desktops[0], owner, an_allergy(new, n), reason=new.one())
                room.post("/sync/v1/ops", wire.OpsRequest(ops=(op,)), token)
            change(room, desktops[0], owner, new.one())
            room.settle()
            read = b"".join(room.pull(desktops[1], owner).values())
            assert sum(word.encode() in read for word in new.words) >= 80
        asyncio.run(_touched(databases.rows[owner % 2]))
        for n, dsn in enumerate((*databases.rows, databases.keys)):
            with (tmp_path / f"dump-{n}.sql").open("wb") as dump:
                subprocess.run([binaries / "pg_dump", dsn], check=True, stdout=dump)
        words = [*new.words, INS, INS[:13], BORN, SEEN, BORN.replace("-", "")]
        owner_file = (tmp_path / f"dump-{owner % 2}.sql").read_text()
        assert str(owner) in owner_file, "the control: the dump is of this practice"
        assert leaks(words, tmp_path) == []
        assert {path.name for path in cluster.folder.iterdir()} >= {"data", "log"}
        assert (cluster.folder / "log").read_text().count("duplicate key") == 1
        assert leaks(words, cluster.folder) == []
