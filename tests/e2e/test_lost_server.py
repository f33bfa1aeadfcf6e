"""A desktop that only reads, over real sockets: a server that dies, and one that falls silent, are said.

The regular question is an hour away in these tests, so only the wake-up line can tell.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dossier.clock import SystemClock
from practitioner_app.services.session import Connection, Link
from practitioner_app.sync_loop import SyncLoop
from server.services.accounts import Person
from sync.hints import EventLine
from sync.policy import Policy
from sync.transport import Line, Patience, RequestsTransport
from tests.fakes.device_process import Device
from tests.fakes.http_server import HostileServer
from tests.fakes.record_store import MemoryRecordStore
from tests.fakes.served_house import served
from tests.fakes.server_process import ServerProcess
from tests.fakes.server_room import DOCTOR, SteppingClock


class Chip:
    """The word on the chip, and a way to wait for one."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self.links: list[Link] = []
        self.listening = threading.Event()
        """A line is open."""

    def connected(self, connection: Connection) -> None:
        with self._turn:
            self.links.append(connection.link)
            self._turn.notify_all()

    def noted(self, key: str, **figures: int) -> None:
        """The journal of exchanges, not looked at here."""

    def says(self, link: Link, within_s: float) -> bool:
        with self._turn:
            return self._turn.wait_for(lambda: self.links[-1:] == [link], within_s)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[ServerProcess]:
    with served(tmp_path / "server", clock=SteppingClock(SystemClock().now())) as room:
        person = Person(login="martin", display_name="martin")
        account = room.account(person)
        room.run(room.members.add(account, room.unit(), DOCTOR))
    with ServerProcess(tmp_path / "server", tmp_path / "log") as process:
        Device.enrol(tmp_path / "martin", process.url, "martin").close()
        yield process


@contextmanager
def reading(profile: Path, url: str, line_url: str, policy: Policy) -> Iterator[Chip]:
    """The loop of a desktop, without a window, that asks on its own only once an hour."""
    chip, clock = Chip(), SystemClock()
    loop = SyncLoop(
        outbox=MemoryRecordStore(),
        listener=chip,
        announce=lambda _change: None,
        clock=clock,
        contacted=lambda _state: None,
    )
    device = Device(profile, url, policy=policy, publish=loop.published)
    transport = RequestsTransport(line_url, clock, patience=Patience(connect_s=5.0))

    def connect(token: str, silent_s: float) -> Line:
        opened = transport.hints(token, silent_s)
        chip.listening.set()
        return opened

    line = EventLine(connect, clock, device.entropy, policy)
    lanes = [
        threading.Thread(target=loop.run, args=(device.engine,)),
        threading.Thread(target=loop.listen, args=(line, lambda: device.engine.token)),
    ]
    for lane in lanes:
        lane.start()
    try:
        yield chip
    finally:
        loop.stop()
        line.close()
        for lane in lanes:
            lane.join(15)
        device.close()
        assert not any(lane.is_alive() for lane in lanes)


def test_a_server_that_dies_is_said_as_soon_as_its_line_ends(
    tmp_path: Path, process: ServerProcess
) -> None:
    policy = Policy(idle_s=3600.0)
    with reading(tmp_path / "martin", process.url, process.url, policy) as chip:
        assert chip.says(Link.ONLINE, 10.0)
        assert chip.listening.wait(10.0)
        process.kill()
        assert chip.says(Link.OFFLINE, 5.0)


def test_a_line_that_falls_silent_without_an_end_is_found_out(
    tmp_path: Path, process: ServerProcess
) -> None:
    """Half open: no byte and no end, as after a cable was pulled."""

    def silent(connection: socket.socket, over: threading.Event) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        connection.sendall(head + b": colloque\n\n")
        over.wait(60.0)

    policy = Policy(idle_s=3600.0, line_silent_s=1.0)
    with (
        HostileServer(silent) as mute,
        reading(tmp_path / "martin", process.url, f"http://{mute.address}", policy) as chip,
    ):
        assert chip.says(Link.ONLINE, 10.0)
        assert chip.listening.wait(10.0)
        process.kill()
        assert chip.says(Link.OFFLINE, 10.0)
