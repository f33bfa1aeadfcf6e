"""The published description of the API (OpenAPI 3.1), drawn from its doors and the messages themselves."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec

from dossier.wire import limits, messages
from server.api.doors import PAGE_COOKIE, Door, Pass
from server.api.exchange import Answer, Asked

_REF: Final = "#/components/schemas/{name}"
_TOKEN: Final = "token"  # noqa: S105 - the name of a scheme
_PAGE: Final = "page"
_PAGE_KIND: Final = "text/html"
_REFUSALS: Final[dict[Pass, tuple[int, ...]]] = {
    Pass.ANYBODY: (400, 426, 429),
    Pass.DEVICE: (400, 401, 403, 408, 413, 415, 422, 426, 429),
    Pass.MEMBER: (401, 403, 404, 422, 426, 429),
    Pass.PERSON: (400, 401, 403, 408, 413, 415, 422, 426, 429),
    Pass.PROVEN: (401, 403, 404, 422, 426, 429),
    Pass.LEAVER: (401, 403, 404, 422, 426, 429),
    Pass.PAGE: (401, 403, 404, 426, 429),
    Pass.OPERATOR: (404,),
}
_OF_BODIES: Final = (400, 408, 413, 415, 422)


def describe(doors: Iterable[Door], name: str, version: str) -> bytes:
    """The whole description as JSON."""
    doors = list(doors)
    kinds = [kind for door in doors for kind in (door.asked, door.answered) if _is_message(kind)]
    kinds = list(dict.fromkeys([*kinds, messages.Problem, messages.Pages]))
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door)
    told = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version, "license": {"name": "EUPL-1.2"}},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                _TOKEN: {"type": "http", "scheme": "bearer"},
                _PAGE: {"type": "apiKey", "in": "cookie", "name": PAGE_COOKIE},
            },
        },
    }
    return msgspec.json.encode(told)


def published(doors: Iterable[Door], name: str, version: str) -> Door:
    """The door to the description of the others, itself included."""

    async def answer(_request: Asked) -> Answer:
        return Answer(200, text, ((b"content-type", b"application/json"),))

    door = Door("GET", "/openapi.json", Pass.ANYBODY, answer, None, "application/json")
    text = describe([*doors, door], name, version)
    return door


def _operation(door: Door) -> dict[str, Any]:
    bodies = () if door.asked is None else _OF_BODIES
    refusals = sorted({*_REFUSALS[door.may_pass], *bodies, 500, 503, 507})
    told: dict[str, Any] = {
        "operationId": f"{door.method.lower()}{door.path.replace('/', '_')}",
        "description": str(door.may_pass),
        "parameters": [_parameter(word) for word in door.query],
        "responses": {
            str(door.status): _answer(door.status, door.answered),
            **{str(status): _refused(status, door) for status in refusals},
        },
    }
    if door.asked is not None:
        told["requestBody"] = {"required": True, "content": _content(door.asked)}
    if door.may_pass in {Pass.MEMBER, Pass.PROVEN, Pass.LEAVER}:
        told["security"] = [{_TOKEN: []}]
    if door.may_pass is Pass.PAGE:
        told["security"] = [{_PAGE: []}]
    return told


def _parameter(word: str) -> dict[str, Any]:
    return {"name": word, "in": "query", "required": False, "schema": {"type": "string"}}


def _answer(status: int, kind: type | str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if kind is not None:
        told["content"] = _content(kind)
    return told


def _refused(status: int, door: Door) -> dict[str, Any]:
    """A Problem; a page that was asked for in a way that makes no sense says so on a page."""
    told = _answer(status, messages.Problem)
    if door.answered == _PAGE_KIND:
        told["content"] |= _content(_PAGE_KIND)
    return told


def _content(kind: type | str) -> dict[str, Any]:
    if isinstance(kind, str):
        packed = kind == limits.PAGE_MEDIA_TYPE
        said = "MessagePack in zstd: see Pages" if packed else ""
        return {kind: {"schema": {"type": "string", "description": said}}}
    return {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}


def _is_message(kind: type | str | None) -> bool:
    return kind is not None and not isinstance(kind, str)
