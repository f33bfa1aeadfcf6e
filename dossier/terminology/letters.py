"""Templates of letters, certificates and orders: a dated pack of our own wording, and their kinds.

A template holds fields in braces. A field whose name this program knows is filled from the record; any
other is left for the person, and a letter is not signed while one stands. Orders have one line each.
"""

import re
import tomllib
from datetime import date
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import msgspec
from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.terminology.concepts import PackNote

_FILE: Final = "letters.toml"
_FIELD: Final = re.compile(r"\{([^{}\n]{1,80})\}")


class LetterKind(StrEnum):
    """What is written; each has one type of document."""

    REFERRAL = "referral"
    CERTIFICATE = "certificate"
    SICK_LEAVE = "sick_leave"
    LABORATORY = "laboratory"
    IMAGING = "imaging"
    PHYSIOTHERAPY = "physiotherapy"
    NURSING = "nursing"

    @property
    def orders(self) -> bool:
        """Whether its lines are orders (ServiceRequest)."""
        return self in _ORDERS

    @property
    def document_type(self) -> str:
        """Code of the type of its document, in the pack of document types."""
        return _TYPES[self]

    @property
    def expected_days(self) -> int:
        """Within how many days an answer is usual; 0 when none comes back."""
        return {LetterKind.LABORATORY: 30, LetterKind.IMAGING: 60}.get(self, 0)


_ORDERS: Final = frozenset(
    {LetterKind.LABORATORY, LetterKind.IMAGING, LetterKind.PHYSIOTHERAPY, LetterKind.NURSING}
)
_TYPES: Final = {
    LetterKind.REFERRAL: "96349-6",
    LetterKind.CERTIFICATE: "89601-9",
    LetterKind.SICK_LEAVE: "PRESC-AAT",
    LetterKind.LABORATORY: "PRESC-BIO",
    LetterKind.IMAGING: "55115-0",
    LetterKind.PHYSIOTHERAPY: "PRESC-KINE",
    LetterKind.NURSING: "PRESC-INF",
}
KINDS: Final = {code: kind for kind, code in _TYPES.items()}
"""The kind of a letter by the type code of its document."""


class LetterTemplate(Struct, frozen=True, kw_only=True):
    """`fr` and `en` name it; `body` is French with fields in braces. `own`: written by this person."""

    code: str
    kind: LetterKind
    fr: str
    en: str = ""
    body: str = ""
    own: bool = False

    def label(self, language: str) -> str:
        return self.en if language == "en" and self.en else self.fr


class LetterPack:
    """The templates in their order, and where they come from."""

    def __init__(self, note: PackNote, templates: tuple[LetterTemplate, ...]) -> None:
        self.note, self.templates = note, templates

    def of(self, kind: LetterKind) -> tuple[LetterTemplate, ...]:
        """Never empty: the first one is what a new letter begins with."""
        return tuple(one for one in self.templates if one.kind is kind)


def fields(body: str) -> tuple[str, ...]:
    """Names of the fields that stand in a text, in their order, each once."""
    return tuple(dict.fromkeys(_FIELD.findall(body)))


def filled(body: str, values: dict[str, str]) -> str:
    """The text with the fields it knows replaced; what is inserted is never read as a template again."""
    return _FIELD.sub(lambda found: values.get(found[1]) or found[0], body)


def load_letters(folder: Traversable | None = None) -> LetterPack:
    """Read and check the pack. Raises Invalid with the rule that failed."""
    place = folder if folder is not None else files("dossier.terminology") / "packs"
    try:
        told: dict[str, Any] = tomllib.loads(place.joinpath(_FILE).read_text(encoding="utf-8"))
        date.fromisoformat(told["date"])
        raw = msgspec.convert(told.pop("template"), tuple[LetterTemplate, ...])
        note = PackNote(**told, system="", entries=len(raw))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid((Issue(_FILE, "entry"),)) from error
    codes = [one.code for one in raw]
    if len(set(codes)) != len(codes):
        raise Invalid((Issue(_FILE, "repeated_code"),))
    if missing := set(LetterKind) - {one.kind for one in raw}:
        raise Invalid((Issue(_FILE, "kind_missing", ", ".join(sorted(missing))),))
    templates = tuple(msgspec.structs.replace(one, body=one.body.strip()) for one in raw)
    return LetterPack(note, templates)
