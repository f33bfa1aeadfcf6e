"""From a request to a decoded message and back: bounds, media types, refusals.

A body is read up to its limit, for a limited time, and no further; a refusal is a `Problem` whose `code`
a program reads. A reader without a right and an unknown thing get the same answer (`unavailable`, 404).
Nothing of a body is ever logged.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any, Final, TypeVar, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from dossier import errors
from dossier.wire import codec, limits, messages
from server.api.exchange import Answer, Asked, Header, Reply

T = TypeVar("T")
Endpoint = Callable[[Asked], Awaitable[Reply]]

_LOG = logging.getLogger("colloque.server")
_JSON: Final = "application/json"
_AS_JSON: Final[Header] = (b"content-type", _JSON.encode())
_AS_PAGES: Final[Header] = (b"content-type", limits.PAGE_MEDIA_TYPE.encode())
_DIGEST: Final = limits.DIGEST_HEADER.lower().encode()
_VERSION: Final = limits.PROTOCOL_HEADER.lower().encode()
_NONCE: Final = limits.NONCE_HEADER.lower().encode()
_PROTOCOL: Final = str(limits.PROTOCOL)
_LENGTH: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
SMALL_BYTES: Final = 16 * 1024
BODY_S: Final = 20.0
"""How long a client may take to send a body (256 KB at most)."""
_STATUS: tuple[tuple[type[errors.DossierError], int], ...] = (
    (errors.SignInNeeded, 401),
    (errors.TooOld, 426),
    (errors.Busy, 429),
    (errors.AccessDenied, 404),
    (errors.Unavailable, 404),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.BadAnswer, 400),
    (errors.DiskFull, 507),
    (errors.StoreError, 503),
    (errors.SealBroken, 500),
    (errors.Refused, 403),
)
_STATUS_OF_CODE: Final = {
    "invalid_dpop_proof": 401,
    "use_dpop_nonce": 401,
    "bad_length": 400,
    "too_slow": 408,
    "too_large": 413,
    "too_many_items": 413,
    "too_many_ops": 413,
    "media_type": 415,
}


def is_small(request: Asked) -> bool:
    """A body of few bytes, said beforehand: not worth asking who sends it before it is read."""
    declared = request.header(b"content-length")
    return bool(_LENGTH.fullmatch(declared)) and int(declared) <= SMALL_BYTES


async def body(request: Asked, kind: type[T], max_bytes: int) -> T:
    """Read and decode a JSON body of at most `max_bytes`. Raises Refused (`bad_length`, `too_large`,
    `media_type`, `too_slow`) and BadAnswer for what is not this message.
    """
    return codec.decode(await received(request, max_bytes), kind)


async def received(request: Asked, max_bytes: int) -> bytes:
    """The bytes of a JSON body of at most `max_bytes`. Raises Refused as `body` does."""
    declared = request.header(b"content-length", "0")
    if not _LENGTH.fullmatch(declared):
        raise errors.Refused("bad_length")
    if int(declared) > max_bytes:
        raise errors.Refused("too_large")
    said = request.header(b"content-type")
    if said != _JSON and said.split(";")[0].strip().lower() != _JSON:
        raise errors.Refused("media_type")
    reading = _joined(request, max_bytes)
    try:
        waits_for = reading.send(None)
    except StopIteration as end:  # all of it was here: no clock needs to run
        return cast("bytes", end.value)
    try:
        async with asyncio.timeout(BODY_S):
            return await _resumed(reading, waits_for)
    except TimeoutError as error:
        raise errors.Refused("too_slow") from error


async def _joined(request: Asked, max_bytes: int) -> bytes:
    pieces, seen = [], 0
    async for piece in request.pieces():
        seen += len(piece)
        if seen > max_bytes:
            raise errors.Refused("too_large")
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@coroutine
def _resumed(begun: Coroutine[Any, Any, T], waits_for: object) -> Generator[Any, Any, T]:
    """The rest of a coroutine that was begun by hand and now waits."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:  # noqa: BLE001 - a cancellation too is the coroutine's to hear
            resume = partial(begun.throw, error)
        else:
            resume = partial(begun.send, sent)
        try:
            waits_for = resume()
        except StopIteration as end:
            return cast("T", end.value)


