"""Every door of the API: who may pass, what is asked, what is answered. There is no other way in.

A door names its `Pass`, and the keeper lets nobody through without it, so that a handler cannot forget to
ask; the published description and the table of permissions are drawn from the same doors.
"""

from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from starlette.routing import Route
from starlette.types import ASGIApp

from dossier.clock import Clock
from dossier.errors import Refused
from dossier.wire import codec, limits
from server.api import answers
from server.api.exchange import Asked, Reply
from server.services.addresses import Addresses
from server.services.proofs import Presented
from server.services.session import Session, Sessions
from server.services.slips import Slips
from server.services.throttle import Throttle

PAGE_COOKIE: Final = "__Host-colloque"
_SMALL: Final = 8 * 1024
_PROOF: Final = limits.PROOF_HEADER.lower().encode()
_BURST, _SECONDS_EACH = 1_000, 0.01
"""Requests one account may make at once, and how soon each is given back: 100 a second."""


class Pass(StrEnum):
    """Who may pass."""

    ANYBODY = "anybody"
    DEVICE = "device"
    """Proves itself inside the message, by the device's own key."""
    PERSON = "person"
    """Proves themself inside the message, by what they know and hold: counted by name and by address."""
    MEMBER = "member"
    """A token whose device, account and membership are live."""
    PROVEN = "proven"
    """The same, and its person showed password and authenticator within the last ten minutes."""
    LEAVER = "leaver"
    """The same, or a membership that ended a few days ago: what was begun under it may still be filed."""
    PAGE = "page"
    """A browser whose person signed in on our pages within the last ten minutes, asking from one of them."""
    OPERATOR = "operator"
    """Whoever came in on the operator's own listener."""


class Door(NamedTuple):
    """One way in. `handler` is given the session (MEMBER, PROVEN, LEAVER) or the slip of the page (PAGE) and then the
    decoded message, or the request when nothing is `asked`; for a PERSON the message and the address it came from;
    where a device's key is shown (`by_key`), at last what came for a proof of it. `answered` is the message of a
    success, or its media type.
    """

    method: str
    path: str
    may_pass: Pass
    handler: Callable[..., Awaitable[Reply]]
    asked: type | None = None
    answered: type | str | None = None
    status: int = 200
    max_bytes: int = _SMALL
    query: tuple[str, ...] = ()
    by_key: bool = False


class Doorkeeper:
    """Makes routes of doors. `operator_port` is the port of the operator's listener, None without one."""

    def __init__(
        self,
        sessions: Sessions,
        slips: Slips,
        clock: Clock,
        operator_port: int | None,
        addresses: Addresses,
    ) -> None:
        self._sessions, self._slips, self._port = sessions, slips, operator_port
        self._addresses = addresses
        self._pace = Throttle(clock, tries=_BURST, seconds_a_try=_SECONDS_EACH)

    def routes(self, doors: Iterable[Door]) -> list[Route]:
        """One route a door."""
        return [
            Route(door.path, answers.Guarded(self._kept(door)), methods=[door.method])
            for door in doors
        ]

    def is_operator(self, request: Asked) -> bool:
        """By the address the connection came in on, never by a header."""
        here = request.scope.get("server")
        return self._port is not None and here is not None and here[1] == self._port

    def _kept(self, door: Door) -> answers.Endpoint:
        match door.may_pass:
            case Pass.MEMBER:
                return self._with_token(door, self._sessions.resolve)
            case Pass.PROVEN:
                return self._with_token(door, self._sessions.resolve_proven)
            case Pass.LEAVER:
                return self._with_token(door, self._sessions.resolve_ended)
            case Pass.PAGE:
                return self._on_page(door)
            case Pass.OPERATOR:
                return self._inside(door)
        return self._open(door)

    def _on_page(self, door: Door) -> answers.Endpoint:
        """The cookie is sent to us by our own pages only (SameSite), and a message of a page is JSON, which no
        other site may post here.
        """

        async def on_page(request: Asked) -> Reply:
            shown = await self._slips.read("page", request.cookie(PAGE_COOKIE))
            message = await answers.body(request, _asked(door), door.max_bytes)
            return await door.handler(shown, message)

        return on_page

    def _with_token(
        self, door: Door, resolve: Callable[[str], Awaitable[Session]]
    ) -> answers.Endpoint:
        async def paced(token: str) -> Session:
            session = await resolve(token)
            self._pace.take(session.account)
            return session

        async def plain(request: Asked) -> Reply:
            return await door.handler(await paced(answers.bearer(request)), request)

        async def with_body(request: Asked) -> Reply:
            """Who asks is read after the body, which may take long to come, and before it is decoded; a
            stranger's large body, or one of unknown length, is not even read.
            """
            token = answers.bearer(request)
            if not answers.is_small(request):
                await resolve(token)
            try:
                raw = await answers.received(request, door.max_bytes)
            except Refused:
                await resolve(token)
                raise
            session = await paced(token)
            message = codec.decode(raw, _asked(door))
            return await door.handler(session, message, *self._proof(door, request, token))

        return plain if door.asked is None else with_body

    def _inside(self, door: Door) -> answers.Endpoint:
        async def inside(request: Asked) -> Reply:
            if not self.is_operator(request):
                return answers.nowhere()
            return await door.handler(request)

        return inside

    def _open(self, door: Door) -> answers.Endpoint:
        async def plain(request: Asked) -> Reply:
            return await door.handler(request)

        async def with_body(request: Asked) -> Reply:
            message = await answers.body(request, _asked(door), door.max_bytes)
            return await door.handler(message, *self._proof(door, request))

        async def from_somewhere(request: Asked) -> Reply:
            message = await answers.body(request, _asked(door), door.max_bytes)
            return await door.handler(message, _address(request), *self._proof(door, request))

        if door.may_pass is Pass.PERSON:
            return from_somewhere
        return plain if door.asked is None else with_body

    def _proof(self, door: Door, request: Asked, token: str = "") -> tuple[Presented, ...]:
        """What came for a proof of the device's key, where the door asks for one."""
        if not door.by_key:
            return ()
        text = request.header(_PROOF)
        return (Presented(text, door.method, request.path, self._addresses, token),)


def ways(routes: Iterable[Route]) -> dict[tuple[str, str], ASGIApp]:
    """The same routes by method and address, as `Front` looks them up."""
    return {(method, route.path): route.app for route in routes for method in route.methods or ()}


def _address(request: Asked) -> str:
    """By the connection, never by a header: whoever asks could write one."""
    client = request.scope.get("client")
    return str(client[0]) if client else ""


def _asked(door: Door) -> Any:
    assert door.asked is not None
    return door.asked
