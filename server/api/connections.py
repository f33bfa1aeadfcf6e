"""HTTP/1.1 connections that cannot be held open for nothing (slow-loris, endless headers, slow readers).

uvicorn bounds none of these with its fast parser: a client that says nothing, drips its headers, goes on
sending after it was answered, or never reads its answer.
"""

import asyncio
import socket
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dossier.wire import codec, messages


class BoundedHttp(HttpToolsProtocol):
    """One connection: a deadline for the head, for a body nobody waits for, and for a reader that stalls."""

    head_bytes = 16 * 1024
    head_s = 10.0
    """From the first byte of a request, or from the connection, to the end of its headers."""
    rest_s = 20.0
    """For the rest of a body whose request was answered already."""
    unread_s = 60.0
    """How long an answer may wait for a client that does not read."""

    _in_head = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        _send_at_once(transport)
        self._arm(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.head_bytes and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._arm(self.head_s)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._disarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._disarm()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body and not self._in_head and not self.transport.is_closing():
            self._arm(self.rest_s)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.unread_s, self.abandon)

    def abandon(self) -> None:
        """Give up a client that does not read."""
        self.transport.abort()

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """What cannot be parsed gets a Problem too."""
        self._refuse(HTTPStatus.BAD_REQUEST, "not_http")

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        said = codec.encode(messages.Problem(code=code))
        head: tuple[Any, ...] = (
            f"HTTP/1.1 {status.value} {status.phrase}",
            "content-type: application/json",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            f"content-length: {len(said)}",
            "connection: close",
            "\r\n",
        )
        self.transport.write("\r\n".join(head).encode() + said)
        self.transport.close()


def _send_at_once(transport: asyncio.Transport) -> None:
    """No waiting for the acknowledgement of a head before its body leaves.

    The event loop asks for this only on sockets made with an explicit protocol number, which those of
    `socket.create_server` are not: each answer with a body then waits 40 ms for a delayed acknowledgement.
    """
    line = transport.get_extra_info("socket")
    if line is not None and line.family in (socket.AF_INET, socket.AF_INET6):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
