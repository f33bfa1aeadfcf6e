"""Whom a resource names as its author, across the R4 types that have an element for it."""

from collections.abc import Iterator
from typing import Any, Final

_ELEMENTS: Final = (
    "author",
    "recorder",
    "asserter",
    "informationSource",
    "requester",
    "performer",
    "participant",
)
_INSIDE: Final = ("actor", "individual")


def author_references(resource: dict[str, Any]) -> tuple[str, ...]:
    """Literal references, who wrote before who performed; empty where nobody is named."""
    return tuple(
        literal
        for element in _ELEMENTS
        for one in _each(resource.get(element))
        for literal in _literals(one)
    )


def _each(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _literals(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for one in (value, *(value.get(name) for name in _INSIDE)):
        literal = one.get("reference") if isinstance(one, dict) else None
        if isinstance(literal, str) and literal:
            yield literal
