"""/sync/v1: heads, changes, ops, terms, digests and hints of one reader."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Literal, NamedTuple

from starlette.responses import StreamingResponse

from dossier.clock import to_wire
from dossier.errors import DossierError, Invalid, Issue
from dossier.sealing.text import base64url
from dossier.wire import codec, limits, messages
from server.api import answers
from server.api.doors import Door, Pass
from server.api.exchange import Answer, Asked
from server.ports import HintBoard, HintLine
from server.services.changes import Changes
from server.services.feed import Feed
from server.services.premises import Premises
from server.services.sequencer import Sequencer
from server.services.session import Session, Sessions

_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)
_ASK_BYTES = 256 * 1024
_HINT_BEAT_S = 25.0
"""The longest silence of a hint line; it ends with its token, and the desktop opens another."""
VERSION = "0.1.0"


class Told(NamedTuple):
    """What a server says of itself to anybody: its name, whether its people are fictional, its public
    identity key, the serial and the text of its signed key list, the origin of its pages.
    """

    name: str
    demonstration: bool
    identity: bytes
    serial: int
    key_list: bytes
    pages: str = ""


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

    def tell(self, told: Told) -> None:
        """The key list was signed again."""
        self._told = told

    def doors(self) -> list[Door]:
        m = messages
        return [
            Door(
                "GET",
                "/sync/v1/capabilities",
                Pass.ANYBODY,
                self.capabilities,
                None,
                m.Capabilities,
            ),
            Door("GET", "/sync/v1/keys", Pass.ANYBODY, self.keys, None, m.KeysReply),
            Door("GET", "/sync/v1/log", Pass.LEAVER, self.log, None, m.LogReply, query=("since",)),
            Door("GET", "/sync/v1/heads", Pass.MEMBER, self.heads, None, m.Heads, query=("since",)),
            Door(
                "POST",
                "/sync/v1/changes",
                Pass.MEMBER,
                self.changes,
                m.ChangesRequest,
                limits.PAGE_MEDIA_TYPE,
                max_bytes=_ASK_BYTES,
            ),
            Door(
                "POST",
                "/sync/v1/ops",
                Pass.LEAVER,
                self.ops,
                m.OpsRequest,
                m.OpsReply,
                max_bytes=limits.OPS_BYTES,
            ),
            Door(
                "POST",
                "/sync/v1/terms",
                Pass.MEMBER,
                self.terms,
                m.TermsRequest,
                m.TermsReply,
                max_bytes=_ASK_BYTES,
            ),
            Door(
                "POST",
                "/sync/v1/digests",
                Pass.MEMBER,
                self.digests,
                m.TermsRequest,
                m.DigestsReply,
                max_bytes=_ASK_BYTES,
            ),
            Door("GET", "/sync/v1/hints", Pass.MEMBER, self.hints, None, "text/event-stream"),
        ]

    async def capabilities(self, _request: Asked) -> Answer:
        return answers.json(
            messages.Capabilities(
                protocols=(limits.PROTOCOL,),
                server=VERSION,
                name=self._told.name,
                restore=self._premises.restore,
                now=to_wire(self._premises.clock.now()),
                demonstration=self._told.demonstration,
                keys=self._told.serial,
                identity=base64url(self._told.identity),
                pages=self._told.pages,
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

    async def keys(self, _request: Asked) -> Answer:
        return answers.json(messages.KeysReply(list=self._told.key_list.decode()))

    async def log(self, _session: Session, request: Asked) -> Answer:
        since = request.word("since", "0")
        if not _SIZE.fullmatch(since):
            raise Invalid((Issue("since", "not_a_number"),))
        text, proof = await self._sequencer.proof(int(since))
        hashes = None if proof is None else tuple(b64encode(one).decode() for one in proof)
        told = messages.LogReply(
            restore=self._premises.restore, checkpoint=text.decode(), proof=hashes
        )
        return answers.json(told)

    async def heads(self, session: Session, request: Asked) -> Answer:
        heads = await self._feed.heads(session, request.word("since", ""))
        return answers.not_modified() if heads is None else answers.json(heads)

    async def changes(self, session: Session, asked: messages.ChangesRequest) -> Answer:
        answers.few(asked.items)
        return answers.pages(await self._feed.changes(session, asked))

    async def ops(self, session: Session, asked: messages.OpsRequest) -> Answer:
        return answers.json(await self._changes.push(session, asked))

    async def terms(self, session: Session, asked: messages.TermsRequest) -> Answer:
        answers.few(asked.items)
        return answers.json(await self._feed.terms(session, asked))

    async def digests(self, session: Session, asked: messages.TermsRequest) -> Answer:
        answers.few(asked.items)
        return answers.json(await self._feed.digests(session, asked))

    async def hints(self, session: Session, request: Asked) -> StreamingResponse:
        token = answers.bearer(request)
        line = self._hints.listen((session.reader, session.team))
        told = self._hinting(token, line, session.expires_ms)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(told, headers=headers, media_type="text/event-stream")

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
