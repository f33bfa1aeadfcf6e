"""One request and its answer, as plain as ASGI lets them be: a header is read once, an answer is two messages."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_WITHOUT_BODY: Final = frozenset((204, 304))

Header = tuple[bytes, bytes]


class Asked:
    """A request. Of a header sent twice the first counts; its text is Latin-1, as in HTTP."""

    __slots__ = ("_headers", "receive", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope, self.receive = scope, receive
        self._headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    def header(self, name: bytes, default: str = "") -> str:
        """The value of a header; `name` is in small letters."""
        found = self._headers.get(name)
        return default if found is None else found.decode("latin-1")

    def cookie(self, name: str) -> str:
        """The value of a cookie, "" without one; of one sent twice the first counts."""
        for piece in self.header(b"cookie").split(";"):
            key, _, value = piece.strip().partition("=")
            if key == name:
                return value
        return ""

    def word(self, name: str, default: str) -> str:
        """A word of the query; of one said twice the last counts."""
        said: str = self.scope["query_string"].decode("latin-1")
        if "%" in said or "+" in said:
            return dict(parse_qsl(said, keep_blank_values=True)).get(name, default)
        found = default
        for piece in said.split("&"):
            key, _, value = piece.partition("=")
            if key == name:
                found = value
        return found

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes; raises ClientDisconnect when the rest will not."""
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                raise ClientDisconnect
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return


class Answer(NamedTuple):
    """An answer whose body is at hand. It is an ASGI application, as Starlette wants of what it sends."""

    status: int = 200
    body: bytes = b""
    headers: tuple[Header, ...] = ()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = self.headers
        if self.status not in _WITHOUT_BODY:
            headers = ((b"content-length", b"%d" % len(self.body)), *headers)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


Reply = Answer | Response
"""What a handler gives back: at hand, or a stream of Starlette's."""
