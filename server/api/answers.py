"""From a request to a decoded message and back: bounds, media types, refusals.

A body is read up to its limit, for a limited time, and no further; a refusal is a `Problem` whose `code`
a program reads. A reader without a right and an unknown thing get the same answer (`unavailable`, 404).
Nothing of a body is ever logged.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dossier import errors
from dossier.wire import codec, limits, messages

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

_LOG = logging.getLogger("colloque.server")
_JSON: Final = "application/json"
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
    "bad_length": 400,
    "too_slow": 408,
    "too_large": 413,
    "too_many_items": 413,
    "too_many_ops": 413,
    "media_type": 415,
}


def is_small(request: Request) -> bool:
    """A body of few bytes, said beforehand: not worth asking who sends it before it is read."""
    declared = request.headers.get("content-length", "")
    return bool(_LENGTH.fullmatch(declared)) and int(declared) <= SMALL_BYTES


async def body(request: Request, kind: type[T], max_bytes: int) -> T:
    """Read and decode a JSON body of at most `max_bytes`. Raises Refused (`bad_length`, `too_large`,
    `media_type`, `too_slow`) and BadAnswer for what is not this message.
    """
    return codec.decode(await received(request, max_bytes), kind)


async def received(request: Request, max_bytes: int) -> bytes:
    """The bytes of a JSON body of at most `max_bytes`. Raises Refused as `body` does."""
    declared = request.headers.get("content-length", "0")
    if not _LENGTH.fullmatch(declared):
        raise errors.Refused("bad_length")
    if int(declared) > max_bytes:
        raise errors.Refused("too_large")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _JSON:
        raise errors.Refused("media_type")
    pieces, seen = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                seen += len(piece)
                if seen > max_bytes:
                    raise errors.Refused("too_large")
                pieces.append(piece)
    except TimeoutError as error:
        raise errors.Refused("too_slow") from error
    return b"".join(pieces)


def few(items: tuple[T, ...]) -> tuple[T, ...]:
    """As many items as a request may name; raises Refused("too_many_items")."""
    if len(items) > limits.ITEMS_PER_REQUEST:
        raise errors.Refused("too_many_items")
    return items


def bearer(request: Request) -> str:
    """The token of the request; raises SignInNeeded when there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.SignInNeeded
    return token


def json(message: object, status: int = 200) -> Response:
    """A message as JSON."""
    return Response(codec.encode(message), status, media_type=_JSON)


def pages(message: messages.Pages) -> Response:
    """Pages in their own media type, with the digest of the decoded bytes."""
    packed, digest = codec.encode_pages(message)
    return Response(packed, 200, {limits.DIGEST_HEADER: digest}, limits.PAGE_MEDIA_TYPE)


def not_modified() -> Response:
    return Response(status_code=304)


def guarded(endpoint: Endpoint) -> Endpoint:
    """Turn every expected failure into its Problem; anything else is a 500 without a word of why."""

    async def answer(request: Request) -> Response:
        try:
            _check_protocol(request)
            return await endpoint(request)
        except errors.DossierError as error:
            return problem(error)
        except HTTPException:
            raise
        except ClientDisconnect:
            return json(messages.Problem(code="gone_away"), 400)
        except Exception as error:  # noqa: BLE001 - the border of the program: logged by type, never by content
            said = {"route": request.url.path, "kind": type(error).__name__}
            _LOG.error("request_failed", extra=said)
            return json(messages.Problem(code="internal"), 500)

    return answer


def _check_protocol(request: Request) -> None:
    said = request.headers.get(limits.PROTOCOL_HEADER, str(limits.PROTOCOL))
    if said != str(limits.PROTOCOL):
        raise errors.TooOld


def problem(error: errors.DossierError) -> Response:
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
    answer = json(told, status)
    if retry is not None:
        answer.headers["Retry-After"] = str(max(1, round(retry)))
    return answer


def _status(error: errors.DossierError) -> int:
    if isinstance(error, errors.Refused) and error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


async def _no_route(_request: Request, error: Exception) -> Response:
    """What no route answers: an unknown address, or a method a known one does not take."""
    assert isinstance(error, HTTPException)
    code = "method_not_allowed" if error.status_code == 405 else "no_such_address"
    answer = json(messages.Problem(code=code), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


OUTSIDE_ROUTES: Final[dict[Any, Any]] = {404: _no_route, 405: _no_route}
"""Starlette's exception handlers for requests that reach no endpoint."""
