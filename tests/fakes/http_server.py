"""Small servers on the loopback for tests of the transport: one that answers, one that misbehaves."""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import msgspec

from dossier.errors import Busy, DossierError, Refused, SignInNeeded, TooOld, Unreachable
from dossier.wire import codec, limits, messages
from dossier.wire.sessions import ChallengeRequest, EnrolRequest, TokenRequest

_KINDS: dict[str, Any] = {
    "enrol": EnrolRequest,
    "challenge": ChallengeRequest,
    "token": TokenRequest,
    "changes": messages.ChangesRequest,
    "ops": messages.OpsRequest,
    "terms": messages.TermsRequest,
    "digests": messages.TermsRequest,
}
_STATUS: dict[type[DossierError], int] = {SignInNeeded: 401, TooOld: 426, Busy: 429, Refused: 403}


class AnsweringServer:
    """Speaks the protocol as the real one does, with the answers a test put in."""

    def __init__(self) -> None:
        self.answers: deque[object] = deque()
        self.asked: list[tuple[str, str, object]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self, b"")

            def do_POST(self) -> None:
                outer.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(request.path)
        path = parts.path.rsplit("/", 1)[1]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        message: object = codec.decode(body, _KINDS[path]) if body else None
        if path == "heads":
            message = parse_qs(parts.query, keep_blank_values=True)["since"][0]
        self.asked.append((path, token, message))
        self._reply(request, self.answers.popleft())

    def _reply(self, request: BaseHTTPRequestHandler, answer: object) -> None:
        headers = {"Content-Type": "application/json"}
        status, body = 200, b""
        if answer is None:
            status = 304
        elif isinstance(answer, Unreachable):
            status, body, headers = 502, b"<html>bad gateway", {"Content-Type": "text/html"}
        elif isinstance(answer, Refused):
            status = _STATUS[type(answer)]
            retry_s = answer.retry_after_s if isinstance(answer, Busy) else None
            body = codec.encode(messages.Problem(code=answer.code, retry_after_s=retry_s))
        elif isinstance(answer, messages.Pages):
            body, digest = codec.encode_pages(answer)
            headers = {
                "Content-Type": limits.PAGE_MEDIA_TYPE,
                limits.DIGEST_HEADER: digest,
            }
        else:
            body = msgspec.json.encode(answer)
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


Script = Callable[[socket.socket, threading.Event], None]
"""What a hostile server does with one connection; the event says that the test is over."""


class HostileServer:
    """Accepts connections and runs a script on each, on raw sockets, with TLS if a context is given."""

    def __init__(
        self, script: Script, context: ssl.SSLContext | None = None, *, port: int = 0
    ) -> None:
        self._script, self._context = script, context
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5.0)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            read_request(connection)
            self._script(connection, self._over)
        except OSError:
            return
        finally:
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """One request, headers and body."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = connection.recv(65536)
        if not piece:
            return raw
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
