"""From a request to a decoded message and back: bounds, media types, refusals.

A body is read up to its limit and no further; a refusal is a `Problem` whose `code` a program reads. A
reader without a right and an unknown thing get the same answer (`unavailable`, 404). Nothing of a body is
ever logged.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from dossier import errors
from dossier.wire import codec, limits, messages

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

_LOG = logging.getLogger("colloque.server")
_JSON = "application/json"
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


class TooLarge(errors.Refused):
    """The body is larger than this route takes."""

    def __init__(self) -> None:
        super().__init__("too_large")


async def body(request: Request, kind: type[T], max_bytes: int) -> T:
    """Read and decode a JSON body of at most `max_bytes`; raises TooLarge, BadAnswer, Invalid."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > max_bytes:
        raise TooLarge
    if request.headers.get("content-type", "").split(";")[0].strip() != _JSON:
        raise errors.Refused("media_type")
    pieces, seen = [], 0
    async for piece in request.stream():
        seen += len(piece)
        if seen > max_bytes:
            raise TooLarge
        pieces.append(piece)
    raw = b"".join(pieces)
    codec.check_text(raw)
    return codec.decode(raw, kind)


def bearer(request: Request) -> str:
    """The token of the request; raises SignInNeeded when there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.SignInNeeded
    return token


def json(message: object, status: int = 200) -> Response:
    """A message as JSON, never cached."""
    return Response(codec.encode(message), status, _no_store(), _JSON)


def pages(message: messages.Pages) -> Response:
    """Pages in their own media type, with the digest of the decoded bytes."""
    packed, digest = codec.encode_pages(message)
    headers = {**_no_store(), limits.DIGEST_HEADER: digest}
    return Response(packed, 200, headers, limits.PAGE_MEDIA_TYPE)


def not_modified() -> Response:
    return Response(status_code=304, headers=_no_store())


def guarded(endpoint: Endpoint) -> Endpoint:
    """Turn every expected failure into its Problem; anything else is a 500 without a word of why."""

    async def answer(request: Request) -> Response:
        try:
            _check_protocol(request)
            return await endpoint(request)
        except errors.DossierError as error:
            return problem(error)
        except Exception as error:  # noqa: BLE001 - the border of the program: logged by type, never by content
            _LOG.error(
                "request failed: %s %s %s", request.method, request.url.path, type(error).__name__
            )
            return json(messages.Problem(code="internal"), 500)

    return answer


def _check_protocol(request: Request) -> None:
    said = request.headers.get(limits.PROTOCOL_HEADER, str(limits.PROTOCOL))
    if said != str(limits.PROTOCOL):
        raise errors.TooOld


def problem(error: errors.DossierError) -> Response:
    """The refusal of one expected failure."""
    status = 413 if isinstance(error, TooLarge) else _status(error)
    found = error.issues if isinstance(error, errors.Invalid | errors.Refused) else ()
    issues = tuple(messages.WireIssue(path=i.path, rule=i.rule, detail=i.detail) for i in found)
    retry = error.retry_after_s if isinstance(error, errors.Busy) else None
    code = error.code if isinstance(error, errors.Refused) else error.key.removeprefix("error.")
    if isinstance(error, errors.AccessDenied):
        code = errors.Unavailable.key.removeprefix("error.")
    if status >= 500:
        _LOG.error("refused for a fault of ours: %s", code)
    answer = json(messages.Problem(code=code, issues=issues, retry_after_s=retry), status)
    if retry is not None:
        answer.headers["Retry-After"] = str(max(1, round(retry)))
    return answer


def _status(error: errors.DossierError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _no_store() -> dict[str, str]:
    return {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
