"""Proofs that a request comes from who holds a device's key (DPoP, RFC 9449), in the one form used here.

A JWS in compact form (RFC 7515) over Ed25519 (RFC 8037): header `typ` dpop+jwt, `alg` EdDSA and the public `jwk`,
claims `jti`, `htm`, `htu`, `iat`, `nonce` and, with an access token, `ath`. Nothing else is read: no other algorithm,
no further member, no member twice, no space, so that there is nothing to negotiate and nothing to confuse.
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

import msgspec

from dossier.errors import SealBroken
from dossier.sealing import devices
from dossier.sealing.text import base64url, unbase64url

LONGEST: Final = 2_048
"""Characters of a proof; ours have some five hundred."""
_TYPE, _ALG, _KTY, _CURVE = "dpop+jwt", "EdDSA", "OKP", "Ed25519"
_JTI: Final = 64
_MOMENT: Final = 1 << 40
T = TypeVar("T")


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kty: str
    crv: str
    x: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    typ: str
    alg: str
    jwk: _Key


class _Claims(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    jti: str
    htm: str
    htu: str
    iat: int
    nonce: str
    ath: str = ""


class Proof(NamedTuple):
    """What a proof says: the raw public key it was made with, its own id, the method and the address of the request,
    the second it was made, the server's nonce, the hash of the access token shown ("" for none).
    """

    public: bytes
    jti: str
    method: str
    uri: str
    made_s: int
    nonce: str
    ath: str = ""


def token_mark(token: str) -> str:
    """What a proof says of an access token (RFC 9449 §4.2, `ath`)."""
    return base64url(hashlib.sha256(token.encode("ascii")).digest())


def make_proof(sign: Callable[[bytes], bytes], proof: Proof) -> str:
    """The header field `DPoP` of one request; `sign` signs with the private half of `proof.public`."""
    key = _Key(kty=_KTY, crv=_CURVE, x=base64url(proof.public))
    claims = _Claims(
        jti=proof.jti,
        htm=proof.method,
        htu=proof.uri,
        iat=proof.made_s,
        nonce=proof.nonce,
        ath=proof.ath,
    )
    parts = (_Header(typ=_TYPE, alg=_ALG, jwk=key), claims)
    signed = ".".join(base64url(msgspec.json.encode(part)) for part in parts)
    return f"{signed}.{base64url(sign(signed.encode()))}"


def read_proof(text: str) -> Proof:
    """What a proof says, its signature checked by the key it names. Whose key that is, which request it is for and
    whether it was seen before is for the caller to judge. Raises SealBroken for anything else.
    """
    parts = text.split(".")
    if len(text) > LONGEST or len(parts) != 3:
        raise SealBroken
    try:
        header, claims = _read(parts[0], _Header), _read(parts[1], _Claims)
        public, signature = unbase64url(header.jwk.x), unbase64url(parts[2])
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise SealBroken from error
    if (header.typ, header.alg) != (_TYPE, _ALG) or (header.jwk.kty, header.jwk.crv) != (
        _KTY,
        _CURVE,
    ):
        raise SealBroken
    if not 0 < len(claims.jti) <= _JTI or not 0 <= claims.iat < _MOMENT:
        raise SealBroken
    if not devices.verify(public, f"{parts[0]}.{parts[1]}".encode(), signature):
        raise SealBroken
    return Proof(public, claims.jti, claims.htm, claims.htu, claims.iat, claims.nonce, claims.ath)


def _read(part: str, kind: type[T]) -> T:
    """One part of a proof: compact JSON, in which no member stands twice."""
    raw = unbase64url(part)
    value = msgspec.json.decode(raw, type=kind)
    if len(msgspec.json.encode(value)) != len(raw):
        raise ValueError("not compact, or a member twice")
    return value
