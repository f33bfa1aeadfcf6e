"""Proofs by this device's key that a request is its own (DPoP, RFC 9449; dossier.sealing.dpop)."""

from typing import Final

from dossier.entropy import Entropy
from dossier.sealing import devices
from dossier.sealing.dpop import Proof, make_proof, token_mark
from dossier.sealing.text import base64url
from dossier.wire.limits import ENROL_PATH, TOKEN_PATH
from dossier.wire.sessions import ChallengeReply, EnrolReply, EnrolRequest, TokenReply, TokenRequest
from sync.ports import DeviceKey, Transport

_ID_BYTES: Final = 16


class HeldKey:
    """The DeviceKey of an open profile: its private half lies in memory as long as this does. `device` is "" before
    the enrolment.
    """

    def __init__(self, device: str, private: bytes) -> None:
        self._device, self._private = device, private

    @property
    def device(self) -> str:
        return self._device

    @property
    def public(self) -> bytes:
        return devices.public_key(self._private)

    def sign(self, message: bytes) -> bytes:
        return devices.sign(self._private, message)


class Prover:
    """Proves requests to one server. No clock of ours is in it: the second is the server's, told with the nonce."""

    def __init__(self, key: DeviceKey, address: str, entropy: Entropy) -> None:
        self._key, self._address, self._entropy = key, address, entropy

    def posting(self, path: str, given: ChallengeReply, token: str = "") -> str:
        """The proof of one POST, with the access token it shows, if it does."""
        proof = Proof(
            self._key.public,
            self.new_id(),
            "POST",
            self._address + path,
            given.now_s,
            given.nonce,
            token_mark(token) if token else "",
        )
        return make_proof(self._key.sign, proof)

    def new_id(self) -> str:
        """An id nobody else makes."""
        return base64url(self._entropy.bytes(_ID_BYTES))


def enrol(
    transport: Transport, request: EnrolRequest, private: bytes, entropy: Entropy
) -> EnrolReply:
    """Make the device of this key known. Raises what the transport does."""
    prover = Prover(HeldKey("", private), transport.address, entropy)
    return transport.enrol(request, prover.posting(ENROL_PATH, transport.challenge("")))


def begin(transport: Transport, key: DeviceKey, situation: str, entropy: Entropy) -> TokenReply:
    """The first session of a device just enrolled. Raises what the transport does."""
    prover = Prover(key, transport.address, entropy)
    proof = prover.posting(TOKEN_PATH, transport.challenge(key.device))
    return transport.token(TokenRequest(device=key.device, situation=situation), proof)
