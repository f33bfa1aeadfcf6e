"""/session/v1: an account begins, a device is enrolled by its person, then signs in with its own key."""

from dossier.errors import Refused
from dossier.wire import sessions
from server.api import answers
from server.api.doors import Door, Pass
from server.api.exchange import Answer, Asked
from server.services.credentials import Credentials
from server.services.devices import Devices
from server.services.endings import REPLACED
from server.services.erasures import Erasures
from server.services.families import Families
from server.services.issuing import PROOF_NEEDED
from server.services.proofs import Presented, Proofs
from server.services.session import Session

_BY_PERSON = ("sign_in_needed", PROOF_NEEDED, REPLACED)


class SessionApi:
    """Routes over the services of people and devices."""

    def __init__(
        self,
        credentials: Credentials,
        devices: Devices,
        families: Families,
        proofs: Proofs,
        erasures: Erasures,
    ) -> None:
        self._credentials, self._devices, self._erasures = credentials, devices, erasures
        self._families, self._proofs = families, proofs

    def doors(self) -> list[Door]:
        return [*self._of_people(), *self._of_devices()]

    def _of_people(self) -> list[Door]:
        m, person = sessions, Pass.PERSON
        return [
            Door(
                "POST",
                "/session/v1/activation",
                person,
                self.activation,
                m.ActivationRequest,
                m.ActivationReply,
            ),
            Door(
                "POST", "/session/v1/activate", person, self.activate, m.ActivateRequest, None, 204
            ),
            Door(
                "POST",
                "/session/v1/enrol",
                person,
                self.enrol,
                m.EnrolRequest,
                m.EnrolReply,
                201,
                by_key=True,
            ),
            Door(
                "POST",
                "/session/v1/prove",
                Pass.MEMBER,
                self.prove,
                m.ProveRequest,
                m.ProveReply,
                by_key=True,
            ),
        ]

    def _of_devices(self) -> list[Door]:
        m, device = sessions, Pass.DEVICE
        return [
            Door(
                "GET",
                "/session/v1/devices",
                Pass.MEMBER,
                self.own_devices,
                answered=m.DevicesReply,
            ),
            Door(
                "POST",
                "/session/v1/devices/revoke",
                Pass.PROVEN,
                self.revoke,
                m.OwnDeviceRequest,
                None,
                204,
                by_key=True,
            ),
            Door(
                "POST",
                "/session/v1/devices/sign-out",
                Pass.PROVEN,
                self.sign_out,
                m.OwnDeviceRequest,
                None,
                204,
                by_key=True,
            ),
            Door(
                "POST",
                "/session/v1/challenge",
                Pass.ANYBODY,
                self.challenge,
                m.ChallengeRequest,
                m.ChallengeReply,
            ),
            Door(
                "POST",
                "/session/v1/token",
                device,
                self.token,
                m.TokenRequest,
                m.TokenReply,
                by_key=True,
            ),
            Door("POST", "/session/v1/purged", device, self.purged, m.PurgedRequest, None, 204),
        ]

    async def activation(self, asked: sessions.ActivationRequest, address: str) -> Answer:
        return answers.json(await self._credentials.offer(asked, address))

    async def activate(self, asked: sessions.ActivateRequest, address: str) -> Answer:
        await self._credentials.activate(asked, address)
        return Answer(204)

    async def enrol(self, asked: sessions.EnrolRequest, address: str, shown: Presented) -> Answer:
        return answers.json(await self._devices.enrol(asked, address, shown), 201)

    async def challenge(self, asked: sessions.ChallengeRequest) -> Answer:
        return answers.json(self._proofs.challenge(asked))

    async def prove(
        self, session: Session, asked: sessions.ProveRequest, shown: Presented
    ) -> Answer:
        return answers.json(await self._families.prove(session, asked, shown))

    async def own_devices(self, session: Session, _request: Asked) -> Answer:
        return answers.json(await self._devices.own(session))

    async def revoke(
        self, session: Session, asked: sessions.OwnDeviceRequest, shown: Presented
    ) -> Answer:
        await self._families.spend(session, shown)
        await self._devices.revoke_own(session, asked.device)
        return Answer(204)

    async def sign_out(
        self, session: Session, asked: sessions.OwnDeviceRequest, shown: Presented
    ) -> Answer:
        await self._families.spend(session, shown)
        await self._families.sign_out(session, asked.device)
        return Answer(204)

    async def token(self, asked: sessions.TokenRequest, shown: Presented) -> Answer:
        """Who is to be asked for their password learns from the refusal whose past this is, if it was refused by a
        server that knows the device.
        """
        try:
            return answers.json(await self._families.token(asked, shown))
        except Refused as error:
            if error.code in _BY_PERSON:
                error.past = await self._families.past(asked, shown)
            raise

    async def purged(self, asked: sessions.PurgedRequest) -> Answer:
        await self._erasures.take(asked)
        return Answer(204)
