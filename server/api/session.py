"""/session/v1: a device is enrolled once with a password, then signs in with its own key.

These messages are not frozen before the sign-in part is complete.
"""

from dossier.wire import messages
from server.api import answers
from server.api.doors import Door, Pass
from server.api.exchange import Answer
from server.services.devices import Devices
from server.services.erasures import Erasures


class SessionApi:
    """Routes over the devices service."""

    def __init__(self, devices: Devices, erasures: Erasures) -> None:
        self._devices, self._erasures = devices, erasures

    def doors(self) -> list[Door]:
        m, device = messages, Pass.DEVICE
        return [
            Door(
                "POST", "/session/v1/enrol", device, self.enrol, m.EnrolRequest, m.EnrolReply, 201
            ),
            Door(
                "POST",
                "/session/v1/challenge",
                Pass.ANYBODY,
                self.challenge,
                m.ChallengeRequest,
                m.ChallengeReply,
            ),
            Door("POST", "/session/v1/token", device, self.token, m.TokenRequest, m.TokenReply),
            Door("POST", "/session/v1/purged", device, self.purged, m.PurgedRequest, None, 204),
        ]

    async def enrol(self, asked: messages.EnrolRequest) -> Answer:
        return answers.json(await self._devices.enrol(asked), 201)

    async def challenge(self, asked: messages.ChallengeRequest) -> Answer:
        return answers.json(self._devices.challenge(asked))

    async def token(self, asked: messages.TokenRequest) -> Answer:
        return answers.json(await self._devices.token(asked))

    async def purged(self, asked: messages.PurgedRequest) -> Answer:
        await self._erasures.take(asked)
        return Answer(204)
