"""The way out to a provider that never answers, or sends a byte now and again: whoever asks is answered in time (F1)."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dossier.clock import SystemClock
from dossier.errors import Unreachable
from server.web.provider_line import HttpsProviderLine

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
SLOW = {"silent": b"", "a head that drips": b"HTTP/1.1 200 OK\r\nX: ", "a body that drips": HEAD}


@contextmanager
def slow_provider(begins: bytes) -> Iterator[tuple[str, threading.Event]]:
    """Sends `begins` to each visitor, then a byte every twentieth of a second until the event is set."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(line: socket.socket) -> None:
        with line:
            try:
                line.sendall(begins)
                while not over.wait(0.05):
                    if begins:
                        line.sendall(b"1")
            except OSError:
                return

    def listen() -> None:
        while not over.is_set():
            try:
                line, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(line,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        acceptor = threading.Thread(target=listen)
        acceptor.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/keys", over
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(10)


@pytest.mark.parametrize("kind", SLOW)
def test_f1_a_slow_provider_is_given_up_while_it_is_still_slow(kind: str) -> None:
    with slow_provider(SLOW[kind]) as (url, over):

        async def ask() -> None:
            line = HttpsProviderLine(SystemClock(), total_s=0.5)
            for _ in range(6):
                with pytest.raises(Unreachable):
                    await line.get(url)

        asyncio.run(ask())
        assert not over.is_set(), "it was given up, it did not end"
