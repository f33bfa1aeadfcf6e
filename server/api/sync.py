"""/sync/v1: heads, changes, ops, terms, digests and hints of one reader."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dossier.clock import to_wire
from dossier.errors import DossierError, Invalid, Issue, Refused
from dossier.wire import codec, limits, messages
from server.api import answers
from server.ports import HintBoard, HintLine
from server.services.changes import Changes
from server.services.feed import Feed
from server.services.premises import Premises
from server.services.sequencer import Sequencer
from server.services.session import Session, Sessions

T = TypeVar("T")

_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)
_ASK_BYTES = 256 * 1024
_HINT_BEAT_S = 25.0
"""The longest silence of a hint line; it ends with its token, and the desktop opens another."""
VERSION = "0.1.0"


class Told(NamedTuple):
    """What a server says of itself to anybody: its name, whether its people are fictional, the serial and
    the text of its signed key list.
    """

    name: str
    demonstration: bool
    serial: int
    key_list: bytes


class SyncApi:
    """Routes over the services of the feed and of the changes."""

    def __init__(
        self,
        premises: Premises,
        sessions: Sessions,
        feed: Feed,
        changes: Changes,
        hints: HintBoard,
        sequencer: Sequencer,
        told: Told,
    ) -> None:
        self._premises, self._sessions, self._feed = premises, sessions, feed
        self._changes, self._hints = changes, hints
        self._sequencer, self._told = sequencer, told

    def routes(self) -> list[Route]:
        return [
            Route("/sync/v1/capabilities", answers.guarded(self.capabilities), methods=["GET"]),
            Route("/sync/v1/keys", answers.guarded(self.keys), methods=["GET"]),
            Route("/sync/v1/log", answers.guarded(self.log), methods=["GET"]),
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
                name=self._told.name,
                restore=self._premises.restore,
                now=to_wire(self._premises.clock.now()),
                demonstration=self._told.demonstration,
                keys=self._told.serial,
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

    async def keys(self, _request: Request) -> Response:
        return answers.json(messages.KeysReply(list=self._told.key_list.decode()))

    async def log(self, request: Request) -> Response:
        await self._sessions.resolve_ended(answers.bearer(request))
        since = request.query_params.get("since", "0")
        if not _SIZE.fullmatch(since):
            raise Invalid((Issue("since", "not_a_number"),))
        text, proof = await self._sequencer.proof(int(since))
        hashes = None if proof is None else tuple(b64encode(one).decode() for one in proof)
        told = messages.LogReply(
            restore=self._premises.restore, checkpoint=text.decode(), proof=hashes
        )
        return answers.json(told)

    async def heads(self, request: Request) -> Response:
        session = await self._sessions.resolve(answers.bearer(request))
        heads = await self._feed.heads(session, request.query_params.get("since", ""))
        return answers.not_modified() if heads is None else answers.json(heads)

    async def changes(self, request: Request) -> Response:
        session, asked = await self._asked(request, messages.ChangesRequest)
        answers.few(asked.items)
        return answers.pages(await self._feed.changes(session, asked))

    async def ops(self, request: Request) -> Response:
        resolve = self._sessions.resolve_ended
        session, raw = await self._received(request, resolve, limits.OPS_BYTES)
        asked = codec.decode(raw, messages.OpsRequest)
        return answers.json(await self._changes.push(session, asked))

    async def terms(self, request: Request) -> Response:
        session, asked = await self._asked(request, messages.TermsRequest)
        answers.few(asked.items)
        return answers.json(await self._feed.terms(session, asked))

    async def digests(self, request: Request) -> Response:
        session, asked = await self._asked(request, messages.TermsRequest)
        answers.few(asked.items)
        return answers.json(await self._feed.digests(session, asked))

    async def hints(self, request: Request) -> Response:
        token = answers.bearer(request)
        session = await self._sessions.resolve(token)
        line = self._hints.listen((session.reader, session.team))
        told = self._hinting(token, line, session.expires_ms)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(told, headers=headers, media_type="text/event-stream")

    async def _asked(self, request: Request, kind: type[T]) -> tuple[Session, T]:
        session, raw = await self._received(request, self._sessions.resolve, _ASK_BYTES)
        return session, codec.decode(raw, kind)

    async def _received(
        self, request: Request, resolve: Callable[[str], Awaitable[Session]], max_bytes: int
    ) -> tuple[Session, bytes]:
        """Who asks, and the bytes. Who asks is read after the body, which may take long to come, and before
        it is decoded; a stranger's large body, or one of unknown length, is not even read.
        """
        token = answers.bearer(request)
        if not answers.is_small(request):
            await resolve(token)
        try:
            raw = await answers.received(request, max_bytes)
        except Refused:
            await resolve(token)
            raise
        return await resolve(token), raw

    async def _hinting(self, token: str, line: HintLine, expires_ms: int) -> AsyncIterator[bytes]:
        """Events until the token or the right ends, or the server stops."""
        try:
            yield b": colloque\n\n"
            while (left_s := (expires_ms - self._premises.now_ms) / 1000) > 0:
                moved = await line.wait(min(_HINT_BEAT_S, left_s))
                if line.closed or self._premises.now_ms >= expires_ms:
                    return
                try:
                    await self._sessions.resolve(token)
                except DossierError:
                    yield self._line("revoked")
                    return
                yield self._line("moved") if moved else b": still here\n\n"
        finally:
            line.close()

    def _line(self, kind: Literal["moved", "revoked"]) -> bytes:
        hint = messages.Hint(restore=self._premises.restore, kind=kind)
        return b"data: " + codec.encode(hint) + b"\n\n"
