"""The fields of a template: `{...}` in a text, reached one after the other by Tab."""

import re
from collections.abc import Mapping
from typing import Final

from dossier.fhir.notes import HEADINGS

_STOP: Final = re.compile(r"\{[^{}\n]{0,60}\}")


def next_stop(text: str, after: int) -> tuple[int, int] | None:
    """(start, end) of the first stop at or behind a place."""
    match = _STOP.search(text, after)
    return match.span() if match else None


def first_left(values: Mapping[str, str]) -> str:
    """The first field in which a stop was left, "" when none was."""
    return next((field for field in HEADINGS if next_stop(values.get(field, ""), 0)), "")
