"""Proofs by a device's key as a desktop makes them, and as a thief or a careless program would."""

from typing import Any

from dossier.entropy import Entropy
from dossier.sealing import devices
from dossier.sealing.dpop import Proof, make_proof, token_mark
from dossier.sealing.text import base64url
from dossier.wire.sessions import ChallengeReply, ChallengeRequest
from server.services.addresses import Addresses
from server.services.proofs import Presented, Proofs

ADDRESS = "http://localhost"


def proof_of(
    private: bytes,
    given: ChallengeReply,
    path: str,
    entropy: Entropy,
    token: str = "",
    **other: Any,
) -> str:
    """The field `DPoP` of one POST; `other` are parts of the proof that are not as they should be."""
    right = Proof(
        devices.public_key(private),
        base64url(entropy.bytes(16)),
        "POST",
        ADDRESS + path,
        given.now_s,
        given.nonce,
        token_mark(token) if token else "",
    )
    return make_proof(lambda text: devices.sign(private, text), right._replace(**other))


def presented(
    proofs: Proofs,
    private: bytes,
    device: str,
    path: str,
    entropy: Entropy,
    token: str = "",
    **other: Any,
) -> Presented:
    """The same as a service is given it, with a fresh nonce."""
    given = proofs.challenge(ChallengeRequest(device=device))
    text = proof_of(private, given, path, entropy, token, **other)
    return Presented(text, "POST", path, Addresses((ADDRESS,)), token)