def few(items: tuple[T, ...]) -> tuple[T, ...]:
    """As many items as a request may name; raises Refused("too_many_items")."""
    if len(items) > limits.ITEMS_PER_REQUEST:
        raise errors.Refused("too_many_items")
    return items


def bearer(request: Asked) -> str:
    """The token of the request; raises SignInNeeded when there is none."""
    scheme, _, token = request.header(b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.SignInNeeded
    return token


def json(message: object, status: int = 200) -> Answer:
    """A message as JSON."""
    return Answer(status, codec.encode(message), (_AS_JSON,))


def pages(message: messages.Pages) -> Answer:
    """Pages in their own media type, with the digest of the decoded bytes."""
    packed, digest = codec.encode_pages(message)
    return Answer(200, packed, ((_DIGEST, digest.encode()), _AS_PAGES))


def not_modified() -> Answer:
    return Answer(304)


def _check_protocol(request: Asked) -> None:
    if request.header(_VERSION, _PROTOCOL) != _PROTOCOL:
        raise errors.TooOld


class Guarded:
    """An endpoint as an ASGI application: every expected failure is its Problem, anything else a 500 without
    a word of why.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = await self.answer(Asked(scope, receive))
        await reply(scope, receive, send)

    async def answer(self, request: Asked) -> Reply:
        """What is sent: an Answer, or a stream that begins only now."""
        try:
            _check_protocol(request)
            return await self._endpoint(request)
        except errors.DossierError as error:
            return problem(error)
        except ClientDisconnect:
            return json(messages.Problem(code="gone_away"), 400)
        except Exception as error:  # noqa: BLE001 - the border of the program: logged by type, never by content
            said = {"route": request.path, "kind": type(error).__name__}
            _LOG.error("request_failed", extra=said)
            return json(messages.Problem(code="internal"), 500)


def problem(error: errors.DossierError) -> Answer:
    """The refusal of one expected failure."""
    status = _status(error)
    found = error.issues if isinstance(error, errors.Invalid | errors.Refused) else ()
    issues = tuple(messages.WireIssue(path=i.path, rule=i.rule, detail=i.detail) for i in found)
    retry = error.retry_after_s if isinstance(error, errors.Busy | errors.StoreAway) else None
    code = error.code if isinstance(error, errors.Refused) else error.key.removeprefix("error.")
    if isinstance(error, errors.AccessDenied):
        code = errors.Unavailable.key.removeprefix("error.")
    if status >= 500:
        _LOG.error("fault_of_ours", extra={"code": code})
    told = messages.Problem(code=code, issues=issues, retry_after_s=retry)
    if isinstance(error, errors.DeviceRevoked):
        told = messages.RevokedProblem(code=code, order=error.order)
    elif isinstance(error, errors.Refused) and error.past:
        told = messages.PastProblem(code=code, issues=issues, checkpoint=error.past)
    answer = json(told, status)
    if isinstance(error, errors.NonceStale):
        answer = answer._replace(headers=(*answer.headers, (_NONCE, error.nonce.encode())))
    if retry is None:
        return answer
    wait = (b"retry-after", b"%d" % max(1, round(retry)))
    return answer._replace(headers=(*answer.headers, wait))


def _status(error: errors.DossierError) -> int:
    if isinstance(error, errors.Refused) and error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def nowhere() -> Answer:
    """An address nobody answers at, or not to this one."""
    return json(messages.Problem(code="no_such_address"), 404)


async def _no_route(_request: Request, error: Exception) -> Answer:
    """What no route answers: an unknown address, or a method a known one does not take."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return nowhere()
    answer = json(messages.Problem(code="method_not_allowed"), error.status_code)
    more = tuple((name.lower().encode(), v.encode()) for name, v in (error.headers or {}).items())
    return answer._replace(headers=(*answer.headers, *more))


OUTSIDE_ROUTES: Final[dict[Any, Any]] = {404: _no_route, 405: _no_route}
"""Starlette's exception handlers for requests that reach no endpoint."""
