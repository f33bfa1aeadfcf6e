"""One exchange as a value: what is asked, and how it is put to a transport.

The engine decides without I/O (`begin`), somebody performs, the engine draws the consequence (`settle`):
a scheduler can lose, repeat, delay or interleave exchanges without threads.
"""

from msgspec import Struct

from dossier.wire.messages import (
    Capabilities,
    DigestsReply,
    Heads,
    KeysReply,
    LogReply,
    OpsReply,
    OpsRequest,
    Pages,
    TermsReply,
    Want,
)
from dossier.wire.sessions import ChallengeReply, TokenReply, TokenRequest
from sync.ports import Held, Key, Transport


class AskCapabilities(Struct, frozen=True):
    """Is this our server, and which versions does it speak?"""


class AskKeys(Struct, frozen=True):
    """The server's key list, signed by its identity."""


class AskLog(Struct, frozen=True):
    """The last signed root of the log, and the proof that it grew from `since` leaves."""

    since: int


class AskChallenge(Struct, frozen=True):
    """A nonce for the proofs of this device."""

    device: str


class AskToken(Struct, frozen=True):
    """An access token, with the proof of this device's key."""

    request: TokenRequest
    proof: str


class SendOps(Struct, frozen=True):
    """A batch of operations, with the acknowledgements that travel along."""

    request: OpsRequest


class AskHeads(Struct, frozen=True):
    """What moved since `since`."""

    since: str


class AskChanges(Struct, frozen=True):
    """Pages for `wants`; `held` is what the store held of each when it was asked."""

    wants: tuple[Want, ...]
    held: tuple[Held, ...]
    max_bytes: int


class AskTerms(Struct, frozen=True):
    """Which of these may still be read?"""

    items: tuple[Key, ...]


class AskDigests(Struct, frozen=True):
    """The server's digests of these compartments."""

    items: tuple[Key, ...]


Exchange = (
    AskCapabilities
    | AskKeys
    | AskLog
    | AskChallenge
    | AskToken
    | SendOps
    | AskHeads
    | AskChanges
    | AskTerms
    | AskDigests
)

Reply = (
    Capabilities
    | KeysReply
    | LogReply
    | ChallengeReply
    | TokenReply
    | OpsReply
    | Heads
    | Pages
    | TermsReply
    | DigestsReply
    | None
)


def perform(exchange: Exchange, transport: Transport, token: str) -> Reply:  # noqa: PLR0911 - a table
    """Put one exchange to the server; raises what the transport raises."""
    match exchange:
        case AskCapabilities():
            return transport.capabilities()
        case AskKeys():
            return transport.keys()
        case AskLog(since):
            return transport.log(token, since)
        case AskChallenge(device):
            return transport.challenge(device)
        case AskToken(request, proof):
            return transport.token(request, proof)
        case SendOps(request):
            return transport.ops(token, request)
        case AskHeads(since):
            return transport.heads(token, since)
        case AskChanges(wants, _, max_bytes):
            return transport.changes(token, wants, max_bytes)
        case AskTerms(items):
            return transport.terms(token, items)
        case AskDigests(items):
            return transport.digests(token, items)


def restore_of(reply: Reply) -> int | None:
    """The restore number of an authenticated answer; None where it carries none."""
    if isinstance(reply, OpsReply | Heads | Pages | TermsReply | DigestsReply | LogReply):
        return reply.restore
    return None
