"""/sync/v1: heads, changes, ops, terms, digests and hints of one reader."""

from collections.abc import AsyncIterator
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dossier.clock import to_wire
from dossier.errors import DossierError
from dossier.wire import codec, limits, messages
from server.api import answers
from server.ports import HintBoard
from server.services.changes import Changes
from server.services.feed import Feed
from server.services.premises import Premises
from server.services.session import Sessions

_ASK_BYTES = 256 * 1024
_HINT_BEAT_S = 25.0
_HINTS_FOR_S = 15 * 60.0
"""A hint line ends with its token; the desktop opens another."""
VERSION = "0.1.0"


class SyncApi:
    """Routes over the services of the feed and of the changes."""

    def __init__(
        self,
        premises: Premises,
        sessions: Sessions,
        feed: Feed,
        changes: Changes,
        hints: HintBoard,
        *,
        name: str,
        demonstration: bool,
    ) -> None:
        self._premises, self._sessions, self._feed = premises, sessions, feed
        self._changes, self._hints = changes, hints
        self._name, self._demonstration = name, demonstration

    def routes(self) -> list[Route]:
        return [
            Route("/sync/v1/capabilities", answers.guarded(self.capabilities), methods=["GET"]),
            Route("/sync/v1/heads", answers.guarded(self.heads), methods=["GET"]),
            Route("/sync/v1/changes", answers.guarded(self.changes), methods=["POST"]),
            Route("/sync/v1/ops", answers.guarded(self.ops), methods=["POST"]),
            Route("/sync/v1/terms", answers.guarded(self.terms), methods=["POST"]),
            Route("/sync/v1/digests", answers.guarded(self.digests), methods=["POST"]),
            Route("/sync/v1/hints", answers.guarded(self.hints), methods=["GET"]),
        ]

    async def capabilities(self, _request: Request) -> Response:
        return answers.json(
            messages.Capabilities(
                protocols=(limits.PROTOCOL,),
                server=VERSION,
                name=self._name,
                restore=self._premises.restore,
                now=to_wire(self._premises.clock.now()),
                demonstration=self._demonstration,
                limits={
                    "ops": limits.OPS_PER_REQUEST,
                    "ops_bytes": limits.OPS_BYTES,
                    "page_rows": limits.PAGE_ROWS,
                    "page_bytes": limits.PAGE_BYTES,
                    "items": limits.ITEMS_PER_REQUEST,
                    "body_bytes": limits.BODY_BYTES,
                },
            )
        )

    async def heads(self, request: Request) -> Response:
        session = await self._sessions.resolve(answers.bearer(request))
        heads = await self._feed.heads(session, request.query_params.get("since", ""))
        return answers.not_modified() if heads is None else answers.json(heads)

    async def changes(self, request: Request) -> Response:
        session = await self._sessions.resolve(answers.bearer(request))
        asked = await answers.body(request, messages.ChangesRequest, _ASK_BYTES)
        return answers.pages(await self._feed.changes(session, asked))

    async def ops(self, request: Request) -> Response:
        session = await self._sessions.resolve_ended(answers.bearer(request))
        asked = await answers.body(request, messages.OpsRequest, limits.OPS_BYTES)
        return answers.json(await self._changes.push(session, asked))

    async def terms(self, request: Request) -> Response:
        session = await self._sessions.resolve(answers.bearer(request))
        asked = await answers.body(request, messages.TermsRequest, _ASK_BYTES)
        return answers.json(await self._feed.terms(session, asked))

    async def digests(self, request: Request) -> Response:
        session = await self._sessions.resolve(answers.bearer(request))
        asked = await answers.body(request, messages.TermsRequest, _ASK_BYTES)
        return answers.json(await self._feed.digests(session, asked))

    async def hints(self, request: Request) -> Response:
        token = answers.bearer(request)
        session = await self._sessions.resolve(token)
        lines = self._hint_lines(token, (session.reader, session.team))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(lines, headers=headers, media_type="text/event-stream")

    async def _hint_lines(self, token: str, readers: tuple[str, ...]) -> AsyncIterator[bytes]:
        until = self._premises.clock.monotonic() + _HINTS_FOR_S
        yield b": colloque\n\n"
        while self._premises.clock.monotonic() < until:
            moved = await self._hints.wait(readers, _HINT_BEAT_S)
            try:
                await self._sessions.resolve(token)
            except DossierError:
                yield self._line("revoked")
                return
            yield self._line("moved") if moved else b": still here\n\n"

    def _line(self, kind: Literal["moved", "revoked"]) -> bytes:
        hint = messages.Hint(restore=self._premises.restore, kind=kind)
        return b"data: " + codec.encode(hint) + b"\n\n"
