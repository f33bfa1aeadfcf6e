"""What a desktop gets for a person who signed in with their browser: a code, used where a password would stand.

RFC 8252 and RFC 7636: the desktop opens the server's page with a challenge of its own and listens on its loopback;
the page sends the browser there with the code. One minute, once, for the key of that device alone and for the act it
was asked for: enrolment, or a proof. A code that was shown is gone, right or wrong.
"""

import hashlib
import hmac
import re
from typing import Annotated, Final

import msgspec

from dossier.errors import SignInNeeded
from dossier.sealing.text import base64url
from server.services.recognised import Recognised
from server.services.slips import Shown, Slips

CODE_MS: Final = 60_000
ENROL, PROVE = "enrol", "prove"
_HASH: Final = r"^[A-Za-z0-9_-]{43}$"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)

Hash = Annotated[str, msgspec.Meta(pattern=_HASH)]


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a desktop asks of the page it opens. `challenge`: base64url(SHA-256(verifier)) (S256); `key`:
    base64url(SHA-256(its public key)); `state`: what the answer repeats; `port`: where it listens on its loopback.
    """

    purpose: Annotated[str, msgspec.Meta(pattern=f"^({ENROL}|{PROVE})$")]
    challenge: Hash
    key: Hash
    state: Hash
    port: Annotated[int, msgspec.Meta(ge=1024, le=65_535)]


class DesktopCodes:
    """Gives codes for wishes, and takes them back."""

    def __init__(self, slips: Slips) -> None:
        self._slips = slips

    async def give(self, page: Shown, wish: Wish) -> str:
        """Where the browser goes now, signed out here: the loopback of the desktop that asked, and nowhere else."""
        code = await self._slips.exchange(page, "code", msgspec.msgpack.encode(wish), CODE_MS)
        return f"http://127.0.0.1:{wish.port}/signed-in?code={code}&state={wish.state}"

    async def take(self, purpose: str, code: str, verifier: str, public_key: bytes) -> Recognised:
        """The person of a code, for who knows the verifier and has this key. Raises SignInNeeded."""
        shown = await self._slips.take("code", code)
        wish = msgspec.msgpack.decode(shown.content, type=Wish)
        right = (
            bool(_VERIFIER.fullmatch(verifier))
            and wish.purpose == purpose
            and hmac.compare_digest(wish.challenge, _hashed(verifier.encode()))
            and hmac.compare_digest(wish.key, _hashed(public_key))
        )
        if not right:
            raise SignInNeeded
        return shown.who


def _hashed(raw: bytes) -> str:
    return base64url(hashlib.sha256(raw).digest())
