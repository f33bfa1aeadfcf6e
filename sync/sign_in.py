"""Signing in with the device key: capabilities, nonce, token. The rights are never in the token.

A session goes on by a refresh token that serves once. It lies in the store with the id of the exchange it is shown
in, made durable before it leaves: whatever dies in between asks again under that id and is given the same answer. The
access token lives in memory only.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dossier.entropy import Entropy
from dossier.errors import BadAnswer, DossierError, Refused, SignInNeeded
from dossier.wire.limits import PROTOCOL, TOKEN_PATH
from dossier.wire.messages import Capabilities
from dossier.wire.sessions import ChallengeReply, Situation, TokenReply, TokenRequest
from sync.exchanges import AskCapabilities, AskChallenge, AskToken, Exchange, Reply
from sync.policy import Policy
from sync.ports import DeviceKey, KeptSession, SessionBoard
from sync.proofs import Prover

TRIES = 3
"""Tokens or nonces refused in a row before a person is asked."""


class Shown(NamedTuple):
    """How a person shows who they are: their password and six digits, or what their browser brought back."""

    password: str = ""
    proof: str = ""
    code: str = ""
    verifier: str = ""


class SignIn:
    """The session of one device in one situation.

    A failed step starts again from the challenge. `next` returns None while the token is good for `renew_s` more.
    """

    def __init__(
        self,
        board: SessionBoard,
        key: DeviceKey,
        situation: str,
        address: str,
        entropy: Entropy,
        policy: Policy,
    ) -> None:
        self._board, self._key, self._situation = board, key, situation
        self._prover, self._policy = Prover(key, address, entropy), policy
        self._given: ChallengeReply | None = None
        self._shown: Shown | None = None
        self._token = ""
        self._ends_s = 0.0
        self._refusals = 0
        self._was = ""
        self._capabilities: Capabilities | None = None
        self._situations: tuple[Situation, ...] = ()

    @property
    def token(self) -> str:
        """The present token; empty while there is none."""
        return self._token

    def show(self, shown: Shown) -> None:
        """The person shows who they are: the next session begins with that, in one try."""
        self._shown = shown
        self._token = ""

    def next(self, now_s: float) -> Exchange | None:
        """What to ask to be signed in, at monotonic `now_s`. Raises StoreError kin."""
        if self._token and now_s < self._ends_s - self._policy.renew_s:
            return None
        if self._capabilities is None:
            return AskCapabilities()
        if self._given is None:
            return AskChallenge(self._key.device)
        return AskToken(self._request(), self._prover.posting(TOKEN_PATH, self._given))

    def settle(self, reply: Reply, now_s: float) -> Capabilities | None:
        """Draw the consequence; returns the capabilities when that is what was answered. Raises StoreError kin."""
        match reply:
            case Capabilities():
                self._capabilities = reply
                return reply
            case ChallengeReply(nonce=nonce) if nonce:
                self._given = reply
            case TokenReply(token=token) if token:
                if reply.refresh:
                    self._board.keep(self._was, KeptSession(reply.refresh))
                self._given = self._shown = None
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
        """One try is over: its nonce is spent, and what the person showed, whatever became of it."""
        self._given = self._shown = None

    def begins_anew(self, exchange: Exchange, error: DossierError) -> bool:
        """Is the answer to this refusal another try? A refresh token nobody knows is forgotten; a session that
        another engine over this store keeps is gone on with, where this one asked to begin. Raises StoreError kin.
        """
        asked = exchange.request if isinstance(exchange, AskToken) else None
        if isinstance(error, SignInNeeded):
            if asked is not None and asked.refresh:
                self._board.keep(asked.refresh, None)
            return True
        is_begin = asked is not None and not (asked.refresh or asked.password or asked.code)
        return isinstance(error, Refused) and is_begin and self._board.session() is not None

    def refused(self) -> bool:
        """The server refuses the token or the proof; False once that happened too often in a row."""
        self._token, self._given = "", None
        self._refusals += 1
        return self._refusals <= TRIES

    def ask_again(self) -> None:
        """Begin anew, the versions as well: another program may answer now."""
        self._token, self._given = "", None
        self._refusals = 0
        self._capabilities = None

    def _request(self) -> TokenRequest:
        kept = self._board.session()
        self._was = "" if kept is None else kept.refresh
        asked = TokenRequest(device=self._key.device, situation=self._situation)
        if self._shown is not None:
            return TokenRequest(
                device=asked.device,
                situation=asked.situation,
                password=self._shown.password,
                proof=self._shown.proof,
                code=self._shown.code,
                verifier=self._shown.verifier,
            )
        if kept is None:
            return asked
        if not kept.ask:
            kept = kept._replace(ask=self._prover.new_id())
            self._board.keep(kept.refresh, kept)
        return TokenRequest(
            device=asked.device,
            situation=asked.situation,
            refresh=kept.refresh,
            ask=kept.ask,
        )
