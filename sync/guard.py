"""Sockets that cannot be held up or flooded (security D10).

A socket's own timeout starts anew with each byte, so a server that drips one byte at a time holds a client
for ever, in the headers as well as in the body. Here every read waits for the smaller of the stall limit
and what is left of the whole exchange, and counts against a budget: first of the headers, then of the body.
"""

import http.client
import io
import socket
import ssl
from collections.abc import Collection
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from dossier.clock import Clock
from dossier.errors import SealBroken
from dossier.sealing.certificates import key_hash

HEADER_BYTES = 16 * 1024
_BUFFER_BYTES = 2 * 1024
"""Small, so that the header budget is exact to one buffer."""
_SEND_BYTES = 32 * 1024


class TooMuch(http.client.HTTPException):
    """More bytes than the exchange may have."""


class UnlistedKey(ssl.SSLError):
    """The server's key is none of those it was said to have."""


class Watch:
    """The limits of the exchange that runs now."""

    def __init__(self, clock: Clock, stall_s: float) -> None:
        self._clock, self._stall_s = clock, stall_s
        self._ends_s = 0.0
        self._budget = 0

    def begin(self, total_s: float) -> None:
        """An exchange starts: its headers come first."""
        self._ends_s = self._clock.monotonic() + total_s
        self._budget = HEADER_BYTES + _BUFFER_BYTES

    def expect_body(self, max_bytes: int) -> None:
        """The headers are read; from here on the body counts."""
        self._budget = max_bytes

    def wait_s(self) -> float:
        """How long the next read or write may take; raises TimeoutError when the exchange is over time."""
        left_s = self._ends_s - self._clock.monotonic()
        if left_s <= 0:
            raise TimeoutError("the exchange took too long")
        return min(self._stall_s, left_s)

    def count(self, size: int) -> None:
        """So many bytes came; raises TooMuch."""
        self._budget -= size
        if self._budget < 0:
            raise TooMuch("more than announced")


class _GuardedReader(io.RawIOBase):
    """The reading end, under watch."""

    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._sock, self._watch = sock, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._watch.wait_s())
        size = self._sock.recv_into(buffer)
        self._watch.count(size)
        return size


class GuardedSocket:
    """A connected socket under watch; everything but reading and sending is the socket's own."""

    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._sock, self._watch = sock, watch

    def makefile(self, *_args: object, **_kwargs: object) -> io.BufferedReader:
        """What http.client reads from."""
        return io.BufferedReader(_GuardedReader(self._sock, self._watch), _BUFFER_BYTES)

    def sendall(self, sent: Any) -> None:
        """Send in pieces, each within the time left."""
        view = memoryview(sent)
        for start in range(0, len(view), _SEND_BYTES):
            self._sock.settimeout(self._watch.wait_s())
            self._sock.sendall(view[start : start + _SEND_BYTES])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def guarded_pools(
    watch: Watch, keys: Collection[bytes] = ()
) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools by scheme whose sockets are under this watch. `keys`: hashes of the public keys that
    TLS may be spoken with; empty for any.
    """

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = GuardedSocket(self.sock, watch)

    class Tls(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            _refuse_unlisted(self.sock, keys)
            self.is_verified = (
                True  # or meant not to be: urllib3 would warn of sync.vouching's public questions
            )
            self.sock = GuardedSocket(self.sock, watch)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


def _refuse_unlisted(sock: Any, keys: Collection[bytes]) -> None:
    """Before a byte of ours is sent."""
    if not keys:
        return
    try:
        shown = key_hash(sock.getpeercert(binary_form=True) or b"")
    except SealBroken:
        shown = b""
    if shown not in keys:
        sock.close()
        raise UnlistedKey("the key is not in the list")
