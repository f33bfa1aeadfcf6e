"""A server that says what a test tells it to, as a Transport without a network."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from dossier.errors import DossierError
from dossier.wire.messages import (
    Capabilities,
    ChangesRequest,
    CompartmentRef,
    DigestsReply,
    Heads,
    OpsReply,
    OpsRequest,
    Pages,
    TermsReply,
    TermsRequest,
    Want,
)
from dossier.wire.sessions import (
    ChallengeReply,
    ChallengeRequest,
    EnrolReply,
    EnrolRequest,
    TokenReply,
    TokenRequest,
)
from sync.ports import Key

Asked = tuple[str, str, object]
"""(path, token, message or `since`)"""


class ScriptedTransport:
    """Answers with the next of `answers`; an error among them is raised. `asked` remembers everything."""

    def __init__(self) -> None:
        self.answers: deque[object] = deque()
        self.asked: list[Asked] = []
        self.proofs: list[str] = []

    address = "http://127.0.0.1:9"

    def capabilities(self) -> Capabilities:
        return self._next("capabilities", "", None)

    def enrol(self, request: EnrolRequest, proof: str) -> EnrolReply:
        assert proof
        return self._next("enrol", "", request)

    def challenge(self, device: str) -> ChallengeReply:
        return self._next("challenge", "", ChallengeRequest(device=device))

    def token(self, request: TokenRequest, proof: str) -> TokenReply:
        self.proofs.append(proof)
        return self._next("token", "", request)

    def heads(self, token: str, since: str) -> Heads | None:
        return self._next("heads", token, since)

    def changes(self, token: str, items: Sequence[Want], max_bytes: int) -> Pages:
        asked = ChangesRequest(items=tuple(items), max_bytes=max_bytes)
        return self._next("changes", token, asked)

    def ops(self, token: str, request: OpsRequest) -> OpsReply:
        return self._next("ops", token, request)

    def terms(self, token: str, items: Sequence[Key]) -> TermsReply:
        return self._next("terms", token, _refs(items))

    def digests(self, token: str, items: Sequence[Key]) -> DigestsReply:
        return self._next("digests", token, _refs(items))

    def _next(self, path: str, token: str, message: object) -> Any:
        self.asked.append((path, token, message))
        answer = self.answers.popleft()
        if isinstance(answer, DossierError):
            raise answer
        return answer


def _refs(items: Sequence[Key]) -> TermsRequest:
    return TermsRequest(items=tuple(CompartmentRef(owner=o, facet=f) for o, f in items))
