"""The seam to JOSE: what an OpenID provider signed, checked. The only importer of `joserfc`.

OpenID Connect Core 1.0 §3.1.3.7, and stricter where it leaves a choice: the algorithms are ours to name, never the
token's; one audience, ourselves; the level of authentication we asked for; not older than ten minutes.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from dossier.errors import BadAnswer, Refused
from dossier.sealing.text import base64url
from dossier.wire import codec

_ALGORITHMS: Final = {"RS256": hashlib.sha256, "PS256": hashlib.sha256, "ES256": hashlib.sha256}
_SKEW_S: Final = 60
_AGE_S: Final = 600
_KEYS: Final = 32
_RSA_BITS: Final = 2048


class _Header(msgspec.Struct):
    alg: str
    kid: str


class _Listed(msgspec.Struct):
    keys: tuple[dict[str, Any], ...]


class _Claims(msgspec.Struct):
    """The claims that are judged. A provider may say more."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int
    iat: int
    nonce: str
    acr: str = ""
    azp: str = ""
    at_hash: str = ""
    auth_time: int | None = None
    nbf: int | None = None


class Expected(NamedTuple):
    """What we asked, and when it is now (seconds)."""

    issuer: str
    client: str
    nonce: str
    level: str
    access_token: str
    now_s: int


class UnknownKey(Exception):
    """The token names a key the list does not hold: the list may be of yesterday."""


def read_keys(raw: bytes) -> KeySet:
    """The public signing keys of a provider: RSA of 2,048 bits at least, and EC. Raises BadAnswer."""
    listed = codec.decode(raw, _Listed)
    if len(listed.keys) > _KEYS:
        raise BadAnswer("too_many_keys")
    return KeySet(list(_signing(listed.keys)))


def _signing(keys: Iterable[dict[str, Any]]) -> Iterable[RSAKey | ECKey]:
    for one in keys:
        if one.get("use", "sig") != "sig" or not one.get("kid") or "d" in one:
            continue
        try:
            if one.get("kty") == "RSA":
                key = RSAKey.import_key(one)
                if key.public_key.key_size >= _RSA_BITS:
                    yield key
            elif one.get("kty") == "EC":
                yield ECKey.import_key(one)
        except (JoseError, ValueError, TypeError) as error:
            raise BadAnswer("key") from error


def subject_of(token: str, keys: KeySet, expected: Expected) -> str:
    """The subject of an ID token. Raises UnknownKey, or Refused("psc_failed", why) for any token but a true one."""
    header = _header(token)
    if header.alg not in _ALGORITHMS:
        raise Refused("psc_failed", "alg")
    if all(one.kid != header.kid for one in keys.keys):
        raise UnknownKey
    try:
        found = jwt.decode(token, keys, algorithms=list(_ALGORITHMS))
        claims = msgspec.convert(found.claims, _Claims)
    except (JoseError, ValueError, TypeError, msgspec.ValidationError) as error:
        raise Refused("psc_failed", "token") from error
    for problem, is_wrong in _judged(claims, expected, header.alg).items():
        if is_wrong:
            raise Refused("psc_failed", problem)
    return claims.sub


def _judged(claims: _Claims, expected: Expected, alg: str) -> dict[str, bool]:
    now_s, age = expected.now_s, expected.now_s - claims.iat
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    shown = None if claims.auth_time is None else now_s - claims.auth_time
    half = _ALGORITHMS[alg](expected.access_token.encode()).digest()[:16]
    return {
        "iss": claims.iss != expected.issuer,
        "sub": not claims.sub or len(claims.sub) > 255,
        "aud": audience != (expected.client,),
        "azp": claims.azp not in ("", expected.client),
        "exp": claims.exp <= now_s - _SKEW_S,
        "iat": not -_SKEW_S <= age <= _AGE_S,
        "nbf": claims.nbf is not None and claims.nbf > now_s + _SKEW_S,
        "nonce": not hmac.compare_digest(claims.nonce.encode(), expected.nonce.encode()),
        "acr": claims.acr != expected.level,
        "auth_time": shown is not None and not -_SKEW_S <= shown <= _AGE_S,
        "at_hash": claims.at_hash not in ("", base64url(half)),
    }


def _header(token: str) -> _Header:
    try:
        first = token.split(".", maxsplit=1)[0]
        padded = first + "=" * (-len(first) % 4)
        return codec.decode(urlsafe_b64decode(padded.encode()), _Header)
    except (BadAnswer, ValueError) as error:
        raise Refused("psc_failed", "header") from error
