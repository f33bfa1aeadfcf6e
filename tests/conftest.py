"""What every test gets: a marker by folder, no sockets outside e2e, failing on unexpected log records."""

import asyncio
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.fakes import postgres as postgresql
from tests.logfail import LogFail

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
MARKED = {"unit", "contracts", "gui", "simulation", "security", "e2e", "architecture"}
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("ours", max_examples=40, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("ours")
MAY_OPEN_SOCKETS = {"contracts", "security", "e2e"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=["postgres", "citus"],
        help="run the tests of the server, and only those, on two PostgreSQL databases, or on the Citus "
        "database that COLLOQUE_CITUS_DSN names",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=10,
        help="how often the server, and the desktop, is killed at work (tests/e2e/test_kills.py)",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why tests were skipped, and the figures that tests tell (`record_property("told", ...)`): schedules played,
    kills survived, seconds taken.
    """
    skipped = Counter(
        str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ())
    )
    for reason, times in sorted(skipped.items()):
        terminalreporter.write_line(f"{times} skipped: {reason.removeprefix('Skipped: ')}")
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, said in report.user_properties:
                    if name == "told":
                        terminalreporter.write_line(said)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--engine"):
        items[:] = [
            item
            for item in items
            if {"engine", "lasting_engine"} & {*getattr(item, "fixturenames", ())}
        ]
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in MARKED:
            item.add_marker({"contracts": "contract"}.get(folder, folder))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for a whole test: what connections of PostgreSQL belong to."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = request.path.relative_to(ROOT / "tests").parts[0]
    if folder in MAY_OPEN_SOCKETS:
        return

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX:
            return original(self, address)
        raise AssertionError("this test may not open a connection")

    original = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def logfail() -> Iterator[LogFail]:
    """Any record at WARNING or above that the test did not announce fails it."""
    guard = LogFail()
    root = logging.getLogger()
    root.addHandler(guard)
    yield guard
    root.removeHandler(guard)
    guard.verify()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The public sample input that may lie beside the checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the public sample input does not lie beside this checkout")
    return SHARED


@pytest.fixture
def run() -> Callable[[Any], Any]:
    """Finishes a coroutine; a store that belongs to one event loop gives its own."""
    return asyncio.run


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What the server under test stands on."""
    yield from _engine(request)


@pytest.fixture(scope="module")
def lasting_engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same for all tests of a module together."""
    yield from _engine(request)


def _engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    from tests.fakes import engines

    wanted = request.config.getoption("--engine")
    if wanted == "postgres":
        found: Any = engines.PostgresEngine(request.getfixturevalue("postgres"))
    elif wanted == "citus":
        dsn = os.environ["COLLOQUE_CITUS_DSN"]
        found = engines.CitusEngine(request.getfixturevalue("postgres"), dsn)
    else:
        found = engines.FileEngine()
    yield found
    found.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL of the distribution, started by the first test that asks."""
    binaries = postgresql.programs()
    if binaries is None:
        pytest.skip(
            "the distribution's PostgreSQL is not installed (packaging/debian-packages.txt)"
        )
    with postgresql.running(binaries) as cluster:
        yield cluster
