"""A device that makes and shows passkeys, in software: what a browser answers to our options (WebAuthn, ES256)."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from dossier.sealing.text import base64url, unbase64url

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class _Made:
    key: ec.EllipticCurvePrivateKey
    host: str
    handle: str
    counter: int = 0


@dataclass
class PasskeyDevice:
    """Answers as it is told: from `origin`, with or without having recognised its person."""

    origin: str = "http://localhost"
    verifies: bool = True
    counts: bool = True
    embedded: bool = False
    made: dict[bytes, _Made] = field(default_factory=dict)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.create`."""
        number = len(self.made) + 1
        credential = hashlib.sha256(b"%d%s" % (number, self.origin.encode())).digest()
        key = ec.generate_private_key(ec.SECP256R1())
        made = _Made(key, options["rp"]["id"], options["user"]["id"])
        self.made[credential] = made
        point = key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: point.x.to_bytes(32, "big"),
            -3: point.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(credential).to_bytes(2, "big") + credential + cbor2.dumps(cose)
        told = self._told(made, _ATTESTED) + attested
        response = {
            "clientDataJSON": self._client("webauthn.create", options["challenge"]),
            "attestationObject": base64url(
                cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
            ),
        }
        return self._answer(credential, response)

    def get(self, options: dict[str, Any], credential: bytes | None = None) -> dict[str, Any]:
        """`navigator.credentials.get`, with the last passkey unless one is named."""
        credential = credential or list(self.made)[-1]
        made = self.made[credential]
        made.counter += self.counts
        told = self._told(made, 0)
        client = self._client("webauthn.get", options["challenge"])
        signed = told + hashlib.sha256(unbase64url(client)).digest()
        response = {
            "clientDataJSON": client,
            "authenticatorData": base64url(told),
            "signature": base64url(made.key.sign(signed, ec.ECDSA(SHA256()))),
            "userHandle": made.handle,
        }
        return self._answer(credential, response)

    def _told(self, made: _Made, more: int) -> bytes:
        flags = _PRESENT | (_VERIFIED if self.verifies else 0) | more
        host = hashlib.sha256(made.host.encode()).digest()
        return host + bytes([flags]) + made.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> str:
        said = {"type": kind, "challenge": challenge, "origin": self.origin}
        return base64url(msgspec.json.encode(said | {"crossOrigin": self.embedded}))

    @staticmethod
    def _answer(credential: bytes, response: dict[str, str]) -> dict[str, Any]:
        name = base64url(credential)
        kind = {"type": "public-key", "clientExtensionResults": {}}
        return {"id": name, "rawId": name, "response": response, **kind}
