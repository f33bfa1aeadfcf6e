"""Proofs by a device's key (DPoP, RFC 9449): which request they are for, how fresh they are, that they come once.

A proof names a nonce of this server, sealed: good for five minutes at every process, for one device, and nothing is
kept of it before a device proved itself with it, so that no flood of strangers takes room from anybody. So long the
mark of each proof lies with its device in the database: a restart forgets none. `iat` is the server's own second, as
told with the nonce: a computer's clock may be years off.
"""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from dossier.errors import Busy, NonceStale, Refused, SealBroken
from dossier.sealing.dpop import Proof, read_proof, token_mark
from dossier.sealing.text import base64url
from dossier.wire.sessions import ChallengeReply, ChallengeRequest
from server.ports import DeviceRow
from server.services.addresses import Addresses, path_of
from server.services.premises import Premises

NONCE_MS: Final = 300_000
INVALID: Final = "invalid_dpop_proof"
_TOLERANCE_S: Final = 60
"""How far `iat` may lie from when its nonce was given, and after now; and the clocks of two processes apart."""
_PROOFS: Final = 64
"""Proofs one device may show within five minutes: the mark of each is remembered so long."""
_DEVICE_CHARS: Final = 64
"""More than any device id has: a longer one is nobody's."""
_SALT_BYTES: Final = 16
_MARK_BYTES: Final = 16


class Presented(NamedTuple):
    """What came with a request: the field `DPoP` as text, the request's own method and path, under which addresses it
    can have come, and its access token ("" where none was shown).
    """

    text: str
    method: str
    path: str
    at: Addresses
    token: str = ""


class Read(NamedTuple):
    """A proof that is right in itself: whose key made it, the mark of its id, until when that is kept."""

    public: bytes
    mark: bytes
    until_ms: int


class Proofs:
    """Gives nonces, reads proofs."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    def challenge(self, request: ChallengeRequest) -> ChallengeReply:
        """A nonce for proofs; an unknown device gets one as well."""
        now_ms = self._premises.now_ms
        salt = base64url(self._premises.entropy.bytes(_SALT_BYTES))
        device = request.device[:_DEVICE_CHARS]
        nonce = self._premises.tokens.seal("nonce", self._premises.restore, device, now_ms, salt)
        return ChallengeReply(nonce=nonce, now_s=now_ms // 1000)

    def read(self, shown: Presented, device: str = "") -> Read:
        """Raises Refused: `invalid_dpop_proof`, `unknown_address` where it names a server that is not this one; NonceStale
        where only the nonce is not good (any more).
        """
        try:
            proof = read_proof(shown.text)
        except SealBroken as error:
            raise Refused(INVALID) from error
        if proof.method != shown.method or path_of(proof.uri) != shown.path:
            raise Refused(INVALID)
        if not shown.at.is_ours(proof.uri):
            raise Refused("unknown_address")
        if proof.ath != (token_mark(shown.token) if shown.token else ""):
            raise Refused(INVALID)
        given_ms, now_ms = self._given_ms(proof, device), self._premises.now_ms
        early_ms = 0 if given_ms is None else given_ms - _TOLERANCE_S * 1000
        if given_ms is None or not early_ms <= now_ms < given_ms + NONCE_MS:
            raise NonceStale(self.challenge(ChallengeRequest(device=device)).nonce)
        if not given_ms // 1000 - _TOLERANCE_S <= proof.made_s <= now_ms // 1000 + _TOLERANCE_S:
            raise Refused(INVALID)
        mark = hashlib.sha256(proof.jti.encode()).digest()[:_MARK_BYTES]
        return Read(proof.public, mark, given_ms + NONCE_MS)

    def _given_ms(self, proof: Proof, device: str) -> int | None:
        """When this server gave the nonce of a proof to this device; None for any other."""
        try:
            restore, told, given_ms, _ = self._premises.tokens.open("nonce", proof.nonce)
        except SealBroken:
            return None
        ours = (restore, told) == (str(self._premises.restore), device)
        return int(given_ms) if ours else None


def spent(known: Iterable[DeviceRow], row: DeviceRow, proof: Read, now_ms: int) -> DeviceRow:
    """The device with the mark of this proof; `known`: every device of its account. Raises Refused when one of them
    showed this proof before, Busy when this one showed too many lately.
    """
    if any(proof.mark in _marks(other.nonces or b"", now_ms) for other in known):
        raise Refused(INVALID)
    kept = _marks(row.nonces or b"", now_ms)
    if len(kept) >= _PROOFS:
        raise Busy(NONCE_MS / 1000)
    kept[proof.mark] = proof.until_ms
    written = b"".join(until_ms.to_bytes(8, "big") + mark for mark, until_ms in kept.items())
    return row._replace(nonces=written)


def _marks(written: bytes, now_ms: int) -> dict[bytes, int]:
    """The marks that are still kept, with until when."""
    width = 8 + _MARK_BYTES
    rows = [written[at : at + width] for at in range(0, len(written), width)]
    found = {row[8:]: int.from_bytes(row[:8], "big") for row in rows}
    return {mark: until_ms for mark, until_ms in found.items() if until_ms > now_ms}
