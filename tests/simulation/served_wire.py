"""The desktop's own transport, cut in two: what it sends of an exchange, and what it makes of an answer.

Between the two lie the network and the server, which the scheduler plays. Every byte is made and judged by
`sync.transport`: headers, encoding, caps, media types, digests, refusals.
"""

import io
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter

from dossier.clock import Clock
from dossier.errors import DossierError
from sync.exchanges import Exchange, Reply, perform
from sync.transport import RequestsTransport
from tests.simulation.ports import ADDRESS


class Asked(NamedTuple):
    """One request as it leaves."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Answered(NamedTuple):
    """One answer as it arrives."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def cut(self, at: int, *, announced: bool) -> "Answered":
        """The line broke after so many bytes of the body; a proxy may have taken the length away."""
        kept = tuple(h for h in self.headers if announced or h[0].lower() != "content-length")
        return Answered(self.status, kept, self.body[:at])


class _Sent(BaseException):
    """The request left; its answer comes another time."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked


class _Line(BaseAdapter):
    """In place of a connection: tells what was sent, or gives the answer that came."""

    answer: Answered | None = None

    def send(self, request: requests.PreparedRequest, **_more: Any) -> requests.Response:  # type: ignore[override]
        assert request.method is not None
        if self.answer is None:
            parts = urlsplit(request.url or "")
            named = {**request.headers, "Host": parts.netloc}
            headers = tuple((k.lower().encode(), v.encode()) for k, v in named.items())
            body = request.body or b""
            assert isinstance(body, bytes)
            raise _Sent(Asked(request.method, parts.path, parts.query.encode(), headers, body))
        response = requests.Response()
        response.status_code = self.answer.status
        response.headers.update(self.answer.headers)
        response.raw = urllib3.HTTPResponse(
            body=io.BytesIO(self.answer.body),
            headers=self.answer.headers,
            status=self.answer.status,
            preload_content=False,
            request_method=request.method,
        )
        return response

    def close(self) -> None:
        """Nothing is open."""


class Wire:
    """Both halves of the transport of every desktop; it remembers nothing between two exchanges."""

    def __init__(self, clock: Clock) -> None:
        self._transport = RequestsTransport(ADDRESS, clock)
        self._line = _Line()
        self._transport._session.mount(ADDRESS, self._line)

    def asked(self, exchange: Exchange, token: str) -> Asked:
        """What the desktop sends."""
        self._line.answer = None
        try:
            perform(exchange, self._transport, token)
        except _Sent as sent:
            return sent.asked
        raise AssertionError("an exchange without a request")

    def told(self, exchange: Exchange, token: str, answer: Answered) -> Reply | DossierError:
        """What the desktop makes of an answer."""
        self._line.answer = answer
        try:
            return perform(exchange, self._transport, token)
        except DossierError as error:
            return error

    def close(self) -> None:
        self._transport.close()
