"""An OpenID provider that says what it is told to say, true or forged: the ProviderLine port without a network."""

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from dossier.errors import BadAnswer
from dossier.sealing.text import base64url
from tests.fakes.server_room import SteppingClock

ISSUER = "https://auth.provider.example/realms/wallet"
CLIENT, SECRET = "colloque-test", "a secret of the operator"
BACK = "https://colloque.example/sign-in/pro-sante-connect/return"
RPPS = "99900001001"
FINESS, SIRET = "990000101", "99900001100018"


def exercising(profession: str = "10", **numbers: str) -> dict[str, Any]:
    """The claim of one exercise at one structure."""
    activity = {"codeModeExercice": "L", "codeSecteurDactivite": "SA07"} | numbers
    exercise = {"codeProfession": profession, "activities": [activity]}
    return {"exercices": [exercise]}


@cache
def _first_key() -> RSAKey:
    """Made once for all tests: an RSA key costs a twentieth of a second."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class OpenIdProvider:
    """`claims` and `person` replace what a true provider would say."""

    clock: SteppingClock
    rpps: str = RPPS
    claims: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys: list[Any] = [_first_key()]
        self.signer: Any = self.keys[0]
        self.kid = "one"
        self._codes: dict[str, dict[str, str]] = {}

    def rotate(self, kid: str) -> None:
        """Sign with another key from now on, and publish both."""
        self.signer = ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})
        self.keys.append(self.signer)
        self.kid, self.alg = kid, "ES256"

    def signed_in(self, address: str) -> tuple[str, str]:
        """What a browser brings back after its person signed in there: (state, code)."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{ISSUER}/auth?")
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, BACK)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["acr_values"] == "eidas1"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return asked["state"], code

    async def get(self, url: str, token: str = "") -> bytes:
        self.asked.append(url)
        if url == f"{ISSUER}/.well-known/openid-configuration":
            told = {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/auth",
                "token_endpoint": f"{ISSUER}/token",
                "userinfo_endpoint": f"{ISSUER}/userinfo",
                "jwks_uri": f"{ISSUER}/keys",
            }
            return msgspec.json.encode(told | self.published)
        if url == f"{ISSUER}/keys":
            return msgspec.json.encode(KeySet(self.keys).as_dict(private=False))
        assert url == f"{ISSUER}/userinfo"
        if not token.startswith("access-"):
            raise BadAnswer("provider")
        told = {
            "sub": "f:1:martin",
            "SubjectNameID": f"8{self.rpps}",
            "preferred_username": f"8{self.rpps}",
            "family_name": "TESTMEDECIN",
            "otherIds": [{"identifiant": self.rpps, "origine": "RPPS", "qualite": 1}],
            "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
            "SubjectRefPro": exercising(numeroFinessSite=FINESS),
        }
        return msgspec.json.encode(told | self.person)

    async def post(self, url: str, fields: dict[str, str], basic: tuple[str, str]) -> bytes:
        self.asked.append(url)
        assert url == f"{ISSUER}/token"
        asked = self._codes.pop(fields["code"], None)
        verifier = hashlib.sha256(fields["code_verifier"].encode()).digest()
        if asked is None or basic != (CLIENT, SECRET):
            raise BadAnswer("provider")
        if asked["code_challenge"] != base64url(verifier):
            raise BadAnswer("provider")
        access = f"access-{fields['code']}"
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": "f:1:martin",
            "aud": CLIENT,
            "azp": CLIENT,
            "acr": "eidas1",
            "exp": now + 60,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
            "at_hash": base64url(hashlib.sha256(access.encode()).digest()[:16]),
        } | self.claims
        told = {"access_token": access, "token_type": "Bearer", "id_token": self._token(claims)}
        return msgspec.json.encode(told)

    def _token(self, claims: dict[str, Any]) -> str:
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.alg == "none":
            head = base64url(msgspec.json.encode({"alg": "none", "kid": self.kid}))
            return f"{head}.{base64url(msgspec.json.encode(claims))}."
        if self.alg == "HS256":
            return self._by_public_key(claims)
        header = {"alg": self.alg, "kid": self.kid}
        return jwt.encode(header, claims, self.signer, algorithms=[self.alg])

    def _by_public_key(self, claims: dict[str, Any]) -> str:
        """Everybody has the public key: a server that takes it for a shared secret believes anybody."""
        said = [msgspec.json.encode(one) for one in ({"alg": "HS256", "kid": self.kid}, claims)]
        text = ".".join(base64url(one) for one in said)
        mac = hmac.digest(self.keys[0].as_pem(private=False), text.encode(), hashlib.sha256)
        return f"{text}.{base64url(mac)}"
