"""Signing in with the device key: capabilities, challenge, token. The rights are never in the token."""

from collections.abc import Mapping

from dossier.errors import BadAnswer
from dossier.sealing.encoding import tup
from dossier.sealing.text import base64url
from dossier.wire.limits import PROTOCOL
from dossier.wire.messages import (
    Capabilities,
    ChallengeReply,
    Situation,
    TokenReply,
    TokenRequest,
)
from sync.exchanges import AskCapabilities, AskChallenge, AskToken, Exchange, Reply
from sync.policy import Policy
from sync.ports import DeviceKey

LABEL = "colloque/v1/device-token"
TRIES = 3
"""Tokens or nonces refused in a row before a person is asked."""


class SignIn:
    """The session of one device in one situation; the token lives in memory only.

    A failed step starts again from the challenge: a nonce is used once. `next` returns None while the
    token is good for `renew_s` more.
    """

    def __init__(self, key: DeviceKey, situation: str, policy: Policy) -> None:
        self._key, self._situation, self._policy = key, situation, policy
        self._nonce = ""
        self._token = ""
        self._ends_s = 0.0
        self._refusals = 0
        self._capabilities: Capabilities | None = None
        self._situations: tuple[Situation, ...] = ()

    @property
    def token(self) -> str:
        """The present token; empty while there is none."""
        return self._token

    def next(self, now_s: float) -> Exchange | None:
        """What to ask to be signed in, at monotonic `now_s`."""
        if self._token and now_s < self._ends_s - self._policy.renew_s:
            return None
        if self._capabilities is None:
            return AskCapabilities()
        if not self._nonce:
            return AskChallenge(self._key.device)
        return AskToken(self._signed(self._nonce))

    def settle(self, reply: Reply, now_s: float) -> Capabilities | None:
        """Draw the consequence; returns the capabilities when that is what was answered."""
        match reply:
            case Capabilities():
                self._capabilities = reply
                return reply
            case ChallengeReply(nonce=nonce) if nonce:
                self._nonce = nonce
            case TokenReply(token=token) if token:
                self._nonce = ""
                self._token = token
                self._situations = reply.situations
                ends = max(float(reply.expires_in_s), 2 * self._policy.renew_s)
                self._ends_s = now_s + ends
            case _:
                raise BadAnswer("sign_in")
        return None

    @property
    def membership(self) -> Situation | None:
        """Our situation among the live memberships the last sign-in named; None: it is not one of them."""
        return next((one for one in self._situations if one.id == self._situation), None)

    @property
    def limits(self) -> Mapping[str, int]:
        """The server's own limits, by name."""
        return self._capabilities.limits if self._capabilities else {}

    @property
    def server_now(self) -> str:
        """What time the server said it was when the session began."""
        return self._capabilities.now if self._capabilities else ""

    def speaks_our_protocol(self) -> bool:
        """True when the server answers this version of the messages."""
        return self._capabilities is not None and PROTOCOL in self._capabilities.protocols

    def accepted(self) -> None:
        """The server answered a request under the token."""
        self._refusals = 0

    def failed(self) -> None:
        """One try is over: its nonce is spent."""
        self._nonce = ""

    def refused(self) -> bool:
        """The server refuses the token or the nonce; False once that happened too often in a row."""
        self._token = self._nonce = ""
        self._refusals += 1
        return self._refusals <= TRIES

    def ask_again(self) -> None:
        """Begin anew, the versions as well: another program may answer now."""
        self._token = self._nonce = ""
        self._refusals = 0
        self._capabilities = None

    def _signed(self, nonce: str) -> TokenRequest:
        return signed(self._key, self._situation, nonce)


def signed(key: DeviceKey, situation: str, nonce: str) -> TokenRequest:
    """What asks for a token: the nonce, signed by this device for this situation."""
    signature = key.sign(tup(LABEL, key.device, situation, nonce))
    return TokenRequest(
        device=key.device,
        situation=situation,
        nonce=nonce,
        signature=base64url(signature),
    )
