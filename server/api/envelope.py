"""The headers every answer carries, refusals and unknown addresses included."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dossier.wire import limits

_ALWAYS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (limits.PROTOCOL_HEADER.lower().encode(), str(limits.PROTOCOL).encode()),
)


class Envelope:
    """ASGI middleware: nothing is cached, sniffed, framed or read by another site; the restore number
    and the version of the protocol stand on every answer.
    """

    def __init__(self, app: ASGIApp, restore: int) -> None:
        self._app = app
        said = (limits.RESTORE_HEADER.lower().encode(), str(restore).encode())
        self._headers = (*_ALWAYS, said)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        await self._app(scope, receive, sealed)
