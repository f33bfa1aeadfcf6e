"""A PostgreSQL of the distribution for tests: a cluster of its own in a folder, on a socket in that folder.

It refuses to run as root, so root runs it as `postgres`. Ended by its process id. A database costs a copy of
a template that was migrated once.
"""

import asyncio
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from dossier.clock import SystemClock
from server.store.migrations import Migration, all_migrations
from server.store.postgres.schema import migrate

_START_S, _TRIES = 30, 50
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "logging_collector": "off",
    "log_min_messages": "warning",
}


def programs() -> Path | None:
    """Where the distribution's PostgreSQL lies: the newest one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def _memory_folder() -> str | None:
    """Tests of durability kill the program, not the machine: memory is as good as a disk for that."""
    memory = Path("/dev/shm")
    if (
        memory.is_dir()
        and os.access(memory, os.W_OK)
        and shutil.disk_usage(memory).free > 2 * 10**9
    ):
        return str(memory)
    return None


class Databases(NamedTuple):
    """The addresses of one server's databases; without any, they are files of its folder."""

    rows: tuple[str, ...]
    keys: str


IN_ITS_FOLDER = Databases((), "")


class Cluster:
    """One running PostgreSQL."""

    def __init__(self, binaries: Path) -> None:
        self._bin = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="colloque-pg-", dir=_memory_folder() or "/tmp"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._pid = 0
        self._idle: list[Databases] = []
        self._names = count(1)
        self._templates: dict[str, str] = {}

    @property
    def pid(self) -> int:
        """The postmaster's."""
        return self._pid

    def create(self) -> None:
        """Make the cluster's files."""
        command: list[Any] = [self._bin / "initdb", "-D", self.folder / "data"]
        command += ["-U", "colloque", "-A", "trust"]
        code = self._run([*command, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        assert code == 0, "initdb"

    def start(self) -> None:
        """Start and wait until it answers; after a kill, once the last of the killed is gone."""
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        command: list[Any] = [self._bin / "pg_ctl", "start", "-w", "-s", "-t", str(_START_S)]
        command += ["-D", self.folder / "data", "-l", self.folder / "log"]
        command += ["-o", f"-k {self.folder} {settings}"]
        for _ in range(_TRIES):
            if self._run(command) == 0:
                lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
                self._pid = int(lines[0])
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """At once, without a checkpoint; then remove everything."""
        self.kill(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the program the hard way; `start` recovers."""
        if self._pid:
            ended = os.pidfd_open(self._pid)
            signal.pidfd_send_signal(ended, number)
            assert select.select([ended], [], [], _START_S)[0]
            os.close(ended)
            self._pid = 0

    def dsn(self, name: str) -> str:
        return f"postgresql://colloque@/{name}?host={self.folder}"

    def database(self, package: str = "server.store.migrations") -> str:
        """The address of a fresh database with the schema of `package`; an empty one for ''."""
        return asyncio.run(self._fresh(package))

    def lend(self) -> Databases:
        """Two databases for rows and one for keys, all empty; given back with `take_back`."""
        if self._idle:
            return self._idle.pop()
        rows = (self.database(), self.database())
        return Databases(rows, self.database("server.store.keystore"))

    def take_back(self, lent: Databases) -> None:
        """Empty them for the next one."""
        asyncio.run(self._emptied(lent))
        self._idle.append(lent)

    async def _emptied(self, lent: Databases) -> None:
        steps = [all_migrations(), all_migrations(), all_migrations("server.store.keystore")]
        for dsn, known in zip((*lent.rows, lent.keys), steps, strict=True):
            await delete_all(dsn, known)

    async def _fresh(self, package: str) -> str:
        name = f"d{next(self._names)}"
        if package and package not in self._templates:
            template = f"t{next(self._names)}"
            await self.execute("postgres", f"CREATE DATABASE {template}")
            await migrate(self.dsn(template), all_migrations(package), SystemClock(), "none")
            self._templates[package] = template
        template = self._templates.get(package, "template0")
        await self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.dsn(name)

    async def execute(self, name: str, statement: str) -> None:
        """One statement on the database of this name."""
        await execute(self.dsn(name), statement)

    @property
    def _env(self) -> dict[str, str]:
        return {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": str(self.folder)}

    def _run(self, command: list[Any]) -> int:
        done = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._env,
            cwd="/",
            check=False,
            **self._as,
        )
        return done.returncode


async def execute(dsn: str, statement: str) -> None:
    """One statement, or several in one transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def delete_all(dsn: str, steps: Sequence[Migration]) -> None:
    """Empty every table but the schema's version."""
    tables = [table for step in steps for table in step.tables if table != "schema_version"]
    await execute(dsn, "; ".join(f"DELETE FROM {table}" for table in tables))


@contextmanager
def running(binaries: Path) -> Iterator[Cluster]:
    """A cluster while the block runs."""
    cluster = Cluster(binaries)
    try:
        cluster.create()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
