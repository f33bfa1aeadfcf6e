"""What every request meets first: the table of addresses, the count, the headers of every answer."""

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dossier.clock import Clock
from dossier.errors import Busy
from dossier.wire import limits
from server.api.answers import problem
from server.api.pace import Pace

_ALWAYS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (limits.PROTOCOL_HEADER.lower().encode(), str(limits.PROTOCOL).encode()),
)
_OF_MESSAGES = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    b"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_OF_PAGES = (
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), usb=()",
    ),
)
PAGES = "/sign-in"
"""Below it lie the pages that browsers show; everything else is messages between programs."""

_SECURE = (b"strict-transport-security", b"max-age=31536000")
"""A browser that met us over TLS asks no other way for a year (RFC 6797)."""

Answered = Callable[[str, str, int, float], None]
"""Told of each answer as it begins: address, method, status, seconds since the request."""


class Front:
    """ASGI middleware around everything else. A method and an address of `ways` are answered at once; the
    others, and what is no request, go to the framework. Nothing is cached, sniffed, framed or read by
    another site, and who asks too much is told when to come back; the restore number and the version of the protocol stand on every answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        ways: Mapping[tuple[str, str], ASGIApp],
        restore: int,
        clock: Clock,
        answered: Answered,
        *,
        secure: bool,
    ) -> None:
        self._app, self._ways, self._pace = app, ways, Pace(clock)
        self._clock, self._answered = clock, answered
        said = (limits.RESTORE_HEADER.lower().encode(), str(restore).encode())
        always = (*_ALWAYS, said, *((_SECURE,) if secure else ()))
        self._of_messages = (*always, *_OF_MESSAGES)
        self._of_pages = (*always, *_OF_PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        monotonic = self._clock.monotonic
        method, path = scope["method"], scope["path"]
        headers = self._of_pages if path.startswith(PAGES) else self._of_messages
        began, status = monotonic(), 0

        async def sealed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._answered(path, method, status, monotonic() - began)
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            self._pace.enter(scope)
        except Busy as busy:
            await problem(busy)(scope, receive, sealed)
            return
        try:
            await self._ways.get((method, path), self._app)(scope, receive, sealed)
        finally:
            self._pace.left(scope, status)
