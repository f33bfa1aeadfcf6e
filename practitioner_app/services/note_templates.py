"""Templates of consultation notes: a small dated pack, and the person's own, kept in their profile."""

from typing import Final

import msgspec
from msgspec import Struct

from dossier.errors import Invalid, Issue
from dossier.fhir.notes import HEADINGS, Sections
from dossier.terminology.catalogue import Terminology
from dossier.wire import codec
from practitioner_app.ports import Settings

KEPT_UNDER: Final = "note_templates"
MOST, NAME_CHARS = 60, 80


class Template(Struct, frozen=True, kw_only=True):
    """`own`: this person's, which they may take out again. `words` help to find it."""

    name: str
    sections: Sections
    own: bool = False
    words: str = ""


class TemplateService:
    """`all`: read lane; `keep`, `drop`: write lane. Raises Invalid, StoreError kin."""

    def __init__(self, settings: Settings, terms: Terminology) -> None:
        self._settings, self._terms = settings, terms

    def all(self, language: str) -> tuple[Template, ...]:
        """The person's own first, by name; then the pack in its order."""
        packed = tuple(
            Template(
                name=entry.label("fr" if language == "fr" else "en"),
                sections=Sections(
                    **{field: getattr(entry, field).replace("|", "\n") for field in HEADINGS}
                ),
                words=f"{entry.fr} {entry.en} {entry.also}",
            )
            for entry in self._terms.note_templates.entries
        )
        return (*sorted(self._own(), key=lambda one: one.name.casefold()), *packed)

    def keep(self, name: str, sections: Sections) -> None:
        """One of this person's, in place of the one of the same name."""
        name = " ".join(name.split())[:NAME_CHARS]
        if not name or sections.empty:
            raise Invalid((Issue("name", "required"),))
        others = [one for one in self._own() if one.name.casefold() != name.casefold()]
        if len(others) >= MOST:
            raise Invalid((Issue("name", "too_many"),))
        self._write([*others, Template(name=name, sections=sections, own=True)])

    def drop(self, name: str) -> None:
        self._write([one for one in self._own() if one.name != name])

    def _own(self) -> list[Template]:
        raw = self._settings.get(KEPT_UNDER)
        try:
            return msgspec.json.decode(raw, type=list[Template]) if raw else []
        except msgspec.DecodeError:
            return []

    def _write(self, templates: list[Template]) -> None:
        self._settings.put(KEPT_UNDER, codec.encode(templates).decode())
