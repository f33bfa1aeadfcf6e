"""/session/v1: a device is enrolled once with a password, then signs in with its own key.

These messages are not frozen before the sign-in part is complete.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dossier.wire import messages
from server.api import answers
from server.services.devices import Devices
from server.services.erasures import Erasures

_BODY_BYTES = 8 * 1024


class SessionApi:
    """Routes over the devices service."""

    def __init__(self, devices: Devices, erasures: Erasures) -> None:
        self._devices, self._erasures = devices, erasures

    def routes(self) -> list[Route]:
        return [
            Route("/session/v1/enrol", answers.guarded(self.enrol), methods=["POST"]),
            Route("/session/v1/challenge", answers.guarded(self.challenge), methods=["POST"]),
            Route("/session/v1/token", answers.guarded(self.token), methods=["POST"]),
            Route("/session/v1/purged", answers.guarded(self.purged), methods=["POST"]),
        ]

    async def enrol(self, request: Request) -> Response:
        asked = await answers.body(request, messages.EnrolRequest, _BODY_BYTES)
        return answers.json(await self._devices.enrol(asked), 201)

    async def challenge(self, request: Request) -> Response:
        asked = await answers.body(request, messages.ChallengeRequest, _BODY_BYTES)
        return answers.json(self._devices.challenge(asked))

    async def token(self, request: Request) -> Response:
        asked = await answers.body(request, messages.TokenRequest, _BODY_BYTES)
        return answers.json(await self._devices.token(asked))

    async def purged(self, request: Request) -> Response:
        asked = await answers.body(request, messages.PurgedRequest, _BODY_BYTES)
        await self._erasures.take(asked)
        return Response(status_code=204)
