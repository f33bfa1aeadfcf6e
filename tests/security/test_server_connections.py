"""Connections that mean harm: nobody holds the server open for nothing, garbage is answered, stopping is quick."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import uvicorn

from dossier.clock import SystemClock
from dossier.entropy import SeededEntropy
from dossier.wire import codec
from server.api.connections import BoundedHttp
from server.app import House, build_app
from server.cli.serving import Stoppable
from server.folder import ServerFile, init
from server.services.accounts import Person
from tests.fakes.device_process import Device
from tests.fakes.served_house import CHEAP, served
from tests.fakes.server_process import ServerProcess
from tests.fakes.server_room import DOCTOR, SteppingClock
from tests.logfail import LogFail

ASK = b"GET /sync/v1/capabilities HTTP/1.1\r\nHost: x\r\n\r\n"


class Hasty(BoundedHttp):
    """The same deadlines, sooner."""

    head_s = 0.3
    rest_s = 0.4
    unread_s = 0.3

    @staticmethod
    def on_abandoned() -> None:
        """Told when a reader is given up."""

    def abandon(self) -> None:
        super().abandon()
        self.on_abandoned()


@contextmanager
def answering(folder: Path) -> Iterator[tuple[int, Stoppable, threading.Thread]]:
    asyncio.run(init(folder, SteppingClock(), SeededEntropy(1), ServerFile(name="x")))
    house = asyncio.run(House.open(folder, SteppingClock(), SeededEntropy(2), cost=CHEAP))
    ready = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    settings = uvicorn.Config(
        build_app(house, ready.set), log_config=None, access_log=False, http=Hasty, ws="none"
    )
    server = Stoppable(settings, house.hints.close)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    assert ready.wait(10)
    try:
        yield listening.getsockname()[1], server, thread
    finally:
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with answering(tmp_path / "server") as (port, _, _):
        yield port


def told(port: int, *pieces: bytes) -> bytes:
    """Everything the server says until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for piece in pieces:
            line.sendall(piece)
        return until_the_end(line)


def until_the_end(line: socket.socket) -> bytes:
    found = b""
    try:
        while piece := line.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def test_a_connection_that_says_nothing_or_half_a_head_is_closed(port: int) -> None:
    for pieces in ((), (b"G",), (ASK[:-2],), (ASK, b"GET /sync/v1/heads HTTP/1.1\r\nX: ")):
        answer = told(port, *pieces)
        assert answer.count(b"HTTP/1.1 200") == (1 if len(pieces) == 2 else 0)
    assert b"200 OK" in told(port, ASK.replace(b"Host", b"Connection: close\r\nHost"))


def test_s17_headers_without_end_are_refused_and_not_kept(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"GET /sync/v1/capabilities HTTP/1.1\r\n")
        try:
            for n in range(1000):
                line.sendall(f"X-{n}: {'x' * 1000}\r\n".encode())
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = until_the_end(line)
    assert not answer or answer.startswith(b"HTTP/1.1 431")
    assert b"200 OK" in told(port, ASK.replace(b"Host", b"Connection: close\r\nHost"))


def test_a_body_that_drips_after_its_answer_is_cut_off(port: int) -> None:
    head = b"POST /sync/v1/ops HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n"
    answer = told(port, head, b"x")
    assert answer.startswith(b"HTTP/1.1 401")


def test_what_is_not_http_gets_a_problem_and_no_word_more(port: int, logfail: LogFail) -> None:
    with logfail.expecting("Invalid HTTP request received"):
        for garbage in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\r\n\x00\x00",
            b"BREW / X\r\n\r\n",
        ):
            answer = told(port, garbage)
            assert answer.startswith(b"HTTP/1.1 400"), garbage
            assert answer.endswith(
                b'{"code":"not_http","detail":"","issues":[],"retry_after_s":null}'
            )


def test_a_request_smuggled_behind_another_is_not_answered_as_its_own(
    port: int, logfail: LogFail
) -> None:
    both = (
        b"POST /session/v1/challenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ASK
    )
    with logfail.expecting("Invalid HTTP request received"):
        answer = told(port, both)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"200 OK" not in answer


def test_s17_a_reader_that_never_reads_is_cut_off_and_others_are_answered(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = threading.Event()
    monkeypatch.setattr(Hasty, "on_abandoned", lost.set)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(10)
        line.connect(("127.0.0.1", port))
        asked = 4_000
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(ASK * asked)
        assert b"200 OK" in told(port, ASK.replace(b"Host", b"Connection: close\r\nHost"))
        assert lost.wait(10)
        assert until_the_end(line).count(b"200 OK") < asked


def test_no_answer_waits_for_the_acknowledgement_of_its_own_head(tmp_path: Path) -> None:
    with (
        answering(tmp_path / "server") as (port, server, _),
        socket.create_connection(("127.0.0.1", port), timeout=10) as line,
    ):
        line.sendall(ASK)
        assert line.recv(15) == b"HTTP/1.1 200 OK"
        (connection,) = server.server_state.connections
        its = connection.transport.get_extra_info("socket")
        assert its.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_stopping_waits_for_nobody_who_only_listens(tmp_path: Path) -> None:
    with served(tmp_path / "server", clock=SteppingClock(SystemClock().now())) as room:
        person = Person(login="martin", display_name="martin")
        account = room.account(person)
        room.run(room.members.add(account, room.unit(), DOCTOR))
    process = ServerProcess(tmp_path / "server", tmp_path / "log").start()
    device = Device.enrol(tmp_path / "martin", process.url, "martin")
    device.sync()
    lines = [device.transport.hints(device.engine.token, 30) for _ in range(5)]
    assert [line.read(5) for line in lines] == [b": colloque\n\n"] * 5
    process.stop(timeout_s=4)
    assert [line.read(5) for line in lines] == [b""] * 5
    for line in lines:
        line.close()
    device.close()
    told = [codec.decode(line, dict) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert [(line["level"], line["event"]) for line in told] == [
        ("info", "serving"),
        ("info", "stopped"),
    ]
