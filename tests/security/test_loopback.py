"""The one socket of the desktop: a single answer, on the loopback, for a bounded time; everybody else is sent away."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dossier.clock import SystemClock
from dossier.errors import Refused
from practitioner_app.loopback import LoopbackListener

AWAITED = "/signed-in?code=c&state=s"


class Waiting:
    """A desktop that waits in a thread of its own."""

    def __init__(self, seconds: float = 20) -> None:
        self.listener = LoopbackListener(SystemClock())
        self.port = self.listener.port
        self.found: list[str] = []
        self._seconds = seconds
        self._thread = threading.Thread(target=self._wait)
        self._thread.start()

    def _wait(self) -> None:
        try:
            self.found.append(self.listener.wait(lambda target: target == AWAITED, self._seconds))
        except Refused as refused:
            self.found.append(refused.code)

    def ended(self) -> list[str]:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.found

    def told(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request)
            answer = b""
            while piece := line.recv(4096):
                answer += piece
            return answer

    def ask(self, target: str = AWAITED, host: str = "", method: str = "GET") -> bytes:
        host = host or f"127.0.0.1:{self.port}"
        return self.told(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    one = Waiting()
    yield one
    one.listener.give_up()
    one.ended()


def test_the_awaited_answer_is_taken_and_the_port_is_closed_behind_it(waiting: Waiting) -> None:
    answer = waiting.ask()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert "Revenez à Colloque".encode() in answer
    assert b"default-src 'none'" in answer
    assert waiting.ended() == [AWAITED]
    with pytest.raises(ConnectionRefusedError):
        waiting.ask()


def test_it_listens_on_the_loopback_alone(waiting: Waiting) -> None:
    assert waiting.listener._socket.getsockname()[0] == "127.0.0.1"


def test_other_programs_at_the_port_are_sent_away_and_disturb_nobody(waiting: Waiting) -> None:
    strangers = [
        waiting.ask("/"),
        waiting.ask("/signed-in?code=c&state=forged"),
        waiting.ask(host="evil.example"),
        waiting.ask(host="localhost:1"),
        waiting.ask(method="POST"),
        waiting.told(b"GET /signed-in?code=c&state=s HTTP/1.1\r\n\r\n"),
        waiting.told(b"\x16\x03\x01 not http\r\n\r\n"),
    ]
    assert all(answer.startswith(b"HTTP/1.1 404") for answer in strangers)
    with socket.create_connection(("127.0.0.1", waiting.port)):
        pass
    assert waiting.ask().startswith(b"HTTP/1.1 200")
    assert waiting.ended() == [AWAITED]


def test_a_program_that_says_nothing_or_too_much_holds_the_line_two_seconds(
    waiting: Waiting,
) -> None:
    with socket.create_connection(("127.0.0.1", waiting.port)) as silent:
        silent.sendall(b"GET /signed-in")
        with socket.create_connection(("127.0.0.1", waiting.port)) as endless:
            endless.sendall(b"G" * 6000)
            began = time.monotonic()
            assert waiting.ask().startswith(b"HTTP/1.1 200")
            assert time.monotonic() - began < 8
    assert waiting.ended() == [AWAITED]


def test_a_closed_browser_ends_the_wait_by_time_or_by_its_person() -> None:
    assert Waiting(0.2).ended() == ["browser_late"]
    one = Waiting()
    one.listener.give_up()
    assert one.ended() == ["browser_given_up"]
    one.listener.give_up()
