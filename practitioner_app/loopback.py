"""The one socket this program listens on: 127.0.0.1, a random port, for one answer of the person's own browser.

Bounded in every way: so many seconds in all, two for each visitor, 4 KB of a request, one visitor at a time. Who is not
awaited gets a 404 and leaves no trace; the awaited one gets a page that says to go back to Colloque.
"""

import contextlib
import select
import socket
from collections.abc import Callable
from typing import Final

from dossier.clock import Clock
from dossier.errors import Refused

_VISIT_S: Final = 2.0
_HEAD_BYTES: Final = 4096
_PAGE: Final = """<!doctype html><html lang="fr"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Colloque</title>
<h1>{title}</h1><p>{words}</p><p lang="en">{english}</p></html>"""
_DONE: Final = _PAGE.format(
    title="C’est fait",
    words="Revenez à Colloque. Cette page peut être fermée.",
    english="Done. Go back to Colloque. This page can be closed.",
)
_NOT_AWAITED: Final = _PAGE.format(
    title="Rien ici",
    words="Colloque n’attend pas cette page. Recommencez depuis Colloque.",
    english="Colloque does not await this page. Start again from Colloque.",
)
_HEADERS: Final = (
    "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
)


class LoopbackListener:
    """The Listener port over one socket. Raises Refused("browser_port") when the system gives none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        try:
            self._socket = socket.create_server(("127.0.0.1", 0), backlog=4)
        except OSError as error:
            raise Refused("browser_port") from error
        self._bell, self._ear = socket.socketpair()
        self._port = int(self._socket.getsockname()[1])

    @property
    def port(self) -> int:
        return self._port

    def wait(self, is_awaited: Callable[[str], bool], seconds: float) -> str:
        """See the port. The browser is answered before this returns."""
        ends = self._clock.monotonic() + seconds
        try:
            while (left := ends - self._clock.monotonic()) > 0:
                ready, _, _ = select.select([self._socket, self._ear], [], [], left)
                if self._ear in ready:
                    raise Refused("browser_given_up")
                if ready and (target := self._visited(is_awaited)):
                    return target
            raise Refused("browser_late")
        finally:
            self._close()

    def give_up(self) -> None:
        """End the wait; harmless once it is over."""
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def _visited(self, is_awaited: Callable[[str], bool]) -> str:
        """What this visitor asked for, when it is what was awaited; else ""."""
        try:
            line, _ = self._socket.accept()
            with line:
                line.settimeout(_VISIT_S)
                target = _target(self._head(line))
                awaited = bool(target) and is_awaited(target)
                line.sendall(_answer(awaited=awaited))
                line.shutdown(socket.SHUT_WR)
        except OSError:
            return ""
        return target if awaited else ""

    def _head(self, line: socket.socket) -> bytes:
        """The head of a request, whole, small and in time; else b""."""
        ends = self._clock.monotonic() + _VISIT_S
        head = b""
        while b"\r\n\r\n" not in head:
            left = ends - self._clock.monotonic()
            if left <= 0 or len(head) > _HEAD_BYTES:
                return b""
            line.settimeout(left)
            piece = line.recv(_HEAD_BYTES)
            if not piece:
                return b""
            head += piece
        return head

    def _close(self) -> None:
        for one in (self._socket, self._ear, self._bell):
            one.close()


def _target(head: bytes) -> str:
    """The address asked for by `GET`, with our own host in its head: another name that leads here is a trick."""
    lines = head.split(b"\r\n")
    words = lines[0].split(b" ")
    hosts = [line[5:].strip() for line in lines[1:] if line[:5].lower() == b"host:"]
    if len(words) != 3 or words[0] != b"GET" or len(hosts) != 1:
        return ""
    if not hosts[0].startswith(b"127.0.0.1:"):
        return ""
    return words[1].decode("latin-1")


def _answer(*, awaited: bool) -> bytes:
    status = "200 OK" if awaited else "404 Not Found"
    body = (_DONE if awaited else _NOT_AWAITED).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{_HEADERS}\r\n"
    return head.encode() + body
